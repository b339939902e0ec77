//! What Meta's answers mean.

use std::time::Duration;

use serde_json::Value;

use crate::channel::whatsapp::errors::UNKNOWN_CODE;
use crate::domain::{Identifier, IdentifierKind};

/// No answer of this API is longer; what is longer comes from somewhere else.
const LONGEST_ANSWER: usize = 256 * 1024;

/// What [`super::GraphClient::check_number`] asks for.
pub(super) const NUMBER_FIELDS: &str = "display_phone_number,verified_name,quality_rating,code_verification_status,name_status,throughput,status,health_status";

/// Meta accepted a message. It is not delivered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The channel's id of the message; statuses carry it.
    pub message_id: String,
    /// The recipient's identifiers as Meta knows them, user id first. The phone number may differ from the one sent to.
    pub ids: Vec<Identifier>,
}

/// What is known about a request that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Meta refused it: it was not sent.
    #[error("WhatsApp refused the request with code {code} (HTTP {http}): {details}")]
    Rejected {
        /// Meta's code, see [`crate::channel::whatsapp::errors`]; -1 when the answer carries none.
        code: i64,
        /// What Meta says about it.
        details: String,
        /// The HTTP status.
        http: u16,
    },
    /// It may have been sent: wait for a status before trying again.
    #[error("it is unknown whether WhatsApp took the request: {0}")]
    Unknown(String),
    /// It surely was not sent.
    #[error("WhatsApp could not be reached: {0}")]
    NotSent(String),
}

/// The state of the business's number. Each field is absent when Meta does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberStatus {
    /// The number as shown: `+34 910 00 01 11`.
    pub display_phone_number: Option<String>,
    /// The name that customers see.
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub quality_rating: Option<String>,
    /// `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`.
    pub code_verification_status: Option<String>,
    /// Whether the display name is approved: `APPROVED`.
    pub name_status: Option<String>,
    /// How much can be sent: `STANDARD`, `HIGH`.
    pub throughput: Option<String>,
    /// `CONNECTED` when the number is registered.
    pub status: Option<String>,
    /// `AVAILABLE`, `LIMITED` or `BLOCKED`.
    pub can_send_message: Option<String>,
    /// What Meta objects to, with its own solutions.
    pub problems: Vec<String>,
}

/// Tells a request that never left from one whose outcome is unknown.
pub(super) fn transport(error: &reqwest::Error, timeout: Duration) -> SendError {
    if error.is_connect() || error.is_builder() {
        let reason = if error.is_timeout() { "connecting took too long" } else { "no connection could be made" };
        return SendError::NotSent(format!("{reason}; check the server's internet connection and name resolution"));
    }
    if error.is_timeout() {
        return SendError::Unknown(format!("no answer within {} s", timeout.as_secs_f32()));
    }
    SendError::Unknown("the connection broke before the answer".to_owned())
}

/// The body, or nothing when it breaks off or is too long.
pub(super) async fn read_body(response: &mut reqwest::Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return None;
        }
    }
    Some(body)
}

/// Reads an answer: JSON of a success, or why there is none.
///
/// An error object from Meta is a refusal whatever the HTTP status. Without one, 3xx and 4xx still mean that nothing
/// was sent, while everything else leaves the outcome unknown.
pub(super) fn read(http: u16, body: Option<&[u8]>) -> Result<Value, SendError> {
    let answer: Option<Value> = body.and_then(|body| serde_json::from_slice(body).ok());
    if let Some(error) = answer.as_ref().and_then(|answer| answer.get("error")).filter(|error| error.is_object()) {
        return Err(rejected(http, error));
    }
    match (http, answer) {
        (200..=299, Some(answer)) => Ok(answer),
        (300..=499, _) => {
            let details = "the answer does not come from Meta: check the Graph API address and any proxy".to_owned();
            Err(SendError::Rejected { code: UNKNOWN_CODE, details, http })
        }
        (200..=299, None) => Err(SendError::Unknown(format!("HTTP {http} with a broken answer"))),
        _ => Err(SendError::Unknown(format!("HTTP {http} without an explanation"))),
    }
}

fn rejected(http: u16, error: &Value) -> SendError {
    let code = match error.get("code") {
        Some(Value::String(code)) => code.trim().parse().ok(),
        code => code.and_then(Value::as_i64),
    };
    let details = text(error.get("error_data").unwrap_or(&Value::Null), "details");
    let details = details.or_else(|| text(error, "error_user_msg")).or_else(|| text(error, "message"));
    SendError::Rejected { code: code.unwrap_or(UNKNOWN_CODE), details: details.unwrap_or_default(), http }
}

/// Reads the answer to a message.
pub(super) fn accepted(answer: &Value) -> Result<Accepted, SendError> {
    let Some(message_id) = answer.pointer("/messages/0").and_then(|message| text(message, "id")) else {
        return Err(SendError::Unknown("the answer names no message".to_owned()));
    };
    let contact = answer.pointer("/contacts/0").unwrap_or(&Value::Null);
    let kinds = [("user_id", IdentifierKind::Bsuid), ("wa_id", IdentifierKind::Phone)];
    let ids = kinds.into_iter().filter_map(|(key, kind)| Identifier::new(kind, &text(contact, key)?));
    Ok(Accepted { message_id, ids: ids.collect() })
}

/// Reads the answer to [`NUMBER_FIELDS`].
pub(super) fn number_status(answer: &Value) -> NumberStatus {
    let health = answer.get("health_status").unwrap_or(&Value::Null);
    let entities = health.get("entities").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    NumberStatus {
        display_phone_number: text(answer, "display_phone_number"),
        verified_name: text(answer, "verified_name"),
        quality_rating: text(answer, "quality_rating"),
        code_verification_status: text(answer, "code_verification_status"),
        name_status: text(answer, "name_status"),
        throughput: answer.get("throughput").and_then(|throughput| text(throughput, "level")),
        status: text(answer, "status"),
        can_send_message: text(health, "can_send_message"),
        problems: entities.iter().flat_map(problems).collect(),
    }
}

fn problems(entity: &Value) -> Vec<String> {
    let list = |key: &str| entity.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let errors = list("errors").into_iter().filter_map(|error| {
        let description = text(&error, "error_description")?;
        let solution = text(&error, "possible_solution").map(|solution| format!(" {solution}"));
        Some(description + &solution.unwrap_or_default())
    });
    let information = list("additional_info").into_iter().filter_map(|line| line.as_str().map(str::to_owned));
    errors.chain(information).collect()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
