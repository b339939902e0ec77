//! The decoder against the stock implementations, and against itself, with tiny models.

mod real;

use atiende_kernels::{Gate, Kernels, Level};
use candle_core::quantized::gguf_file::Value;

use super::{Memory, Piece, Transformer, Wanted};
use crate::llm::arch::tests::tiny_gguf;
use crate::llm::arch::{self, Architecture, Decoder, DecoderChoice};
use crate::llm::sample;
use crate::llm::weights::WeightsFile;

const COVERED: [Architecture; 4] =
    [Architecture::Qwen2, Architecture::Qwen3, Architecture::Llama, Architecture::Gemma3];

fn weights(architecture: Architecture) -> (tempfile::TempDir, WeightsFile) {
    weights_with(architecture, &[])
}

fn weights_with(architecture: Architecture, changes: &[(&str, Value)]) -> (tempfile::TempDir, WeightsFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    tiny_gguf::write_with(&path, architecture.name(), changes);
    let weights = WeightsFile::open(&path).unwrap();
    (folder, weights)
}

fn transformer(architecture: Architecture, level: Level, threads: usize) -> Transformer {
    let (_folder, weights) = weights(architecture);
    let kernels = Kernels::with_level(level, threads).unwrap();
    Transformer::load(architecture, &weights, tiny_gguf::CONTEXT as usize, kernels).unwrap()
}

fn best(architecture: Architecture) -> Transformer {
    transformer(architecture, Level::best(), 2)
}

fn tokens(count: u32, seed: u32) -> Vec<u32> {
    (0..count).map(|index| (index * 37 + seed * 11) % 250).collect()
}

/// Reads a text, and gives the logits after each of its tokens.
fn read(transformer: &mut Transformer, memory: &mut Memory, tokens: &[u32]) -> Vec<Vec<f32>> {
    transformer.read(&mut [Piece { memory, tokens, wanted: Wanted::Logits(tokens.len()) }]).unwrap()
}

/// The same with a stock decoder: the logits after the last token.
fn read_stock(stock: &mut dyn Decoder, memory: &mut Memory, tokens: &[u32]) -> Vec<f32> {
    stock.read(&mut [Piece { memory, tokens, wanted: Wanted::Logits(1) }]).unwrap().pop().unwrap()
}

/// How far two rows of numbers are from each other.
fn distance(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f32>().sqrt()
}

fn greedy(logits: &[f32]) -> u32 {
    sample::greedy(logits).unwrap().0
}

/// Reads texts with both, and goes on for eight tokens with what the stock model finds most probable. Gives for how many
/// of them that is what the own one finds, too.
fn compare(own: &mut Transformer, stock: &mut dyn Decoder, texts: u32, of: &str) -> usize {
    let mut same = 0;
    for seed in 0..texts {
        let prompt = tokens(5 + 3 * seed, seed);
        let mut memory = Memory::default();
        let mut ours = read(own, &mut memory, &prompt).pop().unwrap();
        let mut stock_memory = Memory::default();
        let mut theirs = read_stock(stock, &mut stock_memory, &prompt);
        for position in prompt.len()..prompt.len() + 8 {
            // Keys and values are rounded to halves, and sums are added up in another order.
            let apart = distance(&ours, &theirs);
            let length = distance(&theirs, &vec![0.0; theirs.len()]);
            assert!(apart < 0.03 * length, "{of}: {apart} of {length}");
            // Random weights are rarely sure; where two tokens are as good, either may come.
            let (token, chosen) = (greedy(&theirs), greedy(&ours));
            let behind = theirs[token as usize] - theirs[chosen as usize];
            assert!(behind < 2.0 * apart, "{of}: {chosen}, not {token}, at {position} of prompt {seed}");
            same += usize::from(token == chosen);
            ours = read(own, &mut memory, &[token]).pop().unwrap();
            theirs = read_stock(stock, &mut stock_memory, &[token]);
        }
    }
    same
}

#[test]
fn its_logits_are_those_of_the_stock_models() {
    for architecture in COVERED {
        let (_folder, file) = weights(architecture);
        let mut stock = arch::load(DecoderChoice::Stock, architecture, file, 512, 2).unwrap();
        let mut own = best(architecture);
        // The stock Gemma bends its gates by SiLU where the model was trained with GELU.
        own.shape.gate = Gate::Silu;
        let same = compare(&mut own, stock.as_mut(), 20, architecture.name());
        assert!(same >= 144, "{architecture:?}: {same} of 160 tokens are the same");
    }
}

