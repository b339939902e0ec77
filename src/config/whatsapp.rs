//! `[whatsapp]`: the connection to the WhatsApp Cloud API.

use secrecy::{ExposeSecret, SecretString};

use super::section::{Check, require, section};
use super::setting::HttpUrl;

section! {
    /// The connection to the WhatsApp Cloud API. Take the values from your app in Meta's developer console, under
    /// WhatsApp > API setup and App settings > Basic.
    /// Each secret can also come from a file: token_file = "/run/secrets/whatsapp-token".
    pub struct WhatsApp in "whatsapp" {
        /// The id of your phone number, which is not the number itself. In quotes.
        phone_number_id: Option<String> = None,
        /// The access token. Use a system user's permanent one: the token that the console shows first lasts a day.
        token: Option<SecretString> = None,
        /// The app secret, with which Meta signs what it sends. Without it no message is accepted.
        app_secret: Option<SecretString> = None,
        /// The app secret from before you changed it. Set it while you change over, so that no message is lost; then
        /// take it out.
        previous_app_secret: Option<SecretString> = None,
        /// A text of your choice that you also enter in the console when you register the webhook.
        verify_token: Option<SecretString> = None,
        /// Where the Graph API is. Change it only for a proxy or a test.
        graph_url: HttpUrl = HttpUrl::parse("https://graph.facebook.com").expect("a valid default. This is a bug."),
        /// The version of the Graph API. Meta retires each version about two years after its release.
        graph_version: String = "v25.0".to_owned(),
    }
}

impl WhatsApp {
    /// The keys without which customers cannot be served, and which are not set.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("phone_number_id", self.phone_number_id.is_none()),
            ("token", self.token.is_none()),
            ("app_secret", self.app_secret.is_none()),
            ("verify_token", self.verify_token.is_none()),
        ]
        .into_iter()
        .filter_map(|(key, missing)| missing.then_some(key))
        .collect()
    }
}

impl Check for WhatsApp {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let digits = self.phone_number_id.as_ref().is_none_or(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
        let expected = "expected digits only, as Meta's console shows it under API setup";
        require(&mut problems, "phone_number_id", digits, expected);
        let version = is_version(&self.graph_version);
        require(&mut problems, "graph_version", version, "expected a version such as \"v25.0\"");
        let header_safe = |secret: &SecretString| secret.expose_secret().bytes().all(|byte| byte.is_ascii_graphic());
        let token = self.token.as_ref().is_none_or(header_safe);
        require(
            &mut problems,
            "token",
            token,
            "the token has a space or another character that no token has; copy it again",
        );
        problems
    }
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}
