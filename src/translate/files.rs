//! The files of translations: what has to be translated still, and how new drafts join what is there.
//!
//! Loses nothing of the owner's: an approved translation whose original is gone stays, at the end of its file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::Language;
use crate::knowledge::Document;
use crate::knowledge::translations::pairs::{self, Mark, Pair, PairError};
use crate::knowledge::translations::texts;

/// A file of translations as it lies in the folder, or is to lie there.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it lies.
    pub path: PathBuf,
    /// What it is headed with.
    pub heading: String,
    /// The texts of the knowledge file that have words, in its order.
    pub texts: Vec<String>,
    /// The pairs that are there.
    pub pairs: Vec<Pair>,
    /// The pairs as they were read last: what differs on disk is the owner's doing meanwhile.
    opened: Vec<Pair>,
    /// What stands above them.
    above: String,
    /// Whether it lies there as it is here.
    is_written: bool,
}

/// Why a file cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("{file}: {error}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// It cannot be understood.
    #[error("{file}:{}: {}", error.line, error.message)]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong, and the remedy.
        error: PairError,
    },
}

impl File {
    /// The file for a knowledge file and a language; it need not exist.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood: nothing of it must be written over.
    pub fn open(folder: &Path, document: &Document, to: Language) -> Result<File, FileError> {
        let path = folder.join(to.code()).join(&document.name);
        let file = || path.display().to_string();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(FileError::Io { file: file(), error }),
        };
        let pairs = pairs::read(&text).map_err(|error| FileError::Malformed { file: file(), error })?;
        let heading = format!("{} → {}", document.name, to.english_name());
        let above = pairs::above(&text).map_or_else(|| pairs::legend(&heading), str::to_owned);
        let opened = pairs.clone();
        Ok(File { path, heading, texts: texts(document), pairs, opened, above, is_written: true })
    }

    /// The texts that have no translation yet; with `again` those too that the owner has not approved.
    pub fn open_texts(&self, again: bool) -> Vec<String> {
        let is_done = |text: &String| {
            let known = self.pairs.iter().find(|pair| pair.original == *text);
            known.is_some_and(|pair| pair.translation.is_some() && (!again || pair.mark == Mark::Approved))
        };
        self.texts.iter().filter(|text| !is_done(text)).cloned().collect()
    }

    /// Takes a draft in, in place of what was there for the same text.
    pub fn take(&mut self, draft: Pair) {
        self.pairs.retain(|pair| pair.original != draft.original);
        self.pairs.push(draft);
        self.is_written = false;
    }

    /// Writes the file if a draft came, in the order of the knowledge. What nobody approved and no text needs is left out.
    ///
    /// What the owner changed on disk meanwhile stays as the owner has it.
    ///
    /// # Errors
    /// When it cannot be written, or what lies there can no longer be read; what was there before stays then.
    pub fn write(&mut self) -> Result<(), FileError> {
        if self.is_written {
            return Ok(());
        }
        self.take_in_changes()?;
        let needed = self.texts.iter().filter_map(|text| self.pairs.iter().find(|pair| pair.original == *text));
        let kept = self.pairs.iter().filter(|pair| pair.mark == Mark::Approved && !self.texts.contains(&pair.original));
        let pairs: Vec<Pair> = needed.chain(kept).cloned().collect();
        let error = |error| FileError::Io { file: self.path.display().to_string(), error };
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(error)?;
        }
        let temporary = self.path.with_extension("md.new");
        fs::write(&temporary, pairs::write(&self.above, &pairs)).map_err(error)?;
        fs::rename(&temporary, &self.path).map_err(error)?;
        self.opened.clone_from(&pairs);
        self.is_written = true;
        Ok(())
    }

    /// Takes over what differs on disk from what was read last.
    fn take_in_changes(&mut self) -> Result<(), FileError> {
        let Ok(text) = fs::read_to_string(&self.path) else { return Ok(()) };
        let file = || self.path.display().to_string();
        let on_disk = pairs::read(&text).map_err(|error| FileError::Malformed { file: file(), error })?;
        let says = |pairs: &[Pair], wanted: &Pair| {
            pairs.iter().any(|pair| {
                pair.original == wanted.original && (pair.mark, &pair.translation) == (wanted.mark, &wanted.translation)
            })
        };
        let changed: Vec<Pair> = on_disk.into_iter().filter(|pair| !says(&self.opened, pair)).collect();
        self.pairs.retain(|pair| !changed.iter().any(|other| other.original == pair.original));
        self.pairs.extend(changed);
        if let Some(above) = pairs::above(&text) {
            self.above = above.to_owned();
        }
        Ok(())
    }

    /// How many pairs that are needed have each mark: approved, passed, beside the original, not passed.
    pub fn counts(&self) -> [usize; 4] {
        let of =
            |mark| self.pairs.iter().filter(|pair| pair.mark == mark && self.texts.contains(&pair.original)).count();
        [Mark::Approved, Mark::Unread, Mark::Beside, Mark::Doubtful].map(of)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::knowledge::{Knowledge, Options};

    fn document(folder: &Path, text: &str) -> Document {
        fs::create_dir_all(folder.join("knowledge")).unwrap();
        fs::write(folder.join("knowledge/pan.md"), text).unwrap();
        let options = Options {
            dir: folder.join("knowledge"),
            translations: None,
            index_dir: None,
            embedder: None,
            examples: Default::default(),
        };
        Knowledge::open(options).unwrap().0.documents().remove(0)
    }

    fn pair(original: &str, mark: Mark) -> Pair {
        let translation = Some(format!("{original}!"));
        Pair { mark, original: original.to_owned(), translation, remarks: Vec::new(), line: 0 }
    }

    fn originals(text: &str) -> Vec<String> {
        pairs::read(text).unwrap().into_iter().map(|pair| pair.original).collect()
    }

    #[test]
    fn only_what_has_no_translation_is_open() {
        let dir = TempDir::new().unwrap();
        let document = document(dir.path(), "# Pan\n\nHay pan. Cuesta 2 €.\n\n| A | B |\n|---|---|\n| 2 € | 3 € |\n");
        let mut file = File::open(dir.path(), &document, Language::En).unwrap();
        assert_eq!(file.open_texts(false), ["Pan", "Hay pan.", "Cuesta 2 €."]);
        file.take(pair("Pan", Mark::Doubtful));
        file.take(pair("Hay pan.", Mark::Approved));
        file.write().unwrap();
        let file = File::open(dir.path(), &document, Language::En).unwrap();
        assert_eq!(file.open_texts(false), ["Cuesta 2 €."]);
        assert_eq!(file.open_texts(true), ["Pan", "Cuesta 2 €."]);
        assert_eq!(file.counts(), [1, 0, 0, 1]);
    }

    #[test]
    fn what_the_owner_approved_outlives_its_original() {
        let dir = TempDir::new().unwrap();
        let before = document(dir.path(), "# Pan\n\nHay pan. Hay tartas.\n");
        let mut file = File::open(dir.path(), &before, Language::En).unwrap();
        file.take(pair("Hay tartas.", Mark::Unread));
        file.take(pair("Hay pan.", Mark::Approved));
        file.write().unwrap();
        let after = document(dir.path(), "# Pan\n\nYa no queda nada.\n");
        let mut file = File::open(dir.path(), &after, Language::En).unwrap();
        file.take(pair("Pan", Mark::Unread));
        file.write().unwrap();
        let path = dir.path().join("en/pan.md");
        assert_eq!(originals(&fs::read_to_string(path).unwrap()), ["Pan", "Hay pan."]);
    }

    #[test]
    fn an_owner_s_notes_stay_and_a_finished_file_is_left_alone() {
        let dir = TempDir::new().unwrap();
        let document = document(dir.path(), "# Pan\n\nHay pan.\n");
        let path = dir.path().join("en/pan.md");
        let owners = "# My English\n\nAsk Ana about this.\n\n- [x] Hay pan.\n  → There is bread.\n\n# later\n";
        fs::create_dir_all(dir.path().join("en")).unwrap();
        fs::write(&path, owners).unwrap();
        let mut file = File::open(dir.path(), &document, Language::En).unwrap();
        file.write().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), owners);
        file.take(pair("Pan", Mark::Unread));
        file.write().unwrap();
        let now = fs::read_to_string(&path).unwrap();
        assert!(now.starts_with("# My English\n\nAsk Ana about this.\n\n- [ ] Pan"), "{now}");
    }

    #[test]
    fn what_the_owner_approves_meanwhile_is_not_lost() {
        let dir = TempDir::new().unwrap();
        let document = document(dir.path(), "# Pan\n\nHay pan.\n");
        let mut file = File::open(dir.path(), &document, Language::En).unwrap();
        file.take(pair("Hay pan.", Mark::Unread));
        file.write().unwrap();
        let path = dir.path().join("en/pan.md");
        let corrected = fs::read_to_string(&path)
            .unwrap()
            .replace("- [ ] Hay pan.\n  → Hay pan.!", "- [x] Hay pan.\n  → There is bread.");
        fs::write(&path, &corrected).unwrap();
        file.take(pair("Pan", Mark::Unread));
        file.write().unwrap();
        let now = fs::read_to_string(&path).unwrap();
        assert!(now.contains("- [x] Hay pan.\n  → There is bread.") && now.contains("- [ ] Pan"), "{now}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_written_over() {
        let dir = TempDir::new().unwrap();
        let document = document(dir.path(), "# Pan\n\nHay pan.\n");
        fs::create_dir_all(dir.path().join("en")).unwrap();
        fs::write(dir.path().join("en/pan.md"), "- [x] Hay pan.\n  There is bread.\n").unwrap();
        let error = File::open(dir.path(), &document, Language::En).unwrap_err();
        assert!(error.to_string().contains("en/pan.md:2:"), "{error}");
    }
}
