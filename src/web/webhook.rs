//! The WhatsApp webhook: verification and deliveries (fact sheet §1).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::channel::whatsapp::{payload, signature};

use super::WebState;

/// The longest challenge that is echoed: it is somebody else's text.
const LONGEST_CHALLENGE: usize = 256;

/// What the channel asks when the webhook's address is saved.
#[derive(Deserialize)]
pub struct Verification {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// `GET /webhooks/whatsapp`: echoes the challenge when the token is the configured one.
pub async fn verify(
    State(state): State<Arc<WebState>>,
    Query(asked): Query<Verification>,
) -> Result<String, StatusCode> {
    let expected = state.verify_token.as_ref().ok_or(StatusCode::FORBIDDEN)?;
    let given = asked.token.unwrap_or_default();
    let is_subscription = asked.mode.as_deref() == Some("subscribe");
    if !is_subscription || !signature::verify_token_matches(expected, &given) {
        tracing::warn!("A webhook verification was refused: the verify token is not the configured one");
        return Err(StatusCode::FORBIDDEN);
    }
    asked.challenge.filter(|challenge| challenge.len() <= LONGEST_CHALLENGE).ok_or(StatusCode::BAD_REQUEST)
}

/// `POST /webhooks/whatsapp`: 200 once the whole delivery is on disk; anything else makes the channel deliver it again.
pub async fn receive(State(state): State<Arc<WebState>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-hub-signature-256").map(|value| value.as_bytes());
    if let Err(error) = signature::verify(&state.app_secrets, signature, &body) {
        tracing::warn!(%error, "A delivery was refused");
        return StatusCode::UNAUTHORIZED;
    }
    let events = match payload::parse(&body) {
        Ok(events) => events,
        Err(error) => {
            tracing::warn!(%error, bytes = body.len(), "A delivery could not be read");
            return StatusCode::BAD_REQUEST;
        }
    };
    match state.inbox.accept(events).await {
        Ok(accepted) => {
            tracing::debug!(
                conversations = accepted.conversations.len(),
                duplicates = accepted.duplicates,
                "A delivery"
            );
            StatusCode::OK
        }
        Err(error) => {
            tracing::error!(%error, "A delivery could not be stored; the channel will deliver it again");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