#[test]
fn tensors_that_there_are_no_kernels_for_are_kept_with_eight_bits_or_as_numbers() {
    use candle_core::quantized::GgmlDType::{BF16, F16, F32, Q2K, Q3K};
    let matrices = [
        (Q2K, "blk.0.ffn_down.weight"),
        (Q3K, "ffn_down.weight"),
        (F16, "blk.1.attn_q.weight"),
        (BF16, "ffn_up.weight"),
        (F32, "output.weight"),
        (F16, "token_embd.weight"),
    ];
    let vectors = [(F16, "norm.weight"), (BF16, "norm.weight"), (F16, "attn_k.bias"), (BF16, "attn_v.bias")];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for (kind, name) in matrices.into_iter().chain(vectors) {
        tiny_gguf::write_kinds(&path, "qwen2", &[(name, kind)]);
        let file = WeightsFile::open(&path).unwrap();
        assert!(file.content.tensor_infos.values().any(|info| info.ggml_dtype == kind), "{name}");
        assert!(Transformer::covers(Architecture::Qwen2, &file), "{kind:?} {name}");
        let kernels = Kernels::with_level(Level::best(), 2).unwrap();
        let mut own = Transformer::load(Architecture::Qwen2, &file, 512, kernels).unwrap();
        // What was counted before is what it takes: matrices, and vectors of some hundred numbers.
        let (counted, taken) = (Transformer::bytes_once(&file), own.weights() as u64);
        assert!((taken..taken + 8192).contains(&counted), "{kind:?} {name}: {counted}, and {taken} of matrices");
        let mut stock = arch::load(DecoderChoice::Stock, Architecture::Qwen2, file, 512, 2).unwrap();
        let same = compare(&mut own, stock.as_mut(), 5, &format!("{kind:?} {name}"));
        assert!(same >= 34, "{kind:?} {name}: {same} of 40 tokens are the same");
    }
}

#[test]
fn weights_that_are_no_numbers_do_not_become_eight_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    tiny_gguf::write_kinds(&path, "qwen2", &[("blk.0.ffn_up.weight", candle_core::quantized::GgmlDType::F32)]);
    let file = WeightsFile::open(&path).unwrap();
    let at = file.content.tensor_data_offset + file.content.tensor_infos["blk.0.ffn_up.weight"].offset;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[at as usize..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let file = WeightsFile::open(&path).unwrap();
    let error = Transformer::load(Architecture::Qwen2, &file, 512, Kernels::new(1).unwrap()).err().unwrap();
    assert!(format!("{error:#}").contains("no numbers"), "{error:#}");
}

#[test]
fn layers_with_a_window_see_as_far_as_those_of_the_stock_model_do() {
    const WINDOW: u32 = 8;
    let changes = [("gemma3.attention.sliding_window", Value::U32(WINDOW))];
    let (_folder, file) = weights_with(Architecture::Gemma3, &changes);
    let kernels = Kernels::with_level(Level::best(), 2).unwrap();
    let mut own = Transformer::load(Architecture::Gemma3, &file, tiny_gguf::CONTEXT as usize, kernels).unwrap();
    let mut stock = arch::load(DecoderChoice::Stock, Architecture::Gemma3, file, 512, 2).unwrap();
    own.shape.gate = Gate::Silu;
    let window = own.shape.window.as_mut().unwrap();
    assert_eq!(window.0, WINDOW as usize);
    // The stock model counts the token itself beside the window; the model was trained with it inside.
    window.0 += 1;
    for seed in 0..12 {
        let prompt = tokens(3 + 7 * seed, seed);
        let ours = read(&mut own, &mut Memory::default(), &prompt).pop().unwrap();
        let theirs = read_stock(stock.as_mut(), &mut Memory::default(), &prompt);
        let (apart, length) = (distance(&ours, &theirs), distance(&theirs, &vec![0.0; theirs.len()]));
        assert!(apart < 0.03 * length, "{apart} of {length} after {} tokens", prompt.len());
    }
}

