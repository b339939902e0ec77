//! WhatsApp's own messages about a customer: a new phone number, a new user id, a new security key.

use serde_json::Value;

use crate::domain::event::{ChannelEvent, IdentityChange};
use crate::domain::{Identifier, IdentifierKind};

use super::account;
use super::json::{text, text_or_number, timestamp};
use super::people::{PERSON, SENDER, identifier, merge};

/// Reads a message of type `system`. What is no change of identifiers becomes a [`ChannelEvent::Account`].
pub(super) fn read(element: &Value) -> ChannelEvent {
    identity_change(element).map_or_else(|| account("messages", element), ChannelEvent::IdentityChanged)
}

fn identity_change(element: &Value) -> Option<IdentityChange> {
    let system = element.get("system")?;
    let is_change = matches!(
        text(system, "type"),
        Some("user_changed_number" | "customer_changed_number" | "user_changed_user_id") | None
    );
    let mut previous = SENDER.read(element);
    merge(&mut previous, text(system, "customer").and_then(|old| identifier(IdentifierKind::Phone, old)));
    let message_id = text_or_number(element, "id");
    let at = timestamp(element, "timestamp");
    is_change.then(|| change(message_id, previous, new_identifiers(system), at))?
}

/// Older payloads write the new number as `new_wa_id`, newer ones as `wa_id`.
fn new_identifiers(system: &Value) -> Vec<Identifier> {
    let mut current = PERSON.read(system);
    if let Some(new) = text(system, "new_wa_id").and_then(|new| identifier(IdentifierKind::Phone, new)) {
        current.retain(|identifier| identifier.kind != IdentifierKind::Phone);
        merge(&mut current, [new]);
    }
    current
}

/// A change, or nothing when no identifier ends or none begins. What stands on both sides goes on, so it does not end.
pub(super) fn change(
    message_id: Option<String>,
    mut previous: Vec<Identifier>,
    current: Vec<Identifier>,
    at: jiff::Timestamp,
) -> Option<IdentityChange> {
    previous.retain(|old| !current.contains(old));
    (!previous.is_empty() && !current.is_empty()).then_some(IdentityChange { message_id, previous, current, at })
}
