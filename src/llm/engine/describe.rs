//! What is loaded and what it runs on, for the owner to see.

use std::time::Duration;

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
    /// How many tokens a prompt with its answer may take.
    pub context: usize,
    /// How many threads compute.
    pub threads: usize,
    /// The processor's instructions that the kernels were compiled for, the fastest first; `scalar` when there are
    /// none.
    pub kernels: Vec<&'static str>,
    /// Whether the file brings a chat template. A file without one usually holds a base model, which cannot chat.
    pub has_chat_template: bool,
    /// How long loading took.
    pub loading: Duration,
}

/// The instructions that the kernels were compiled for, the fastest first; they are chosen when the program is compiled.
pub fn kernels() -> Vec<&'static str> {
    let compiled = [
        ("avx512vnni", cfg!(all(target_feature = "avx512vnni", target_feature = "avx512bw"))),
        ("avx512", cfg!(target_feature = "avx512f")),
        ("avx2", cfg!(target_feature = "avx2")),
        ("i8mm", cfg!(target_feature = "i8mm")),
        ("dotprod", cfg!(target_feature = "dotprod")),
        ("neon", cfg!(target_feature = "neon")),
        ("simd128", cfg!(target_feature = "simd128")),
    ];
    let mut names: Vec<_> = compiled.into_iter().filter(|(_, is_in)| *is_in).map(|(name, _)| name).collect();
    if names.is_empty() {
        names.push("scalar");
    }
    names
}
