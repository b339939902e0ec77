//! What one asker gets does not depend on who else asks, on what was asked before, or on guesses.

use atiende::llm::{ChatMessage, Engine, EngineOptions, GenerateRequest, LanguageModel, Role, ScoreRequest};
use futures_util::future::join_all;

use crate::tiny_gguf;

fn engine(architecture: &str, options: impl Fn(EngineOptions) -> EngineOptions) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    tiny_gguf::write(&path, architecture);
    Engine::start(options(EngineOptions::new(path))).unwrap()
}

/// Prompts with much in common, some long and some short, in which runs of tokens come again.
fn prompts() -> Vec<Vec<ChatMessage>> {
    let facts = "El pan cuesta 2,50 euros. ".repeat(8);
    (0..10)
        .map(|number| {
            let system = ChatMessage::new(Role::System, &facts[..20 + 13 * number]);
            vec![system, ChatMessage::new(Role::User, format!("pan pan pan {}", number % 3))]
        })
        .collect()
}

/// The answers, with their confidence to the last bit.
type Answers = Vec<(String, usize, u32)>;

async fn answers(engine: &Engine, at_once: bool) -> Answers {
    let ask = async |prompt: Vec<ChatMessage>| {
        let answer = engine.generate(GenerateRequest::new(prompt, 24)).await.unwrap();
        (answer.text, answer.tokens.generated, answer.mean_log_probability.to_bits())
    };
    if at_once {
        return join_all(prompts().into_iter().map(ask)).await;
    }
    let mut answers = Vec::new();
    for prompt in prompts() {
        answers.push(ask(prompt).await);
    }
    answers
}

#[tokio::test]
async fn caches_guesses_and_company_change_no_answer() {
    for architecture in ["qwen2", "qwen3", "llama", "gemma3"] {
        let plain = engine(architecture, |options| EngineOptions { guesses: false, remembered: 0, ..options });
        let expected = answers(&plain, false).await;
        assert_eq!(answers(&plain, true).await, expected, "{architecture}, at once");
        let full = engine(architecture, |options| options);
        assert_eq!(answers(&full, false).await, expected, "{architecture}, with guesses");
        assert_eq!(answers(&full, false).await, expected, "{architecture}, remembered");
        assert_eq!(answers(&full, true).await, expected, "{architecture}, remembered, at once");
        let tight = engine(architecture, |options| EngineOptions { remembered: 20_000, ..options });
        assert_eq!(answers(&tight, true).await, expected, "{architecture}, with little memory");
    }
}

#[tokio::test]
async fn a_prompt_that_was_read_is_not_read_again() {
    let engine = engine("qwen2", |options| options);
    let mut cached = Vec::new();
    for prompt in [&prompts()[9], &prompts()[9], &prompts()[8]] {
        let answer = engine.generate(GenerateRequest::new(prompt.clone(), 4)).await.unwrap();
        cached.push((answer.tokens.prompt - answer.tokens.cached, answer.tokens.cached > 100));
    }
    // Where there are no kernels for the processor, the stock decoder runs, which cannot cut its memory.
    if atiende_kernels::Level::best().is_fast() {
        assert_eq!(cached[1], (1, true));
        assert!(cached[2].1 && cached[2].0 < 60, "{cached:?}");
    }
}

#[tokio::test]
async fn scores_are_the_same_with_and_without_company() {
    let engine = engine("qwen3", |options| options);
    // Options that begin alike are compared as whole answers.
    let score = |prompt: Vec<ChatMessage>| {
        engine.score(ScoreRequest {
            messages: prompt,
            options: vec!["abc".into(), "abd".into(), "x".into()],
            cancel: Default::default(),
        })
    };
    let alone = score(prompts().swap_remove(4)).await.unwrap();
    let company = join_all(prompts().into_iter().map(score)).await;
    assert_eq!(company[4], Ok(alone));
}
