//! Meta's side of the conversation: the Graph API that takes messages, the webhooks that bring them, and the customers.
//!
//! Never decides what to say and never looks inside the product; tests read here what a customer would have received.

mod connection;
mod customer;
mod error;
mod faults;
mod graph;
mod limits;
mod log;
mod options;
mod status;
mod webhook;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::customer::{CustomerId, TapError};
pub use self::error::GraphError;
pub use self::faults::Fault;
pub use self::log::{Choice, Entry, Event, Events, Request, Sent};
pub use self::options::{Details, Options};
pub use self::status::MessageStatus;
pub use self::webhook::{DeliveryError, VerificationError, escape, sign};

use self::connection::{Connection, CuttableListener};
use self::faults::Faults;
use self::log::Log;
use self::webhook::Webhook;

/// A running stand-in for Meta's servers. Clones share it; it stops when the last one is dropped.
#[derive(Clone)]
pub struct MetaStandIn {
    shared: Arc<Shared>,
    address: SocketAddr,
    _stop: Arc<DropGuard>,
}

/// What the stand-in's server, its background deliveries and its handles have in common.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) log: Arc<Log>,
    pub(super) stopped: CancellationToken,
    faults: Faults,
    webhook: Webhook,
    /// Makes the ids of this run differ from those of every other run.
    run: String,
}

impl MetaStandIn {
    /// Starts to listen; webhooks go to `options.webhook_url` from now on.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let stopped = CancellationToken::new();
        let webhook = Webhook::new(&options);
        let shared = Arc::new(Shared {
            options,
            log: Arc::new(Log::default()),
            stopped: stopped.clone(),
            faults: Faults::default(),
            webhook,
            run: uuid::Uuid::new_v4().simple().to_string().to_uppercase(),
        });
        let routes = graph::routes().merge(super::page::routes()).layer(DefaultBodyLimit::max(1024 * 1024));
        let service = routes.with_state(shared.clone()).into_make_service_with_connect_info::<Connection>();
        let server =
            axum::serve(CuttableListener(listener), service).with_graceful_shutdown(stopped.clone().cancelled_owned());
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the stand-in for Meta's servers ended");
            }
        });
        Ok(MetaStandIn { shared, address, _stop: Arc::new(stopped.drop_guard()) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the product takes for `https://graph.facebook.com`, without a slash at the end; the chat page is at its `/`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The options it runs with.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Sends webhooks to another place from now on.
    pub fn set_webhook_url(&self, url: impl Into<String>) {
        self.shared.webhook.set_url(url.into());
    }

    /// Performs Meta's verification request with a fresh challenge.
    ///
    /// # Errors
    /// When the server does not answer 200 with the challenge verbatim.
    pub async fn verify_webhook(&self) -> Result<(), VerificationError> {
        self.shared.webhook.verify(&self.shared.options.verify_token).await
    }

    /// A customer; say something as them to begin. The same identifiers are the same customer.
    pub fn customer(&self, id: CustomerId) -> CustomerId {
        self.shared.log.know(&id);
        id
    }

    /// The customer writes a text; gives the message's id once the server has taken the webhook.
    ///
    /// # Errors
    /// When the server did not take it after all retries.
    pub async fn say(&self, customer: &CustomerId, text: &str) -> Result<String, DeliveryError> {
        let message = serde_json::json!({"type": "text", "text": {"body": text}});
        self.send_message(customer, message).await
    }

    /// The customer taps on a button or a list row of the newest message that has it.
    ///
    /// # Errors
    /// When no message to this customer has such a choice, or the server did not take the webhook.
    pub async fn tap(&self, customer: &CustomerId, choice: &str) -> Result<String, TapError> {
        let message = self.shared.tap_message(customer, choice, None)?;
        Ok(self.send_message(customer, message).await?)
    }

    /// The customer sends any message: `message` is an element of `messages` whose sender, id and time are filled in
    /// where they are missing.
    ///
    /// # Errors
    /// When the server did not take it after all retries.
    pub async fn send_message(&self, customer: &CustomerId, message: Value) -> Result<String, DeliveryError> {
        let (id, envelope) = self.shared.customer_says(customer, message);
        self.shared.deliver_message(customer, &id, &envelope).await.map(|()| id)
    }

    /// Delivers a whole webhook body as it is, signed and escaped like all others.
    ///
    /// # Errors
    /// When the server did not take it after all retries.
    pub async fn send_raw(&self, body: &Value) -> Result<(), DeliveryError> {
        self.shared.webhook.deliver(body).await
    }

    /// Reports how far a message has come, beside what [`Options::statuses`] reports by itself.
    ///
    /// # Errors
    /// When the server did not take it after all retries.
    pub async fn send_status(&self, sent: &Sent, status: MessageStatus) -> Result<(), DeliveryError> {
        self.shared.report_status(sent, &status).await
    }

    /// The next message to this customer that was not yet waited for, or nothing after `timeout`. Reactions do not count.
    pub async fn wait_for_reply(&self, customer: &CustomerId, timeout: Duration) -> Option<Arc<Sent>> {
        tokio::time::timeout(timeout, self.shared.log.next_reply(customer)).await.ok()
    }

    /// Every message that was accepted, oldest first.
    pub fn sent(&self) -> Vec<Arc<Sent>> {
        self.shared.log.sent()
    }

    /// Every request to the Graph API, accepted or not, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log.requests()
    }

    /// Everything that happens from now on.
    pub fn events(&self) -> Events {
        self.shared.log.events_from_now()
    }

    /// The next `count` messages fail; read receipts are not counted.
    pub fn fail_next(&self, count: usize, fault: Fault) {
        self.shared.faults.push(count, fault);
    }

    /// The next `count` messages are accepted, and the connection is closed without an answer: the outcome is unknown.
    pub fn drop_response_next(&self, count: usize) {
        self.shared.faults.push(count, Fault::DropResponse);
    }

    /// Every message waits this long before anything else happens to it.
    pub fn delay(&self, by: Duration) {
        self.shared.faults.set_delay(by);
    }

    /// Messages wait, neither accepted nor refused, until [`MetaStandIn::resume`].
    pub fn hold(&self) {
        self.shared.faults.set_held(true);
    }

    /// Lets waiting messages go on.
    pub fn resume(&self) {
        self.shared.faults.set_held(false);
    }

    /// What the product says about how it came to a reply, if [`Options::details`] tells.
    pub async fn details(&self, sent: &Sent) -> Option<Value> {
        self.shared.details(sent).await
    }
}

impl Shared {
    /// What the product says about how it came to a reply.
    pub(super) async fn details(&self, sent: &Sent) -> Option<Value> {
        let details = self.options.details.as_ref()?;
        details(sent.callback.as_deref()?).await
    }

    /// A message id that no other message has.
    fn fresh_id(&self) -> String {
        format!("wamid.{}{:06X}", self.run, self.log.next_number())
    }

    fn access_token_is(&self, given: &str) -> bool {
        use subtle::ConstantTimeEq;
        self.options.access_token.expose_secret().as_bytes().ct_eq(given.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests;
