//! The note beside a model file that says when it was last found whole, so that a start need not read a gigabyte.
//!
//! `FILE.sha256` is what `sha256sum --check` reads, with the file's size and time in a comment.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The checksum that a file had when it was last read whole, and how the file looked from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    look: Look,
}

/// What changes when a file does: its size in bytes and its time in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    size: u64,
    modified: u128,
}

impl Stamp {
    /// The stamp beside `file`, if there is one that can be read.
    pub fn read(file: &Path) -> Option<Stamp> {
        let text = std::fs::read_to_string(path_of(file)).ok()?;
        let (comment, line) = text.split_once('\n')?;
        let (size, modified) = comment.strip_prefix("# size ")?.split_once(", modified ")?;
        let look = Look { size: size.parse().ok()?, modified: modified.trim().parse().ok()? };
        let sha256 = line.split_whitespace().next()?.to_owned();
        Some(Stamp { sha256, look })
    }

    /// Writes down that `file`, as it is now, has this checksum.
    pub fn write(file: &Path, sha256: &str) -> io::Result<()> {
        let Look { size, modified } = look(file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        std::fs::write(path_of(file), format!("# size {size}, modified {modified}\n{sha256}  {name}\n"))
    }

    /// Whether `file` looks as it did then.
    pub fn is_current(&self, file: &Path) -> bool {
        look(file).is_ok_and(|look| look == self.look)
    }

    /// The file's size then, in bytes.
    pub fn size(&self) -> u64 {
        self.look.size
    }
}

fn path_of(file: &Path) -> PathBuf {
    super::with_suffix(file, ".sha256")
}

fn look(file: &Path) -> io::Result<Look> {
    let metadata = file.metadata()?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    Ok(Look { size: metadata.len(), modified })
}
