//! Tiny files with random weights: loading, answering, and every way in which a file can be wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atiende::llm::{
    ChatMessage, Engine, EngineOptions, FinishReason, GenerateRequest, LanguageModel, LoadError, ModelError, Role,
    ScoreRequest,
};
use candle_core::quantized::gguf_file::{self, Value};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::tiny_gguf;

fn file(architecture: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    tiny_gguf::write(&path, architecture);
    (folder, path)
}

fn engine(architecture: &str) -> Engine {
    let (_folder, path) = file(architecture);
    Engine::start(EngineOptions::new(path)).unwrap()
}

fn ask(text: &str, max_tokens: usize) -> GenerateRequest {
    let system = ChatMessage::new(Role::System, "Answer.");
    GenerateRequest::new(vec![system, ChatMessage::new(Role::User, text)], max_tokens)
}

fn refused(path: &Path) -> LoadError {
    Engine::start(EngineOptions::new(path)).err().expect("the file cannot be loaded")
}

#[tokio::test]
async fn every_architecture_loads_and_gives_the_same_answer_twice() {
    for architecture in tiny_gguf::ARCHITECTURES {
        let engine = engine(architecture);
        let description = engine.describe();
        assert_eq!((description.architecture.as_str(), description.quantization.as_str()), (architecture, "Q8_0"));
        assert_eq!(description.context, tiny_gguf::CONTEXT as usize);
        assert!(description.parameters > 100_000 && description.threads > 0 && !description.kernels.is_empty());
        assert!(description.has_chat_template);
        let one = engine.generate(ask("¿A qué hora abren?", 12)).await.unwrap();
        // Another request between the two leaves nothing behind.
        engine.generate(ask("x", 5)).await.unwrap();
        let other = engine.generate(ask("¿A qué hora abren?", 12)).await.unwrap();
        assert_eq!((&one.text, one.finish, one.tokens.generated), (&other.text, other.finish, other.tokens.generated));
        assert!(one.tokens.generated == 12 || one.finish == FinishReason::End);
        assert!(one.mean_log_probability <= 0.0);
    }
}

#[tokio::test]
async fn a_tensor_that_there_are_no_kernels_for_sends_no_model_to_the_stock_decoder() {
    use candle_core::quantized::GgmlDType::{BF16, F16, Q2K, Q3K};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for (architecture, kind, name) in [
        ("qwen2", Q2K, "blk.0.ffn_down.weight"),
        ("llama", Q3K, "ffn_down.weight"),
        ("qwen3", F16, "attn_q_norm.weight"),
        ("gemma3", BF16, "token_embd.weight"),
    ] {
        tiny_gguf::write_kinds(&path, architecture, &[(name, kind)]);
        let model = Engine::start(EngineOptions::new(path.clone())).unwrap();
        assert_eq!(model.describe().kernels, engine(architecture).describe().kernels);
        assert!(model.generate(ask("¿A qué hora abren?", 12)).await.unwrap().tokens.generated > 0);
    }
}

#[tokio::test]
async fn special_tokens_in_a_customer_s_words_are_letters() {
    for architecture in ["qwen2", "gemma3"] {
        let engine = engine(architecture);
        let tokens = |text: String| {
            let request = ask(&text, 1);
            let engine = &engine;
            async move { engine.generate(request).await.unwrap().tokens.prompt }
        };
        let (plain, spelt) = (tokens(String::new()).await, tokens("<|im_end|>".to_owned()).await);
        assert_eq!(spelt - plain, "<|im_end|>".len());
        assert_eq!(engine.count_tokens("<|im_end|>"), "<|im_end|>".len());
    }
}

#[tokio::test]
async fn a_cancelled_request_and_a_deadline_of_nothing_do_no_work() {
    let engine = engine("llama");
    let cancelled = ask("hola", 5);
    cancelled.cancel.cancel();
    assert_eq!(engine.generate(cancelled).await, Err(ModelError::Cancelled));
    let late = GenerateRequest { deadline: Some(Duration::ZERO), ..ask("hola", 5) };
    let answer = engine.generate(late).await.unwrap();
    assert_eq!((answer.finish, answer.tokens.generated), (FinishReason::Deadline, 0));
}

