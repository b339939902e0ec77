//! Erasure: a customer's words and identity leave the database.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use crate::domain::ContactId;

use super::{Result, millis};

/// Deletes everything that a contact said and everything derived from it, at once.
///
/// What stays until [`purge`] is the address, and only to confirm the erasure.
pub fn forget(connection: &Connection, contact: ContactId, at: Timestamp) -> Result<()> {
    let of_contact = "IN (SELECT id FROM conversations WHERE contact_id = ?1)";
    connection.execute(
        &format!("DELETE FROM statuses WHERE channel_message_id IN (SELECT channel_message_id FROM outbox WHERE conversation_id {of_contact})"),
        [contact.0],
    )?;
    for table in ["inbox", "outbox", "turns", "handoffs", "messages"] {
        connection.execute(&format!("DELETE FROM {table} WHERE conversation_id {of_contact}"), [contact.0])?;
    }
    connection.execute(
        "UPDATE conversations SET summary = NULL, summarised_to = NULL, pending = NULL, failed_turns = 0,
         disclosed_at = NULL, mode = 'bot' WHERE contact_id = ?1",
        [contact.0],
    )?;
    connection.execute(
        "UPDATE contacts SET name = NULL, username = NULL, language = NULL, erased_at = ?2 WHERE id = ?1",
        params![contact.0, millis(at)],
    )?;
    Ok(())
}

/// Removes erased contacts whose confirmation has left, or could not leave for a day. Returns how many.
///
/// A contact who has written again since is not removed: that is a new conversation.
pub fn purge(connection: &Connection, now: Timestamp) -> Result<usize> {
    connection.execute(
        "UPDATE contacts SET erased_at = NULL WHERE erased_at IS NOT NULL AND EXISTS
         (SELECT 1 FROM messages m JOIN conversations c ON c.id = m.conversation_id
          WHERE c.contact_id = contacts.id AND m.author = 'customer')",
        [],
    )?;
    Ok(connection.execute(
        "DELETE FROM contacts WHERE erased_at IS NOT NULL AND (erased_at < ?1 OR NOT EXISTS
         (SELECT 1 FROM outbox o JOIN conversations c ON c.id = o.conversation_id
          WHERE c.contact_id = contacts.id AND o.state IN ('queued', 'sending')))",
        [millis(now - SignedDuration::from_hours(24))],
    )?)
}

/// Deletes messages and turns older than a time. Returns how many messages.
pub fn expire(connection: &Connection, before: Timestamp) -> Result<usize> {
    let before = millis(before);
    connection.execute("DELETE FROM turns WHERE created_at < ?1", [before])?;
    connection.execute("DELETE FROM statuses WHERE at < ?1", [before])?;
    connection.execute("DELETE FROM alerts WHERE since < ?1", [before])?;
    // With the posts, which hold whole transcripts.
    connection.execute("DELETE FROM handoffs WHERE opened_at < ?1", [before])?;
    connection.execute(
        "UPDATE conversations SET summary = NULL, summarised_to = NULL, pending = NULL
         WHERE coalesce(last_inbound_at, created_at) < ?1",
        [before],
    )?;
    connection.execute("DELETE FROM outbox WHERE created_at < ?1 AND state NOT IN ('queued', 'sending')", [before])?;
    Ok(connection.execute(
        "DELETE FROM messages WHERE received_at < ?1 AND id NOT IN
         (SELECT message_id FROM inbox WHERE turn_id IS NULL)",
        [before],
    )?)
}
