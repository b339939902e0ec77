//! One element of `statuses[]`: how far a message of ours has come.

use serde_json::Value;

use crate::domain::Identifier;
use crate::domain::event::{ChannelError, ChannelEvent, DeliveryStatus, ErrorMeaning, StatusEvent};

use super::json::{integer, list, text, text_or_number, timestamp};
use super::people::Keys;
use super::{Scope, account};
use crate::channel::whatsapp::errors::{Policy, UNKNOWN_CODE, verdict};

/// `parent_recipient_user_id` is the name that was used before May 2026.
const RECIPIENT: Keys = Keys {
    bsuid: &["recipient_user_id"],
    phone: &["recipient_id"],
    parent: &["recipient_parent_user_id", "parent_recipient_user_id"],
};

/// In a group `recipient_id` is the group's, so only the participant's identifiers count.
const PARTICIPANT: Keys = Keys {
    bsuid: &["recipient_participant_user_id"],
    phone: &["recipient_participant_id"],
    parent: &["recipient_participant_parent_user_id"],
};

/// Reads one element of `statuses[]`. One without an id, or with a status that is not known, becomes a
/// [`ChannelEvent::Account`].
pub(super) fn read(element: &Value, scope: &Scope<'_>) -> ChannelEvent {
    status(element, scope).map_or_else(|| account("messages", element), ChannelEvent::Status)
}

fn status(element: &Value, scope: &Scope<'_>) -> Option<StatusEvent> {
    Some(StatusEvent {
        account: scope.account.to_owned(),
        message_id: text_or_number(element, "id")?,
        status: delivery_status(text(element, "status")?)?,
        at: timestamp(element, "timestamp"),
        callback: text_or_number(element, "biz_opaque_callback_data"),
        errors: list(element, "errors").iter().map(error).collect(),
        pricing: element.get("pricing").and_then(|pricing| text(pricing, "category")).map(str::to_owned),
        identifiers: recipient(element, scope),
    })
}

fn delivery_status(name: &str) -> Option<DeliveryStatus> {
    match name {
        "sent" => Some(DeliveryStatus::Sent),
        "delivered" => Some(DeliveryStatus::Delivered),
        "read" | "played" => Some(DeliveryStatus::Read),
        "failed" => Some(DeliveryStatus::Failed),
        _ => None,
    }
}

fn recipient(element: &Value, scope: &Scope<'_>) -> Vec<Identifier> {
    if text(element, "recipient_type") == Some("group") {
        return PARTICIPANT.read(element);
    }
    scope.people.find(RECIPIENT.read(element)).identifiers
}

/// Newer payloads keep the details in `error_data`, older ones beside the code; either may be missing.
fn error(element: &Value) -> ChannelError {
    let data = element.get("error_data").unwrap_or(&Value::Null);
    let beside = || ["details", "message", "title"].into_iter().find_map(|key| text(element, key));
    let code = integer(element, "code").unwrap_or(UNKNOWN_CODE);
    let meaning = match verdict(code).policy {
        Policy::OptedOut => ErrorMeaning::OptedOut,
        Policy::PauseAll => ErrorMeaning::AccountRefused,
        _ => ErrorMeaning::ThisMessage,
    };
    ChannelError { code, meaning, details: text(data, "details").or_else(beside).unwrap_or_default().to_owned() }
}
