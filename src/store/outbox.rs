//! The outbox: the only way to a customer. A row is the truth; what is in memory is a hint.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::event::{DeliveryStatus, StatusEvent};
use crate::domain::{ConversationId, Identifier};

use super::conversations::{self, Mode};
use super::{Result, StoreError, millis, timestamp};

/// What a row is, which decides whether it may still be sent when its time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The bot's answer: never sent once a person is in charge.
    Reply,
    /// The bot's last word before a person: sent unless a person has already taken over.
    Notice,
    /// A person's own words.
    Person,
}

impl Kind {
    /// The name under which the database keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Reply => "reply",
            Kind::Notice => "notice",
            Kind::Person => "person",
        }
    }

    fn may_speak(self, mode: Mode) -> bool {
        match self {
            Kind::Reply => mode == Mode::Bot,
            Kind::Notice => mode != Mode::Person,
            Kind::Person => true,
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "reply" => Kind::Reply,
            "notice" => Kind::Notice,
            _ => Kind::Person,
        }
    }
}

/// A row to be queued.
#[derive(Clone, Debug)]
pub struct NewRow<'a> {
    /// Deterministic, so that the same work done again is recognised.
    pub id: &'a str,
    /// To whom.
    pub conversation: ConversationId,
    /// The stored message that it carries.
    pub message: i64,
    /// The turn that wrote it.
    pub turn: Option<&'a str>,
    /// What it is.
    pub kind: Kind,
    /// JSON: what to send.
    pub body: &'a str,
}

/// Queues a row. A row of the same id is left as it is.
pub fn queue(connection: &Connection, row: &NewRow<'_>, at: Timestamp) -> Result<()> {
    connection.execute(
        "INSERT INTO outbox (id, conversation_id, message_id, turn_id, kind, body, due_at, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7) ON CONFLICT (id) DO NOTHING",
        params![row.id, row.conversation.0, row.message, row.turn, row.kind.as_str(), row.body, millis(at)],
    )?;
    Ok(())
}

/// Whether a row of that id was ever queued.
pub fn exists(connection: &Connection, id: &str) -> Result<bool> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ?1)", [id], |row| row.get(0))?)
}

/// A row that is the next of its conversation and due.
#[derive(Clone, Debug)]
pub struct Due {
    /// The id.
    pub id: String,
    /// Whose.
    pub conversation: ConversationId,
    /// Whether a request for it went out before and its outcome never became known.
    pub outcome_unknown: bool,
}

