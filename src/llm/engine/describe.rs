//! What is loaded and what it runs on, for the owner to see.

use std::time::Duration;

use atiende_kernels::Level;
use serde::Serialize;

/// A loaded model in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The model's name as its file gives it; empty when it does not.
    pub name: String,
    /// The kind of model: `qwen2`.
    pub architecture: String,
    /// How many weights it has.
    pub parameters: u64,
    /// How its weights are stored: `Q4_K_M`.
    pub quantization: String,
    /// How many bytes of weights are read for each token; 0 where that is not known.
    pub bytes_a_token: usize,
    /// How many tokens a prompt with its answer may take.
    pub context: usize,
    /// How many threads compute.
    pub threads: usize,
    /// The processor's instructions that are used.
    pub kernels: &'static str,
    /// Whether the file brings a chat template. A file without one usually holds a base model, which cannot chat.
    pub has_chat_template: bool,
    /// How long loading took.
    pub loading: Duration,
}

impl Description {
    /// Tells models apart by what their files say of them: name, kind, size, and how the weights are stored.
    pub(super) fn identity(&self) -> String {
        let Description { name, architecture, parameters, quantization, .. } = self;
        format!("{name} / {architecture} / {parameters} / {quantization}")
    }
}

/// The fastest instructions that this processor has and that there are kernels for.
pub fn kernels() -> &'static str {
    Level::best().name()
}
