//! What an owner is told about the knowledge after it was read.

use std::path::PathBuf;
use std::time::Duration;

/// Something in the folder that the owner should repair. The rest of the folder is served meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The file, relative to the knowledge folder; empty when it concerns no single file.
    pub file: String,
    /// The line, from 1; 1 when it concerns the whole file.
    pub line: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// A problem at a line of a file.
    pub fn new(file: &str, line: u32, message: impl Into<String>) -> Self {
        Problem { file: file.to_owned(), line, message: message.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.file.is_empty() {
            return formatter.write_str(&self.message);
        }
        write!(formatter, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// What reading the folder came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Files in use, drafts left out.
    pub files: usize,
    /// Passages in use.
    pub passages: usize,
    /// Texts that had to be embedded; 0 when nothing changed.
    pub embedded: usize,
    /// What the owner should repair.
    pub problems: Vec<Problem>,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no knowledge at all.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// The folder is not there or cannot be read.
    #[error("the knowledge folder `{}` cannot be read ({source}): create it, or name another folder in the configuration", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The search index cannot be built, not even in memory.
    #[error("the search index cannot be built: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// The folder cannot be watched for changes.
    #[error("the knowledge folder `{}` cannot be watched for changes ({source}): restart after each edit, or raise the system's limit of watched files", dir.display())]
    Watch {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: notify::Error,
    },
}
