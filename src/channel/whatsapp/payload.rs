//! Reads one delivery of Meta's webhook into [`ChannelEvent`]s.
//!
//! Meta adds fields and types at any time, and a delivery that is refused comes back for days. So nothing here asks for
//! more than it needs: unknown fields are ignored, a message that cannot be understood becomes
//! [`Content::Unsupported`](crate::domain::Content::Unsupported), and whatever else is not known becomes a [`ChannelEvent::Account`]. One odd element never
//! costs the others. Time and memory grow linearly with the delivery (Meta sends up to 1,000 updates in 3 MB).
//!
//! Never checks the signature, never keeps state, never drops an element in silence.
//!
//! A time that is missing or absurd becomes [`jiff::Timestamp::UNIX_EPOCH`], which callers treat as far too late to
//! answer.

mod content;
mod fields;
mod json;
mod message;
mod people;
mod repair;
mod status;
mod system;

use serde_json::Value;

use crate::domain::event::{AccountEvent, ChannelEvent};

use json::{list, text};
use people::People;

/// Why a whole delivery cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The body is not JSON, at this place in it. The text itself is left out, for it may hold a customer's words.
    #[error("the delivery is not JSON (line {line}, column {column}): it does not come from Meta")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// The body is JSON, but not an object.
    #[error("the delivery is not a JSON object: it does not come from Meta")]
    NotAnObject,
}

/// What every element of one change shares.
struct Scope<'a> {
    /// The business's `phone_number_id`; empty when Meta left it out.
    account: &'a str,
    /// The people named beside the elements.
    people: People<'a>,
}

impl<'a> Scope<'a> {
    fn of(value: &'a Value) -> Self {
        let account = value.get("metadata").and_then(|metadata| text(metadata, "phone_number_id")).unwrap_or_default();
        Scope { account, people: People::of(value) }
    }
}

/// Reads the raw body of a delivery into events, in the order in which they stand in it.
///
/// # Errors
///
/// [`PayloadError`] only when the body as a whole is no JSON object.
pub fn parse(raw: &[u8]) -> Result<Vec<ChannelEvent>, PayloadError> {
    let delivery = repair::from_slice(raw)
        .map_err(|error| PayloadError::NotJson { line: error.line(), column: error.column() })?;
    if !delivery.is_object() {
        return Err(PayloadError::NotAnObject);
    }
    let is_whatsapp = text(&delivery, "object").is_none_or(|object| object == "whatsapp_business_account");
    if !is_whatsapp || !has_entries(&delivery) {
        return Ok(vec![account("unknown", &delivery)]);
    }
    Ok(list(&delivery, "entry").iter().flat_map(read_entry).collect())
}

fn has_entries(delivery: &Value) -> bool {
    delivery.get("entry").is_some_and(|entry| entry.is_array() || entry.is_object())
}

fn read_entry(entry: &Value) -> Vec<ChannelEvent> {
    match list(entry, "changes") {
        [] => vec![account("unknown", entry)],
        changes => changes.iter().flat_map(read_change).collect(),
    }
}

fn read_change(change: &Value) -> Vec<ChannelEvent> {
    let Some(value) = change.get("value") else {
        return vec![account(text(change, "field").unwrap_or("unknown"), change)];
    };
    // A change without a field that carries messages is read as one, rather than to lose what a customer wrote.
    let carries_messages = value.get("messages").is_some() || value.get("statuses").is_some();
    match text(change, "field") {
        Some("messages") => read_messages(value),
        Some(field) => fields::read(field, value),
        None if carries_messages => read_messages(value),
        None => vec![account("unknown", value)],
    }
}

fn read_messages(value: &Value) -> Vec<ChannelEvent> {
    let scope = Scope::of(value);
    let known = ["messages", "statuses", "errors", "user_actions"];
    if !known.iter().any(|key| value.get(key).is_some_and(|list| list.is_array() || list.is_object())) {
        return vec![account("messages", value)];
    }
    let messages = list(value, "messages").iter().map(|element| message::read(element, &scope));
    let statuses = list(value, "statuses").iter().map(|element| status::read(element, &scope));
    let rest = ["errors", "user_actions"].into_iter().filter_map(|key| about_account(value, key));
    messages.chain(statuses).chain(rest).collect()
}

/// What a `messages` value says about the account itself: errors of no message, clicks on links.
fn about_account(value: &Value, key: &str) -> Option<ChannelEvent> {
    let elements = list(value, key);
    let body = serde_json::json!({ "metadata": value.get("metadata"), key: elements });
    (!elements.is_empty()).then(|| account("messages", &body))
}

fn account(field: &str, body: &Value) -> ChannelEvent {
    ChannelEvent::Account(AccountEvent { field: field.to_owned(), body: body.clone() })
}

#[cfg(test)]
mod tests;
