//! What the model read of the business's own words is known after a restart, changes no answer, and holds nothing that a
//! customer wrote.

use std::fs;
use std::path::PathBuf;

use atiende::answer::judge;
use atiende::llm::{
    ChatMessage, Engine, EngineOptions, GenerateRequest, LanguageModel, Role, ScoreRequest, StateRequest,
};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::tiny_gguf;

const INSTRUCTION: &str = "Answer in one sentence, with what the text below says and nothing else.";
const PASSAGES: [&str; 2] = ["El pan cuesta 2,50 euros y la barra 1,20.", "Los domingos abrimos de 8:00 a 14:00."];

/// A model in a folder of its own, with a place for what it has read.
struct Place {
    _folder: TempDir,
    model: PathBuf,
    file: PathBuf,
}

impl Place {
    fn new(architecture: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (model, file) = (folder.path().join("tiny.gguf"), folder.path().join("atiende.beginnings"));
        tiny_gguf::write(&model, architecture);
        Place { _folder: folder, model, file }
    }

    /// A start of the engine.
    fn keeping(&self) -> Engine {
        self.engine(|options| options.kept_in = Some(self.file.clone()))
    }

    /// An engine that remembers nothing at all.
    fn plain(&self) -> Engine {
        self.engine(|options| options.remembered = 0)
    }

    fn engine(&self, change: impl Fn(&mut EngineOptions)) -> Engine {
        let mut options = EngineOptions { threads: Some(1), ..EngineOptions::new(&self.model) };
        change(&mut options);
        Engine::start(options).unwrap()
    }
}

fn prompt(passage: &str, question: &str) -> Vec<ChatMessage> {
    judge::prompt(INSTRUCTION, passage, question)
}

/// The answer, with its confidence to the last bit, and how many tokens were known and how many there were.
async fn ask(engine: &Engine, messages: Vec<ChatMessage>) -> ((String, u32), usize, usize) {
    let answer = engine.generate(GenerateRequest::new(messages, 12)).await.unwrap();
    ((answer.text, answer.mean_log_probability.to_bits()), answer.tokens.cached, answer.tokens.prompt)
}

/// Everything that can be asked about a passage, to the last bit.
async fn everything(engine: &Engine, passage: &str, question: &str) -> (Vec<u32>, Vec<u32>, (String, u32)) {
    let messages = || prompt(passage, question);
    let bits = |numbers: Vec<f32>| numbers.into_iter().map(f32::to_bits).collect();
    let options = vec!["Yes".into(), "No".into()];
    let state = StateRequest { messages: messages(), layer: 0, cancel: Default::default() };
    let state = bits(engine.state(state).await.unwrap().unwrap_or_default());
    let score = ScoreRequest { messages: messages(), options, cancel: Default::default() };
    (state, bits(engine.score(score).await.unwrap()), ask(engine, messages()).await.0)
}

/// Whether the project's own decoder runs here: candle's keeps keys and values by itself, and nothing lasts.
fn keeps() -> bool {
    atiende_kernels::Level::best().is_fast()
}

#[tokio::test]
async fn after_a_restart_what_is_the_business_s_own_is_known_and_every_answer_the_same_to_the_last_bit() {
    for architecture in ["qwen2", "qwen3", "llama", "gemma3"] {
        let place = Place::new(architecture);
        let before = place.keeping();
        for passage in PASSAGES {
            for question in ["¿Cuánto?", "A que hora abren?"] {
                everything(&before, passage, question).await;
            }
        }
        before.save().await;
        drop(before);
        let plain = place.plain();
        for passage in PASSAGES {
            let after = place.keeping();
            let (expected, known, tokens) = ask(&plain, prompt(passage, "hola?")).await;
            assert_eq!((known, tokens > 120), (0, true));
            let (answer, known, _) = ask(&after, prompt(passage, "hola?")).await;
            assert_eq!(answer, expected, "{architecture}");
            // All but the question and the end of the turn.
            assert!(!keeps() || known + 40 > tokens, "{architecture}: {known} of {tokens}");
            let expected = everything(&plain, passage, "y el sábado?").await;
            assert_eq!(everything(&place.keeping(), passage, "y el sábado?").await, expected, "{architecture}");
        }
    }
}

#[tokio::test]
async fn what_was_read_through_a_few_layers_is_known_to_those_who_need_no_more() {
    let place = Place::new("gemma3");
    let state = async |engine: &Engine, question: &str, layer: usize| {
        let request = StateRequest { messages: prompt(PASSAGES[0], question), layer, cancel: Default::default() };
        let state = engine.state(request).await.unwrap().unwrap_or_default();
        state.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
    };
    let before = place.keeping();
    state(&before, "uno", 2).await;
    state(&before, "dos", 2).await;
    before.save().await;
    let plain = place.plain();
    for layer in [2, 1, 6] {
        assert_eq!(state(&place.keeping(), "tres", layer).await, state(&plain, "tres", layer).await);
    }
    let (expected, ..) = ask(&plain, prompt(PASSAGES[0], "tres")).await;
    let (answer, known, _) = ask(&place.keeping(), prompt(PASSAGES[0], "tres")).await;
    assert_eq!((answer, known), (expected, 0));
}

