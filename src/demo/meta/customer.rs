//! The customers: who they are and what their phones send.

use serde_json::{Map, Value, json};

use super::log::{Choice, Event, Sent};
use super::webhook::DeliveryError;
use super::{Shared, status};
use crate::demo::meta::log::Log;

/// What identifies a customer towards the business: a phone number, a user id or both.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct CustomerId {
    /// The phone number, digits only; absent for a customer who hides it.
    pub phone: Option<String>,
    /// Meta's business-scoped user id: `ZZ.7781204459021637450`.
    pub bsuid: Option<String>,
    /// The name that the customer shows.
    pub name: Option<String>,
}

impl CustomerId {
    /// A customer with a phone number (digits only) alone, as before user ids existed.
    pub fn with_phone(phone: impl Into<String>) -> Self {
        CustomerId { phone: Some(phone.into()), ..CustomerId::default() }
    }

    /// A customer who hides the phone number behind a user id.
    pub fn with_bsuid(bsuid: impl Into<String>) -> Self {
        CustomerId { bsuid: Some(bsuid.into()), ..CustomerId::default() }
    }

    /// The same customer with a name to show.
    pub fn named(self, name: impl Into<String>) -> Self {
        CustomerId { name: Some(name.into()), ..self }
    }

    /// Whether both share an identifier, so that they are the same person.
    pub fn is(&self, other: &CustomerId) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        same(&self.bsuid, &other.bsuid) || same(&self.phone, &other.phone)
    }

    /// The element of `contacts` that goes with what the customer sends.
    fn contact(&self) -> Value {
        let mut contact = Map::new();
        if let Some(name) = &self.name {
            contact.insert("profile".to_owned(), json!({"name": name}));
        }
        insert(&mut contact, "wa_id", &self.phone);
        insert(&mut contact, "user_id", &self.bsuid);
        Value::Object(contact)
    }
}

/// Hides phone number, user id and name, so that they can never reach a log line.
impl std::fmt::Debug for CustomerId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CustomerId(…)")
    }
}

/// Why a tap did not come through.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// No message to the customer has this choice.
    #[error("no message to this customer has a choice with the id `{0}`")]
    NoSuchChoice(String),
    /// The server did not take the webhook.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
}

impl Shared {
    /// Logs a customer's message and makes its id and the webhook's body.
    pub(in crate::demo) fn customer_says(&self, customer: &CustomerId, message: Value) -> (String, Value) {
        let mut message = match message {
            Value::Object(message) => message,
            other => Map::from_iter([("type".to_owned(), other)]),
        };
        insert(&mut message, "from", &customer.phone);
        insert(&mut message, "from_user_id", &customer.bsuid);
        let at = self.options.clock.now();
        let id = message.entry("id").or_insert_with(|| self.fresh_id().into()).as_str().unwrap_or_default().to_owned();
        message.entry("timestamp").or_insert_with(|| status::seconds(at).into());
        let message = Value::Object(message);
        self.log.push(customer, Event::Said { id: id.clone(), text: words(&message).to_owned(), at });
        let value = json!({"contacts": [customer.contact()], "messages": [message]});
        (id, self.envelope(value))
    }

    /// Brings a customer's message to the server and logs whether it arrived.
    pub(in crate::demo) async fn deliver_message(
        &self,
        customer: &CustomerId,
        id: &str,
        envelope: &Value,
    ) -> Result<(), DeliveryError> {
        let outcome = self.webhook.deliver(envelope).await;
        self.log.push(customer, Event::Arrived { id: id.to_owned(), taken: outcome.is_ok() });
        outcome
    }

    /// The message that a tap sends: on the newest message that has the choice, or on that with the id `on`.
    pub(in crate::demo) fn tap_message(
        &self,
        customer: &CustomerId,
        choice: &str,
        on: Option<&str>,
    ) -> Result<Value, TapError> {
        let (sent, choice) =
            find_choice(&self.log, customer, choice, on).ok_or_else(|| TapError::NoSuchChoice(choice.to_owned()))?;
        let context = json!({"from": self.options.display_phone_number, "id": sent.id});
        let Choice { id, title, description, .. } = choice;
        if sent.kind == "template" {
            return Ok(json!({"type": "button", "context": context, "button": {"payload": id, "text": title}}));
        }
        let kind = if sent.body["interactive"]["type"] == "list" { "list_reply" } else { "button_reply" };
        let mut reply = Map::from_iter([("id".to_owned(), id.into()), ("title".to_owned(), title.into())]);
        insert(&mut reply, "description", &description);
        Ok(json!({"type": "interactive", "context": context, "interactive": {"type": kind, kind: reply}}))
    }

    /// The body of a webhook with one change of the field `messages`.
    pub(super) fn envelope(&self, mut value: Value) -> Value {
        value["messaging_product"] = "whatsapp".into();
        value["metadata"] = json!({
            "display_phone_number": self.options.display_phone_number,
            "phone_number_id": self.options.phone_number_id,
        });
        let change = json!({"field": "messages", "value": value});
        json!({"object": "whatsapp_business_account", "entry": [{"id": "200300400500600", "changes": [change]}]})
    }
}

fn find_choice(log: &Log, customer: &CustomerId, id: &str, on: Option<&str>) -> Option<(std::sync::Arc<Sent>, Choice)> {
    let sent = log.sent().into_iter().rev().filter(|sent| sent.customer.is(customer));
    sent.filter(|sent| on.is_none_or(|on| on == sent.id)).find_map(|sent| {
        let choice = sent.choices.iter().find(|choice| choice.id == id).cloned()?;
        Some((sent, choice))
    })
}

/// The customer's words in a message, for the log.
fn words(message: &Value) -> &str {
    let kind = message["type"].as_str().unwrap_or_default();
    let body = &message[kind];
    let reply = body["type"].as_str().unwrap_or_default();
    [&body["body"], &body["caption"], &body[reply]["title"], &body["text"], &body["emoji"]]
        .into_iter()
        .find_map(Value::as_str)
        .unwrap_or_default()
}

pub(super) fn insert(map: &mut Map<String, Value>, key: &str, value: &Option<String>) {
    if let Some(value) = value {
        map.entry(key).or_insert_with(|| value.clone().into());
    }
}
