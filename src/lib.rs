//! Atiende answers a small business's customers on WhatsApp from the business's own markdown.
//!
//! Read `ARCHITECTURE.md` first; it traces one message from webhook to reply.
//! The modules stand in the order in which a message meets them.

pub mod domain;

pub mod channel;
pub mod web;

pub mod inbox;
pub mod signals;
pub mod store;

pub mod conversation;

pub mod understand;

pub mod knowledge;

pub mod answer;
pub mod llm;

pub mod decide;

pub mod desk;
pub mod outbox;

pub mod clock;
pub mod config;
pub mod lifecycle;
pub mod models;
pub mod processor;
pub mod prompts;
pub mod telemetry;
pub mod translate;
pub mod upkeep;

pub mod app;
pub mod cli;
pub mod demo;
pub mod eval;
pub mod gaps;
pub mod train;
