//! What a channel must be able to do to carry replies: the seam between the outbox and any channel.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::Identifier;

use super::outbound::Outbound;

/// One message on its way to a customer.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// To whom.
    pub recipient: Identifier,
    /// What.
    pub body: Outbound,
    /// Travels with the message and comes back in its statuses: the outbox row's id.
    pub callback: String,
    /// How often it was tried before, for the channel's back-off.
    pub attempt: u32,
    /// 0 to 1: spreads retries.
    pub jitter: f64,
}

/// Why a message did not leave, by what is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub struct SendFailure {
    /// What is to be done.
    pub remedy: Remedy,
    /// The channel's error code, when it gave one.
    pub code: Option<i64>,
    /// What happened and what the owner can do about it; never holds a customer's words or number.
    pub details: String,
}

/// What is to be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Remedy {
    /// Try this message again after a while.
    RetryAfter(Duration),
    /// Nothing can be sent until the owner has acted: stop sending, tell the owner, look again after a while.
    PauseAll,
    /// This message will never be accepted.
    GiveUp,
    /// The 24-hour window has closed.
    WindowClosed,
    /// The customer told the channel to stop.
    OptedOut,
    /// It may or may not have been accepted: wait for the channel's report before trying again.
    AwaitReport,
}

/// A channel that carries messages.
pub trait Transport: Send + Sync {
    /// Sends one message; the channel's id for it when it was accepted.
    fn send(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<String, SendFailure>>;

    /// Shows the customer that a message was read and, with `typing`, that an answer is being written.
    ///
    /// A courtesy: a failure is of no consequence.
    fn acknowledge(&self, channel_message_id: String, typing: bool) -> BoxFuture<'_, ()>;

    /// Whether a free-form message may still be sent, given the customer's last message by the channel's clock.
    fn window_is_open(&self, last_inbound_at: jiff::Timestamp, now: jiff::Timestamp) -> bool;
}
