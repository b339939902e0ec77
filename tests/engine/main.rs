//! The engine as the rest of the product uses it: tiny files through the whole of it, and the real models.

#[path = "../support/tiny_gguf.rs"]
mod tiny_gguf;

mod real;
mod restart;
mod same;
mod tiny;
