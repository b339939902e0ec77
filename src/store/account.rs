//! What the channel said about the account, and what the owner has to look at.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::domain::ConversationId;

use super::{Result, millis, timestamp};

/// Keeps something the channel said that is not a customer's.
pub fn insert_event(connection: &Connection, field: &str, body: &str, at: Timestamp) -> Result<()> {
    connection.execute(
        "INSERT INTO account_events (field, body, received_at) VALUES (?1, ?2, ?3)",
        params![field, body, millis(at)],
    )?;
    Ok(())
}

/// The last things that the channel said about the account: the webhook's field, and when.
pub fn latest_events(connection: &Connection, limit: u32) -> Result<Vec<(String, Timestamp)>> {
    let mut statement =
        connection.prepare("SELECT field, received_at FROM account_events ORDER BY id DESC LIMIT ?1")?;
    let rows = statement.query_map([limit], |row| Ok((row.get(0)?, timestamp(row.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets what the channel said before a time: it may hold words of people who never became customers.
pub fn forget_events(connection: &Connection, before: Timestamp) -> Result<usize> {
    Ok(connection.execute("DELETE FROM account_events WHERE received_at < ?1", [millis(before)])?)
}

/// Something that the owner has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What it is about; one alert a key.
    pub key: String,
    /// What is wrong and what to do.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
}

/// Raises an alert; the time of the first stays.
pub fn raise_alert(connection: &Connection, key: &str, text: &str, at: Timestamp) -> Result<()> {
    connection.execute(
        "INSERT INTO alerts (key, text, since) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET text = ?2",
        params![key, text, millis(at)],
    )?;
    Ok(())
}

/// Takes an alert back once it is solved.
pub fn clear_alert(connection: &Connection, key: &str) -> Result<()> {
    connection.execute("DELETE FROM alerts WHERE key = ?1", [key])?;
    Ok(())
}

/// Takes back what was raised about one conversation: a person looks at it now, and sees what did not arrive.
pub fn clear_alerts_of(connection: &Connection, conversation: ConversationId) -> Result<()> {
    connection.execute(
        "DELETE FROM alerts WHERE key IN (
             SELECT 'not_sent:' || id FROM outbox WHERE conversation_id = ?1
             UNION ALL
             SELECT 'handoff:' || n.id FROM notifications n JOIN handoffs h ON h.id = n.handoff_id
             WHERE h.conversation_id = ?1)",
        [conversation.0],
    )?;
    Ok(())
}

/// Every alert, the oldest first.
pub fn alerts(connection: &Connection) -> Result<Vec<Alert>> {
    let mut statement = connection.prepare("SELECT key, text, since FROM alerts ORDER BY since, key")?;
    let rows = statement
        .query_map([], |row| Ok(Alert { key: row.get(0)?, text: row.get(1)?, since: timestamp(row.get(2)?) }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
