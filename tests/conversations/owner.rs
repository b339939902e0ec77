//! An owner who writes while the bot runs: a folder of their own, read again after each change.

use atiende::knowledge::Knowledge;
use tempfile::TempDir;

use crate::stage::{folder, open};

/// A copy of a business's knowledge that may be changed.
pub struct Folder {
    files: TempDir,
    /// What the bot knows of it.
    pub knowledge: Knowledge,
}

impl Folder {
    /// Copies the files of a business and reads them.
    pub fn copy(business: &str) -> Folder {
        let files = TempDir::new().expect("a folder");
        for file in std::fs::read_dir(folder(business)).expect("the business's folder is there") {
            let file = file.expect("the folder is read");
            if file.path().is_file() {
                std::fs::copy(file.path(), files.path().join(file.file_name())).expect("the file is copied");
            }
        }
        let knowledge = open(business, files.path().to_owned(), None);
        Folder { files, knowledge }
    }

    /// Writes new words in place of old ones, as an owner does in an editor, and has the folder read again.
    pub fn change(&self, file: &str, old: &str, new: &str) -> Result<(), String> {
        let path = self.files.path().join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        if !text.contains(old) {
            return Err(format!("{file} does not say `{old}`"));
        }
        std::fs::write(&path, text.replace(old, new)).map_err(|error| format!("{file}: {error}"))?;
        let problems = self.knowledge.reload().problems;
        if problems.is_empty() { Ok(()) } else { Err(format!("{problems:?}")) }
    }
}
