//! Deliveries made by hand, for what the stand-in's customers never do.

use atiende::demo::meta::{escape, sign};
use serde_json::{Value, json};

use crate::stage::Stage;

/// The time on the stage's clock when it starts, the way the channel writes it.
pub const NOON: &str = "1795262400";

/// A text of a customer with a phone number: one element of `messages`.
pub fn text(id: &str, from: &str, body: &str) -> Value {
    json!({"from": from, "id": id, "timestamp": NOON, "type": "text", "text": {"body": body}})
}

/// A whole delivery of messages.
pub fn delivery(stage: &Stage, messages: &[Value]) -> Value {
    let options = stage.meta.options();
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": options.display_phone_number,
            "phone_number_id": options.phone_number_id,
        },
        "messages": messages,
    });
    let change = json!({"field": "messages", "value": value});
    json!({"object": "whatsapp_business_account", "entry": [{"id": "200300400500600", "changes": [change]}]})
}

/// Delivers a body once, with the right signature; the HTTP status of the answer.
pub async fn deliver(stage: &Stage, body: &Value) -> u16 {
    let bytes = escape(body);
    let signature = sign(&stage.meta.options().app_secret, bytes.as_bytes());
    post(stage, bytes.into_bytes(), Some(&signature)).await
}

/// Delivers bytes with the given signature; the HTTP status of the answer.
pub async fn post(stage: &Stage, bytes: Vec<u8>, signature: Option<&str>) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().expect("these options suit every machine");
    let mut request = client.post(stage.url("/webhooks/whatsapp")).body(bytes);
    if let Some(signature) = signature {
        request = request.header("X-Hub-Signature-256", signature);
    }
    request.send().await.expect("the product answers").status().as_u16()
}
