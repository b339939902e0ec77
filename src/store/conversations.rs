//! Conversations: who is in charge, in which language, what is pending.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::{ContactId, ConversationId, Identifier, IdentifierKind, Language};

use super::{Result, StoreError, millis, timestamp};

/// Who answers in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The bot.
    Bot,
    /// It was handed over and nobody has taken it yet; the bot is silent.
    Waiting,
    /// A person; the bot is silent.
    Person,
}

impl Mode {
    /// The name under which the database keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Bot => "bot",
            Mode::Waiting => "waiting",
            Mode::Person => "person",
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "bot" => Mode::Bot,
            "waiting" => Mode::Waiting,
            _ => Mode::Person,
        }
    }
}

/// One conversation with what is known of its customer.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The id.
    pub id: ConversationId,
    /// The customer.
    pub contact: ContactId,
    /// The business's account on the channel.
    pub account: String,
    /// Who answers.
    pub mode: Mode,
    /// Since when.
    pub mode_since: Timestamp,
    /// The language it was last held in.
    pub language: Option<Language>,
    /// What was said before the messages that still fit the prompt.
    pub summary: Option<String>,
    /// The last message that the summary covers.
    pub summarised_to: Option<i64>,
    /// Turns in a row that did not help.
    pub failed_turns: u32,
    /// When the bot last said that it is one.
    pub disclosed_at: Option<Timestamp>,
    /// What the bot asked and waits for, as JSON.
    pub pending: Option<String>,
    /// The channel's time of the customer's last message.
    pub last_inbound_at: Option<Timestamp>,
    /// Where answers go.
    pub reply_to: Option<Identifier>,
    /// When a person last gave it back.
    pub returned_at: Option<Timestamp>,
    /// The customer's name.
    pub name: Option<String>,
    /// Since when the customer wants no promotions.
    pub opted_out_at: Option<Timestamp>,
    /// When the conversation began.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "c.id, c.contact_id, c.account, c.mode, c.mode_since, c.language, c.summary, c.summarised_to,
    c.failed_turns, c.disclosed_at, c.pending, c.last_inbound_at, c.reply_kind, c.reply_value, c.returned_at,
    k.name, k.opted_out_at, c.created_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let time = |index: usize| row.get::<_, Option<i64>>(index).map(|value| value.map(timestamp));
    let kind: Option<String> = row.get(12)?;
    let value: Option<String> = row.get(13)?;
    let reply_to = kind
        .zip(value)
        .and_then(|(kind, value)| IdentifierKind::from_name(&kind).and_then(|kind| Identifier::new(kind, &value)));
    Ok(Conversation {
        id: ConversationId(row.get(0)?),
        contact: ContactId(row.get(1)?),
        account: row.get(2)?,
        mode: Mode::from_name(&row.get::<_, String>(3)?),
        mode_since: timestamp(row.get(4)?),
        language: row.get::<_, Option<String>>(5)?.and_then(|code| code.parse().ok()),
        summary: row.get(6)?,
        summarised_to: row.get(7)?,
        failed_turns: row.get(8)?,
        disclosed_at: time(9)?,
        pending: row.get(10)?,
        last_inbound_at: time(11)?,
        reply_to,
        returned_at: time(14)?,
        name: row.get(15)?,
        opted_out_at: time(16)?,
        created_at: timestamp(row.get(17)?),
    })
}

/// The conversation of a contact on an account; made when there is none.
pub fn resolve(connection: &Connection, contact: ContactId, account: &str, at: Timestamp) -> Result<ConversationId> {
    connection.execute(
        "INSERT INTO conversations (contact_id, account, mode_since, created_at) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT (contact_id, account) DO NOTHING",
        params![contact.0, account, millis(at)],
    )?;
    let id = connection.query_row(
        "SELECT id FROM conversations WHERE contact_id = ?1 AND account = ?2",
        params![contact.0, account],
        |row| row.get(0),
    )?;
    Ok(ConversationId(id))
}

