//! What becomes of an accepted message, reported by webhook as Meta does.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Shared;
use super::customer::insert;
use super::error::GraphError;
use super::log::Sent;
use super::webhook::DeliveryError;

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    /// On its way; carries the price.
    Sent,
    /// On the customer's phone; carries the price.
    Delivered,
    /// Read by the customer.
    Read,
    /// Will not arrive, for the reason with this code.
    Failed(i64),
}

impl MessageStatus {
    fn name(self) -> &'static str {
        match self {
            MessageStatus::Sent => "sent",
            MessageStatus::Delivered => "delivered",
            MessageStatus::Read => "read",
            MessageStatus::Failed(_) => "failed",
        }
    }
}

impl Shared {
    /// Reports that an accepted message was sent, arrived and was read, one after the other, in the background.
    pub(super) fn report_progress(self: &Arc<Self>, sent: Arc<Sent>) {
        if !self.options.statuses {
            return;
        }
        let shared = self.clone();
        tokio::spawn(async move {
            // No more than `sent` is reported for a reaction.
            let steps: &[MessageStatus] = match (sent.kind.as_str(), shared.options.reads) {
                ("reaction", _) => &[MessageStatus::Sent],
                (_, false) => &[MessageStatus::Sent, MessageStatus::Delivered],
                (_, true) => &[MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Read],
            };
            for step in steps {
                if let Err(error) = shared.report_status(&sent, step).await {
                    tracing::warn!(%error, "a status did not reach the server");
                }
            }
        });
    }

    pub(super) async fn report_status(&self, sent: &Sent, status: &MessageStatus) -> Result<(), DeliveryError> {
        let at = self.options.clock.now();
        let mut value = json!({"statuses": [status_element(sent, *status, at)]});
        if !matches!(status, MessageStatus::Failed(_)) {
            value["contacts"] = json!([identifiers(sent, "wa_id", "user_id")]);
        }
        self.webhook.deliver(&self.envelope(value)).await
    }
}

fn status_element(sent: &Sent, status: MessageStatus, at: Timestamp) -> Value {
    let mut element = identifiers(sent, "recipient_id", "recipient_user_id");
    element.insert("id".to_owned(), sent.id.clone().into());
    element.insert("status".to_owned(), status.name().into());
    element.insert("timestamp".to_owned(), seconds(at).into());
    insert(&mut element, "biz_opaque_callback_data", &sent.callback);
    match status {
        MessageStatus::Sent | MessageStatus::Delivered => {
            let category = if sent.kind == "template" { "utility" } else { "service" };
            let pricing = json!({"billable": true, "pricing_model": "PMP", "type": "regular", "category": category});
            element.insert("pricing".to_owned(), pricing);
        }
        MessageStatus::Read => {}
        MessageStatus::Failed(code) => {
            let error = GraphError::from_code(code);
            let title = error.message.split_once(") ").map_or("", |(_, title)| title);
            let details = json!({"code": code, "title": title, "message": title, "error_data": {"details": title}});
            element.insert("errors".to_owned(), json!([details]));
        }
    }
    Value::Object(element)
}

fn identifiers(sent: &Sent, phone: &str, bsuid: &str) -> Map<String, Value> {
    let mut map = Map::new();
    insert(&mut map, phone, &sent.customer.phone);
    insert(&mut map, bsuid, &sent.customer.bsuid);
    map
}

/// A time the way messages and statuses carry it: a string of Unix seconds.
pub(super) fn seconds(at: Timestamp) -> String {
    at.as_second().to_string()
}
