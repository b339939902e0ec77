//! Reads the packed file: little-endian header, tokenizer, directory of tensors, weights.
//!
//! Every length in it is checked against the bytes that are there before it is believed.

use std::borrow::Cow;
use std::collections::HashMap;

use candle_core::Device;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};

/// More rules than any normalisation has.
const MOST_RULES: usize = 65_536;

/// Why the bytes are not a packed model.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum SourceError {
    #[error("it is not the packed multilingual-e5-small (it does not begin with `E5S1`)")]
    Foreign,
    #[error("it is version {0} of the packed format, and only version 1 is known")]
    Version(u32),
    #[error("it was cut short: {what} should go on past byte {at}")]
    Cut { what: &'static str, at: usize },
    #[error("it is damaged: {0}")]
    Damaged(String),
}

/// The sizes of the model.
#[derive(Debug)]
pub(super) struct Shape {
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub feed_forward: usize,
    pub vocabulary: usize,
    pub positions: usize,
    pub token_types: usize,
}

/// The ids of the tokens that are no text.
#[derive(Debug)]
pub(super) struct Special {
    pub begin: u32,
    pub end: u32,
    pub padding: u32,
    pub unknown: u32,
}

/// Where a tensor lies.
#[derive(Debug)]
struct Entry {
    dtype: GgmlDType,
    elements: usize,
    offset: u64,
    length: u64,
}

/// The packed file, read but for the weights.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub shape: Shape,
    pub epsilon: f32,
    pub special: Special,
    pub pieces: Vec<String>,
    pub scores: Vec<f32>,
    pub rules: Vec<(char, String)>,
    directory: HashMap<String, Entry>,
    bytes: &'a [u8],
}

impl<'a> Source<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, SourceError> {
        if !bytes.starts_with(b"E5S1") {
            return Err(SourceError::Foreign);
        }
        let mut reader = Reader { bytes, at: 4, what: "the header" };
        let version = reader.u32()?;
        if version != 1 {
            return Err(SourceError::Version(version));
        }
        let shape = reader.shape()?;
        let epsilon = f32::from_bits(reader.u32()?);
        let block = reader.u32()?;
        if block != 32 {
            return Err(SourceError::Damaged(format!("blocks of {block} weights instead of 32")));
        }
        reader.what = "the tokenizer";
        let (pieces, scores, special) = reader.tokenizer(shape.vocabulary)?;
        let rules = reader.rules()?;
        reader.what = "the directory of weights";
        let directory = reader.directory()?;
        Ok(Source { shape, epsilon, special, pieces, scores, rules, directory, bytes })
    }

    /// The tensor called `name`, which must have the shape `dims`.
    pub(super) fn tensor(&self, name: &str, dims: &[usize]) -> Result<QTensor, SourceError> {
        let damaged = |reason: String| SourceError::Damaged(format!("weights `{name}`: {reason}"));
        let entry = self.directory.get(name).ok_or_else(|| damaged("missing".to_owned()))?;
        let blocks = entry.elements / entry.dtype.block_size();
        let length = blocks * entry.dtype.type_size();
        let whole = dims.iter().product::<usize>() == entry.elements
            && entry.elements.is_multiple_of(entry.dtype.block_size())
            && u64::try_from(length) == Ok(entry.length);
        if !whole {
            return Err(damaged(format!("{} elements do not make {dims:?}", entry.elements)));
        }
        let start = usize::try_from(entry.offset).map_err(|_| damaged("an impossible offset".to_owned()))?;
        let data = start
            .checked_add(length)
            .and_then(|end| self.bytes.get(start..end))
            .ok_or(SourceError::Cut { what: "the weights", at: self.bytes.len() })?;
        // A copy, because the blocks must be aligned and a place in the middle of a file need not be.
        QStorage::from_data(Cow::Owned(data.to_vec()), &Device::Cpu, entry.dtype)
            .and_then(|storage| QTensor::new(storage, dims))
            .map_err(|error| damaged(error.to_string()))
    }
}

