//! Cuts text into the pieces that the model was trained on: SentencePiece's unigram model, from a GGUF's metadata.
//!
//! Special tokens that a text spells out are text like any other.

use candle_core::quantized::gguf_file::Value;
use unicode_normalization::UnicodeNormalization;

use super::charsmap::Charsmap;
use super::gguf::{Flaw, ModelFile};
use super::pieces::Pieces;

/// What SentencePiece writes for a space.
const SPACE: char = '▁';
/// How much less probable an unknown character is than the rarest piece, as a natural logarithm (SentencePiece's value).
const UNKNOWN_PENALTY: f32 = 10.0;
/// llama.cpp's mark of a token that is ordinary text.
const NORMAL: i32 = 1;

/// Turns texts into token ids.
#[derive(Debug)]
pub(super) struct Tokenizer {
    charsmap: Option<Charsmap>,
    pieces: Pieces,
    begin: u32,
    end: u32,
    unknown: u32,
    unknown_score: f32,
}

/// The best way to cut a word up to some place: its score, where its last piece begins, and that piece.
#[derive(Clone, Copy)]
struct Best {
    score: f32,
    start: usize,
    id: u32,
}

impl Tokenizer {
    /// Reads the tokenizer of a model.
    pub(super) fn from_file(file: &mut ModelFile) -> Result<Self, Flaw> {
        let kind = file.text("tokenizer.ggml.model")?;
        if kind != "t5" {
            return Err(Flaw(format!("its tokenizer is `{kind}` instead of the unigram one that GGUF calls `t5`")));
        }
        let id = |key: &str| file.size(key).map(|id| u32::try_from(id).unwrap_or(u32::MAX));
        let begin = id("tokenizer.ggml.bos_token_id")?;
        let end = id("tokenizer.ggml.eos_token_id")?;
        let unknown = id("tokenizer.ggml.unknown_token_id")?;
        let charsmap = match file.take_list("tokenizer.ggml.precompiled_charsmap") {
            Ok(values) => Some(charsmap(&values)?),
            Err(_) => None,
        };
        let pieces = pieces(file)?;
        let unknown_score = pieces.lowest_score() - UNKNOWN_PENALTY;
        Ok(Tokenizer { charsmap, pieces, begin, end, unknown, unknown_score })
    }

    /// The ids of `text` between the begin and end tokens, at most `limit` in all (2 or more): the rest is cut off.
    pub(super) fn encode(&self, text: &str, limit: usize) -> Vec<u32> {
        let mut ids = vec![self.begin];
        for word in self.normalise(text).split(' ').filter(|word| !word.is_empty()) {
            if ids.len() >= limit {
                break;
            }
            self.encode_word(&format!("{SPACE}{word}"), &mut ids);
        }
        ids.truncate(limit.saturating_sub(1));
        ids.push(self.end);
        ids
    }

    /// Every kind of white space becomes a space, look-alikes become one character.
    fn normalise(&self, text: &str) -> String {
        match &self.charsmap {
            // The map's own rules for combining marks are those of NFC.
            Some(charsmap) => charsmap.apply(&text.nfc().collect::<String>()),
            None => text.nfkc().map(|character| if character.is_whitespace() { ' ' } else { character }).collect(),
        }
    }

    /// Appends the most probable pieces of a word; unknown characters in a row are one unknown token.
    fn encode_word(&self, word: &str, ids: &mut Vec<u32>) {
        let best = self.best_path(word);
        let mut pieces = Vec::new();
        let mut end = word.len();
        while end > 0 {
            let last = best[end].expect("every character is at least unknown. This is a bug.");
            if last.id != self.unknown || pieces.last() != Some(&self.unknown) {
                pieces.push(last.id);
            }
            end = last.start;
        }
        ids.extend(pieces.into_iter().rev());
    }

    /// The best last piece at every place of the word at which one can end.
    fn best_path(&self, word: &str) -> Vec<Option<Best>> {
        let mut best: Vec<Option<Best>> = vec![None; word.len() + 1];
        for (start, character) in word.char_indices() {
            // Without a piece that ends here no piece can begin here.
            let before = if start == 0 { Some(0.0) } else { best[start].map(|best| best.score) };
            let Some(before) = before else { continue };
            let mut known = false;
            for (length, id, score) in self.pieces.beginnings(&word.as_bytes()[start..]) {
                known |= length == character.len_utf8();
                improve(&mut best[start + length], Best { score: before + score, start, id });
            }
            if !known {
                let end = start + character.len_utf8();
                improve(&mut best[end], Best { score: before + self.unknown_score, start, id: self.unknown });
            }
        }
        best
    }
}

fn improve(best: &mut Option<Best>, candidate: Best) {
    if best.is_none_or(|best| candidate.score > best.score) {
        *best = Some(candidate);
    }
}

