//! The webhook's fields besides `messages`. A field that the product does not act on becomes a
//! [`ChannelEvent::Account`] with its value, for the owner to see.

use serde_json::Value;

use crate::domain::event::{ChannelEvent, PersonWrote, Preference};
use crate::domain::{Identifier, IdentifierKind};

use super::json::{list, text, text_or_number, timestamp};
use super::people::{Keys, PERSON, identifier, merge};
use super::{Scope, account, content, system};

/// How an echo names the customer it was sent to.
const ECHO: Keys = Keys { bsuid: &["to_user_id"], phone: &["to"], parent: &["to_parent_user_id"] };

/// Reads the value of one change.
///
/// `history` and `smb_app_state_sync` tell of the past and are never taken for new messages.
pub(super) fn read(field: &str, value: &Value) -> Vec<ChannelEvent> {
    let scope = Scope::of(value);
    match field {
        "user_preferences" => each(field, value, "user_preferences", |element| preference(element, &scope)),
        "smb_message_echoes" => each(field, value, "message_echoes", |element| echo(element, &scope)),
        "user_id_update" => each(field, value, "user_id_update", user_id_update),
        _ => vec![account(field, value)],
    }
}

/// Reads each element under `key`; one that cannot be read is kept as it is, and so is a value without any.
fn each(field: &str, value: &Value, key: &str, read: impl Fn(&Value) -> Option<ChannelEvent>) -> Vec<ChannelEvent> {
    match list(value, key) {
        [] => vec![account(field, value)],
        elements => elements.iter().map(|element| read(element).unwrap_or_else(|| account(field, element))).collect(),
    }
}

fn preference(element: &Value, scope: &Scope<'_>) -> Option<ChannelEvent> {
    let identifiers = scope.people.find(PERSON.read(element)).identifiers;
    let preference = Preference {
        account: scope.account.to_owned(),
        category: text(element, "category").unwrap_or("unknown").to_owned(),
        value: text(element, "value")?.to_owned(),
        at: timestamp(element, "timestamp"),
        identifiers,
    };
    (!preference.identifiers.is_empty()).then_some(ChannelEvent::Preference(preference))
}

fn echo(element: &Value, scope: &Scope<'_>) -> Option<ChannelEvent> {
    if text_or_number(element, "group_id").is_some() {
        return None;
    }
    let wrote = PersonWrote {
        account: scope.account.to_owned(),
        identifiers: scope.people.find(ECHO.read(element)).identifiers,
        message_id: text_or_number(element, "id")?,
        content: content::read(element),
        at: timestamp(element, "timestamp"),
    };
    (!wrote.identifiers.is_empty()).then_some(ChannelEvent::PersonWrote(wrote))
}

fn user_id_update(element: &Value) -> Option<ChannelEvent> {
    let side = |side: &str| -> Vec<Identifier> {
        let kinds = [("user_id", IdentifierKind::Bsuid), ("parent_user_id", IdentifierKind::ParentBsuid)];
        kinds.into_iter().filter_map(|(key, kind)| identifier(kind, text(element.get(key)?, side)?)).collect()
    };
    let mut current = side("current");
    if current.is_empty() {
        return None;
    }
    // The phone number is the one the customer has now: it links the new user id, and does not end.
    merge(&mut current, text(element, "wa_id").and_then(|phone| identifier(IdentifierKind::Phone, phone)));
    system::change(None, side("previous"), current, timestamp(element, "timestamp")).map(ChannelEvent::IdentityChanged)
}
