//! One element of `messages[]`: who sent it, when, in answer to what.

use serde_json::Value;

use crate::domain::InboundMessage;
use crate::domain::event::ChannelEvent;

use super::json::{flag, text, text_or_number, timestamp};
use super::people::SENDER;
use super::{Scope, account, content, system};

/// Reads one element of `messages[]`.
///
/// A message of a group, or one that lacks an id or any identifier of its sender, cannot be answered and becomes a
/// [`ChannelEvent::Account`] with the element as its body.
pub(super) fn read(element: &Value, scope: &Scope<'_>) -> ChannelEvent {
    if text_or_number(element, "group_id").is_some() {
        return account("messages", element);
    }
    if text(element, "type") == Some("system") {
        return system::read(element);
    }
    match inbound(element, scope) {
        Some(message) => ChannelEvent::Message(Box::new(message)),
        None => account("messages", element),
    }
}

fn inbound(element: &Value, scope: &Scope<'_>) -> Option<InboundMessage> {
    let message_id = text_or_number(element, "id")?;
    let sender = scope.people.find(SENDER.read(element));
    if sender.identifiers.is_empty() {
        return None;
    }
    let context = element.get("context").unwrap_or(&Value::Null);
    Some(InboundMessage {
        account: scope.account.to_owned(),
        message_id,
        identifiers: sender.identifiers,
        name: sender.name.map(str::to_owned),
        username: sender.username.map(str::to_owned),
        sent_at: timestamp(element, "timestamp"),
        content: content::read(element),
        reply_to: text_or_number(context, "id"),
        forwarded: flag(context, "forwarded") || flag(context, "frequently_forwarded"),
        referral: element.get("referral").filter(|referral| referral.is_object()).cloned(),
    })
}