#[test]
fn a_text_comes_to_the_same_however_it_is_cut_and_whatever_is_read_beside_it() {
    for architecture in COVERED {
        for level in Level::available() {
            let mut model = transformer(architecture, level, 2);
            let (text, other) = (tokens(90, 1), tokens(70, 2));
            let whole = read(&mut model, &mut Memory::default(), &text);
            let mut memory = Memory::default();
            let pieces = text.chunks(7).flat_map(|piece| read(&mut model, &mut memory, piece)).collect::<Vec<_>>();
            assert_eq!(pieces, whole);
            let (mut one, mut two) = (Memory::default(), Memory::default());
            read(&mut model, &mut two, &other[..40]);
            let both = model.read(&mut [
                Piece { memory: &mut one, tokens: &text, wanted: Wanted::Logits(90) },
                Piece { memory: &mut two, tokens: &other[40..], wanted: Wanted::Logits(1) },
            ]);
            assert_eq!(both.unwrap()[..90], whole);
        }
    }
}

#[test]
fn a_state_is_the_same_however_a_text_is_cut_and_disturbs_nobody_beside_it() {
    for architecture in COVERED {
        let mut model = best(architecture);
        let (text, other) = (tokens(60, 1), tokens(20, 2));
        let last = model.layers() - 1;
        let beside = read(&mut model, &mut Memory::default(), &other);
        let mut state = |cuts: &[usize], layer: usize| {
            let (mut memory, mut start, mut state) = (Memory::default(), 0, Vec::new());
            for &end in cuts {
                let into = (end == text.len()).then_some(&mut state);
                let (mut one, mut two) = (Memory::default(), Memory::default());
                let logits = model.read(&mut [
                    Piece { memory: &mut one, tokens: &other, wanted: Wanted::Logits(20) },
                    Piece { memory: &mut memory, tokens: &text[start..end], wanted: Wanted::State { layer, into } },
                    Piece { memory: &mut two, tokens: &other, wanted: Wanted::Logits(20) },
                ]);
                assert_eq!(logits.unwrap(), [&beside[..], &beside[..]].concat());
                start = end;
            }
            state
        };
        for layer in 0..=last {
            assert_eq!(state(&[60], layer), state(&[7, 40, 60], layer));
        }
        assert_ne!(state(&[60], 0), state(&[60], last));
        let state = state(&[60], last);
        let expected = read(&mut model, &mut Memory::default(), &text).pop().unwrap();
        assert_eq!(model.logits_of(&state), [expected]);
    }
}

#[test]
fn what_was_read_through_few_layers_serves_for_no_more() {
    let mut model = best(Architecture::Qwen2);
    let (text, mut memory) = (tokens(20, 1), Memory::default());
    let mut go_on = |wanted| model.read(&mut [Piece { memory: &mut memory, tokens: &text, wanted }]).is_ok();
    assert!(go_on(Wanted::State { layer: 0, into: None }));
    assert!(!go_on(Wanted::Logits(0)) && !go_on(Wanted::State { layer: 1, into: None }));
    assert!(go_on(Wanted::State { layer: 0, into: None }));
}

#[test]
fn memories_that_share_a_beginning_do_not_disturb_each_other() {
    let mut model = best(Architecture::Qwen2);
    let (text, other) = (tokens(75, 1), tokens(30, 5));
    let expected = read(&mut model, &mut Memory::default(), &text);
    let mut first = Memory::default();
    read(&mut model, &mut first, &text[..50]);
    for kept in [50, 49, 33, 32, 31, 1, 0] {
        let mut second = first.clone();
        second.cut(kept);
        read(&mut model, &mut second, &other);
        assert_eq!((first.length(), second.length()), (50, kept + 30));
        let mut again = first.clone();
        again.cut(kept);
        assert_eq!(read(&mut model, &mut again, &text[kept..]), expected[kept..]);
    }
}

#[test]
fn what_cannot_be_read_changes_no_memory() {
    let mut model = best(Architecture::Llama);
    let mut memory = Memory::default();
    let expected = read(&mut model, &mut Memory::default(), &tokens(20, 1));
    read(&mut model, &mut memory, &tokens(20, 1)[..10]);
    let mut refuse = |tokens: &[u32], wanted| {
        assert!(model.read(&mut [Piece { memory: &mut memory, tokens, wanted: Wanted::Logits(wanted) }]).is_err());
        assert_eq!(memory.length(), 10);
    };
    refuse(&[], 0);
    refuse(&[1], 2);
    refuse(&[1_000_000], 1);
    refuse(&tokens(tiny_gguf::CONTEXT, 1), 1);
    assert_eq!(read(&mut model, &mut memory, &tokens(20, 1)[10..]), expected[10..]);
}
