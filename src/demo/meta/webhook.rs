//! Webhooks the way Meta sends them: escaped, signed, delivered again when they were not taken.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;

use super::options::Options;

/// How long the server may take for one webhook.
const PATIENCE: Duration = Duration::from_secs(20);

/// A webhook that the server did not take.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the webhook at {url} did not take an event after {tries} tries: {reason}; is the server running, with the same app secret?"
)]
pub struct DeliveryError {
    /// Where it went.
    pub url: String,
    /// How often it was tried.
    pub tries: usize,
    /// What happened at the last try.
    pub reason: String,
}

/// A verification request that was not answered as it must be.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the webhook at {url} failed Meta's verification: {reason}; does it have the same verify token?")]
pub struct VerificationError {
    /// Where it went.
    pub url: String,
    /// What was wrong.
    pub reason: String,
}

/// Delivers webhooks to the server.
pub(super) struct Webhook {
    url: Mutex<String>,
    app_secret: SecretString,
    retry_delays: Vec<Duration>,
    client: reqwest::Client,
}

impl Webhook {
    pub(super) fn new(options: &Options) -> Self {
        // It fails when a provider is installed already, and then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).no_proxy();
        Webhook {
            url: Mutex::new(options.webhook_url.clone()),
            app_secret: options.app_secret.clone(),
            retry_delays: options.retry_delays.clone(),
            client: client.build().expect("these options suit every machine. This is a bug."),
        }
    }

    pub(super) fn set_url(&self, url: String) {
        *self.url.lock().expect("the address is never poisoned. This is a bug.") = url;
    }

    fn url(&self) -> String {
        self.url.lock().expect("the address is never poisoned. This is a bug.").clone()
    }

    /// Delivers one event, again and again with growing pauses until the server answers 200.
    pub(super) async fn deliver(&self, body: &Value) -> Result<(), DeliveryError> {
        let bytes = escape(body);
        let signature = sign(&self.app_secret, bytes.as_bytes());
        let mut tries = 0;
        loop {
            let Err(reason) = self.post(&bytes, &signature).await else { return Ok(()) };
            tracing::debug!(%reason, tries, "a webhook was not taken");
            let Some(pause) = self.retry_delays.get(tries) else {
                return Err(DeliveryError { url: self.url(), tries: tries + 1, reason });
            };
            tokio::time::sleep(*pause).await;
            tries += 1;
        }
    }

    async fn post(&self, bytes: &str, signature: &str) -> Result<(), String> {
        let request = self
            .client
            .post(self.url())
            .header("Content-Type", "application/json")
            .header("X-Hub-Signature-256", signature)
            .body(bytes.to_owned());
        let answer = request.send().await.map_err(|error| root_cause(&error))?;
        // Meta documents 200 alone as success.
        if answer.status().as_u16() == 200 { Ok(()) } else { Err(format!("it answered {}", answer.status())) }
    }

    pub(super) async fn verify(&self, token: &str) -> Result<(), VerificationError> {
        let url = self.url();
        self.verify_at(&url, token).await.map_err(|reason| VerificationError { url, reason })
    }

    async fn verify_at(&self, url: &str, token: &str) -> Result<(), String> {
        let challenge = uuid::Uuid::new_v4().as_u128().to_string();
        let query = [("hub.mode", "subscribe"), ("hub.challenge", &challenge), ("hub.verify_token", token)];
        let url = reqwest::Url::parse_with_params(url, query).map_err(|error| error.to_string())?;
        let answer = self.client.get(url).send().await.map_err(|error| root_cause(&error))?;
        let status = answer.status();
        if status.as_u16() != 200 {
            return Err(format!("it answered {status}"));
        }
        let echo = answer.text().await.map_err(|error| root_cause(&error))?;
        if echo == challenge { Ok(()) } else { Err("it did not answer with the challenge verbatim".to_owned()) }
    }
}

/// What went wrong at the bottom, without the address that the message around it repeats.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// JSON the way Meta writes it: `/` as `\/` and everything outside ASCII as `\uXXXX` in lower-case hexadecimal.
pub fn escape(value: &Value) -> String {
    let json = value.to_string();
    let mut escaped = String::with_capacity(json.len() + json.len() / 8);
    // Outside of strings JSON has neither a slash nor anything beyond ASCII.
    for character in json.chars() {
        match character {
            '/' => escaped.push_str("\\/"),
            ascii if ascii.is_ascii() => escaped.push(ascii),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    write!(escaped, "\\u{unit:04x}").expect("writing to a string cannot fail. This is a bug.");
                }
            }
        }
    }
    escaped
}

/// The value of `X-Hub-Signature-256` for exactly these bytes.
pub fn sign(app_secret: &SecretString, bytes: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length. This is a bug.");
    mac.update(bytes);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn signatures_match_the_documented_vectors() {
        let secret = SecretString::from("app_secret_for_tests");
        let text = escape(&json!({"text": "Olá café 😀 https://x.example/a"}));
        assert_eq!(text, r#"{"text":"Ol\u00e1 caf\u00e9 \ud83d\ude00 https:\/\/x.example\/a"}"#);
        let expected = "sha256=c4744546e900bf3c8277ea6f771c4f4c71c28d5f50abab6699f2a763c30c3e92";
        assert_eq!(sign(&secret, text.as_bytes()), expected);
        let published = SecretString::from("It's a Secret to Everybody");
        let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(sign(&published, b"Hello, World!"), expected);
    }

    proptest! {
        #[test]
        fn escaped_json_is_ascii_and_reads_back(text in any::<String>(), key in any::<String>()) {
            let value = json!({key: text});
            let escaped = escape(&value);
            prop_assert!(escaped.is_ascii());
            prop_assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap(), value);
        }
    }
}
