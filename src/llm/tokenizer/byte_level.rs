//! Byte-level byte-pair encoding: Qwen, Llama 3, SmolLM, Phi 4, LFM2.
//!
//! The file names how text is cut before merging only by a word (`tokenizer.ggml.pre`); the patterns stand here.

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel as Bytes;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{NormalizerWrapper, SplitDelimiterBehavior};

use super::vocabulary::{Kind, Vocabulary};

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const DIGIT: &str = r"\p{N}";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How a family of models cuts text before merging.
struct Cut {
    patterns: &'static [&'static str],
    /// Whether a word that is a token needs no merging.
    whole_words: bool,
    /// Whether text is composed (NFC) first.
    composes: bool,
}

impl Cut {
    /// By the name in the file; files from before there were names are GPT-2's.
    fn named(name: Option<&str>) -> Result<Self, String> {
        let cut = |patterns| Cut { patterns, whole_words: false, composes: false };
        Ok(match name.unwrap_or("gpt-2") {
            "gpt-2" | "gpt2" | "default" | "phi-2" => cut(&[GPT2]),
            "smollm" | "starcoder" | "refact" | "command-r" => cut(&[DIGIT, GPT2]),
            "qwen2" | "deepseek-r1-qwen" => Cut { composes: true, ..cut(&[QWEN2]) },
            "llama3" | "llama-v3" | "llama-bpe" | "falcon3" | "pixtral" | "lfm2" => {
                Cut { whole_words: true, ..cut(&[LLAMA3]) }
            }
            "dbrx" | "smaug-bpe" => cut(&[LLAMA3]),
            "gpt-4o" | "llama4" => cut(&[GPT4O]),
            "tekken" => Cut { whole_words: true, ..cut(&[TEKKEN]) },
            other => {
                return Err(format!("it cuts text in a way that is not known (`tokenizer.ggml.pre` is `{other}`)"));
            }
        })
    }

    fn pre_tokenizer(&self) -> Result<PreTokenizerWrapper, String> {
        let mut steps: Vec<PreTokenizerWrapper> = Vec::new();
        for pattern in self.patterns {
            let pattern = SplitPattern::Regex((*pattern).to_owned());
            let split =
                Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(|error| error.to_string())?;
            steps.push(split.into());
        }
        steps.push(Bytes::new(false, false, false).into());
        Ok(Sequence::new(steps).into())
    }
}

/// An encoder that knows the normal tokens only.
pub(super) struct ByteLevel {
    inner: tokenizers::Tokenizer,
}

impl ByteLevel {
    /// Takes the merges out of `vocabulary`: they are large and nobody else needs them.
    pub(super) fn new(vocabulary: &mut Vocabulary) -> Result<Self, String> {
        let cut = Cut::named(vocabulary.cut.as_deref())?;
        let rows = vocabulary.tokens.iter().zip(&vocabulary.kinds).zip(0u32..);
        let plain: Vocab =
            rows.filter(|((_, kind), _)| **kind == Kind::Normal).map(|((text, _), id)| (text.clone(), id)).collect();
        // Some vocabularies lack bytes that text never holds; one that lacks letters is no byte-level vocabulary.
        let lacks = |byte: u8| !plain.contains_key(char_of(byte).encode_utf8(&mut [0; 4]) as &str);
        if let Some(byte) = (b' '..=b'~').find(|&byte| lacks(byte)) {
            return Err(format!("it has no token for the byte {byte:#04x}"));
        }
        let merges = std::mem::take(&mut vocabulary.merges);
        let model = BPE::builder().vocab_and_merges(plain, merges).ignore_merges(cut.whole_words).build();
        let mut inner = tokenizers::Tokenizer::new(model.map_err(|error| error.to_string())?);
        inner.with_pre_tokenizer(Some(cut.pre_tokenizer()?));
        if cut.composes {
            inner.with_normalizer(Some(NormalizerWrapper::NFC(NFC))).map_err(|error| error.to_string())?;
        }
        Ok(ByteLevel { inner })
    }

    pub(super) fn encode(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), String> {
        let encoding = self.inner.encode_fast(text, false).map_err(|error| error.to_string())?;
        ids.extend_from_slice(encoding.get_ids());
        Ok(())
    }
}

/// The printable character that GPT-2's vocabulary files write for a byte.
pub(super) fn char_of(byte: u8) -> char {
    match byte {
        b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(byte),
        0..=b' ' => shifted(u32::from(byte)),
        0x7F..=0xA0 => shifted(u32::from(byte) - 0x7F + 33),
        0xAD => shifted(67),
    }
}

/// The bytes without a printable character of their own are numbered from U+0100.
fn shifted(index: u32) -> char {
    char::from_u32(0x100 + index).expect("U+0100 to U+0143 are characters. This is a bug.")
}

/// The byte that a character of a byte-level token stands for.
pub(super) fn byte_of(character: char) -> Option<u8> {
    match u32::from(character) {
        code @ (0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF) => u8::try_from(code).ok(),
        code @ 0x100..=0x120 => u8::try_from(code - 0x100).ok(),
        code @ 0x121..=0x142 => u8::try_from(code - 0x121 + 0x7F).ok(),
        0x143 => Some(0xAD),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{byte_of, char_of};

    #[test]
    fn every_byte_has_its_own_character_and_comes_back_from_it() {
        for byte in 0..=u8::MAX {
            assert_eq!(byte_of(char_of(byte)), Some(byte));
        }
        assert_eq!((char_of(b' '), char_of(b'\n')), ('Ġ', 'Ċ'));
    }
}
