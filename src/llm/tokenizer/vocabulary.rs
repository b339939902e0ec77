//! What a GGUF file says about its tokenizer, read into plain values.

use candle_core::quantized::gguf_file::Value;

use crate::llm::weights::{Metadata, unsigned};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A piece of text.
    Normal,
    /// Stands for what cannot be encoded.
    Unknown,
    /// Steers the model: a role, the end of a turn.
    Control,
    /// Text that was added beside the merges.
    UserDefined,
    /// A place in the table that means nothing.
    Unused,
    /// One byte.
    Byte,
}

/// A tokenizer's tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    /// `gpt2` for byte-level merges, `llama` for SentencePiece.
    pub(crate) model: String,
    /// How text is cut before merging, for byte-level models.
    pub(crate) cut: Option<String>,
    /// Each token as the file spells it.
    pub(crate) tokens: Vec<String>,
    /// What each token is for, as long as `tokens`.
    pub(crate) kinds: Vec<Kind>,
    /// How much SentencePiece likes each token, as long as `tokens` there and empty elsewhere.
    pub(crate) scores: Vec<f32>,
    /// Which two pieces become one, the most urgent first.
    pub(crate) merges: Vec<(String, String)>,
    /// Begins a text.
    pub(crate) bos: Option<u32>,
    /// Ends a text.
    pub(crate) eos: Option<u32>,
    /// Ends a turn.
    pub(crate) eot: Option<u32>,
    /// What SentencePiece writes where it knows no piece.
    pub(crate) unknown: Option<u32>,
    /// Whether a prompt must begin with `bos`.
    pub(crate) adds_bos: bool,
    /// Whether SentencePiece puts a space before a text.
    pub(crate) adds_space: bool,
}

impl Vocabulary {
    /// Reads the tables; the error says what is missing.
    pub(crate) fn read(metadata: Metadata<'_>) -> Result<Self, String> {
        let model = metadata.string("tokenizer.ggml.model").ok_or("the file has no `tokenizer.ggml.model`")?.to_owned();
        let tokens =
            strings(metadata.array("tokenizer.ggml.tokens").ok_or("the file has no `tokenizer.ggml.tokens`")?)?;
        let id = |key: &str| {
            let id = metadata.unsigned(&format!("tokenizer.ggml.{key}_token_id"));
            id.and_then(|id| u32::try_from(id).ok()).filter(|&id| (id as usize) < tokens.len())
        };
        let (bos, eos, eot, unknown) = (id("bos"), id("eos"), id("eot"), id("unknown"));
        let mut kinds: Vec<Kind> =
            metadata.array("tokenizer.ggml.token_type").unwrap_or_default().iter().map(kind).collect();
        kinds.resize(tokens.len(), Kind::Normal);
        // Some files mark nothing; what they name by id is special all the same.
        for special in [bos, eos, eot].into_iter().flatten() {
            if kinds[special as usize] == Kind::Normal {
                kinds[special as usize] = Kind::Control;
            }
        }
        let sentence_piece = model == "llama";
        let flag = |key: &str| metadata.boolean(&format!("tokenizer.ggml.{key}"));
        Ok(Vocabulary {
            cut: metadata.string("tokenizer.ggml.pre").map(str::to_owned),
            kinds,
            scores: floats(metadata.array("tokenizer.ggml.scores").unwrap_or_default())?,
            merges: merges(metadata.array("tokenizer.ggml.merges").unwrap_or_default())?,
            bos,
            eos,
            eot,
            unknown,
            adds_bos: flag("add_bos_token").unwrap_or(sentence_piece),
            adds_space: flag("add_space_prefix").unwrap_or(sentence_piece),
            model,
            tokens,
        })
    }

    /// The tokens of some kinds, with their ids.
    pub(crate) fn of_kinds(&self, kinds: &'static [Kind]) -> impl Iterator<Item = (String, u32)> + '_ {
        let rows = self.tokens.iter().zip(&self.kinds).zip(0u32..);
        rows.filter(|((_, kind), _)| kinds.contains(kind)).map(|((text, _), id)| (self.as_written(text), id))
    }

    /// SentencePiece spells a space `▁`.
    fn as_written(&self, token: &str) -> String {
        if self.model == "llama" { token.replace('▁', " ") } else { token.to_owned() }
    }
}

/// The codes are those of SentencePiece.
fn kind(value: &Value) -> Kind {
    match unsigned(value) {
        Some(2) => Kind::Unknown,
        Some(3) => Kind::Control,
        Some(4) => Kind::UserDefined,
        Some(5) => Kind::Unused,
        Some(6) => Kind::Byte,
        _ => Kind::Normal,
    }
}

fn text(value: &Value) -> Result<&str, String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(format!("a token is of type {:?}", other.value_type())),
    }
}

fn strings(values: &[Value]) -> Result<Vec<String>, String> {
    values.iter().map(|value| text(value).map(str::to_owned)).collect()
}

fn floats(values: &[Value]) -> Result<Vec<f32>, String> {
    values
        .iter()
        .map(|value| match value {
            Value::F32(score) => Ok(*score),
            other => Err(format!("a score is of type {:?}", other.value_type())),
        })
        .collect()
}

fn merges(values: &[Value]) -> Result<Vec<(String, String)>, String> {
    let pair = |value| {
        let line = text(value)?;
        let (left, right) = line.split_once(' ').ok_or_else(|| format!("`{line}` is not a merge"))?;
        Ok((left.to_owned(), right.to_owned()))
    };
    values.iter().map(pair).collect()
}
