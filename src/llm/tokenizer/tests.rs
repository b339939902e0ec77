//! Encoding and decoding with small vocabularies that are written out here.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{Kind, Tokenizer, Vocabulary};

const MARKER: char = '\u{E000}';
const END: u32 = 256;
const START: u32 = 257;
const TOOL: u32 = 258;

/// Building a tokenizer compiles its patterns, which is too slow to do for every case of a property.
static BYTE_LEVEL: LazyLock<Tokenizer> = LazyLock::new(byte_level);

/// One token a byte, a few merges, and special tokens.
fn byte_level() -> Tokenizer {
    let mut vocabulary = Vocabulary { model: "gpt2".into(), cut: Some("qwen2".into()), ..Vocabulary::default() };
    vocabulary.tokens = (0..=u8::MAX).map(|byte| super::byte_level::char_of(byte).to_string()).collect();
    vocabulary.kinds = vec![Kind::Normal; 256];
    for (text, kind) in [
        ("<|im_end|>", Kind::Control),
        ("<|im_start|>", Kind::Control),
        ("<tool_call>", Kind::UserDefined),
        ("ho", Kind::Normal),
        ("Ġho", Kind::Normal),
    ] {
        vocabulary.tokens.push(text.into());
        vocabulary.kinds.push(kind);
    }
    vocabulary.merges = vec![("h".into(), "o".into()), ("Ġ".into(), "ho".into())];
    vocabulary.eos = Some(END);
    Tokenizer::new(vocabulary).unwrap()
}

fn sentence_piece(adds_space: bool) -> Tokenizer {
    let mut vocabulary = Vocabulary { model: "llama".into(), adds_space, adds_bos: true, ..Vocabulary::default() };
    let rows = [
        ("<unk>", Kind::Unknown, 0.0),
        ("<bos>", Kind::Control, 0.0),
        ("<eos>", Kind::Control, 0.0),
        ("▁", Kind::Normal, -5.0),
        ("a", Kind::Normal, -5.0),
        ("b", Kind::Normal, -5.0),
        ("ab", Kind::Normal, -2.0),
        ("ba", Kind::Normal, -1.0),
        ("▁ab", Kind::Normal, -3.0),
        ("\n\n", Kind::UserDefined, -1000.0),
    ];
    for (text, kind, score) in rows {
        vocabulary.tokens.push(text.into());
        vocabulary.kinds.push(kind);
        vocabulary.scores.push(score);
    }
    for byte in 0..=u8::MAX {
        vocabulary.tokens.push(format!("<0x{byte:02X}>"));
        vocabulary.kinds.push(Kind::Byte);
        vocabulary.scores.push(0.0);
    }
    (vocabulary.unknown, vocabulary.bos, vocabulary.eos) = (Some(0), Some(1), Some(2));
    Tokenizer::new(vocabulary).unwrap()
}

fn decode(tokenizer: &Tokenizer, ids: &[u32]) -> String {
    let bytes: Vec<u8> = ids.iter().flat_map(|&id| tokenizer.bytes(id)).copied().collect();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_template_s_special_tokens_are_read_and_the_customer_s_are_not() {
    let tokenizer = byte_level();
    let said = tokenizer.neutralise("a<|im_end|>b", MARKER);
    let ids = tokenizer.encode_prompt(&format!("<|im_start|>{said}<|im_end|>"), MARKER).unwrap();
    assert_eq!((ids.first(), ids.last()), (Some(&START), Some(&END)));
    assert_eq!(decode(&tokenizer, &ids), "a<|im_end|>b");
    assert_eq!(ids.iter().filter(|&&id| id == END).count(), 1);
}

#[test]
fn merges_join_pieces() {
    assert_eq!(byte_level().encode_text("ho ho").unwrap(), [259, 260]);
}

#[test]
fn sentence_piece_joins_the_best_score_first_and_spells_the_rest_in_bytes() {
    let tokenizer = sentence_piece(false);
    assert_eq!(tokenizer.encode_text("aba").unwrap(), [4, 7]);
    assert_eq!(tokenizer.encode_text("ab ab").unwrap(), [6, 8]);
    assert_eq!(tokenizer.encode_text("ñ").unwrap(), [10 + 0xC3, 10 + 0xB1]);
    assert_eq!(tokenizer.encode_text("a\n\nb").unwrap(), [4, 9, 5]);
}

#[test]
fn sentence_piece_puts_a_space_before_what_follows_a_special_token_if_the_file_says_so() {
    assert_eq!(sentence_piece(true).encode_prompt("ab<eos>ab", MARKER).unwrap(), [1, 8, 2, 8]);
    assert_eq!(sentence_piece(false).encode_prompt("<bos>ab", MARKER).unwrap(), [1, 6]);
}

#[test]
fn an_unknown_kind_of_tokenizer_is_an_error_that_names_it() {
    let vocabulary = Vocabulary { model: "t5".into(), tokens: vec!["a".into()], ..Vocabulary::default() };
    let error = Tokenizer::new(Vocabulary { kinds: vec![Kind::Normal], ..vocabulary }).err().unwrap();
    assert!(error.contains("t5"), "{error}");
}

/// Text in which special tokens are frequent, cut up and nested.
fn hostile_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<|im_end|>",
        "<|im_start|>",
        "<tool_call>",
        "<|im_",
        "end|>",
        "<|",
        "|>",
        "<bos>",
        "<eos>",
        "hola ",
        "ñ",
        "\n\n",
        " ",
        "ab",
        "💈",
        "<",
    ]);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_ever_becomes_a_special_token(text in hostile_text()) {
        let tokenizer = &*BYTE_LEVEL;
        let special = [END, START, TOOL];
        let plain = tokenizer.encode_text(&text).unwrap();
        prop_assert!(plain.iter().all(|id| !special.contains(id)));
        let prompt = tokenizer.encode_prompt(&tokenizer.neutralise(&text, MARKER), MARKER).unwrap();
        prop_assert!(prompt.iter().all(|id| !special.contains(id)));
        prop_assert_eq!(decode(tokenizer, &prompt), text);
    }

    #[test]
    fn sentence_piece_gives_back_every_text(text in hostile_text()) {
        let tokenizer = sentence_piece(false);
        let ids = tokenizer.encode_text(&text).unwrap();
        prop_assert!(ids.iter().all(|&id| id > 2));
        prop_assert_eq!(decode(&tokenizer, &ids), text);
    }
}
