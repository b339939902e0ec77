//! Carries the outbox's messages over the Graph API, and says by Meta's error codes what is to be done about a failure.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::time::Duration;

use crate::channel::transport::{Outgoing, Remedy, SendFailure, Transport};

use super::body::{self, Envelope};
use super::errors::{Policy, backoff, verdict};
use super::graph::{GraphClient, GraphSettings, SendError, SetupError};
use super::window;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may take in all: the outbox waits longer than this before it counts the outcome as unknown.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The WhatsApp Cloud API as a channel.
pub struct WhatsApp {
    graph: GraphClient,
}

/// The configuration lacks what sending needs.
#[derive(Debug, thiserror::Error)]
pub enum NotConfigured {
    /// Keys are not set.
    #[error("the section [whatsapp] of the configuration lacks: {0}. `atiende doctor` says where to find each")]
    Missing(String),
    /// A setting is malformed.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl WhatsApp {
    /// The channel for the configured number.
    pub fn new(config: &crate::config::WhatsApp) -> Result<Self, NotConfigured> {
        let missing = config.missing();
        let (Some(phone_number_id), Some(token), []) = (&config.phone_number_id, &config.token, missing.as_slice())
        else {
            return Err(NotConfigured::Missing(missing.join(", ")));
        };
        let graph = GraphClient::new(&GraphSettings {
            graph_url: config.graph_url.as_str().to_owned(),
            graph_version: config.graph_version.clone(),
            phone_number_id: phone_number_id.clone(),
            token: token.clone(),
            connect_timeout: CONNECT_TIMEOUT,
            timeout: TIMEOUT,
        })?;
        Ok(WhatsApp { graph })
    }

    /// The Graph API itself, for questions about the number.
    pub fn graph(&self) -> &GraphClient {
        &self.graph
    }

    async fn send_one(&self, outgoing: Outgoing) -> Result<String, SendFailure> {
        let envelope = Envelope { recipient: &outgoing.recipient, quotes: None, callback: Some(&outgoing.callback) };
        let request = body::to_json(&outgoing.body, envelope).map_err(|error| SendFailure {
            remedy: Remedy::GiveUp,
            code: None,
            details: error.to_string(),
        })?;
        match self.graph.send(&request).await {
            Ok(accepted) => Ok(accepted.message_id),
            Err(error) => Err(failure(error, outgoing.attempt, outgoing.jitter)),
        }
    }
}

impl Transport for WhatsApp {
    fn send(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<String, SendFailure>> {
        self.send_one(outgoing).boxed()
    }

    fn acknowledge(&self, channel_message_id: String, typing: bool) -> BoxFuture<'_, ()> {
        async move {
            if let Err(error) = self.graph.mark_read(&channel_message_id, typing).await {
                tracing::debug!(%error, "A read mark was not accepted");
            }
        }
        .boxed()
    }

    fn window_is_open(&self, last_inbound_at: Timestamp, now: Timestamp) -> bool {
        window::is_open(last_inbound_at, now)
    }
}

fn failure(error: SendError, attempt: u32, jitter: f64) -> SendFailure {
    let details = error.to_string();
    match error {
        SendError::Unknown(_) => SendFailure { remedy: Remedy::AwaitReport, code: None, details },
        SendError::NotSent(_) => {
            let wait = backoff(Policy::Backoff, attempt + 1, jitter);
            SendFailure { remedy: wait.map_or(Remedy::GiveUp, Remedy::RetryAfter), code: None, details }
        }
        SendError::Rejected { code, .. } => {
            let verdict = verdict(code);
            let remedy = match verdict.policy {
                Policy::Backoff | Policy::PairBackoff => {
                    backoff(verdict.policy, attempt + 1, jitter).map_or(Remedy::GiveUp, Remedy::RetryAfter)
                }
                Policy::PauseAll => Remedy::PauseAll,
                Policy::WindowClosed => Remedy::WindowClosed,
                Policy::OptedOut => Remedy::OptedOut,
                Policy::Permanent | Policy::FixConfig => Remedy::GiveUp,
            };
            SendFailure { remedy, code: Some(code), details: format!("{details}. {}", verdict.remedy) }
        }
    }
}
