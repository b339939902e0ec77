//! Turns: what was decided and why. The audit of everything the bot did.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{ContactId, ConversationId, Language};

use super::{Result, StoreError, millis, timestamp};

/// A turn as it is kept.
#[derive(Clone, Debug)]
pub struct TurnRow {
    /// Deterministic: made of the messages that it deals with.
    pub id: String,
    /// Whose.
    pub conversation: ConversationId,
    /// `reply`, `clarify`, `decline`, `escalate`, `silent`.
    pub action: String,
    /// The reason's stable name.
    pub reason: String,
    /// The language it was held in.
    pub language: Language,
    /// 0 to 1.
    pub confidence: f32,
    /// JSON: everything else.
    pub record: String,
    /// When it was committed.
    pub created_at: Timestamp,
}

/// Keeps a turn.
pub fn insert(connection: &Connection, turn: &TurnRow) -> Result<()> {
    connection.execute(
        "INSERT INTO turns (id, conversation_id, action, reason, language, confidence, record, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            turn.id,
            turn.conversation.0,
            turn.action,
            turn.reason,
            turn.language.code(),
            f64::from(turn.confidence),
            turn.record,
            millis(turn.created_at)
        ],
    )?;
    Ok(())
}

/// What a turn came to, without its record.
#[derive(Clone, Debug)]
pub struct TurnHead {
    /// The id.
    pub id: String,
    /// Whose.
    pub conversation: ConversationId,
    /// Who wrote.
    pub contact: ContactId,
    /// The action's stable name.
    pub action: String,
    /// The reason's stable name.
    pub reason: String,
    /// The language it was held in.
    pub language: Language,
    /// When it was committed.
    pub created_at: Timestamp,
}

/// The turns since a time: a conversation after the other, each in the order in which they were committed.
pub fn since(connection: &Connection, from: Timestamp) -> Result<Vec<TurnHead>> {
    let mut statement = connection.prepare_cached(
        "SELECT t.id, t.conversation_id, c.contact_id, t.action, t.reason, t.language, t.created_at
         FROM turns t JOIN conversations c ON c.id = t.conversation_id
         WHERE t.created_at >= ?1 ORDER BY t.conversation_id, t.created_at, t.rowid",
    )?;
    let mut rows = statement.query([millis(from)])?;
    let mut turns = Vec::new();
    while let Some(row) = rows.next()? {
        let code: String = row.get(5)?;
        turns.push(TurnHead {
            id: row.get(0)?,
            conversation: ConversationId(row.get(1)?),
            contact: ContactId(row.get(2)?),
            action: row.get(3)?,
            reason: row.get(4)?,
            language: code.parse().map_err(|error| StoreError::Corrupt(format!("{error}")))?,
            created_at: timestamp(row.get(6)?),
        });
    }
    Ok(turns)
}

/// The record of the turn that wrote an outbox row.
pub fn record_behind(connection: &Connection, outbox_id: &str) -> Result<Option<String>> {
    let record = connection.query_row(
        "SELECT t.record FROM turns t JOIN outbox o ON o.turn_id = t.id WHERE o.id = ?1",
        [outbox_id],
        |row| row.get(0),
    );
    Ok(record.optional()?)
}

/// Takes the briefs out of a conversation's records: they quote words that the customer has taken back.
pub fn forget_briefs(connection: &Connection, conversation: ConversationId) -> Result<()> {
    connection.execute(
        "UPDATE turns SET record = json_remove(record, '$.brief') WHERE conversation_id = ?1",
        [conversation.0],
    )?;
    Ok(())
}

/// How many turns decided to say nothing.
pub fn count_silent(connection: &Connection) -> Result<u64> {
    let count: i64 =
        connection.query_row("SELECT count(*) FROM turns WHERE action = 'silent'", [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
