//! The channels over which customers write. Only this folder knows a channel's wire format.

pub mod outbound;
pub mod transport;
pub mod whatsapp;
