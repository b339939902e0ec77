//! Messages: everything that was said, by whom.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::{Author, Content, ConversationId, InboundMessage};

use super::{Result, millis, timestamp};

/// One message as it was stored.
#[derive(Clone, Debug)]
pub struct StoredMessage {
    /// The id; later messages have larger ones.
    pub id: i64,
    /// Who said it.
    pub author: Author,
    /// The words, if it has any and they were not taken back.
    pub words: Option<String>,
    /// JSON: what was sent.
    pub content: String,
    /// The channel's id.
    pub channel_message_id: Option<String>,
    /// When it was sent, by the channel's clock.
    pub sent_at: Timestamp,
    /// When it reached the server.
    pub received_at: Timestamp,
    /// How far ours has come: the outbox state.
    pub state: Option<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    Ok(StoredMessage {
        id: row.get(0)?,
        author: Author::from_name(&row.get::<_, String>(1)?),
        words: row.get(2)?,
        content: row.get(3)?,
        channel_message_id: row.get(4)?,
        sent_at: timestamp(row.get(5)?),
        received_at: timestamp(row.get(6)?),
        state: row.get(7)?,
    })
}

const COLUMNS: &str = "m.id, m.author, m.words, m.content, m.channel_message_id, m.sent_at, m.received_at, o.state";

/// Stores a customer's message.
pub fn insert_inbound(
    connection: &Connection,
    conversation: ConversationId,
    message: &InboundMessage,
    received_at: Timestamp,
) -> Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO messages (conversation_id, author, channel_message_id, content, words, reply_to, forwarded,
             referral, sent_at, received_at) VALUES (?1, 'customer', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            conversation.0,
            message.message_id,
            serde_json::to_string(&message.content)?,
            message.content.words(),
            message.reply_to,
            message.forwarded,
            message.referral.as_ref().map(ToString::to_string),
            millis(message.sent_at),
            millis(received_at),
        ])?;
    Ok(connection.last_insert_rowid())
}

/// Stores a message of ours, or one that a person wrote elsewhere.
pub fn insert_ours(
    connection: &Connection,
    conversation: ConversationId,
    author: Author,
    content: &str,
    words: Option<&str>,
    at: Timestamp,
) -> Result<i64> {
    connection.execute(
        "INSERT INTO messages (conversation_id, author, content, words, sent_at, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        params![conversation.0, author.as_str(), content, words, millis(at)],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Notes the channel's id of a message of ours once the channel has given one.
pub fn set_channel_id(connection: &Connection, message: i64, channel_message_id: &str) -> Result<()> {
    connection.execute(
        "UPDATE OR IGNORE messages SET channel_message_id = ?2 WHERE id = ?1",
        params![message, channel_message_id],
    )?;
    Ok(())
}

/// The customer took a message back: its words and content are deleted, with those of every version that was written in
/// its place; only the fact stays.
pub fn revoke(
    connection: &Connection,
    conversation: ConversationId,
    channel_message_id: &str,
    at: Timestamp,
) -> Result<()> {
    let gone = serde_json::to_string(&Content::Revoke { message_id: channel_message_id.to_owned() })?;
    connection.execute(
        "UPDATE messages SET words = NULL, content = ?3, revoked_at = ?4
         WHERE conversation_id = ?1 AND author = 'customer' AND (channel_message_id = ?2
           OR (json_extract(content, '$.kind') = 'edit' AND json_extract(content, '$.message_id') = ?2))",
        params![conversation.0, channel_message_id, gone, millis(at)],
    )?;
    Ok(())
}

/// The last messages of a conversation that reached somebody, oldest first, before and without the given one.
pub fn before(
    connection: &Connection,
    conversation: ConversationId,
    message: i64,
    limit: usize,
) -> Result<Vec<StoredMessage>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
         WHERE m.conversation_id = ?1 AND m.id < ?2 AND coalesce(o.state, '') NOT IN ('cancelled', 'failed')
         ORDER BY m.id DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![conversation.0, message, limit as i64], read)?;
    let mut messages: Vec<StoredMessage> = rows.collect::<rusqlite::Result<_>>()?;
    messages.reverse();
    Ok(messages)
}

/// The messages of a conversation that reached somebody, oldest first, after the given one.
pub fn after(
    connection: &Connection,
    conversation: ConversationId,
    message: i64,
    limit: usize,
) -> Result<Vec<StoredMessage>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
         WHERE m.conversation_id = ?1 AND m.id > ?2 AND coalesce(o.state, '') NOT IN ('cancelled', 'failed')
         ORDER BY m.id LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![conversation.0, message, limit as i64], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The last messages of a conversation with how far each has come, oldest first.
pub fn transcript(connection: &Connection, conversation: ConversationId, limit: usize) -> Result<Vec<StoredMessage>> {
    transcript_before(connection, conversation, i64::MAX, limit)
}

/// The same before a message, and without it: the page before.
pub fn transcript_before(
    connection: &Connection,
    conversation: ConversationId,
    message: i64,
    limit: usize,
) -> Result<Vec<StoredMessage>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
         WHERE m.conversation_id = ?1 AND m.id < ?3 ORDER BY m.id DESC LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![conversation.0, limit as i64, message], read)?;
    let mut messages: Vec<StoredMessage> = rows.collect::<rusqlite::Result<_>>()?;
    messages.reverse();
    Ok(messages)
}

/// The words of a message by the channel's id, for a quoted reply.
pub fn words_of(
    connection: &Connection,
    conversation: ConversationId,
    channel_message_id: &str,
) -> Result<Option<String>> {
    let words = connection
        .query_row(
            "SELECT words FROM messages WHERE conversation_id = ?1 AND channel_message_id = ?2",
            params![conversation.0, channel_message_id],
            |row| row.get::<_, Option<String>>(0),
        )
        .optional()?;
    Ok(words.flatten())
}

/// The words of these messages, in the order given; those that are gone, or were taken back, are left out.
pub fn words_by_id(connection: &Connection, conversation: ConversationId, messages: &[i64]) -> Result<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT words FROM messages WHERE conversation_id = ?1 AND id = ?2")?;
    let mut words = Vec::new();
    for message in messages {
        let row = statement.query_row(params![conversation.0, message], |row| row.get::<_, Option<String>>(0));
        words.extend(row.optional()?.flatten());
    }
    Ok(words)
}

/// How many messages the customer has sent, and when the first came.
pub fn count_from_customer(connection: &Connection, conversation: ConversationId) -> Result<(i64, Option<Timestamp>)> {
    Ok(connection.query_row(
        "SELECT count(*), min(sent_at) FROM messages WHERE conversation_id = ?1 AND author = 'customer'",
        [conversation.0],
        |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(timestamp))),
    )?)
}
