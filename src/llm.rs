//! The local language model: one OS thread owns it, everyone else asks over a bounded queue.
//!
//! A request goes one way: [`Engine`] renders the chat template and tokenises, the worker's thread runs the decoder,
//! samples, and answers. Never touches the database or the network.

mod arch;
mod beginnings;
mod decoder;
mod engine;
#[cfg(test)]
pub mod fake;
mod load_error;
mod prompt;
pub mod request;
mod sample;
pub mod slot;
mod stream;
mod template;
mod tokenizer;
mod weights;
mod worker;

pub use arch::DecoderChoice;
pub use engine::{Description, Engine, EngineOptions, available_memory, kernels, memory_needed};
pub use load_error::LoadError;
pub use request::{
    ChatMessage, FinishReason, GenerateRequest, Generated, LanguageModel, ModelError, Role, ScoreRequest, StateRequest,
    TokenCounts,
};
pub use sample::{greedy, log_probability};
