//! `[handoff]`: where a conversation goes when a person takes over.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::section::{Check, require, section};
use super::setting::HttpUrl;

section! {
    /// Where a conversation goes when a person takes over. It is also kept in the database, with or without this.
    pub struct Handoff in "handoff" {
        /// An address of yours that is told of each handoff: your help desk, a flow in n8n or Zapier.
        url: Option<HttpUrl> = None,
        /// The secret that signs these requests, in the Standard Webhooks form: "whsec_" and 24 to 64 bytes in base64.
        secret: Option<SecretString> = None,
        /// How often delivery is tried, with growing pauses.
        max_attempts: u32 = 12,
    }
}

impl Check for Handoff {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let valid = self.secret.as_ref().is_none_or(is_webhook_secret);
        let signed = self.url.is_none() || self.secret.is_some();
        require(
            &mut problems,
            "secret",
            signed,
            "`url` is set without a secret to sign with: `atiende init` makes one",
        );
        let expected = "expected \"whsec_\" followed by 24 to 64 bytes in base64";
        require(&mut problems, "secret", valid, expected);
        require(
            &mut problems,
            "max_attempts",
            (1..=100).contains(&self.max_attempts),
            "expected a number from 1 to 100",
        );
        problems
    }
}

fn is_webhook_secret(secret: &SecretString) -> bool {
    let key = secret.expose_secret().strip_prefix("whsec_").and_then(|key| BASE64_STANDARD.decode(key).ok());
    key.is_some_and(|key| (24..=64).contains(&key.len()))
}
