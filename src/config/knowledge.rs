//! `[knowledge]`: what the bot answers from.

use std::path::PathBuf;

use super::section::{Check, section};

section! {
    /// What the bot answers from.
    pub struct Knowledge in "knowledge" {
        /// The folder with your markdown files.
        folder: PathBuf = PathBuf::from("knowledge"),
        /// The folder with what they say in other languages, which `atiende translate` writes and you correct.
        translations: PathBuf = PathBuf::from("translations"),
        /// Whether changes are picked up while the program runs.
        watch: bool = true,
    }
}

impl Check for Knowledge {}
