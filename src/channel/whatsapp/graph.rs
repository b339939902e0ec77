//! The client of Meta's Graph API for one business number.
//!
//! Says exactly what is known about a request: accepted, refused, surely not sent, or unknown. Never tries again by
//! itself, because the API has no idempotency key. The token never appears in an error or in a `Debug` form.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::body;

mod answer;

pub use answer::{Accepted, NumberStatus, SendError};

/// The API's address when none is configured.
pub const DEFAULT_URL: &str = "https://graph.facebook.com";
/// The API's version when none is configured; Meta keeps it until about July 2028.
pub const DEFAULT_VERSION: &str = "v25.0";

/// How to reach the Graph API.
#[derive(Clone, Debug)]
pub struct GraphSettings {
    /// The address without version: [`DEFAULT_URL`].
    pub graph_url: String,
    /// The API's version: [`DEFAULT_VERSION`].
    pub graph_version: String,
    /// The id of the business's number, digits; not the number itself.
    pub phone_number_id: String,
    /// The system user's token.
    pub token: SecretString,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a request may take in all.
    pub timeout: Duration,
}

/// Why no client can be made from the settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address cannot be used.
    #[error("the Graph API address `{0}` cannot be used: write `{DEFAULT_URL}`, or http only for this machine")]
    Url(String),
    /// The version has not the form `v25.0`.
    #[error("the Graph API version `{0}` is not of the form `{DEFAULT_VERSION}`")]
    Version(String),
    /// The phone number id is not a word.
    #[error("the phone number id `{0}` must be the digits shown beside the number in the app's WhatsApp settings")]
    PhoneNumberId(String),
    /// The token is empty or holds characters that no token has.
    #[error("the WhatsApp token is empty or holds spaces: copy it again from Meta Business Settings")]
    Token,
    /// The HTTP client cannot start.
    #[error("the HTTPS client cannot start ({0}): check that the system's certificates are installed")]
    Client(#[source] reqwest::Error),
}

/// A client for one business number. Clones share their connections.
#[derive(Clone)]
pub struct GraphClient {
    client: Client,
    number: Url,
    authorization: HeaderValue,
    timeout: Duration,
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GraphClient").field("number", &self.number.as_str()).finish_non_exhaustive()
    }
}

impl GraphClient {
    /// A client with these settings; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when a setting is malformed.
    pub fn new(settings: &GraphSettings) -> Result<Self, SetupError> {
        let number = number_url(settings)?;
        let authorization = authorization(&settings.token)?;
        // Installing fails when a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            // The token goes to nobody else.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("atiende/", env!("CARGO_PKG_VERSION")));
        let builder = if is_this_machine(&number) { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| SetupError::Client(error.without_url()))?;
        Ok(GraphClient { client, number, authorization, timeout: settings.timeout })
    }

    /// Sends one message; `request` comes from [`body::to_json`].
    ///
    /// Success means that Meta accepted it. Whether it arrives is told later by statuses.
    ///
    /// # Errors
    ///
    /// [`SendError`]: after [`SendError::Unknown`] the message may be on its way, so that a second try may double it.
    pub async fn send(&self, request: &Value) -> Result<Accepted, SendError> {
        answer::accepted(&self.post(request).await?)
    }

    /// Marks a customer's message, and all before it, as read; with `typing` also shows "typing" for up to 25 seconds.
    ///
    /// # Errors
    ///
    /// [`SendError`], which the caller may ignore: nothing depends on the mark.
    pub async fn mark_read(&self, message_id: &str, typing: bool) -> Result<(), SendError> {
        let request = if typing { body::typing(message_id) } else { body::read_receipt(message_id) };
        self.post(&request).await.map(drop)
    }

    /// Asks Meta for the state of the number: checks address, token and number at once.
    ///
    /// # Errors
    ///
    /// [`SendError`] when the question gets no answer, or a refusal.
    pub async fn check_number(&self) -> Result<NumberStatus, SendError> {
        let mut url = self.number.clone();
        url.query_pairs_mut().append_pair("fields", answer::NUMBER_FIELDS);
        Ok(answer::number_status(&self.request(self.client.request(Method::GET, url)).await?))
    }

    async fn post(&self, request: &Value) -> Result<Value, SendError> {
        let mut url = self.number.clone();
        url.set_path(&format!("{}/messages", self.number.path()));
        self.request(self.client.request(Method::POST, url).json(request)).await
    }

    async fn request(&self, request: RequestBuilder) -> Result<Value, SendError> {
        let sent = request.header(AUTHORIZATION, self.authorization.clone()).send().await;
        let mut response = sent.map_err(|error| answer::transport(&error, self.timeout))?;
        let http = response.status().as_u16();
        let body = answer::read_body(&mut response).await;
        answer::read(http, body.as_deref())
    }
}

fn number_url(settings: &GraphSettings) -> Result<Url, SetupError> {
    let version = settings.graph_version.trim();
    let is_version =
        version.strip_prefix('v').and_then(|version| version.split_once('.')).is_some_and(|(major, minor)| {
            [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit()))
        });
    if !is_version {
        return Err(SetupError::Version(version.to_owned()));
    }
    let id = settings.phone_number_id.trim();
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Err(SetupError::PhoneNumberId(id.to_owned()));
    }
    let base = settings.graph_url.trim().trim_end_matches('/');
    let url = Url::parse(&format!("{base}/{version}/{id}")).map_err(|_| SetupError::Url(base.to_owned()))?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url));
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if is_safe && is_plain { Ok(url) } else { Err(SetupError::Url(base.to_owned())) }
}

fn is_this_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

fn authorization(token: &SecretString) -> Result<HeaderValue, SetupError> {
    let token = token.expose_secret().trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SetupError::Token);
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| SetupError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
