//! Contacts and their identifiers: who a message came from.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::event::{IdentityChange, Preference};
use crate::domain::{ContactId, Identifier, IdentifierKind};

use super::{Result, millis};

/// Finds the contact behind the identifiers of one event, or makes one, and links identifiers that came together.
///
/// The user id is trusted before the phone: phones are passed on to other people (fact sheet §3.4). When the two belong to
/// different contacts, the phone moves to the user id's contact and neither sees the other's history.
pub fn resolve(connection: &Connection, identifiers: &[Identifier], at: Timestamp) -> Result<ContactId> {
    let mut ordered: Vec<&Identifier> = identifiers.iter().collect();
    ordered.sort_by_key(|identifier| identifier.kind);
    let mut found = None;
    for identifier in &ordered {
        if let Some(contact) = holder(connection, identifier)?
            && !claims_another_user_id(connection, contact, identifiers)?
        {
            found = Some(contact);
            break;
        }
    }
    let contact = match found {
        Some(contact) => contact,
        None => insert(connection, at)?,
    };
    for identifier in ordered {
        link(connection, contact, identifier, at)?;
    }
    Ok(contact)
}

/// Whether the contact already goes by a user id other than the event's: then a shared phone does not make it the same
/// person.
fn claims_another_user_id(connection: &Connection, contact: ContactId, identifiers: &[Identifier]) -> Result<bool> {
    let Some(given) = identifiers.iter().find(|identifier| identifier.kind == IdentifierKind::Bsuid) else {
        return Ok(false);
    };
    let known: Vec<Identifier> = current(connection, contact)?;
    let mut user_ids = known.iter().filter(|identifier| identifier.kind == IdentifierKind::Bsuid).peekable();
    Ok(user_ids.peek().is_some() && user_ids.all(|identifier| identifier.value != given.value))
}

/// The contact that an identifier belongs to now.
pub fn holder(connection: &Connection, identifier: &Identifier) -> Result<Option<ContactId>> {
    let mut statement = connection
        .prepare_cached("SELECT contact_id FROM identifiers WHERE kind = ?1 AND value = ?2 AND valid_to IS NULL")?;
    let row = statement.query_row(params![identifier.kind.as_str(), identifier.value], |row| row.get(0)).optional()?;
    Ok(row.map(ContactId))
}

/// The identifiers that a contact goes by now.
pub fn current(connection: &Connection, contact: ContactId) -> Result<Vec<Identifier>> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, value FROM identifiers WHERE contact_id = ?1 AND valid_to IS NULL ORDER BY kind, id",
    )?;
    let rows = statement.query_map([contact.0], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut identifiers = Vec::new();
    for row in rows {
        let (kind, value) = row?;
        identifiers.extend(IdentifierKind::from_name(&kind).and_then(|kind| Identifier::new(kind, &value)));
    }
    Ok(identifiers)
}

fn insert(connection: &Connection, at: Timestamp) -> Result<ContactId> {
    connection.execute("INSERT INTO contacts (created_at) VALUES (?1)", [millis(at)])?;
    Ok(ContactId(connection.last_insert_rowid()))
}

fn link(connection: &Connection, contact: ContactId, identifier: &Identifier, at: Timestamp) -> Result<()> {
    if holder(connection, identifier)? == Some(contact) {
        return Ok(());
    }
    close(connection, identifier, at)?;
    connection.execute(
        "INSERT INTO identifiers (contact_id, kind, value, valid_from) VALUES (?1, ?2, ?3, ?4)",
        params![contact.0, identifier.kind.as_str(), identifier.value, millis(at)],
    )?;
    Ok(())
}

fn close(connection: &Connection, identifier: &Identifier, at: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE identifiers SET valid_to = ?3 WHERE kind = ?1 AND value = ?2 AND valid_to IS NULL",
        params![identifier.kind.as_str(), identifier.value, millis(at)],
    )?;
    Ok(())
}

/// Keeps the name that a message carried.
pub fn set_name(connection: &Connection, contact: ContactId, name: Option<&str>, username: Option<&str>) -> Result<()> {
    connection.execute(
        "UPDATE contacts SET name = coalesce(?2, name), username = coalesce(?3, username) WHERE id = ?1",
        params![contact.0, name, username],
    )?;
    Ok(())
}

/// Replaces identifiers; the person stays the same. Doing it twice changes nothing.
pub fn change_identity(connection: &Connection, change: &IdentityChange) -> Result<()> {
    let mut found = None;
    for identifier in change.previous.iter().chain(&change.current) {
        found = holder(connection, identifier)?;
        if found.is_some() {
            break;
        }
    }
    // A stranger's change is of no consequence: there is nothing to keep together.
    let Some(contact) = found else { return Ok(()) };
    for identifier in change.previous.iter().filter(|identifier| !change.current.contains(identifier)) {
        if holder(connection, identifier)? == Some(contact) {
            close(connection, identifier, change.at)?;
        }
    }
    for identifier in &change.current {
        link(connection, contact, identifier, change.at)?;
    }
    redirect_answers(connection, contact, change)
}

/// Conversations whose answers would go to an identifier that has ended are answered at its successor.
fn redirect_answers(connection: &Connection, contact: ContactId, change: &IdentityChange) -> Result<()> {
    for previous in &change.previous {
        let Some(successor) = change
            .current
            .iter()
            .find(|identifier| identifier.kind == previous.kind)
            .or_else(|| change.current.first())
        else {
            continue;
        };
        connection.execute(
            "UPDATE conversations SET reply_kind = ?4, reply_value = ?5
             WHERE contact_id = ?1 AND reply_kind = ?2 AND reply_value = ?3",
            params![contact.0, previous.kind.as_str(), previous.value, successor.kind.as_str(), successor.value],
        )?;
    }
    Ok(())
}

/// Records what a customer wants to receive, and from where that is known.
pub fn record_preference(connection: &Connection, preference: &Preference) -> Result<()> {
    let contact = resolve(connection, &preference.identifiers, preference.at)?;
    let promotions = match preference.value.as_str() {
        "stop" => Some(false),
        "resume" => Some(true),
        _ => None,
    };
    record_consent(connection, contact, &preference.category, &preference.value, "channel", preference.at)?;
    match promotions {
        Some(wanted) => set_promotions(connection, contact, wanted, preference.at),
        None => Ok(()),
    }
}

/// Adds a line to the record of consents.
pub fn record_consent(
    connection: &Connection,
    contact: ContactId,
    category: &str,
    value: &str,
    source: &str,
    at: Timestamp,
) -> Result<()> {
    connection.execute(
        "INSERT INTO consents (contact_id, category, value, source, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![contact.0, category, value, source, millis(at)],
    )?;
    Ok(())
}

/// Whether the customer wants promotional messages from now on. Answers to questions are never affected.
pub fn set_promotions(connection: &Connection, contact: ContactId, wanted: bool, at: Timestamp) -> Result<()> {
    let opted_out_at = (!wanted).then(|| millis(at));
    connection.execute("UPDATE contacts SET opted_out_at = ?2 WHERE id = ?1", params![contact.0, opted_out_at])?;
    Ok(())
}

#[cfg(test)]
mod tests;
