//! The beginnings that come of the business's words alone, in a file, so that they are not read again after a restart.
//!
//! Keys and values are the same to the last bit only for the same model, program and kind of processor: the file names
//! all of them by a digest ([`Form`]), and is of use for nothing else. It holds no text, yet the tokens are as good as
//! one; they are the business's own, and so is every position of every page. Nothing in it is believed before its
//! checksum is found right, and no count before it is found possible. A file that is of no use is as good as none.
//!
//! All numbers are little-endian:
//!
//! ```text
//! "ATIENDE\n", version, digest of the form (32 bytes), how many pages, how many beginnings
//! each beginning: tokens, layers, asked, is it an instruction, unused, tokens…, the number of each page…
//! each page:      layers, the bits of its numbers…
//! SHA-256 of everything before it (32 bytes)
//! ```

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::io;
use std::path::PathBuf;

use atiende_kernels::PageShape;

use super::Lasting;

const MAGIC: &[u8; 8] = b"ATIENDE\n";

/// To be raised with every change of the format, and of what keys and values come to.
const VERSION: u32 = 1;

/// A digest or checksum.
const DIGEST: usize = 32;

/// What the keys and values belong to.
#[derive(Clone, Debug)]
pub(in crate::llm) struct Form {
    /// Of everything that their bits depend on: the model, the program, the processor's instructions.
    pub(in crate::llm) digest: [u8; DIGEST],
    pub(in crate::llm) shape: PageShape,
    /// How many tokens the model knows.
    pub(in crate::llm) vocabulary: usize,
    /// How many tokens a text may have.
    pub(in crate::llm) context: usize,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("it belongs to another model, program or processor")]
    Foreign,
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

/// A place for them.
#[derive(Clone, Debug)]
pub(in crate::llm) struct BeginningsFile {
    pub(in crate::llm) path: PathBuf,
    pub(in crate::llm) form: Form,
}

impl BeginningsFile {
    /// What the file holds, as far as there is room for so many pages. Nothing where there is none or it is of no use.
    pub(in crate::llm) fn read(&self, most_pages: usize) -> Vec<Lasting> {
        match read::read(&self.path, &self.form, most_pages) {
            Ok(kept) => kept,
            Err(Unusable::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(reason) => {
                tracing::info!(
                    path = %self.path.display(), %reason,
                    "what the model had read is of no use; it is read again and the file written anew"
                );
                Vec::new()
            }
        }
    }

    /// Puts these in the file's place, whole or not at all. Where that fails, everything stays as it was; whether it did
    /// not.
    pub(in crate::llm) fn write(&self, lasting: &[Lasting]) -> bool {
        let written = write::write(&self.path, &self.form, lasting);
        match &written {
            Ok(bytes) => tracing::debug!(beginnings = lasting.len(), bytes, "wrote down what the model has read"),
            Err(error) => tracing::warn!(
                path = %self.path.display(), %error,
                "what the model has read cannot be written down; after a restart it is read again"
            ),
        }
        written.is_ok()
    }
}
