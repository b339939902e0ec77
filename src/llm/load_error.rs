//! Why a model file could not be used, told so that a shop owner knows what to do about it.

use std::path::PathBuf;

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error("there is no model file at {path}: run `atiende models pull`, or point the configuration at a GGUF file")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is there and cannot be read.
    #[error("cannot read the model file {path}: {source}; check that the file belongs to the user that runs atiende")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{path} is not a GGUF model file: download the model's `.gguf` file, or run `atiende models pull`")]
    NotGguf {
        /// The file.
        path: PathBuf,
    },
    /// The file ends too early, usually because a download was interrupted.
    #[error("the model file {path} is cut short: it has {length} bytes{}; run `atiende models pull` again", needs(.needed))]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// The length in bytes that its own table of contents calls for, when that much could be read.
        needed: Option<u64>,
    },
    /// The file begins like a GGUF file and then makes no sense.
    #[error("the model file {path} is damaged ({detail}): delete it and run `atiende models pull`")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// The weights are stored in a way that the kernels do not know.
    #[error(
        "{path} stores its weights in a format that is not supported ({detail}): use a Q4_K_M, Q5_K_M, Q6_K or Q8_0 file of the model"
    )]
    Quantization {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The model is too large for the memory that is free.
    #[error(
        "{path} needs {:.2} GB of memory, and {:.2} GB are free: choose a smaller model (`llm = \"qwen2.5-coder-0.5b\"` \
         in the section [models]), or free memory",
        gigabytes(*needed), gigabytes(*available)
    )]
    Memory {
        /// The file.
        path: PathBuf,
        /// Bytes for weights, keys and values, and what goes with them.
        needed: u64,
        /// Bytes that are free.
        available: u64,
    },
    /// A kind of model that the engine does not know.
    #[error("{path} holds a model of architecture `{found}`, which is not supported; supported: {supported}")]
    Architecture {
        /// The file.
        path: PathBuf,
        /// What the file says it holds; empty when it does not say.
        found: String,
        /// The architectures that work, comma-separated.
        supported: String,
    },
    /// The file has no tokenizer, or one that the engine does not know.
    #[error("the tokenizer in {path} cannot be used: {detail}; use a complete GGUF file of a supported model")]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// The chat template cannot be used.
    #[error("the chat template in {path} cannot be used: {detail}; use an instruct model's GGUF file")]
    Template {
        /// The file.
        path: PathBuf,
        /// What the template engine said.
        detail: String,
    },
    /// The weights do not make up a working model.
    #[error("the model in {path} does not work: {detail}; use another GGUF file of the model")]
    Model {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// The operating system refused to start the model's thread.
    #[error("cannot start the model's thread: {0}")]
    Thread(std::io::Error),
}

fn needs(needed: &Option<u64>) -> String {
    needed.map(|bytes| format!(" and should have {bytes}")).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}
