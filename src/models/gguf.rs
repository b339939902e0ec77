//! Reads one thing from a GGUF file: which architecture it is, to tell a language model from an embedder.
//!
//! It never reads tensors. The format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

/// No key or architecture name is longer than this, in bytes.
const MAX_NAME: u64 = 64 * 1024;

/// The file cannot be used as a model.
#[derive(Debug, thiserror::Error)]
#[error("{} is not a GGUF model: {reason}; copy it again, or take it out of the folder", path.display())]
pub struct NotGguf {
    path: PathBuf,
    reason: String,
}

/// The value of `general.architecture`: `qwen2`, `llama`, `bert`.
pub fn architecture(path: &Path) -> Result<String, NotGguf> {
    let reason = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        _ => error.to_string(),
    };
    File::open(path)
        .map(BufReader::new)
        .and_then(|mut file| read_architecture(&mut file))
        .map_err(|error| NotGguf { path: path.to_owned(), reason: reason(error) })
}

fn read_architecture(file: &mut (impl Read + Seek)) -> io::Result<String> {
    let mut magic = [0; 4];
    file.read_exact(&mut magic)?;
    if &magic != b"GGUF" {
        return Err(invalid("it does not begin as one"));
    }
    let version = read_u32(file)?;
    if !(2..=3).contains(&version) {
        return Err(invalid(&format!("version {version} of the format is not supported")));
    }
    let _tensors = read_u64(file)?;
    for _ in 0..read_u64(file)? {
        let key = read_text(file)?;
        let kind = read_u32(file)?;
        if key == "general.architecture" && kind == 8 {
            return read_text(file);
        }
        skip_value(file, kind)?;
    }
    Err(invalid("it names no architecture"))
}

/// The bytes that a value of a fixed size takes.
fn width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

fn skip_value(file: &mut (impl Read + Seek), kind: u32) -> io::Result<()> {
    match kind {
        8 => skip_text(file),
        9 => {
            let (kind, count) = (read_u32(file)?, read_u64(file)?);
            if kind == 8 {
                return (0..count).try_for_each(|_| skip_text(file));
            }
            let width = width(kind).ok_or_else(|| invalid("a list in its metadata has an unknown type"))?;
            skip(file, width.checked_mul(count))
        }
        fixed => skip(file, width(fixed)),
    }
}

fn skip_text(file: &mut (impl Read + Seek)) -> io::Result<()> {
    let length = read_u64(file)?;
    skip(file, Some(length))
}

fn skip(file: &mut impl Seek, bytes: Option<u64>) -> io::Result<()> {
    let bytes = bytes.and_then(|bytes| i64::try_from(bytes).ok());
    let bytes = bytes.ok_or_else(|| invalid("its metadata has a value of an unknown type or size"))?;
    file.seek_relative(bytes)
}

fn read_text(file: &mut impl Read) -> io::Result<String> {
    let length = read_u64(file)?;
    if length > MAX_NAME {
        return Err(invalid("its metadata has a name that is too long"));
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|_| invalid("its metadata has a name that is no text"))
}

fn read_u32(file: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn read_u64(file: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

/// The smallest file that names an architecture, for tests of what only looks at that.
#[cfg(test)]
pub fn header(architecture: &str) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
    let numbers = [&9_u32.to_le_bytes()[..], &4_u32.to_le_bytes(), &2_u64.to_le_bytes(), &[0; 8]].concat();
    let words = [&9_u32.to_le_bytes()[..], &8_u32.to_le_bytes(), &1_u64.to_le_bytes(), &text("word")].concat();
    [
        b"GGUF".to_vec(),
        3_u32.to_le_bytes().to_vec(),
        0_u64.to_le_bytes().to_vec(),
        3_u64.to_le_bytes().to_vec(),
        [text("numbers"), numbers].concat(),
        [text("words"), words].concat(),
        [text("general.architecture"), 8_u32.to_le_bytes().to_vec(), text(architecture)].concat(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_architecture_is_found_behind_other_metadata() {
        assert_eq!(read_architecture(&mut Cursor::new(header("qwen2"))).unwrap(), "qwen2");
    }

    #[test]
    fn a_file_that_was_cut_off_is_refused_at_every_length() {
        let whole = header("qwen2");
        for length in 0..whole.len() {
            assert!(read_architecture(&mut Cursor::new(&whole[..length])).is_err(), "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_are_read_or_refused_without_a_panic(at in 0_usize..120, byte: u8) {
            let mut bytes = header("bert");
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(name) = read_architecture(&mut Cursor::new(bytes)) {
                prop_assert!(name.len() <= 120);
            }
        }
    }
}
