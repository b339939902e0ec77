//! A GGUF file that was opened and found whole: its metadata, and the table of its tensors.
//!
//! Reads the table of contents only, and compares it with the file's length before any weight is loaded. Never trusts
//! a count or an offset that it did not check.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Content, TensorInfo, Value};

use super::load_error::LoadError;

const MAGIC: &[u8; 4] = b"GGUF";

/// The longest table of contents that is read, in bytes: those of real models have 20 MB at most, most of it the
/// vocabulary. In memory it takes up to 32 times as much.
const LONGEST_HEADER: u64 = 64 << 20;

/// A whole GGUF file, its weights not yet read.
pub(super) struct WeightsFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) content: Content,
}

impl WeightsFile {
    /// Opens a file and checks that it is whole.
    pub(super) fn open(path: &Path) -> Result<Self, LoadError> {
        let file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => LoadError::Missing { path: path.to_owned() },
            _ => LoadError::Unreadable { path: path.to_owned(), source },
        })?;
        let length = check_magic(path, &file)?;
        let mut reader = HeaderReader::new(&file, length);
        // The parser divides by figures of the file, such as the alignment.
        let content = catch_unwind(AssertUnwindSafe(|| Content::read(&mut reader)));
        let content = content.unwrap_or_else(|_| Err(candle_core::Error::Msg("its header makes no sense".to_owned())));
        let content = content.map_err(|error| header_error(path, length, &error.to_string()))?;
        let alignment = content.metadata.get("general.alignment").and_then(unsigned).unwrap_or(8);
        if alignment == 0 || !alignment.is_multiple_of(8) {
            let detail = format!("its alignment is {alignment} instead of a multiple of 8");
            return Err(LoadError::Damaged { path: path.to_owned(), detail });
        }
        let needed = needed_length(&content).ok_or_else(|| LoadError::Damaged {
            path: path.to_owned(),
            detail: "a tensor is larger than any file".to_owned(),
        })?;
        if needed > length {
            return Err(LoadError::CutShort { path: path.to_owned(), length, needed: Some(needed) });
        }
        Ok(WeightsFile { path: path.to_owned(), file, content })
    }

    /// What the file says about itself.
    pub(super) fn metadata(&self) -> Metadata<'_> {
        Metadata(&self.content.metadata)
    }

    /// How many weights there are.
    pub(super) fn parameters(&self) -> u64 {
        self.content.tensor_infos.values().map(|info| info.shape.elem_count() as u64).sum()
    }

    /// How many bytes all weights take in the file.
    pub(super) fn bytes(&self) -> u64 {
        self.content.tensor_infos.values().filter_map(tensor_bytes).sum()
    }

    /// The name of the quantization, as model pages give it: `Q4_K_M`.
    pub(super) fn quantization(&self) -> String {
        let named = self.metadata().unsigned("general.file_type").and_then(file_type_name);
        named.map_or_else(|| self.commonest_type(), str::to_owned)
    }

    /// The type that holds most of the weights, for files that do not name their quantization.
    fn commonest_type(&self) -> String {
        let mut weights: HashMap<String, usize> = HashMap::new();
        for info in self.content.tensor_infos.values() {
            *weights.entry(format!("{:?}", info.ggml_dtype)).or_default() += info.shape.elem_count();
        }
        weights.into_iter().max_by_key(|(_, count)| *count).map_or_else(|| "unknown".to_owned(), |(name, _)| name)
    }
}

/// Reads the first bytes; gives the file's length.
fn check_magic(path: &Path, mut file: &File) -> Result<u64, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    let length = file.metadata().map_err(unreadable)?.len();
    let mut magic = Vec::with_capacity(MAGIC.len());
    Read::by_ref(&mut file).take(MAGIC.len() as u64).read_to_end(&mut magic).map_err(unreadable)?;
    if magic != MAGIC {
        return Err(LoadError::NotGguf { path: path.to_owned() });
    }
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    Ok(length)
}

