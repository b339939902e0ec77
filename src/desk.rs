//! The people behind the bot: when they are there, what they are told, and how a conversation reaches them.

pub mod handoff;
pub mod hours;
pub mod notify;
pub mod when;
