//! The WhatsApp Cloud API: its webhook, its payloads, its Graph API, its limits and its markup.
//!
//! Never decides what to say; turns wire formats into [`crate::domain::event::ChannelEvent`] and replies into requests.

pub mod body;
pub mod errors;
pub mod graph;
pub mod limits;
pub mod markup;
pub mod payload;
pub mod signature;
pub mod transport;
pub mod window;
