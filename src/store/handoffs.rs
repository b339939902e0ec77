//! Handoffs to a person, and the signed posts that tell the owner of them.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::ConversationId;

use super::{Result, millis, timestamp};

/// Opens a handoff.
pub fn open(
    connection: &Connection,
    id: &str,
    conversation: ConversationId,
    reason: &str,
    at: Timestamp,
) -> Result<()> {
    connection.execute(
        "INSERT INTO handoffs (id, conversation_id, reason, opened_at) VALUES (?1, ?2, ?3, ?4)",
        params![id, conversation.0, reason, millis(at)],
    )?;
    Ok(())
}

/// A person took the conversation.
pub fn take(connection: &Connection, conversation: ConversationId, at: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE handoffs SET taken_at = ?2 WHERE conversation_id = ?1 AND taken_at IS NULL AND returned_at IS NULL",
        params![conversation.0, millis(at)],
    )?;
    Ok(())
}

/// The conversation went back to the bot: no handoff of it is open any more, so that it is never handed over again for
/// the same reason.
pub fn close(connection: &Connection, conversation: ConversationId, at: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE handoffs SET returned_at = ?2 WHERE conversation_id = ?1 AND returned_at IS NULL",
        params![conversation.0, millis(at)],
    )?;
    Ok(())
}

/// A post to the owner's endpoint that has not been accepted yet.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The id, which the receiver may use to recognise a repetition.
    pub id: String,
    /// The JSON body.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// Queues a post.
pub fn queue_notification(connection: &Connection, id: &str, handoff: &str, body: &str, at: Timestamp) -> Result<()> {
    connection.execute(
        "INSERT INTO notifications (id, handoff_id, body, due_at, created_at) VALUES (?1, ?2, ?3, ?4, ?4)",
        params![id, handoff, body, millis(at)],
    )?;
    Ok(())
}

/// A post that was still open days later would tell of what is long past: it is left.
const LATEST: i64 = 4 * 24 * 60 * 60 * 1_000;

/// The posts that are due.
pub fn due_notifications(connection: &Connection, at: Timestamp) -> Result<Vec<Notification>> {
    let mut statement = connection.prepare_cached(
        "SELECT n.id, n.body, n.attempts FROM notifications n JOIN handoffs h ON h.id = n.handoff_id
         WHERE n.state = 'pending' AND n.due_at <= ?1 AND n.created_at > ?2 AND h.returned_at IS NULL ORDER BY n.created_at",
    )?;
    let rows = statement.query_map([millis(at), millis(at) - LATEST], |row| {
        Ok(Notification { id: row.get(0)?, body: row.get(1)?, attempts: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// When the next post is due.
pub fn next_notification(connection: &Connection, at: Timestamp) -> Result<Option<Timestamp>> {
    Ok(connection.query_row(
        "SELECT min(n.due_at) FROM notifications n JOIN handoffs h ON h.id = n.handoff_id
         WHERE n.state = 'pending' AND n.created_at > ?1 AND h.returned_at IS NULL",
        [millis(at) - LATEST],
        |row| row.get::<_, Option<i64>>(0).map(|due| due.map(timestamp)),
    )?)
}

/// The receiver accepted the post.
pub fn accept_notification(connection: &Connection, id: &str) -> Result<()> {
    connection.execute("UPDATE notifications SET state = 'accepted', error = NULL WHERE id = ?1", [id])?;
    Ok(())
}

/// The post failed. With a time it is tried again then; without, it is a dead letter.
pub fn fail_notification(connection: &Connection, id: &str, error: &str, again_at: Option<Timestamp>) -> Result<()> {
    connection.execute(
        "UPDATE notifications SET attempts = attempts + 1, error = ?2, due_at = coalesce(?3, due_at),
         state = CASE WHEN ?3 IS NULL THEN 'dead' ELSE 'pending' END WHERE id = ?1",
        params![id, error, again_at.map(millis)],
    )?;
    Ok(())
}

/// The posts that were given up: id, handoff and the last error.
pub fn dead_notifications(connection: &Connection) -> Result<Vec<(String, String)>> {
    let mut statement = connection
        .prepare("SELECT id, coalesce(error, '') FROM notifications WHERE state = 'dead' ORDER BY created_at")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