fn charsmap(values: &[Value]) -> Result<Charsmap, Flaw> {
    let byte = |value: &Value| match value {
        Value::U8(byte) => Some(*byte),
        Value::I8(byte) => Some(byte.cast_unsigned()),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = values.iter().map(byte).collect();
    bytes.as_deref().and_then(Charsmap::parse).ok_or_else(|| Flaw("its map of characters is damaged".to_owned()))
}

fn pieces(file: &mut ModelFile) -> Result<Pieces, Flaw> {
    let tokens = file.take_list("tokenizer.ggml.tokens")?;
    let scores = file.take_list("tokenizer.ggml.scores")?;
    let types = file.take_list("tokenizer.ggml.token_type")?;
    if tokens.len() != scores.len() || tokens.len() != types.len() {
        return Err(Flaw(format!("{} tokens have {} scores and {} types", tokens.len(), scores.len(), types.len())));
    }
    let mut pieces = Vec::with_capacity(tokens.len());
    for (id, ((token, score), kind)) in (0_u32..).zip(tokens.into_iter().zip(scores).zip(types)) {
        match (token, score, kind) {
            (Value::String(token), Value::F32(score), Value::I32(NORMAL)) => pieces.push((token, id, score)),
            (Value::String(_), Value::F32(_), Value::I32(_)) => {}
            _ => return Err(Flaw(format!("the token {id} is damaged"))),
        }
    }
    Ok(Pieces::new(pieces))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::knowledge::embed::tests::tiny_model;

    static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
        let (_folder, path) = tiny_model();
        Tokenizer::from_file(&mut ModelFile::open(&path).expect("opens")).expect("a tokenizer")
    });

    /// The ids without begin and end; the tiny vocabulary's pieces begin at 4.
    fn ids(text: &str) -> Vec<u32> {
        let ids = TOKENIZER.encode(text, 512);
        assert_eq!((ids[0], ids[ids.len() - 1]), (0, 2));
        ids[1..ids.len() - 1].to_vec()
    }

    #[test]
    fn the_most_probable_pieces_win_over_the_longest_first_piece() {
        assert_eq!(ids("panadería"), [9], "one piece of -6 beats two of -5 and -7");
        assert_eq!(ids("query: pan"), [5, 7, 8]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_after_the_space_mark() {
        assert_eq!(ids("中国中"), [4, 14, 13]);
    }

    #[test]
    fn white_space_and_look_alikes_are_normalised() {
        assert_eq!(ids("  pan\t\u{a0}\u{1}pan "), [8, 8]);
        assert_eq!(ids("ａｂ"), ids("ab"));
        assert_eq!(ids("e\u{301}"), [15], "a letter and its accent are one character");
    }

    #[test]
    fn unknown_characters_in_a_row_are_one_token() {
        assert_eq!(ids("🙂🙂🙂a🙂"), [4, 3, 11, 3]);
    }

    #[test]
    fn special_tokens_in_a_text_are_only_text() {
        assert!(ids("</s>").iter().all(|id| *id >= 3));
        assert!(!ids("<mask>").contains(&16));
    }

    #[test]
    fn an_empty_text_has_only_begin_and_end() {
        assert_eq!(TOKENIZER.encode(" \t", 512), [0, 2]);
    }

    #[test]
    fn a_long_text_is_cut_and_still_ended() {
        let ids = TOKENIZER.encode(&"pan ".repeat(40), 16);
        assert_eq!(ids.len(), 16);
        assert_eq!(ids[15], 2);
    }

    #[test]
    fn another_kind_of_tokenizer_is_refused() {
        let (_folder, path) = tiny_model();
        let mut file = ModelFile::open(&path).expect("opens");
        file.metadata().insert("tokenizer.ggml.model".to_owned(), Value::String("gpt2".to_owned()));
        assert!(Tokenizer::from_file(&mut file).expect_err("refused").to_string().contains("gpt2"));
    }

    #[test]
    fn without_a_map_text_is_normalised_by_the_standard() {
        let (_folder, path) = tiny_model();
        let mut file = ModelFile::open(&path).expect("opens");
        file.metadata().remove("tokenizer.ggml.precompiled_charsmap");
        let tokenizer = Tokenizer::from_file(&mut file).expect("a tokenizer");
        assert_eq!(tokenizer.encode("ａｂ\tpan", 512), [0, 4, 11, 12, 8, 2]);
    }

    proptest! {
        #[test]
        fn any_text_gives_ids_of_the_vocabulary_within_the_limit(text in any::<String>()) {
            let ids = TOKENIZER.encode(&text, 16);
            prop_assert!(ids.len() <= 16);
            prop_assert!(ids.iter().all(|id| *id < 16));
        }
    }
}
