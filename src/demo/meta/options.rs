//! What the stand-in is told when it starts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::SecretString;
use serde_json::Value;

use crate::clock::Clock;

/// Tells how the product came to the reply with this `biz_opaque_callback_data`:
/// `{sources: [{file, heading, score}], confidence, total_ms, action, reason}`, every key optional.
pub type Details = Arc<dyn Fn(&str) -> BoxFuture<'static, Option<Value>> + Send + Sync>;

/// What the stand-in is told when it starts.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where webhooks go.
    pub webhook_url: String,
    /// Signs the webhooks.
    pub app_secret: SecretString,
    /// What the verification request carries.
    pub verify_token: String,
    /// What requests to the Graph API must carry.
    pub access_token: SecretString,
    /// The business number's id.
    pub phone_number_id: String,
    /// The business number, digits only.
    pub display_phone_number: String,
    /// The business's name: in the number's information and on the chat page.
    pub verified_name: String,
    /// The time that messages and statuses carry.
    pub clock: Arc<dyn Clock>,
    /// Whether accepted messages are followed by `sent`, `delivered` and, with [`Options::reads`], `read`.
    pub statuses: bool,
    /// Whether customers read what they receive, at once.
    pub reads: bool,
    /// Whether anything but a template is refused (131047) for a customer who has not written for 24 hours.
    pub window: bool,
    /// The pauses between tries to deliver a webhook that the server did not take; one more try than there are pauses.
    pub retry_delays: Vec<Duration>,
    /// Questions that the empty chat page offers.
    pub examples: Vec<String>,
    /// Tells how the product came to a reply.
    pub details: Option<Details>,
}

impl Options {
    /// A stand-in on a free local port with fresh random secrets, which the product is then configured with.
    pub fn local(clock: Arc<dyn Clock>) -> Self {
        let secret = || uuid::Uuid::new_v4().simple().to_string();
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            webhook_url: String::new(),
            app_secret: secret().into(),
            verify_token: secret(),
            access_token: secret().into(),
            phone_number_id: "100200300400500".to_owned(),
            // +999 is assigned to no country.
            display_phone_number: "9990000000001".to_owned(),
            verified_name: "Atiende".to_owned(),
            clock,
            statuses: true,
            reads: true,
            window: true,
            retry_delays: [200, 500, 1000, 2000, 5000].map(Duration::from_millis).to_vec(),
            examples: Vec::new(),
            details: None,
        }
    }
}
