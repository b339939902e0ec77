//! Bodies of requests to the Graph API's `messages` endpoint.
//!
//! Only builds JSON: sends nothing, converts no markup, and never invents an address.

use serde_json::{Value, json};

use crate::channel::outbound::{Choice, Outbound};
use crate::domain::{Identifier, IdentifierKind};

use super::limits::{self, LimitError, Shape};

/// Where a message goes and what travels with it.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The customer's address: a phone number or a user id.
    pub recipient: &'a Identifier,
    /// The channel's id of the customer's message to quote.
    pub quotes: Option<&'a str>,
    /// Comes back with every status of the message: the outbox row's id. At most 512 characters.
    pub callback: Option<&'a str>,
}

/// The request that sends `message`, whose text is already in WhatsApp's markup.
///
/// Up to three choices become buttons and up to ten a list; choices that WhatsApp would refuse become numbered text.
/// Titles that are too long are cut.
///
/// # Errors
///
/// [`LimitError`] when WhatsApp would refuse the text.
pub fn to_json(message: &Outbound, envelope: Envelope<'_>) -> Result<Value, LimitError> {
    let mut request = content(message)?;
    request["messaging_product"] = json!("whatsapp");
    request["recipient_type"] = json!("individual");
    let (key, address) = address(envelope.recipient);
    request[key] = json!(address);
    if let Some(message_id) = envelope.quotes {
        request["context"] = json!({ "message_id": message_id });
    }
    if let Some(callback) = envelope.callback {
        let length = limits::length(callback);
        if length > limits::CALLBACK {
            return Err(LimitError::CallbackTooLong { length });
        }
        request["biz_opaque_callback_data"] = json!(callback);
    }
    Ok(request)
}

/// The request that marks a customer's message, and all before it, as read.
pub fn read_receipt(message_id: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "status": "read", "message_id": message_id })
}

/// The request that shows "typing" for up to 25 seconds. It marks the message as read too: WhatsApp has no other way.
pub fn typing(message_id: &str) -> Value {
    let mut request = read_receipt(message_id);
    request["typing_indicator"] = json!({ "type": "text" });
    request
}

/// Without the `+` WhatsApp may take a number for one of the business's own country. User ids are sent whole.
fn address(recipient: &Identifier) -> (&'static str, String) {
    match recipient.kind {
        IdentifierKind::Phone => ("to", format!("+{}", recipient.value.trim_start_matches('+'))),
        IdentifierKind::Bsuid | IdentifierKind::ParentBsuid => ("recipient", recipient.value.clone()),
    }
}

fn content(message: &Outbound) -> Result<Value, LimitError> {
    if let Outbound::Choices { body, choices, button_label } = message {
        match limits::shape(body, choices, button_label) {
            Ok(Shape::Buttons) => return Ok(interactive("button", body, &buttons(choices))),
            Ok(Shape::List) => return Ok(interactive("list", body, &list(choices, button_label))),
            Err(_) => {}
        }
    }
    let body = message.as_text();
    limits::check_text(&body)?;
    Ok(json!({ "type": "text", "text": { "preview_url": false, "body": body } }))
}

fn interactive(kind: &str, body: &str, action: &Value) -> Value {
    json!({ "type": "interactive", "interactive": { "type": kind, "body": { "text": body }, "action": action } })
}

fn buttons(choices: &[Choice]) -> Value {
    let titles = limits::titles(choices.iter().map(|choice| choice.title.as_str()), limits::BUTTON_TITLE);
    let buttons = choices
        .iter()
        .zip(titles)
        .map(|(choice, title)| json!({ "type": "reply", "reply": { "id": choice.id, "title": title } }));
    json!({ "buttons": buttons.collect::<Vec<_>>() })
}

fn list(choices: &[Choice], button_label: &str) -> Value {
    let titles = limits::titles(choices.iter().map(|choice| choice.title.as_str()), limits::ROW_TITLE);
    let rows: Vec<_> = choices.iter().zip(titles).map(|(choice, title)| row(choice, &title)).collect();
    let label = limits::titles([button_label], limits::BUTTON_TITLE).remove(0);
    json!({ "button": label, "sections": [{ "rows": rows }] })
}