#[tokio::test]
async fn a_prompt_beyond_the_context_is_refused_with_both_figures() {
    let (_folder, path) = file("qwen2");
    let engine = Engine::start(EngineOptions { max_context: 100, ..EngineOptions::new(path) }).unwrap();
    assert_eq!(engine.context_length(), 100);
    let Err(ModelError::TooLong { tokens, limit }) = engine.generate(ask(&"a".repeat(200), 5)).await else {
        panic!("it fits")
    };
    assert!(tokens > 200 && limit == 99);
}

#[tokio::test]
async fn scores_sum_to_one() {
    let engine = engine("qwen2");
    let score = |options: [&str; 2]| ScoreRequest {
        messages: vec![ChatMessage::new(Role::User, "hola")],
        options: options.map(str::to_owned).into(),
        cancel: CancellationToken::new(),
    };
    for options in [["Yes", "No"], ["yes", "yesterday"]] {
        let shares = engine.score(score(options)).await.unwrap();
        assert_eq!(shares.len(), 2);
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{shares:?}");
    }
}

#[test]
fn a_missing_file_is_named_with_the_command_that_fetches_it() {
    let error = refused(Path::new("/nowhere/model.gguf"));
    assert!(matches!(error, LoadError::Missing { .. }));
    let text = error.to_string();
    assert!(text.contains("/nowhere/model.gguf") && text.contains("atiende models pull"), "{text}");
}

#[test]
fn figures_that_make_no_sense_are_an_error_and_never_a_crash() {
    let keys = [
        "embedding_length",
        "block_count",
        "feed_forward_length",
        "attention.head_count",
        "attention.head_count_kv",
        "attention.key_length",
        "rope.dimension_count",
        "attention.sliding_window",
        "shortconv.l_cache",
        "expert_count",
        "context_length",
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for architecture in tiny_gguf::ARCHITECTURES {
        for key in keys {
            for number in [0, 1, 2, 3, 5, 17, 48, 65, 4096, 1 << 20, 1 << 31, u32::MAX, (1 << 28) + 4] {
                let key = format!("{architecture}.{key}");
                tiny_gguf::write_with(&path, architecture, &[(&key, Value::U32(number))]);
                let started = Engine::start(EngineOptions { memory: Some(2_000_000_000), ..EngineOptions::new(&path) });
                let text = started.err().map(|error| error.to_string());
                assert!(text.is_none_or(|text| text.contains("tiny.gguf")), "{key} = {number}");
            }
        }
    }
}

#[test]
fn a_header_that_makes_no_sense_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for number in [0, 3, u32::MAX] {
        tiny_gguf::write_with(&path, "qwen2", &[("general.alignment", Value::U32(number))]);
        let text = refused(&path).to_string();
        assert!(text.contains("tiny.gguf"), "{number}: {text}");
        assert!(atiende::llm::memory_needed(&path, 4096).is_none());
    }
}

#[test]
fn a_tokenizer_with_more_tokens_than_the_weights_have_is_refused() {
    for architecture in tiny_gguf::ARCHITECTURES {
        let (_folder, path) = file(architecture);
        let content = gguf_file::Content::read(&mut fs::File::open(&path).unwrap()).unwrap();
        let one_more = |(key, value): (&'static str, Option<Value>)| {
            let Value::Array(mut values) = content.metadata[key].clone() else { panic!("{key} is no list") };
            values.push(value.unwrap_or_else(|| values[0].clone()));
            (key, Value::Array(values))
        };
        let changes = [
            ("tokenizer.ggml.tokens", Some(Value::String("[MORE]".to_owned()))),
            ("tokenizer.ggml.token_type", None),
            ("tokenizer.ggml.scores", None),
        ];
        tiny_gguf::write_with(&path, architecture, &changes.map(one_more));
        let text = refused(&path).to_string();
        assert!(text.contains("tiny.gguf") && text.contains("289 tokens"), "{architecture}: {text}");
    }
}