/// What lies on disk after each of these was asked about every passage, with the prompts that hold nothing but a
/// customer's words, and after an erasure.
async fn files(place: &Place, questions: &[String]) -> [Vec<u8>; 2] {
    drop(fs::remove_file(&place.file));
    let engine = place.keeping();
    for question in questions {
        for passage in PASSAGES {
            ask(&engine, prompt(passage, question)).await;
        }
        let customers = ChatMessage::new(Role::User, format!("{question} {question} {question}"));
        ask(&engine, vec![ChatMessage::own(Role::System, "Put it in other words."), customers]).await;
    }
    engine.save().await;
    let before = fs::read(&place.file).unwrap_or_default();
    engine.forget();
    // So that there is something new to write down.
    let new = "These instructions are new, and are read after the erasure.";
    ask(&engine, vec![ChatMessage::own(Role::System, new), ChatMessage::new(Role::User, &questions[0])]).await;
    engine.save().await;
    [before, fs::read(&place.file).unwrap_or_default()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_file_is_the_same_to_the_last_byte_whatever_customers_write(
        questions in prop::collection::vec("[a-zñáé¿? ]{1,40}|.{1,30}|hola buenos dias, [a-z]{1,20}", 3),
    ) {
        let place = Place::new("qwen2");
        let runtime = Runtime::new().unwrap();
        let usual = ["¿Abren?", "hola", "y el sábado?"].map(str::to_owned);
        let [before, after] = runtime.block_on(files(&place, &usual));
        prop_assert!(!keeps() || before.len() > 1000 && after.len() > before.len());
        let others = runtime.block_on(files(&place, &questions));
        prop_assert!(others == [before, after], "the file tells {questions:?} from {usual:?}");
    }
}

#[tokio::test]
async fn after_an_erasure_the_business_s_own_is_known_and_what_customers_wrote_is_not() {
    let place = Place::new("qwen2");
    let engine = place.keeping();
    let long = "una pregunta tan larga que se nota si alguien la recuerda todavía";
    ask(&engine, prompt(PASSAGES[0], long)).await;
    let (expected, known, tokens) = ask(&engine, prompt(PASSAGES[0], long)).await;
    assert!(!keeps() || known == tokens - 1);
    engine.forget();
    let (answer, known, _) = ask(&engine, prompt(PASSAGES[0], long)).await;
    assert_eq!(answer, expected);
    assert!(!keeps() || (100..tokens - long.len()).contains(&known), "{known} of {tokens}");
}

#[tokio::test]
async fn other_weights_in_a_file_that_looks_the_same_know_nothing() {
    let place = Place::new("qwen2");
    let before = place.keeping();
    ask(&before, prompt(PASSAGES[0], "hola?")).await;
    before.save().await;
    drop(before);
    let (_, known, _) = ask(&place.keeping(), prompt(PASSAGES[0], "hola?")).await;
    assert!(!keeps() || known > 50);
    let mut bytes = fs::read(&place.model).unwrap();
    let length = bytes.len();
    // The lowest bits of some weights, far behind the table of contents.
    bytes[length / 2..].iter_mut().step_by(101).for_each(|byte| *byte ^= 1);
    fs::write(&place.model, bytes).unwrap();
    let (answer, known, _) = ask(&place.keeping(), prompt(PASSAGES[0], "hola?")).await;
    assert_eq!(known, 0);
    assert_eq!(answer, ask(&place.plain(), prompt(PASSAGES[0], "hola?")).await.0);
}

#[tokio::test]
async fn without_a_place_or_without_news_nothing_is_written() {
    let place = Place::new("qwen2");
    let engine = place.engine(|_| ());
    ask(&engine, prompt(PASSAGES[0], "hola?")).await;
    engine.save().await;
    assert!(!place.file.exists());
    let engine = place.keeping();
    engine.save().await;
    assert!(!place.file.exists());
    ask(&engine, prompt(PASSAGES[0], "hola?")).await;
    engine.save().await;
    assert_eq!(place.file.exists(), keeps());
    drop(fs::remove_file(&place.file));
    ask(&engine, prompt(PASSAGES[1], "hola?")).await;
    engine.save().await;
    assert!(!place.file.exists(), "one more question about a passage is no news");
}
