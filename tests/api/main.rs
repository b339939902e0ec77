//! The product over real sockets: deliveries from the channel, the owner's API, handoffs, and a channel that fails.

#[path = "../support/channel.rs"]
mod channel;
#[path = "../support/model.rs"]
mod model;
#[path = "../support/owner.rs"]
mod owner;
#[path = "../support/stage.rs"]
mod stage;

mod graph_errors;
mod handoff;
mod message_types;
mod owner_api;
mod privacy;
mod replies;
mod webhook;
