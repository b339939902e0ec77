//! From a question to words: finds evidence, quotes the owner's sentences where they answer, translates under checks.
//!
//! Never changes a word of the owner, and never decides whether a reply is sent.

pub mod finding;
pub mod lookup;

pub mod ladder;

pub mod nearness;
pub mod quote;
pub mod restate;

pub mod words;

pub mod translate;

pub mod ahead;
pub mod judge;
pub mod model;

pub use quote::{Fit, Question, Quote, fit, quote, stands_alone};
