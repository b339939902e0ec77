//! What a channel can tell the product, free of any wire format.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contact::Identifier;
use super::message::{Content, InboundMessage};

/// One thing that a channel reported.
#[derive(Clone, Debug, PartialEq)]
pub enum ChannelEvent {
    /// A customer sent something.
    Message(Box<InboundMessage>),
    /// A message of ours moved on.
    Status(StatusEvent),
    /// A customer's identifier was replaced by another.
    IdentityChanged(IdentityChange),
    /// A customer changed what they want to receive.
    Preference(Preference),
    /// A person of the business wrote to a customer from the phone app.
    PersonWrote(PersonWrote),
    /// Anything about the account, and everything that is not known: kept for the owner to see.
    Account(AccountEvent),
}

/// How far a sent message has come. The order is that of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Accepted by the channel and on its way.
    Sent,
    /// On the customer's device.
    Delivered,
    /// Seen; a voice note that was played counts as read.
    Read,
    /// Will not arrive. Terminal.
    Failed,
}

/// A message of ours moved on.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusEvent {
    /// The business's account on the channel.
    pub account: String,
    /// The channel's id of our message.
    pub message_id: String,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// When, by the channel's clock.
    pub at: Timestamp,
    /// What we sent along with the message: the outbox row's id.
    pub callback: Option<String>,
    /// The channel's error codes with their details.
    pub errors: Vec<ChannelError>,
    /// The channel's pricing category, when it said one: `service`.
    pub pricing: Option<String>,
    /// The recipient's identifiers that this event carried.
    pub identifiers: Vec<Identifier>,
}

/// An error as the channel reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelError {
    /// The channel's code: branch on this and on nothing else.
    pub code: i64,
    /// What it says about it.
    pub details: String,
    /// What follows from it beyond this one message.
    #[serde(default)]
    pub meaning: ErrorMeaning,
}

/// What an error tells beyond the message that it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorMeaning {
    /// Nothing.
    #[default]
    ThisMessage,
    /// The customer wants no promotions.
    OptedOut,
    /// The channel lets the business send nothing, until the owner acts: a payment, a token, a suspended account.
    AccountRefused,
}

/// A customer's identifiers changed; the person is the same.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityChange {
    /// The channel's message id, when the change came as a message.
    pub message_id: Option<String>,
    /// The identifiers that end; at least one.
    pub previous: Vec<Identifier>,
    /// The identifiers that begin; at least one.
    pub current: Vec<Identifier>,
    /// When, by the channel's clock.
    pub at: Timestamp,
}

/// A customer changed what they want to receive.
#[derive(Clone, Debug, PartialEq)]
pub struct Preference {
    /// The business's account on the channel.
    pub account: String,
    /// The customer's identifiers, at least one.
    pub identifiers: Vec<Identifier>,
    /// What it is about: `marketing_messages`.
    pub category: String,
    /// `stop`, `resume` or what the channel adds later.
    pub value: String,
    /// When, by the channel's clock.
    pub at: Timestamp,
}

/// A person of the business wrote to a customer from the phone app, which means that a person has taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonWrote {
    /// The business's account on the channel.
    pub account: String,
    /// The customer's identifiers, at least one.
    pub identifiers: Vec<Identifier>,
    /// The channel's id of the message.
    pub message_id: String,
    /// What was written.
    pub content: Content,
    /// When, by the channel's clock.
    pub at: Timestamp,
}

/// Something about the account, or something unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountEvent {
    /// The webhook field: `account_update`; `unknown` when there was none.
    pub field: String,
    /// The value as received.
    pub body: serde_json::Value,
}