/// The parser tells an early end only in words.
fn header_error(path: &Path, length: u64, message: &str) -> LoadError {
    let path = path.to_owned();
    if message.contains("remaining") || message.contains("failed to fill whole buffer") {
        LoadError::CutShort { path, length, needed: None }
    } else if message.contains("unknown dtype") {
        LoadError::Quantization { path, detail: message.to_owned() }
    } else {
        LoadError::Damaged { path, detail: message.to_owned() }
    }
}

/// Where the last tensor ends, in bytes; nothing when the figures overflow.
fn needed_length(content: &Content) -> Option<u64> {
    content.tensor_infos.values().try_fold(content.tensor_data_offset, |furthest, info| {
        let end = content.tensor_data_offset.checked_add(info.offset)?.checked_add(tensor_bytes(info)?)?;
        Some(furthest.max(end))
    })
}

fn tensor_bytes(info: &TensorInfo) -> Option<u64> {
    let elements = info.shape.dims().iter().try_fold(1u64, |product, &size| product.checked_mul(size as u64))?;
    let blocks = elements.div_ceil(info.ggml_dtype.block_size() as u64);
    blocks.checked_mul(info.ggml_dtype.type_size() as u64)
}

/// The names that `general.file_type` stands for, as far as their weights can be loaded.
fn file_type_name(code: u64) -> Option<&'static str> {
    Some(match code {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        32 => "BF16",
        _ => return None,
    })
}

/// Metadata by key, whatever width its numbers were written with.
#[derive(Clone, Copy)]
pub(super) struct Metadata<'a>(pub(super) &'a HashMap<String, Value>);

impl<'a> Metadata<'a> {
    pub(super) fn string(self, key: &str) -> Option<&'a str> {
        match self.0.get(key)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn unsigned(self, key: &str) -> Option<u64> {
        unsigned(self.0.get(key)?)
    }

    pub(super) fn float(self, key: &str) -> Option<f32> {
        match *self.0.get(key)? {
            Value::F32(number) => Some(number),
            #[expect(clippy::cast_possible_truncation, reason = "single precision is what models compute in")]
            Value::F64(number) => Some(number as f32),
            _ => None,
        }
    }

    pub(super) fn boolean(self, key: &str) -> Option<bool> {
        match self.0.get(key)? {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn array(self, key: &str) -> Option<&'a [Value]> {
        match self.0.get(key)? {
            Value::Array(values) => Some(values),
            _ => None,
        }
    }
}

/// A number that is a whole one and not negative.
pub(super) fn unsigned(value: &Value) -> Option<u64> {
    match *value {
        Value::U8(number) => Some(number.into()),
        Value::U16(number) => Some(number.into()),
        Value::U32(number) => Some(number.into()),
        Value::U64(number) => Some(number),
        Value::I8(number) => number.try_into().ok(),
        Value::I16(number) => number.try_into().ok(),
        Value::I32(number) => number.try_into().ok(),
        Value::I64(number) => number.try_into().ok(),
        _ => None,
    }
}

/// Reads a header with few system calls: the parser asks for the position before every one of some 300,000 strings.
struct HeaderReader<'a> {
    inner: BufReader<&'a File>,
    position: u64,
    length: u64,
}

impl<'a> HeaderReader<'a> {
    fn new(file: &'a File, length: u64) -> Self {
        HeaderReader { inner: BufReader::with_capacity(1 << 20, file), position: 0, length }
    }
}

impl Read for HeaderReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position > LONGEST_HEADER {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its header is longer than that of any model"));
        }
        let read = self.inner.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for HeaderReader<'_> {
    /// Moves by number alone where nothing has to be read for it; the position past the end is one of those.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        }
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        if target != self.position {
            self.inner.seek(SeekFrom::Start(target))?;
            self.position = target;
        }
        Ok(target)
    }
}
