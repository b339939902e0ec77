//! What a caller of the API is told when something does not work.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::store::StoreError;

/// An error of the API: a status, a stable code, and a sentence that says what to do.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    /// An error.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        ApiError { status, code, message: message.into() }
    }

    /// There is no such conversation.
    pub fn no_such_conversation(id: i64) -> Self {
        ApiError::new(StatusCode::NOT_FOUND, "conversation_not_found", format!("there is no conversation {id}"))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "A request failed on the database");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "database", error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        (self.status, Json(body)).into_response()
    }
}
