//! `[storage]`: where data is kept.

use std::path::PathBuf;

use super::section::{Check, section};

section! {
    /// Where conversations are kept. Relative paths start at the folder in which the program runs.
    pub struct Storage in "storage" {
        /// The database with every conversation. This is the file to back up.
        database: PathBuf = PathBuf::from("data/atiende.db"),
        /// The search index over your knowledge. It is rebuilt when it is missing.
        index: PathBuf = PathBuf::from("data/index"),
        /// After how many days messages, and what the bot decided about them, are deleted. 0 keeps everything.
        retention_days: u32 = 0,
    }
}

impl Check for Storage {}
