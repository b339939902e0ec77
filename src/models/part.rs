//! A file that is being downloaded: what is there is kept, hashed on the way, and becomes the real file at once.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::Model;
use super::pull::PullError;
use super::stamp::Stamp;
use super::status::hash_into;
use super::with_suffix;

/// The growing `FILE.part` beside the final `FILE`.
#[derive(Debug)]
pub struct Part {
    target: PathBuf,
    file: File,
    hasher: Sha256,
    length: u64,
    mark: (u64, Sha256),
}

impl Part {
    /// Goes on from the first `keep` bytes, or from fewer when fewer are there.
    pub fn open(target: &Path, keep: u64) -> Result<Part, PullError> {
        let path = with_suffix(target, ".part");
        let open = || -> io::Result<(File, Sha256, u64)> {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            let mut hasher = Sha256::new();
            let length = hash_into(&mut hasher, &mut Read::by_ref(&mut file).take(keep), |_| ())?;
            file.set_len(length)?;
            file.seek(SeekFrom::End(0))?;
            Ok((file, hasher, length))
        };
        let (file, hasher, length) = open().map_err(PullError::at(&path))?;
        let mark = (length, hasher.clone());
        Ok(Part { target: target.to_owned(), file, hasher, length, mark })
    }

    /// How many bytes are there.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), PullError> {
        self.file.write_all(bytes).map_err(PullError::at(&self.target))?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Makes sure that what is there survives a power cut, and remembers this point.
    pub fn set_mark(&mut self) -> Result<(), PullError> {
        self.file.sync_data().map_err(PullError::at(&self.target))?;
        self.mark = (self.length, self.hasher.clone());
        Ok(())
    }

    /// Takes back what was added since the mark.
    pub fn back_to_mark(&mut self) -> Result<(), PullError> {
        (self.length, self.hasher) = self.mark.clone();
        self.cut()
    }

    /// Takes back everything.
    pub fn start_over(&mut self) -> Result<(), PullError> {
        (self.length, self.hasher) = (0, Sha256::new());
        self.cut()
    }

    fn cut(&mut self) -> Result<(), PullError> {
        let length = self.length;
        let cut = self.file.set_len(length).and_then(|()| self.file.seek(SeekFrom::Start(length)));
        cut.map(drop).map_err(PullError::at(&self.target))
    }

    /// Checks size and checksum against the model; a right file takes its real name, a wrong one is removed.
    pub fn finish(self, model: &Model) -> Result<(), PullError> {
        let sha256 = hex::encode(self.hasher.finalize());
        if self.length != model.size || sha256 != model.sha256 {
            remove(&self.target);
            let file = model.fetched_file().to_owned();
            return Err(PullError::Damaged { file, expected: model.size, found: self.length });
        }
        self.file.sync_all().map_err(PullError::at(&self.target))?;
        publish(&self.target, &sha256)
    }
}

/// Renames `FILE.part` to `FILE` in one step and stamps it.
pub fn publish(target: &Path, sha256: &str) -> Result<(), PullError> {
    let rename = || -> io::Result<()> {
        std::fs::rename(with_suffix(target, ".part"), target)?;
        Stamp::write(target, sha256)?;
        // Without this the new name may be lost in a power cut.
        target.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    rename().map_err(PullError::at(target))
}

/// Removes what an attempt left, its notes included. What cannot be removed is overwritten by the next attempt.
pub fn remove(target: &Path) {
    let _ = std::fs::remove_file(with_suffix(target, ".part"));
    let _ = std::fs::remove_file(with_suffix(target, ".part.done"));
}
