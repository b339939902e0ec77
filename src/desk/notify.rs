//! Posts handoffs to the owner's endpoint, signed as Standard Webhooks, until they are accepted.
//!
//! The body was written when the handoff was decided; here it is only carried.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::signals::Signals;
use crate::store::handoffs::{self, Notification};
use crate::store::{Store, StoreError, account};

/// The longest time without a look at the table, should a hint get lost.
const POLL: Duration = Duration::from_secs(15);
/// Seconds to wait after each failed try; the last one repeats.
const BACK_OFF: [i64; 8] = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// Where handoffs are told.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The owner's URL.
    pub url: String,
    /// `whsec_` and base64, as the standard writes it; any other text is used as it stands.
    pub secret: SecretString,
    /// How often a post is tried before it is a dead letter.
    pub max_attempts: u32,
}

/// Works through the posts that wait.
pub struct Notifier {
    store: Store,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    client: reqwest::Client,
    endpoint: Endpoint,
}

impl Notifier {
    /// A notifier for one endpoint.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        signals: Arc<Signals>,
        client: reqwest::Client,
        endpoint: Endpoint,
    ) -> Self {
        Notifier { store, clock, signals, client, endpoint }
    }

    /// Posts what is due, again and again, until told to stop.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let hinted = self.signals.desk.notified();
            if let Err(error) = self.post_due().await {
                tracing::error!(%error, "Handoff posts could not be read");
            }
            let wait = self.time_to_next().await;
            tokio::select! {
                () = hinted => {}
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn time_to_next(&self) -> Duration {
        let now = self.clock.now();
        let next = self.store.read(move |connection| handoffs::next_notification(connection, now)).await;
        let Ok(Some(due)) = next else { return POLL };
        let wait = due.duration_since(now).max(SignedDuration::from_millis(50));
        wait.try_into().unwrap_or(POLL).min(POLL)
    }

    /// One pass over what is due. Returns how many were accepted.
    pub async fn post_due(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let due = self.store.read(move |connection| handoffs::due_notifications(connection, now)).await?;
        let mut accepted = 0;
        for notification in due {
            let outcome = self.post(&notification).await;
            accepted += usize::from(outcome.is_ok());
            self.record(notification, outcome).await?;
        }
        Ok(accepted)
    }

    async fn post(&self, notification: &Notification) -> Result<(), Refusal> {
        let seconds = self.clock.now().as_second();
        let signature = sign(&self.endpoint.secret, &notification.id, seconds, &notification.body);
        let response = self
            .client
            .post(&self.endpoint.url)
            .header("content-type", "application/json")
            .header("webhook-id", &notification.id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signature)
            .timeout(Duration::from_secs(20))
            .body(notification.body.clone())
            .send()
            .await
            // The error's own text would name the URL, which may carry a token.
            .map_err(|error| Refusal { gone: false, text: connection_problem(&error).into() })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Refusal { gone: status.as_u16() == 410, text: format!("the endpoint answered {}", status.as_u16()) })
    }

    async fn record(&self, notification: Notification, outcome: Result<(), Refusal>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let max_attempts = self.endpoint.max_attempts;
        self.store
            .write(move |connection| match outcome {
                Ok(()) => handoffs::accept_notification(connection, &notification.id),
                Err(refusal) => {
                    let again = next_try(&refusal, notification.attempts, max_attempts, now);
                    handoffs::fail_notification(connection, &notification.id, &refusal.text, again)?;
                    if again.is_some() {
                        return Ok(());
                    }
                    let text = format!(
                        "A handoff was not accepted by your endpoint and is not tried again: {}. The conversation \
                         waits in `GET /api/conversations`",
                        refusal.text
                    );
                    account::raise_alert(connection, &format!("handoff:{}", notification.id), &text, now)
                }
            })
            .await
    }
}

struct Refusal {
    gone: bool,
    text: String,
}

fn connection_problem(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "the endpoint did not answer within 20 seconds"
    } else if error.is_connect() {
        "the endpoint could not be reached"
    } else {
        "the connection to the endpoint broke"
    }
}

fn next_try(refusal: &Refusal, attempts: u32, max_attempts: u32, now: Timestamp) -> Option<Timestamp> {
    if refusal.gone || attempts + 1 >= max_attempts {
        return None;
    }
    let index = usize::try_from(attempts).unwrap_or(usize::MAX).min(BACK_OFF.len() - 1);
    Some(now + SignedDuration::from_secs(BACK_OFF[index]))
}

/// The `webhook-signature` header: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` (Standard Webhooks 1.0).
pub fn sign(secret: &SecretString, id: &str, seconds: i64, body: &str) -> String {
    let secret = secret.expose_secret();
    let key = secret
        .strip_prefix("whsec_")
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .unwrap_or_else(|| secret.as_bytes().to_vec());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length. This is a bug.");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The example of the Standard Webhooks reference libraries.
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn tries_get_rarer_and_end() {
        let refusal = Refusal { gone: false, text: String::new() };
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(next_try(&refusal, 0, 12, now), Some(now + SignedDuration::from_secs(5)));
        assert_eq!(next_try(&refusal, 20, 30, now), Some(now + SignedDuration::from_secs(36_000)));
        assert_eq!(next_try(&refusal, 11, 12, now), None);
        assert_eq!(next_try(&Refusal { gone: true, text: String::new() }, 0, 12, now), None);
    }
}