/// The first open row of each conversation, where it is due.
pub fn due(connection: &Connection, now: Timestamp) -> Result<Vec<Due>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, conversation_id, state, due_at FROM outbox
         WHERE position IN (SELECT min(position) FROM outbox WHERE state IN ('queued', 'sending')
                            GROUP BY conversation_id)
           AND due_at <= ?1 ORDER BY position",
    )?;
    let rows = statement.query_map([millis(now)], |row| {
        Ok(Due {
            id: row.get(0)?,
            conversation: ConversationId(row.get(1)?),
            outcome_unknown: row.get::<_, String>(2)? == "sending",
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// When the next row is due.
pub fn next_due(connection: &Connection) -> Result<Option<Timestamp>> {
    Ok(connection.query_row(
        "SELECT min(due_at) FROM outbox WHERE position IN
         (SELECT min(position) FROM outbox WHERE state IN ('queued', 'sending') GROUP BY conversation_id)",
        [],
        |row| row.get::<_, Option<i64>>(0).map(|due| due.map(timestamp)),
    )?)
}

/// What to send, to whom.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The row's id, which travels with the message.
    pub id: String,
    /// Whose.
    pub conversation: ConversationId,
    /// What it is.
    pub kind: Kind,
    /// JSON: what to send.
    pub body: String,
    /// To whom.
    pub recipient: Identifier,
    /// How often it was tried before.
    pub attempts: u32,
    /// The channel's time of the customer's last message.
    pub last_inbound_at: Option<Timestamp>,
}

/// What came of asking to send a row.
#[derive(Clone, Debug)]
pub enum Begun {
    /// Send it.
    Send(Box<Ready>),
    /// Somebody else may speak now; the row was cancelled.
    Cancelled,
    /// The row is not open any more.
    Gone,
}

/// Marks a row as being sent, in the same transaction in which it checks that the bot may still speak.
///
/// Until `outcome_known_by` nobody else touches the row; after that its outcome counts as unknown.
pub fn begin(connection: &Connection, id: &str, now: Timestamp, patience: SignedDuration) -> Result<Begun> {
    let Some((conversation, kind, body, attempts)) = open_row(connection, id, now)? else { return Ok(Begun::Gone) };
    let owner = conversations::require(connection, conversation)?;
    if !kind.may_speak(owner.mode) {
        close(connection, id, "cancelled", None, "a person is in charge", now)?;
        return Ok(Begun::Cancelled);
    }
    let recipient = owner
        .reply_to
        .ok_or_else(|| StoreError::Corrupt(format!("conversation {conversation} has no address to answer to")))?;
    connection.execute(
        "UPDATE outbox SET state = 'sending', sending_since = ?2, due_at = ?3, updated_at = ?2, attempts = ?4
         WHERE id = ?1",
        params![id, millis(now), millis(now + patience), attempts],
    )?;
    Ok(Begun::Send(Box::new(Ready {
        id: id.to_owned(),
        conversation,
        kind,
        body,
        recipient,
        attempts,
        last_inbound_at: owner.last_inbound_at,
    })))
}

type OpenRow = (ConversationId, Kind, String, u32);

fn open_row(connection: &Connection, id: &str, now: Timestamp) -> Result<Option<OpenRow>> {
    let read = |row: &Row<'_>| {
        Ok((ConversationId(row.get(0)?), Kind::from_name(&row.get::<_, String>(1)?), row.get(2)?, row.get(3)?))
    };
    let row = connection
        .query_row(
            // A try whose outcome never became known counts as one.
            "SELECT conversation_id, kind, body, attempts + (state = 'sending') FROM outbox
             WHERE id = ?1 AND state IN ('queued', 'sending') AND due_at <= ?2",
            params![id, millis(now)],
            read,
        )
        .optional()?;
    Ok(row)
}

/// The channel accepted the row; it may already have reported more than that.
pub fn accept(connection: &Connection, id: &str, channel_message_id: &str, now: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE outbox SET channel_message_id = ?2, error = NULL, error_code = NULL, updated_at = ?3,
         state = CASE WHEN state IN ('queued', 'sending', 'cancelled') THEN 'sent' ELSE state END WHERE id = ?1",
        params![id, channel_message_id, millis(now)],
    )?;
    let message: Option<i64> = connection
        .query_row("SELECT message_id FROM outbox WHERE id = ?1", [id], |row| row.get(0))
        .optional()?
        .flatten();
    if let Some(message) = message {
        super::messages::set_channel_id(connection, message, channel_message_id)?;
    }
    Ok(())
}

/// The row was not sent and is to be tried again.
pub fn retry(connection: &Connection, id: &str, due_at: Timestamp, code: Option<i64>, error: &str) -> Result<()> {
    connection.execute(
        "UPDATE outbox SET state = 'queued', attempts = attempts + 1, sending_since = NULL, due_at = ?2,
         error_code = ?3, error = ?4 WHERE id = ?1 AND state IN ('queued', 'sending')",
        params![id, millis(due_at), code, error],
    )?;
    Ok(())
}

/// Nothing can be sent for now: the row waits without losing an attempt.
pub fn postpone(connection: &Connection, id: &str, due_at: Timestamp, code: Option<i64>, error: &str) -> Result<()> {
    connection.execute(
        "UPDATE outbox SET state = 'queued', sending_since = NULL, due_at = ?2, error_code = ?3, error = ?4
         WHERE id = ?1 AND state IN ('queued', 'sending')",
        params![id, millis(due_at), code, error],
    )?;
    Ok(())
}

/// The row will never be sent.
pub fn fail(connection: &Connection, id: &str, code: Option<i64>, error: &str, now: Timestamp) -> Result<()> {
    close(connection, id, "failed", code, error, now)
}

fn close(connection: &Connection, id: &str, state: &str, code: Option<i64>, error: &str, now: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE outbox SET state = ?2, error_code = ?3, error = ?4, updated_at = ?5 WHERE id = ?1",
        params![id, state, code, error, millis(now)],
    )?;
    Ok(())
}