#[test]
fn a_hostile_template_is_an_error_in_little_time_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    let endless = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}";
    for template in [
        endless,
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 'x' * 99999999999 }}",
        "{% include 'chat' %}",
        "{{ messages | tojson | upper",
        "{{ 'a\nb' | indent(99999999999) }}",
        "{{ '%99999999999d' | format(1) }}",
        "{{ '{:>99999999999}'.format(1) }}",
        "{{ '{:.70000f}'.format(1.5) }}",
    ] {
        let template = Value::String(template.to_owned());
        tiny_gguf::write_with(&path, "qwen2", &[("tokenizer.chat_template", template)]);
        let error = refused(&path);
        assert!(matches!(error, LoadError::Template { .. }), "{error}");
    }
}

#[test]
fn a_model_for_which_there_is_no_memory_is_refused_with_the_figures() {
    let (_folder, path) = file("qwen2");
    let error = Engine::start(EngineOptions { memory: Some(90_000_000), ..EngineOptions::new(&path) }).err();
    let text = error.expect("it does not fit").to_string();
    assert!(text.contains("needs 0.12 GB") && text.contains("0.09 GB are free") && text.contains("llm ="), "{text}");
    // Where there is little, what is remembered of prompts takes less.
    assert!(Engine::start(EngineOptions { memory: Some(130_000_000), ..EngineOptions::new(path) }).is_ok());
}

#[test]
fn a_file_that_was_cut_short_is_found_out_wherever_it_was_cut() {
    let (_folder, path) = file("qwen2");
    let whole = fs::read(&path).unwrap();
    for length in [8, 20, 300, 5_000, whole.len() / 2, whole.len() - 40] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refused(&path);
        assert!(matches!(error, LoadError::CutShort { .. }), "{length} bytes: {error}");
    }
    fs::write(&path, &whole).unwrap();
    assert!(Engine::start(EngineOptions::new(&path)).is_ok());
}

#[test]
fn what_is_no_model_file_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.gguf");
    for content in ["", "GG", "<!doctype html><p>Sign in to download"] {
        fs::write(&path, content).unwrap();
        assert!(matches!(refused(&path), LoadError::NotGguf { .. }));
    }
}

#[test]
fn an_unknown_architecture_is_named_with_those_that_work() {
    let (_folder, path) = file("mamba");
    let text = refused(&path).to_string();
    assert!(text.contains("`mamba`") && text.contains("qwen2, qwen3, llama, gemma3, phi3, lfm2"), "{text}");
}

#[test]
fn damage_anywhere_in_the_table_of_contents_is_an_error_and_never_a_crash() {
    let (_folder, path) = file("llama");
    let whole = fs::read(&path).unwrap();
    let change = |from: &[u8], to: &[u8]| {
        let at = whole.windows(from.len()).position(|window| window == from).expect("it is in the file");
        let mut bytes = whole.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        fs::write(&path, bytes).unwrap();
        refused(&path)
    };
    assert!(matches!(change(b"tokenizer.ggml.model", b"tokenizer.ggml.nodel"), LoadError::Tokenizer { .. }));
    assert!(matches!(change(b"{%- for", b"{%- fro"), LoadError::Template { .. }));
    assert!(matches!(change(b"blk.0.attn_q.weight", b"blk.0.attn_x.weight"), LoadError::Model { .. }));
    // The type of a matrix stands after its name, two dimensions and their count.
    let name = b"blk.0.attn_q.weight";
    let at = whole.windows(name.len()).position(|window| window == name).unwrap() + name.len() + 4 + 16;
    let mut bytes = whole.clone();
    bytes[at] = 23;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(refused(&path), LoadError::Quantization { .. }));
}
