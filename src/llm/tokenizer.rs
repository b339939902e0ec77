//! Text to tokens and back, as the model's own file describes it.
//!
//! Plain text can never become a special token: the encoders do not know those at all. Special tokens are found only
//! by [`Tokenizer::encode_prompt`], in text that the chat template wrote; what people wrote goes through
//! [`Tokenizer::neutralise`] first.

mod byte_level;
mod pieces;
mod sentence_piece;
mod special;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::borrow::Cow;

use self::byte_level::ByteLevel;
use self::pieces::Pieces;
use self::sentence_piece::SentencePiece;
use self::special::{Literals, Part};
pub(super) use self::vocabulary::{Kind, Vocabulary};

/// Control tokens that end an answer, whatever the file names as its end of text.
const END_TOKENS: [&str; 12] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|eot|>",
    "<end_of_turn>",
    "<eos>",
    "</s>",
    "<EOT>",
    "<|return|>",
];

enum Encoder {
    ByteLevel(Box<ByteLevel>),
    SentencePiece(SentencePiece),
}

/// The tokenizer of one model.
pub(super) struct Tokenizer {
    encoder: Encoder,
    pieces: Pieces,
    /// Everything that means more than its letters: read in what the template wrote.
    special: Literals,
    /// Text that was added beside the merges and means no more than its letters: read in any text.
    harmless: Literals,
    ends: Vec<u32>,
    bos: Option<u32>,
    adds_bos: bool,
    size: usize,
    bos_text: String,
    eos_text: String,
}

impl Tokenizer {
    /// Builds the tokenizer; the error says what the file lacks.
    pub(super) fn new(mut vocabulary: Vocabulary) -> Result<Self, String> {
        let size = vocabulary.tokens.len();
        if size == 0 {
            return Err("its list of tokens is empty".to_owned());
        }
        let pieces = Pieces::new(&vocabulary);
        let added = || vocabulary.of_kinds(&[Kind::Control, Kind::UserDefined]);
        let special = Literals::new(added().filter(|(text, _)| !is_harmless(text)))?;
        let harmless = Literals::new(added().filter(|(text, _)| is_harmless(text)))?;
        let text_of =
            |id: Option<u32>| id.and_then(|id| vocabulary.tokens.get(id as usize)).cloned().unwrap_or_default();
        let (bos_text, eos_text) = (text_of(vocabulary.bos), text_of(vocabulary.eos));
        let ends = end_tokens(&vocabulary);
        let (bos, adds_bos) = (vocabulary.bos, vocabulary.adds_bos);
        let encoder = match vocabulary.model.as_str() {
            "gpt2" => Encoder::ByteLevel(Box::new(ByteLevel::new(&mut vocabulary)?)),
            "llama" => Encoder::SentencePiece(SentencePiece::new(vocabulary)?),
            other => return Err(format!("its kind is `{other}`; supported: gpt2, llama")),
        };
        if ends.is_empty() {
            return Err("it names no token that ends an answer".to_owned());
        }
        Ok(Tokenizer { encoder, pieces, special, harmless, ends, bos, adds_bos, size, bos_text, eos_text })
    }

    /// The tokens of plain text that stands inside other text.
    pub(super) fn encode_text(&self, text: &str) -> Result<Vec<u32>, String> {
        let mut ids = Vec::new();
        self.append_text(text, false, &mut ids)?;
        Ok(ids)
    }

    /// The tokens of a prompt that the chat template wrote; `marker` is what [`Tokenizer::neutralise`] put in.
    pub(super) fn encode_prompt(&self, prompt: &str, marker: char) -> Result<Vec<u32>, String> {
        let mut ids = Vec::new();
        let mut after_special = true;
        for part in self.special.split(prompt) {
            match part {
                Part::Literal(id) => ids.push(id),
                Part::Text(text) => {
                    let text: Cow<'_, str> =
                        if text.contains(marker) { text.replace(marker, "").into() } else { text.into() };
                    self.append_text(&text, after_special, &mut ids)?;
                }
            }
            after_special = matches!(part, Part::Literal(_));
        }
        if let Some(bos) = self.bos.filter(|bos| self.adds_bos && ids.first() != Some(bos)) {
            ids.insert(0, bos);
        }
        Ok(ids)
    }

    /// Breaks up whatever spells a special token, by a character that neither the text nor the template holds.
    pub(super) fn neutralise<'t>(&self, text: &'t str, marker: char) -> Cow<'t, str> {
        self.special.break_up(text, marker)
    }

    fn append_text(&self, text: &str, after_special: bool, ids: &mut Vec<u32>) -> Result<(), String> {
        let mut first = after_special;
        for part in self.harmless.split(text) {
            match (part, &self.encoder) {
                (Part::Literal(id), _) => ids.push(id),
                (Part::Text(text), Encoder::ByteLevel(encoder)) => encoder.encode(text, ids)?,
                (Part::Text(text), Encoder::SentencePiece(encoder)) => encoder.encode(text, first, ids),
            }
            first = false;
        }
        Ok(())
    }

    /// The bytes that a token stands for; none for special tokens and for ids that do not exist.
    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        self.pieces.get(id)
    }

    /// Whether a token ends the answer.
    pub(super) fn is_end(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }

    /// The tokens that end an answer, at least one.
    pub(super) fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// How many tokens there are.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// How the token that begins a text is written; empty when there is none.
    pub(super) fn bos_text(&self) -> &str {
        &self.bos_text
    }

    /// How the token that ends a text is written; empty when there is none.
    pub(super) fn eos_text(&self) -> &str {
        &self.eos_text
    }
}

/// White space and single characters steer nothing.
fn is_harmless(text: &str) -> bool {
    text.chars().all(char::is_whitespace) || text.chars().nth(1).is_none()
}

fn end_tokens(vocabulary: &Vocabulary) -> Vec<u32> {
    let named = [vocabulary.eos, vocabulary.eot].into_iter().flatten();
    let known = vocabulary.of_kinds(&[Kind::Control, Kind::UserDefined]);
    let known = known.filter(|(text, _)| END_TOKENS.contains(&text.as_str())).map(|(_, id)| id);
    let mut ends: Vec<u32> = named.chain(known).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}