/// One conversation.
pub fn get(connection: &Connection, id: ConversationId) -> Result<Option<Conversation>> {
    let sql = format!("SELECT {COLUMNS} FROM conversations c JOIN contacts k ON k.id = c.contact_id WHERE c.id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id.0], read).optional()?)
}

/// One conversation that has to be there.
pub fn require(connection: &Connection, id: ConversationId) -> Result<Conversation> {
    get(connection, id)?.ok_or_else(|| StoreError::Corrupt(format!("conversation {id} is gone")))
}

/// A part of a list.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// How many entries are passed over.
    pub offset: u32,
    /// How many there are at most.
    pub limit: u32,
}

/// Conversations, all or those of one mode: those that wait for a person first and the longest waiting first among them, then the latest.
pub fn list(connection: &Connection, mode: Option<Mode>, page: Page) -> Result<Vec<Conversation>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversations c JOIN contacts k ON k.id = c.contact_id
         WHERE ?2 IS NULL OR c.mode = ?2
         ORDER BY c.mode = 'waiting' DESC, CASE WHEN c.mode = 'waiting' THEN c.mode_since ELSE 0 END,
                  coalesce(c.last_inbound_at, c.created_at) DESC
         LIMIT ?1 OFFSET ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![page.limit, mode.map(Mode::as_str), page.offset], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A message of the customer arrived: the window is counted from the channel's clock and never goes back.
pub fn note_inbound(connection: &Connection, id: ConversationId, sent_at: Timestamp, from: &Identifier) -> Result<()> {
    connection.execute(
        "UPDATE conversations SET last_inbound_at = max(coalesce(last_inbound_at, 0), ?2), reply_kind = ?3,
         reply_value = ?4 WHERE id = ?1",
        params![id.0, millis(sent_at), from.kind.as_str(), from.value],
    )?;
    Ok(())
}

/// Changes who answers. Says whether anything changed.
pub fn set_mode(connection: &Connection, id: ConversationId, mode: Mode, at: Timestamp) -> Result<bool> {
    let changed = connection.execute(
        "UPDATE conversations SET mode = ?2, mode_since = ?3 WHERE id = ?1 AND mode <> ?2",
        params![id.0, mode.as_str(), millis(at)],
    )?;
    Ok(changed > 0)
}

/// The conversation goes back to the bot: earlier failures and moods are settled, and the bot says again that it is one.
pub fn hand_back(connection: &Connection, id: ConversationId, at: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE conversations SET mode = 'bot', mode_since = ?2, returned_at = ?2, failed_turns = 0, pending = NULL,
         disclosed_at = NULL WHERE id = ?1",
        params![id.0, millis(at)],
    )?;
    Ok(())
}

/// What a turn leaves behind in its conversation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The language it was held in.
    pub language: Language,
    /// Turns in a row that did not help, this one included.
    pub failed_turns: u32,
    /// When the bot last said that it is one, if this turn did.
    pub disclosed_at: Option<Timestamp>,
    /// What the bot asked and waits for now.
    pub pending: Option<String>,
}

/// Writes what a turn leaves behind.
pub fn record_outcome(connection: &Connection, id: ConversationId, outcome: &Outcome) -> Result<()> {
    connection.execute(
        "UPDATE conversations SET language = ?2, failed_turns = ?3, disclosed_at = coalesce(?4, disclosed_at),
         pending = ?5 WHERE id = ?1",
        params![id.0, outcome.language.code(), outcome.failed_turns, outcome.disclosed_at.map(millis), outcome.pending],
    )?;
    Ok(())
}

/// Drops the summary: something that it may repeat was taken back.
pub fn forget_summary(connection: &Connection, id: ConversationId) -> Result<()> {
    connection.execute("UPDATE conversations SET summary = NULL, summarised_to = NULL WHERE id = ?1", [id.0])?;
    Ok(())
}

/// Replaces the summary of what was said up to and including a message.
pub fn set_summary(connection: &Connection, id: ConversationId, summary: &str, to_message: i64) -> Result<()> {
    connection.execute(
        "UPDATE conversations SET summary = ?2, summarised_to = ?3 WHERE id = ?1",
        params![id.0, summary, to_message],
    )?;
    Ok(())
}