/// A title that had to be cut stands in full in the description, before what is there already.
fn row(choice: &Choice, title: &str) -> Value {
    let mut row = json!({ "id": choice.id, "title": title });
    let given = choice.description.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let full_title = (limits::length(&choice.title) > limits::ROW_TITLE).then_some(choice.title.as_str());
    let description = [full_title, given].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    if !description.is_empty() {
        row["description"] = json!(limits::truncate(&description, limits::ROW_DESCRIPTION));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone() -> Identifier {
        Identifier::new(IdentifierKind::Phone, "34600000101").unwrap()
    }

    fn choices(titles: &[&str]) -> Vec<Choice> {
        let id = |title: &str| title.chars().take(3).collect::<String>() + &title.len().to_string();
        titles.iter().map(|title| Choice { id: id(title), title: (*title).into(), description: None }).collect()
    }

    fn render(message: &Outbound) -> Value {
        to_json(message, Envelope { recipient: &phone(), quotes: None, callback: None }).unwrap()
    }

    #[test]
    fn a_text_goes_to_a_phone_number_with_its_plus() {
        let envelope = Envelope { recipient: &phone(), quotes: Some("wamid.Q1"), callback: Some("77") };
        let expected = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+34600000101",
            "context": {"message_id": "wamid.Q1"}, "biz_opaque_callback_data": "77",
            "type": "text", "text": {"preview_url": false, "body": "Abrimos a las 9."},
        });
        assert_eq!(to_json(&Outbound::text("Abrimos a las 9."), envelope), Ok(expected));
    }

    #[test]
    fn a_user_id_is_sent_whole_as_recipient() {
        for kind in [IdentifierKind::Bsuid, IdentifierKind::ParentBsuid] {
            let recipient = Identifier::new(kind, "CL.55500011122").unwrap();
            let envelope = Envelope { recipient: &recipient, quotes: None, callback: None };
            let request = to_json(&Outbound::text("Hola"), envelope).unwrap();
            assert_eq!(request["recipient"], "CL.55500011122");
            assert_eq!(request.get("to"), None);
        }
    }

    #[test]
    fn few_choices_become_buttons() {
        let choices = choices(&["Norte", "Hablar con una persona de la tienda"]);
        let request =
            render(&Outbound::Choices { body: "¿Qué tienda?".into(), choices, button_label: String::new() });
        let expected = json!({
            "type": "button", "body": {"text": "¿Qué tienda?"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": "Nor5", "title": "Norte"}},
                {"type": "reply", "reply": {"id": "Hab35", "title": "Hablar con una…"}},
            ]},
        });
        assert_eq!((&request["type"], &request["interactive"]), (&json!("interactive"), &expected));
    }

    #[test]
    fn more_choices_become_a_list_that_keeps_long_titles_in_full() {
        let mut choices = choices(&["Norte", "Sur", "Este", "Oeste y polígono industrial"]);
        choices[1].description = Some("Calle del Sol 4".into());
        choices[3].description = Some("Nave 7".into());
        let request = render(&Outbound::Choices { body: "¿Dónde?".into(), choices, button_label: "Ver".into() });
        let action = &request["interactive"]["action"];
        assert_eq!(action["button"], "Ver");
        let expected = json!([
            {"id": "Nor5", "title": "Norte"},
            {"id": "Sur3", "title": "Sur", "description": "Calle del Sol 4"},
            {"id": "Est4", "title": "Este"},
            {"id": "Oes28", "title": "Oeste y polígono…", "description": "Oeste y polígono industrial · Nave 7"},
        ]);
        assert_eq!(action["sections"], json!([{ "rows": expected }]));
    }

    #[test]
    fn choices_that_whatsapp_would_refuse_become_numbered_text() {
        let titles: Vec<_> = (1..=11).map(|number| "x".repeat(number)).collect();
        let choices = choices(&titles.iter().map(String::as_str).collect::<Vec<_>>());
        let request = render(&Outbound::Choices { body: "¿Cuál?".into(), choices, button_label: "Ver".into() });
        let text = request["text"]["body"].as_str().unwrap();
        assert!(text.starts_with("¿Cuál?\n\n1. x\n2. xx\n") && text.ends_with("\n11. xxxxxxxxxxx"), "{text}");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_here_and_not_by_meta() {
        let envelope = Envelope { recipient: &phone(), quotes: None, callback: None };
        assert_eq!(to_json(&Outbound::text(" "), envelope), Err(LimitError::Empty));
        let long = Outbound::text("x".repeat(4097));
        assert_eq!(to_json(&long, envelope), Err(LimitError::TextTooLong { length: 4097 }));
        let callback = "x".repeat(513);
        let envelope = Envelope { callback: Some(&callback), ..envelope };
        assert_eq!(to_json(&Outbound::text("x"), envelope), Err(LimitError::CallbackTooLong { length: 513 }));
    }

    #[test]
    fn receipts_and_typing_name_the_message() {
        let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.T1"});
        assert_eq!(read_receipt("wamid.T1"), read);
        let typing = typing("wamid.T1");
        assert_eq!(typing["status"], "read");
        assert_eq!(typing["typing_indicator"], json!({"type": "text"}));
    }
}
