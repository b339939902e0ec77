//! What a message holds. A type or a shape that is not known becomes [`Content::Unsupported`] with its name.

use serde_json::Value;

use crate::domain::{Content, MediaKind};

use super::json::{flag, list, number, text, text_or_number};

/// Reads the content of a message, an echo or an edit.
pub(super) fn read(element: &Value) -> Content {
    let kind = text(element, "type").unwrap_or("unknown");
    let body = element.get(kind).unwrap_or(&Value::Null);
    let known = match kind {
        "text" => read_text(body),
        "image" => Some(read_media(MediaKind::Image, body)),
        "video" => Some(read_media(MediaKind::Video, body)),
        "document" => Some(read_media(MediaKind::Document, body)),
        "audio" if flag(body, "voice") => Some(read_media(MediaKind::VoiceNote, body)),
        "audio" => Some(read_media(MediaKind::Audio, body)),
        "sticker" => Some(read_media(MediaKind::Sticker, body)),
        "location" => read_location(body),
        "contacts" => Some(read_contacts(list(element, "contacts"))),
        "interactive" => return read_interactive(body),
        "button" => choice(text_or_number(body, "payload"), text(body, "text")),
        "order" => Some(read_order(body)),
        "reaction" => read_reaction(body),
        "edit" => read_edit(body),
        "revoke" => read_revoke(body),
        "request_welcome" => Some(Content::Welcome),
        "unsupported" => return unsupported(text(body, "type").unwrap_or(kind)),
        _ => None,
    };
    known.unwrap_or_else(|| unsupported(kind))
}

fn unsupported(name: &str) -> Content {
    Content::Unsupported { name: name.to_owned() }
}

fn owned(value: &Value, key: &str) -> Option<String> {
    text(value, key).map(str::to_owned)
}

fn read_text(body: &Value) -> Option<Content> {
    let words = body.get("body")?.as_str()?;
    Some(Content::Text { body: words.to_owned() })
}

fn read_media(media: MediaKind, body: &Value) -> Content {
    Content::Media {
        media,
        id: text_or_number(body, "id"),
        mime: owned(body, "mime_type"),
        caption: owned(body, "caption"),
        filename: owned(body, "filename"),
    }
}

fn read_location(body: &Value) -> Option<Content> {
    let latitude = number(body, "latitude").filter(|degrees| degrees.abs() <= 90.0)?;
    let longitude = number(body, "longitude").filter(|degrees| degrees.abs() <= 180.0)?;
    let parts: Vec<_> = ["name", "address"].into_iter().filter_map(|key| text(body, key)).collect();
    let label = (!parts.is_empty()).then(|| parts.join(", "));
    Some(Content::Location { latitude, longitude, label })
}

fn read_contacts(cards: &[Value]) -> Content {
    let vouched = cards.iter().find(|card| text(card, "origin") == Some("contact_request"));
    Content::Contacts {
        names: cards.iter().filter_map(card_name).collect(),
        own_phone: vouched.and_then(|card| list(card, "phones").iter().find_map(card_phone)),
    }
}

fn card_name(card: &Value) -> Option<String> {
    let name = card.get("name")?;
    owned(name, "formatted_name").or_else(|| {
        let parts: Vec<_> = ["first_name", "last_name"].into_iter().filter_map(|key| text(name, key)).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

/// The digits of a card's phone: WhatsApp's own form, else those of a number written with its country code.
fn card_phone(phone: &Value) -> Option<String> {
    let written = || text(phone, "phone").filter(|number| number.trim_start().starts_with('+'));
    let digits: String = text(phone, "wa_id").or_else(written)?.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

fn read_interactive(body: &Value) -> Content {
    let kind = text(body, "type").unwrap_or("interactive");
    let reply = body.get(kind).unwrap_or(&Value::Null);
    match kind {
        "button_reply" | "list_reply" => {
            choice(text_or_number(reply, "id"), text(reply, "title")).unwrap_or_else(|| unsupported(kind))
        }
        "nfm_reply" => Content::Form { response: form_response(reply) },
        _ => unsupported(kind),
    }
}

/// Meta sends the answers as a string with JSON in it, which may be broken: it is kept as it came.
fn form_response(reply: &Value) -> Option<String> {
    match reply.get("response_json")? {
        Value::Null => None,
        Value::String(answers) => Some(answers.clone()),
        answers => Some(answers.to_string()),
    }
}

/// A tap; of id and title either stands in for the other.
fn choice(id: Option<String>, title: Option<&str>) -> Option<Content> {
    let title = title.map(str::to_owned).or_else(|| id.clone())?;
    Some(Content::Choice { id: id.unwrap_or_else(|| title.clone()), title })
}

fn read_order(body: &Value) -> Content {
    let items = list(body, "product_items").iter().filter_map(|item| {
        let product = text_or_number(item, "product_retailer_id")?;
        Some((product, number(item, "quantity").unwrap_or(1.0)))
    });
    Content::Order { items: items.collect(), note: owned(body, "text") }
}

fn read_reaction(body: &Value) -> Option<Content> {
    Some(Content::Reaction { message_id: text_or_number(body, "message_id")?, emoji: owned(body, "emoji") })
}

fn read_edit(body: &Value) -> Option<Content> {
    let message_id = text_or_number(body, "original_message_id")?;
    let new = body.get("message").unwrap_or(&Value::Null);
    let words = match read(new) {
        Content::Text { body } => Some(body),
        Content::Media { caption, .. } => caption,
        _ => None,
    };
    Some(Content::Edit { message_id, body: words })
}

fn read_revoke(body: &Value) -> Option<Content> {
    Some(Content::Revoke { message_id: text_or_number(body, "original_message_id")? })
}
