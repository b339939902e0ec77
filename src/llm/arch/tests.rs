//! Every architecture, with tiny random weights: reading in chunks is reading.

#[path = "../../../tests/support/tiny_gguf.rs"]
pub(in crate::llm) mod tiny_gguf;

use super::{Architecture, Decoder, DecoderChoice, load};
use crate::llm::decoder::{Memory, Piece, Wanted};
use crate::llm::weights::WeightsFile;

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

/// Reads in the chunks that the decoder asks for, and gives the logits after the last token.
fn read(decoder: &mut dyn Decoder, memory: &mut Memory, tokens: &[u32]) -> Vec<f32> {
    let mut logits = Vec::new();
    for tokens in tokens.chunks(decoder.chunk()) {
        logits = decoder.read(&mut [Piece { memory, tokens, wanted: Wanted::Logits(1) }]).unwrap().pop().unwrap();
    }
    logits
}

/// Every architecture with every implementation.
fn all() -> impl Iterator<Item = (DecoderChoice, Architecture)> {
    let choices = [DecoderChoice::Best, DecoderChoice::Stock];
    choices.into_iter().flat_map(|choice| Architecture::ALL.map(|architecture| (choice, architecture)))
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
    for (choice, architecture) in all() {
        let mut decoder = decoder(choice, architecture);
        let in_chunks = read(decoder.as_mut(), &mut Memory::default(), &prompt);
        // LFM2 needs two tokens to start with.
        let mut memory = Memory::default();
        let mut one_by_one = read(decoder.as_mut(), &mut memory, &prompt[..2]);
        for token in &prompt[2..] {
            one_by_one = read(decoder.as_mut(), &mut memory, &[*token]);
        }
        assert_close(&in_chunks, &one_by_one);
    }
}

#[test]
fn what_is_resumed_is_as_good_as_read_again() {
    let (before, after) = (tokens(40), tokens(25));
    let whole: Vec<u32> = before.iter().chain(&after).copied().collect();
    for (choice, architecture) in all() {
        let mut decoder = decoder(choice, architecture);
        let expected = read(decoder.as_mut(), &mut Memory::default(), &whole);
        for length in [40, 33, 10, 0] {
            let mut memory = Memory::default();
            read(decoder.as_mut(), &mut memory, &before);
            let mut resumed = decoder.resume(memory, length);
            let kept = resumed.length();
            assert!(kept == length || kept == 0 && decoder.texts() == 1);
            assert_close(&read(decoder.as_mut(), &mut resumed, &whole[kept..]), &expected);
        }
    }
}

#[test]
fn a_decoder_of_one_text_reads_again_what_it_had_to_forget() {
    for architecture in Architecture::ALL {
        let mut decoder = decoder(DecoderChoice::Stock, architecture);
        let (mut one, mut other) = (Memory::default(), Memory::default());
        let expected = read(decoder.as_mut(), &mut one, &tokens(30));
        let mut one = Memory::default();
        read(decoder.as_mut(), &mut one, &tokens(30)[..20]);
        read(decoder.as_mut(), &mut other, &tokens(9));
        assert_close(&read(decoder.as_mut(), &mut one, &tokens(30)[20..]), &expected);
        assert_eq!((one.length(), other.length()), (30, 9));
    }
}

#[test]
fn a_decoder_of_one_text_refuses_what_it_cannot_do() {
    let mut decoder = decoder(DecoderChoice::Stock, Architecture::Qwen2);
    let (mut one, mut other) = (Memory::default(), Memory::default());
    assert!(decoder.read(&mut [Piece { memory: &mut one, tokens: &[1, 2], wanted: Wanted::Logits(2) }]).is_err());
    let pieces = &mut [
        Piece { memory: &mut one, tokens: &[1], wanted: Wanted::Logits(1) },
        Piece { memory: &mut other, tokens: &[1], wanted: Wanted::Logits(1) },
    ];
    assert!(decoder.read(pieces).is_err());
}
