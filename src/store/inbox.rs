//! The inbox: customers' messages that wait for a turn, and which turn dealt with those that did.

use jiff::Timestamp;
use rusqlite::{Connection, Rows, params};
use sha2::{Digest, Sha256};

use crate::domain::{Content, ConversationId};

use super::{Result, millis, timestamp};

/// A message that waits for its turn, or did.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The stored message's id.
    pub message: i64,
    /// The channel's id.
    pub channel_message_id: String,
    /// What was sent.
    pub content: Content,
    /// The channel's id of the message it quotes.
    pub reply_to: Option<String>,
    /// When it was sent, by the channel's clock.
    pub sent_at: Timestamp,
    /// When it reached the server.
    pub received_at: Timestamp,
}

/// Notes a delivered message id. False when it had been delivered before.
pub fn first_delivery(connection: &Connection, channel_message_id: &str, at: Timestamp) -> Result<bool> {
    let digest = Sha256::digest(channel_message_id.as_bytes());
    let inserted = connection
        .prepare_cached("INSERT INTO deliveries (digest, received_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![digest.as_slice(), millis(at)])?;
    Ok(inserted > 0)
}

/// Puts a stored message into the inbox.
pub fn add(connection: &Connection, conversation: ConversationId, message: i64) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO inbox (message_id, conversation_id) VALUES (?1, ?2)")?
        .execute(params![message, conversation.0])?;
    Ok(())
}

/// The conversations that have messages waiting.
pub fn conversations_waiting(connection: &Connection) -> Result<Vec<ConversationId>> {
    let mut statement = connection
        .prepare_cached("SELECT conversation_id FROM inbox WHERE turn_id IS NULL GROUP BY conversation_id")?;
    let rows = statement.query_map([], |row| row.get(0).map(ConversationId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What waits in one conversation, in the order in which it was sent; arrival breaks ties.
pub fn waiting(connection: &Connection, conversation: ConversationId) -> Result<Vec<Waiting>> {
    let mut statement = connection.prepare_cached(
        "SELECT m.id, m.channel_message_id, m.content, m.reply_to, m.sent_at, m.received_at
         FROM inbox i JOIN messages m ON m.id = i.message_id
         WHERE i.conversation_id = ?1 AND i.turn_id IS NULL ORDER BY m.sent_at, m.id",
    )?;
    read(statement.query([conversation.0])?)
}

/// What a turn dealt with, in the same order and as it is by now: of a message that was taken back only the fact.
pub fn dealt_with(connection: &Connection, conversation: ConversationId, turn: &str) -> Result<Vec<Waiting>> {
    let mut statement = connection.prepare_cached(
        "SELECT m.id, m.channel_message_id, m.content, m.reply_to, m.sent_at, m.received_at
         FROM messages m JOIN inbox i ON i.message_id = m.id
         WHERE m.conversation_id = ?1 AND i.turn_id = ?2 ORDER BY m.sent_at, m.id",
    )?;
    read(statement.query(params![conversation.0, turn])?)
}

fn read(mut rows: Rows<'_>) -> Result<Vec<Waiting>> {
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        waiting.push(Waiting {
            message: row.get(0)?,
            channel_message_id: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            content: serde_json::from_str(&row.get::<_, String>(2)?)?,
            reply_to: row.get(3)?,
            sent_at: timestamp(row.get(4)?),
            received_at: timestamp(row.get(5)?),
        });
    }
    Ok(waiting)
}

/// Marks a message as dealt with by a turn.
pub fn finish(connection: &Connection, message: i64, turn: &str) -> Result<()> {
    connection
        .prepare_cached("UPDATE inbox SET turn_id = ?2 WHERE message_id = ?1")?
        .execute(params![message, turn])?;
    Ok(())
}
