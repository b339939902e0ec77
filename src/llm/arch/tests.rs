//! Every architecture, with tiny random weights: reading in chunks is reading.

#[path = "../../../tests/support/tiny_gguf.rs"]
pub(in crate::llm) mod tiny_gguf;

use super::{Architecture, Decoder, DecoderChoice, load};
use crate::llm::weights::WeightsFile;

const CHOICES: [DecoderChoice; 2] = [DecoderChoice::Best, DecoderChoice::Stock];

fn decoder(choice: DecoderChoice, architecture: Architecture) -> Box<dyn Decoder> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    tiny_gguf::write(&path, architecture.name());
    let weights = WeightsFile::open(&path).unwrap();
    assert_eq!(Architecture::of(&weights).unwrap(), architecture);
    let context = architecture.context(choice, &weights, usize::MAX);
    assert_eq!(context, tiny_gguf::CONTEXT as usize);
    load(choice, architecture, weights, context, 2).unwrap()
}

/// Reads in the chunks that the decoder asks for.
fn read(decoder: &mut dyn Decoder, tokens: &[u32], mut position: usize) -> Vec<f32> {
    let mut logits = Vec::new();
    let mut rest = tokens;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(decoder.chunk(position, rest.len()));
        logits = decoder.forward(chunk, position).unwrap();
        position += chunk.len();
        rest = after;
    }
    logits
}

fn assert_close(one: &[f32], other: &[f32]) {
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(other) {
        assert!((one - other).abs() < 0.05 * (1.0 + one.abs()), "{one} is not {other}");
    }
}

fn tokens(count: u32) -> Vec<u32> {
    (0..count).map(|index| index * 37 % 250).collect()
}

#[test]
fn the_supported_architectures_are_those_with_a_tiny_file() {
    assert_eq!(Architecture::ALL.map(Architecture::name), tiny_gguf::ARCHITECTURES);
}

#[test]
fn a_prompt_read_in_chunks_gives_the_logits_of_one_read_token_by_token() {
    let prompt = tokens(300);
    for (choice, architecture) in CHOICES.into_iter().flat_map(|choice| Architecture::ALL.map(|kind| (choice, kind))) {
        let mut decoder = decoder(choice, architecture);
        let in_chunks = read(decoder.as_mut(), &prompt, 0);
        assert_eq!(decoder.rewind(0), 0);
        // LFM2 needs two tokens to start with.
        let mut one_by_one = decoder.forward(&prompt[..2], 0).unwrap();
        for (position, token) in prompt.iter().enumerate().skip(2) {
            one_by_one = decoder.forward(&[*token], position).unwrap();
        }
        assert_close(&in_chunks, &one_by_one);
    }
}

#[test]
fn what_is_kept_by_a_rewind_is_as_good_as_read_again() {
    let (before, after) = (tokens(40), tokens(25));
    let whole: Vec<u32> = before.iter().chain(&after).copied().collect();
    for (choice, architecture) in CHOICES.into_iter().flat_map(|choice| Architecture::ALL.map(|kind| (choice, kind))) {
        let mut decoder = decoder(choice, architecture);
        let expected = read(decoder.as_mut(), &whole, 0);
        decoder.rewind(0);
        read(decoder.as_mut(), &before, 0);
        let kept = decoder.rewind(before.len());
        assert!(kept == before.len() || kept == 0);
        assert_close(&read(decoder.as_mut(), &whole[kept..], kept), &expected);
        let kept = decoder.rewind(10);
        assert!(kept == 0 || choice == DecoderChoice::Best, "no stock model can cut its memory");
        assert_close(&read(decoder.as_mut(), &whole[kept..], kept), &expected);
    }
}

#[test]
fn tokens_that_do_not_follow_on_are_refused() {
    for choice in CHOICES {
        let mut decoder = decoder(choice, Architecture::Qwen2);
        decoder.forward(&tokens(4), 0).unwrap();
        assert!(decoder.forward(&tokens(4), 9).is_err());
    }
}

#[test]
fn chunks_are_bounded_and_end_where_the_next_is_aligned() {
    let decoder = decoder(DecoderChoice::Stock, Architecture::Qwen2);
    assert_eq!(decoder.chunk(0, 1000), 128);
    assert_eq!(decoder.chunk(128, 100), 96);
    assert_eq!(decoder.chunk(224, 4), 4);
    assert_eq!(decoder.chunk(5, 1000), 11);
}
