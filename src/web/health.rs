//! Whether the process lives, and whether it is ready to answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::llm::slot::ModelState;

use super::WebState;

/// `GET /healthz`: the process lives and its database answers.
pub async fn healthz(State(state): State<Arc<WebState>>) -> (StatusCode, Json<Value>) {
    match state.store.read(crate::store::outbox::counts).await {
        Ok(_) => (StatusCode::OK, Json(json!({ "status": "ok" }))),
        Err(error) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "failing", "database": error.to_string() })))
        }
    }
}

/// `GET /readyz`: model and index are warm. Until then deliveries are taken in all the same.
pub async fn readyz(State(state): State<Arc<WebState>>) -> (StatusCode, Json<Value>) {
    let (ready, model) = match state.model.state() {
        ModelState::Ready(_) => (true, "ready".to_owned()),
        ModelState::SwitchedOff => (true, "switched off".to_owned()),
        ModelState::Loading => (false, "loading".to_owned()),
        ModelState::Absent(reason) => (false, reason),
    };
    let passages = state.knowledge.passages().len();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "model": model, "passages": passages })))
}
