//! `[prompts]`: the owner's own wording.

use std::path::PathBuf;

use super::section::{Check, section};

section! {
    /// Your own wording.
    pub struct Prompts in "prompts" {
        /// A folder whose files replace the built-in instructions and fixed replies of the same name. It need not exist.
        folder: PathBuf = PathBuf::from("prompts"),
    }
}

impl Check for Prompts {}
