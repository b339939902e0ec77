//! Keeps what was understood of each file beside the index, so that a restart reads only what changed.
//!
//! Also what lets the last good version of a file outlive a restart. Losing it costs time, never an answer.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::load::Document;

/// Changes whenever files would be understood or indexed in another way than before.
pub const FORMAT: u32 = 3;

#[derive(Deserialize)]
struct Stored {
    format: u32,
    documents: Vec<Document>,
}

#[derive(Serialize)]
struct Storing<'a> {
    format: u32,
    documents: Vec<&'a Document>,
}

/// The file with the understood documents, or nothing when all stays in memory.
pub struct Store {
    path: Option<PathBuf>,
}

impl Store {
    /// The store in a folder.
    pub fn new(folder: Option<&Path>) -> Self {
        Store { path: folder.map(|folder| folder.join("documents.json")) }
    }

    /// What was understood before; nothing when that is missing, damaged or of another version of the program.
    pub fn load(&self) -> Vec<Document> {
        let read = || {
            let text = fs::read_to_string(self.path.as_deref()?).ok()?;
            let stored: Stored = serde_json::from_str(&text).ok()?;
            (stored.format == FORMAT).then_some(stored.documents)
        };
        read().unwrap_or_default()
    }

    /// Keeps what was understood.
    pub fn save(&self, documents: Vec<&Document>) -> std::io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let temporary = path.with_extension("new");
        fs::write(&temporary, serde_json::to_vec(&Storing { format: FORMAT, documents })?)?;
        fs::rename(temporary, path)
    }
}