/// A place in the file, and what is being read there.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    what: &'static str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], SourceError> {
        let cut = SourceError::Cut { what: self.what, at: self.bytes.len() };
        let Some(end) = self.at.checked_add(length) else { return Err(cut) };
        let taken = self.bytes.get(self.at..end).ok_or(cut)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SourceError> {
        Ok(self.take(N)?.try_into().expect("as many bytes as were asked for. This is a bug."))
    }

    fn u8(&mut self) -> Result<u8, SourceError> {
        Ok(self.array::<1>()?[0])
    }

    fn u16(&mut self) -> Result<u16, SourceError> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, SourceError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, SourceError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of things: 32 bits, never negative.
    fn count(&mut self) -> Result<usize, SourceError> {
        let value = i32::from_le_bytes(self.array()?);
        usize::try_from(value).map_err(|_| self.damaged(format!("a count of {value}")))
    }

    fn words(&mut self, count: usize) -> Result<impl Iterator<Item = u32> + use<'a>, SourceError> {
        let bytes = self.take(count.saturating_mul(4))?;
        Ok(bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])))
    }

    fn damaged(&self, reason: String) -> SourceError {
        SourceError::Damaged(format!("{}: {reason}", self.what))
    }

    fn shape(&mut self) -> Result<Shape, SourceError> {
        let shape = Shape {
            hidden: self.count()?,
            layers: self.count()?,
            heads: self.count()?,
            feed_forward: self.count()?,
            vocabulary: self.count()?,
            positions: self.count()?,
            token_types: self.count()?,
        };
        let sensible = shape.heads > 0
            && shape.hidden > 0
            && shape.hidden.is_multiple_of(shape.heads)
            && shape.vocabulary <= 1 << 22
            && shape.layers <= 1 << 10;
        if sensible { Ok(shape) } else { Err(self.damaged(format!("impossible sizes {shape:?}"))) }
    }

    fn tokenizer(&mut self, vocabulary: usize) -> Result<(Vec<String>, Vec<f32>, Special), SourceError> {
        let count = self.count()?;
        if count > vocabulary {
            return Err(self.damaged(format!("{count} pieces for {vocabulary} rows")));
        }
        let [begin, end, padding, unknown] = [self.u32()?, self.u32()?, self.u32()?, self.u32()?];
        for id in [begin, end, padding, unknown] {
            if usize::try_from(id).map_or(true, |id| id >= count) {
                return Err(self.damaged(format!("the special token {id} is not one of {count}")));
            }
        }
        let length = usize::try_from(self.u64()?).unwrap_or(usize::MAX);
        let offsets: Vec<usize> = self.words(count + 1)?.map(|offset| offset as usize).collect();
        let scores = self.words(count)?.map(f32::from_bits).collect();
        let text = self.take(length)?;
        let pieces = offsets
            .windows(2)
            .map(|pair| text.get(pair[0]..pair[1]).and_then(|piece| String::from_utf8(piece.to_vec()).ok()))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| self.damaged("a piece is no text".to_owned()))?;
        Ok((pieces, scores, Special { begin, end, padding, unknown }))
    }

    /// The normalisation: which character becomes which text.
    fn rules(&mut self) -> Result<Vec<(char, String)>, SourceError> {
        let count = self.count()?;
        let end = self.u32()? as usize;
        let end = self.at.saturating_add(end);
        if count > MOST_RULES {
            return Err(self.damaged(format!("{count} rules of normalisation")));
        }
        let mut rules = Vec::new();
        for _ in 0..count {
            let from = self.u32()?;
            let length = usize::from(self.u8()?);
            let to: Option<String> = self.words(length)?.map(char::from_u32).collect();
            match (char::from_u32(from), to) {
                (Some(from), Some(to)) => rules.push((from, to)),
                _ => return Err(self.damaged(format!("a rule for {from:#x} that is no text"))),
            }
        }
        if self.at == end { Ok(rules) } else { Err(self.damaged("the rules have another length".to_owned())) }
    }

    fn directory(&mut self) -> Result<HashMap<String, Entry>, SourceError> {
        let count = self.count()?;
        let mut directory = HashMap::new();
        for _ in 0..count {
            let length = usize::from(self.u16()?);
            let name = String::from_utf8_lossy(self.take(length)?).into_owned();
            let dtype = match self.u8()? {
                0 => GgmlDType::F32,
                1 => GgmlDType::Q4_0,
                other => return Err(self.damaged(format!("`{name}` has the unknown type {other}"))),
            };
            let elements = self.u32()? as usize;
            let entry = Entry { dtype, elements, offset: self.u64()?, length: self.u64()? };
            directory.insert(name, entry);
        }
        Ok(directory)
    }
}