/// A person took over: what the bot has not sent yet is not sent any more.
pub fn cancel_replies(connection: &Connection, conversation: ConversationId, now: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE outbox SET state = 'cancelled', error = 'a person is in charge', updated_at = ?2
         WHERE conversation_id = ?1 AND state = 'queued' AND kind IN ('reply', 'notice')",
        params![conversation.0, millis(now)],
    )?;
    Ok(())
}

/// A row that the channel had accepted and then gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// The id.
    pub id: String,
    /// Whose.
    pub conversation: ConversationId,
}

/// Applies what the channel reported about a message of ours. Repetitions and late news change nothing; a failure is final.
///
/// Tells of a row that has failed by this report.
pub fn apply_status(connection: &Connection, event: &StatusEvent, now: Timestamp) -> Result<Option<GivenUp>> {
    connection.execute(
        "INSERT INTO statuses (channel_message_id, status, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![event.message_id, state_name(event.status), millis(event.at)],
    )?;
    let Some(row) = reported_row(connection, event)? else { return Ok(None) };
    learn_channel_id(connection, &row, &event.message_id)?;
    let error = event.errors.first();
    connection.execute(
        "UPDATE outbox SET
            pricing = coalesce(?3, pricing),
            error_code = coalesce(?4, error_code),
            error = coalesce(?5, error),
            updated_at = ?6,
            state = CASE
                WHEN state = 'failed' THEN state
                WHEN ?2 = 'failed' THEN 'failed'
                WHEN state = 'read' THEN state
                WHEN state = 'delivered' AND ?2 = 'sent' THEN state
                ELSE ?2 END
         WHERE id = ?1",
        params![
            row.id,
            state_name(event.status),
            event.pricing,
            error.map(|error| error.code),
            error.map(|error| error.details.as_str()),
            millis(now),
        ],
    )?;
    let is_news = event.status == DeliveryStatus::Failed && row.state != "failed";
    Ok(is_news.then_some(GivenUp { id: row.id, conversation: row.conversation }))
}

/// The row that a report is about.
struct ReportedRow {
    id: String,
    conversation: ConversationId,
    message: Option<i64>,
    state: String,
    has_channel_id: bool,
}

/// Finds it by what was sent along with the message, else by the channel's id.
fn reported_row(connection: &Connection, event: &StatusEvent) -> Result<Option<ReportedRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, conversation_id, message_id, state, channel_message_id IS NOT NULL FROM outbox
         WHERE id = ?1 OR channel_message_id = ?2 ORDER BY id = ?1 DESC LIMIT 1",
    )?;
    let read = |row: &Row<'_>| {
        Ok(ReportedRow {
            id: row.get(0)?,
            conversation: ConversationId(row.get(1)?),
            message: row.get(2)?,
            state: row.get(3)?,
            has_channel_id: row.get(4)?,
        })
    };
    let callback = event.callback.as_deref().unwrap_or_default();
    Ok(statement.query_row(params![callback, event.message_id], read).optional()?)
}

/// A report may be the first that is heard of a message after the answer to its request was lost.
fn learn_channel_id(connection: &Connection, row: &ReportedRow, channel_message_id: &str) -> Result<()> {
    if row.has_channel_id {
        return Ok(());
    }
    // A report that contradicts an earlier one must not cost the delivery that it came in.
    connection.execute(
        "UPDATE OR IGNORE outbox SET channel_message_id = ?2 WHERE id = ?1",
        params![row.id, channel_message_id],
    )?;
    match row.message {
        Some(message) => super::messages::set_channel_id(connection, message, channel_message_id),
        None => Ok(()),
    }
}

fn state_name(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Sent => "sent",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Read => "read",
        DeliveryStatus::Failed => "failed",
    }
}

/// How many rows are in each state.
pub fn counts(connection: &Connection) -> Result<Vec<(String, i64)>> {
    let mut statement = connection.prepare("SELECT state, count(*) FROM outbox GROUP BY state ORDER BY state")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many service messages were delivered since a time: these are what the channel bills.
pub fn delivered_since(connection: &Connection, since: Timestamp) -> Result<i64> {
    Ok(connection.query_row(
        "SELECT count(*) FROM outbox WHERE state IN ('delivered', 'read') AND created_at >= ?1",
        [millis(since)],
        |row| row.get(0),
    )?)
}
