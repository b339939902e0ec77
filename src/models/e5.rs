//! Turns the packed file of multilingual-e5-small into a GGUF, once, when the model is fetched.
//!
//! The names and the metadata are those that llama.cpp writes for such a model, so that everything that runs knows one
//! format. The weights are copied as they are: their 4-bit blocks have the same layout in both files.

pub(crate) mod charsmap;
mod source;
#[cfg(test)]
pub(crate) mod tiny;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{self, Value};

use source::{Source, SourceError};

/// Names of a layer's parts: the packed file's, the GGUF's. Those that end in `ln` are normalisations.
const LAYER: [(&str, &str); 8] = [
    ("q", "attn_q"),
    ("k", "attn_k"),
    ("v", "attn_v"),
    ("ao", "attn_output"),
    ("fi", "ffn_up"),
    ("fo", "ffn_down"),
    ("aln", "attn_output_norm"),
    ("oln", "layer_output_norm"),
];

/// Why a file could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is another one, was cut short, or is damaged.
    #[error("{path} cannot be used: {reason}. Delete the file and fetch the model again")]
    Source {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The weights could not be written as a GGUF.
    #[error("cannot write {path}: {reason}. Check that the disk has room, then fetch the model again")]
    Gguf {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
}

/// Converts the packed model at `source` into a GGUF at `destination`.
///
/// # Errors
/// When `source` is cut short or is not such a file, or when the disk refuses. `destination` is only ever whole: it is
/// written under another name beside it and renamed at the end.
pub fn convert(source: &Path, destination: &Path) -> Result<(), ConvertError> {
    let bytes = fs::read(source).map_err(|error| ConvertError::Io {
        action: "read",
        path: source.to_owned(),
        source: error,
    })?;
    let bad = |error: SourceError| ConvertError::Source { path: source.to_owned(), reason: error.to_string() };
    let packed = Source::parse(&bytes).map_err(bad)?;
    let tensors = tensors(&packed).map_err(bad)?;
    let metadata = metadata(&packed);

    let partial = partial_path(destination);
    let written = write(&partial, &metadata, &tensors).and_then(|()| {
        fs::rename(&partial, destination).map_err(|source| ConvertError::Io {
            action: "write",
            path: destination.to_owned(),
            source,
        })
    });
    if written.is_err() {
        // What is left is of no use; that it cannot be removed either changes nothing about the error.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// The name under which the file grows: no other process picks the same.
fn partial_path(destination: &Path) -> PathBuf {
    let mut name = destination.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    destination.with_file_name(name)
}

fn write(path: &Path, metadata: &[(String, Value)], tensors: &[(String, QTensor)]) -> Result<(), ConvertError> {
    let io = |source| ConvertError::Io { action: "write", path: path.to_owned(), source };
    let mut file = BufWriter::new(File::create(path).map_err(io)?);
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut file, &metadata, &tensors)
        .map_err(|error| ConvertError::Gguf { path: path.to_owned(), reason: error.to_string() })?;
    file.flush().map_err(io)?;
    file.get_ref().sync_all().map_err(io)
}

/// Every tensor under its GGUF name.
fn tensors(source: &Source<'_>) -> Result<Vec<(String, QTensor)>, SourceError> {
    let hidden = source.shape.hidden;
    let inner = source.shape.feed_forward;
    let mut tensors = vec![
        ("token_embd.weight".to_owned(), source.tensor("emb.word", &[source.shape.vocabulary, hidden])?),
        ("position_embd.weight".to_owned(), source.tensor("emb.pos", &[source.shape.positions, hidden])?),
        ("token_types.weight".to_owned(), source.tensor("emb.type", &[source.shape.token_types, hidden])?),
        ("token_embd_norm.weight".to_owned(), source.tensor("emb.ln.w", &[hidden])?),
        ("token_embd_norm.bias".to_owned(), source.tensor("emb.ln.b", &[hidden])?),
    ];
    for layer in 0..source.shape.layers {
        for (from, to) in LAYER {
            let (outputs, inputs) = match from {
                "fi" => (inner, hidden),
                "fo" => (hidden, inner),
                _ => (hidden, hidden),
            };
            let weight: &[usize] = if from.ends_with("ln") { &[hidden] } else { &[outputs, inputs] };
            tensors.push((format!("blk.{layer}.{to}.weight"), source.tensor(&format!("l{layer}.{from}.w"), weight)?));
            tensors.push((format!("blk.{layer}.{to}.bias"), source.tensor(&format!("l{layer}.{from}.b"), &[outputs])?));
        }
    }
    Ok(tensors)
}

fn metadata(source: &Source<'_>) -> Vec<(String, Value)> {
    let mut metadata = model_metadata(source);
    metadata.extend(tokenizer_metadata(source));
    metadata
}

fn model_metadata(source: &Source<'_>) -> Vec<(String, Value)> {
    let shape = &source.shape;
    let size = |value: usize| Value::U32(u32::try_from(value).expect("read from 32 bits. This is a bug."));
    [
        ("general.architecture", Value::String("bert".to_owned())),
        ("general.name", Value::String("multilingual-e5-small".to_owned())),
        ("general.license", Value::String("mit".to_owned())),
        // "Mostly Q4_0" in llama.cpp's list of file types.
        ("general.file_type", Value::U32(2)),
        ("general.quantization_version", Value::U32(2)),
        ("bert.block_count", size(shape.layers)),
        ("bert.context_length", size(shape.positions)),
        ("bert.embedding_length", size(shape.hidden)),
        ("bert.feed_forward_length", size(shape.feed_forward)),
        ("bert.attention.head_count", size(shape.heads)),
        ("bert.attention.layer_norm_epsilon", Value::F32(source.epsilon)),
        ("bert.attention.causal", Value::Bool(false)),
        // The mean over all tokens.
        ("bert.pooling_type", Value::U32(1)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// The tokenizer as llama.cpp describes XLM-R's: its name for a SentencePiece unigram model is `t5`.
fn tokenizer_metadata(source: &Source<'_>) -> Vec<(String, Value)> {
    let special = &source.special;
    let (mut tokens, mut scores, mut types) = (Vec::new(), Vec::new(), Vec::new());
    for id in 0..source.shape.vocabulary {
        match source.pieces.get(id) {
            Some(piece) => tokens.push(Value::String(piece.clone())),
            // The embedding has more rows than there are pieces; llama.cpp names the rest like this.
            None => tokens.push(Value::String(format!("[PAD{id}]"))),
        }
        scores.push(Value::F32(source.scores.get(id).copied().unwrap_or(-10_000.0)));
        types.push(Value::I32(token_type(source, id)));
    }
    let map = charsmap::build(&source.rules).into_iter().map(Value::U8).collect();
    [
        ("model", Value::String("t5".to_owned())),
        ("pre", Value::String("default".to_owned())),
        ("tokens", Value::Array(tokens)),
        ("scores", Value::Array(scores)),
        ("token_type", Value::Array(types)),
        ("token_type_count", Value::U32(u32::try_from(source.shape.token_types).unwrap_or(1))),
        ("add_space_prefix", Value::Bool(true)),
        ("remove_extra_whitespaces", Value::Bool(true)),
        ("precompiled_charsmap", Value::Array(map)),
        ("bos_token_id", Value::U32(special.begin)),
        ("eos_token_id", Value::U32(special.end)),
        // Spelt as llama.cpp spells it.
        ("seperator_token_id", Value::U32(special.end)),
        ("padding_token_id", Value::U32(special.padding)),
        ("unknown_token_id", Value::U32(special.unknown)),
        ("add_bos_token", Value::Bool(true)),
        ("add_eos_token", Value::Bool(true)),
    ]
    .map(|(key, value)| (format!("tokenizer.ggml.{key}"), value))
    .into()
}

/// llama.cpp's kinds of token: 1 normal, 2 unknown, 3 control, 5 unused.
fn token_type(source: &Source<'_>, id: usize) -> i32 {
    let special = &source.special;
    let is = |other: u32| usize::try_from(other) == Ok(id);
    match source.pieces.get(id) {
        None => 5,
        Some(_) if is(special.unknown) => 2,
        Some(_) if is(special.begin) || is(special.end) || is(special.padding) => 3,
        Some(piece) if piece == "<mask>" => 3,
        Some(_) => 1,
    }
}

#[cfg(test)]
mod tests;
