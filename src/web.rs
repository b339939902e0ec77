//! The HTTP server: the channel's webhook, health, and the owner's API. Only this folder and the stand-in name axum.
//!
//! Never waits for the model: a delivery is answered as soon as it is on disk.

pub mod api;
pub mod error;
pub mod health;
pub mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use secrecy::SecretString;

use crate::clock::Clock;
use crate::inbox::Inbox;
use crate::knowledge::Knowledge;
use crate::llm::slot::ModelSlot;
use crate::signals::Signals;
use crate::store::Store;

/// What the handlers work with.
pub struct WebState {
    /// Where everything is.
    pub store: Store,
    /// The way in.
    pub inbox: Inbox,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whom to wake.
    pub signals: Arc<Signals>,
    /// For readiness.
    pub model: ModelSlot,
    /// For readiness.
    pub knowledge: Knowledge,
    /// The app secrets that sign deliveries: the present one and, during a rotation, the previous one.
    pub app_secrets: Vec<SecretString>,
    /// What the channel says when it verifies the webhook's address.
    pub verify_token: Option<SecretString>,
    /// The token of the owner's API; without one the API refuses everything.
    pub api_token: Option<SecretString>,
    /// The largest delivery, in bytes.
    pub max_body: usize,
}

/// Every route.
pub fn router(state: Arc<WebState>) -> Router {
    let api = Router::new()
        .route("/conversations", get(api::list))
        .route("/conversations/{id}", get(api::show))
        .route("/conversations/{id}/messages", post(api::send))
        .route("/conversations/{id}/take", post(api::take))
        .route("/conversations/{id}/return", post(api::give_back))
        .route_layer(axum::middleware::from_fn_with_state(state.clone(), api::authorise));
    Router::new()
        .route("/webhooks/whatsapp", get(webhook::verify).post(webhook::receive))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .nest("/api", api)
        .layer(DefaultBodyLimit::max(state.max_body))
        .with_state(state)
}
