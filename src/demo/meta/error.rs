//! Errors in the shape in which the Graph API answers them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error as the Graph API answers it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GraphError {
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// Meta's code.
    pub code: i64,
    /// Meta's subcode, where it still has one.
    pub subcode: Option<i64>,
    /// The message, usually beginning with the code.
    pub message: String,
    /// What exactly is wrong.
    pub details: Option<String>,
}

impl GraphError {
    /// The error with this code, with the HTTP status and title that Meta documents for it.
    pub fn from_code(code: i64) -> Self {
        let (status, title) = documented(code);
        GraphError { status, code, subcode: None, message: format!("(#{code}) {title}"), details: None }
    }

    /// Adds what exactly is wrong.
    pub fn with_details(self, details: impl Into<String>) -> Self {
        GraphError { details: Some(details.into()), ..self }
    }

    /// Code 100: a parameter is wrong.
    pub(super) fn parameter(message: impl std::fmt::Display) -> Self {
        GraphError { message: format!("(#100) {message}"), ..GraphError::from_code(100) }
    }

    /// Code 190 with 401: the access token is missing or wrong.
    pub(super) fn token() -> Self {
        let message = "Invalid OAuth access token - Cannot parse access token".to_owned();
        GraphError { message, ..GraphError::from_code(190) }
    }

    /// A path that the API does not have.
    pub(super) fn unknown_path(path: &str) -> Self {
        GraphError {
            status: 404,
            code: 2500,
            subcode: None,
            message: format!("Unknown path components: {path}"),
            details: None,
        }
    }

    /// An object that does not exist or that the token may not see.
    pub(super) fn unknown_object(id: &str) -> Self {
        let message = format!(
            "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, \
             or does not support this operation"
        );
        GraphError { subcode: Some(33), message, ..GraphError::from_code(100) }
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let mut error = json!({
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": uuid::Uuid::new_v4().simple().to_string(),
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some(details) = self.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({"error": error}))).into_response()
    }
}

/// The HTTP status and the title of a code (fact sheet §6.2).
fn documented(code: i64) -> (u16, &'static str) {
    match code {
        0 => (401, "AuthException"),
        1 => (400, "API Unknown"),
        2 => (503, "API Service"),
        3 => (500, "API Method"),
        4 => (400, "API Too Many Calls"),
        10 | 200..=299 => (403, "Permission denied"),
        100 => (400, "Invalid parameter"),
        190 => (401, "Access token has expired"),
        368 => (403, "Temporarily blocked for policies violations"),
        80007 => (400, "Rate limit issues"),
        130429 => (400, "Rate limit hit"),
        130497 => (403, "Business account is restricted from messaging users in this country."),
        131000 => (500, "Something went wrong"),
        131005 => (403, "Access denied"),
        131008 => (400, "Required parameter is missing"),
        131009 => (400, "Parameter value is not valid"),
        131016 => (500, "Service unavailable"),
        131021 => (400, "Recipient cannot be sender"),
        131026 => (400, "Message undeliverable"),
        131031 => (403, "Account has been locked"),
        131042 => (400, "Business eligibility payment issue"),
        131045 => (500, "Incorrect certificate"),
        131047 => (400, "Re-engagement message"),
        131048 => (400, "Spam rate limit hit"),
        131049 => (400, "Meta chose not to deliver."),
        131050 => (400, "User has stopped marketing messages"),
        131051 => (400, "Unsupported message type"),
        131056 => (400, "(Business Account, Consumer Account) pair rate limit hit"),
        131057 => (500, "Account in maintenance mode"),
        131062 => (400, "Business-scoped User ID (BSUID) recipients are not supported for this message."),
        132001 => (404, "Template name does not exist in the translation"),
        133004 => (503, "Server temporarily unavailable"),
        _ => (400, "Generic user error"),
    }
}
