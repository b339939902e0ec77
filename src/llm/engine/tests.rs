//! The queue, cancelling, deadlines, panics: with a decoder that follows a script, so that nothing depends on time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Engine;
use super::describe::Description;
use super::load::Loaded;
use crate::clock::SystemClock;
use crate::llm::arch::{OneText, Single};
use crate::llm::beginnings::Beginnings;
use crate::llm::load_error::LoadError;
use crate::llm::request::{
    ChatMessage, FinishReason, GenerateRequest, LanguageModel, ModelError, Role, ScoreRequest, StateRequest,
};
use crate::llm::template::ChatTemplate;
use crate::llm::tokenizer::{Kind, Tokenizer, Vocabulary};
use crate::llm::worker::{Command, Keeping, Worker};

const BYTES: u32 = 256;
const END: u32 = BYTES;

/// Says letters from `a` on for ever; waits at each token for a permit, and panics or fails when told to.
struct Script {
    /// For each token that was read, the letter that was said after it, if any.
    said: Vec<Option<u32>>,
    permits: Option<Receiver<Order>>,
    started: Sender<()>,
    /// How many tokens of a prompt it reads at once.
    chunk: usize,
}

enum Order {
    GoOn,
    Panic,
    Fail,
}

impl OneText for Script {
    fn forward(&mut self, tokens: &[u32], position: usize) -> anyhow::Result<Vec<f32>> {
        self.started.send(()).ok();
        assert_eq!(position, self.said.len());
        match self.permits.as_ref().map(Receiver::recv) {
            Some(Ok(Order::Panic)) => panic!("as told"),
            Some(Ok(Order::Fail)) => anyhow::bail!("as told"),
            Some(Ok(Order::GoOn) | Err(_)) | None => {}
        }
        let letter = self.said.iter().rev().flatten().next().map_or(0, |last| (last + 1) % 26);
        self.said.extend(vec![None; tokens.len() - 1]);
        self.said.push(Some(letter));
        let mut logits = vec![0.0; END as usize + 1];
        logits[(u32::from(b'a') + letter) as usize] = 10.0;
        Ok(logits)
    }

    fn rewind(&mut self, length: usize) -> usize {
        self.said.truncate(length);
        self.said.len()
    }

    fn longest_piece(&self) -> usize {
        usize::MAX
    }

    fn threads(&self) -> usize {
        1
    }

    fn kernels(&self) -> &'static str {
        "script"
    }

    fn chunk(&self, _: usize, remaining: usize) -> usize {
        remaining.min(self.chunk)
    }
}

fn tokenizer() -> Tokenizer {
    let mut vocabulary = Vocabulary { model: "llama".into(), ..Vocabulary::default() };
    vocabulary.tokens = (0..=u8::MAX).map(|byte| format!("<0x{byte:02X}>")).chain(["<end>".to_owned()]).collect();
    vocabulary.kinds = vec![Kind::Byte; 256];
    vocabulary.kinds.push(Kind::Control);
    vocabulary.scores = vec![0.0; 257];
    vocabulary.eos = Some(END);
    Tokenizer::new(vocabulary).unwrap()
}

struct Scripted {
    engine: Engine,
    orders: Sender<Order>,
    started: Receiver<()>,
}

/// An engine on the script; `free` runs without permits.
fn engine(queue: usize, free: bool) -> Scripted {
    engine_of_chunks(queue, free, usize::MAX)
}

/// The same where a pass reads at most `chunk` tokens of a prompt.
fn engine_of_chunks(queue: usize, free: bool, chunk: usize) -> Scripted {
    let (orders, permits) = channel();
    let (starting, started) = channel();
    let script = Script { said: Vec::new(), permits: (!free).then_some(permits), started: starting, chunk };
    let description = Description {
        name: "Script".into(),
        architecture: "script".into(),
        parameters: 0,
        quantization: "F32".into(),
        context: 64,
        bytes_a_token: 0,
        threads: 1,
        kernels: "",
        has_chat_template: false,
        loading: Duration::ZERO,
    };
    let engine = Engine::spawn(queue, LoadError::NotGguf { path: PathBuf::new() }, move || {
        Ok(Loaded {
            decoder: Box::new(Single::new(script)),
            beginnings: Beginnings::new(1, None),
            file: None,
            guesses: true,
            tokenizer: Arc::new(tokenizer()),
            template: ChatTemplate::new(
                Some("{% for m in messages %}{{ m.content }}{% endfor %}"),
                "",
                "",
                Arc::new(SystemClock),
            )
            .unwrap(),
            context: 64,
            description,
        })
    });
    Scripted { engine: engine.unwrap(), orders, started }
}

fn request(text: &str, max_tokens: usize) -> GenerateRequest {
    GenerateRequest::new(vec![ChatMessage::new(Role::User, text)], max_tokens)
}

#[tokio::test]
async fn an_answer_has_text_counts_and_a_reason() {
    let Scripted { engine, .. } = engine(4, true);
    let (sender, mut pieces) = tokio::sync::mpsc::unbounded_channel();
    let answer = engine.generate(GenerateRequest { stream: Some(sender), ..request("hola", 3) }).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), ("abc", FinishReason::Length));
    assert_eq!((answer.tokens.prompt, answer.tokens.cached, answer.tokens.generated), (4, 0, 3));
    assert!(answer.mean_log_probability < 0.0 && answer.mean_log_probability > -0.02);
    let mut shown = String::new();
    while let Some(piece) = pieces.recv().await {
        shown.push_str(&piece);
    }
    assert_eq!(shown, answer.text);
}

#[tokio::test]
async fn a_stop_ends_the_answer_and_a_prefix_begins_it() {
    let Scripted { engine, .. } = engine(4, true);
    let wanted = GenerateRequest { prefix: "> ".into(), stop: vec!["d".into()], ..request("hola", 20) };
    let answer = engine.generate(wanted).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), ("> abc", FinishReason::Stop));
}

#[tokio::test]
async fn the_context_bounds_prompt_and_answer() {
    let Scripted { engine, .. } = engine(4, true);
    let answer = engine.generate(request(&"x".repeat(60), 20)).await.unwrap();
    assert_eq!((answer.tokens.generated, answer.finish), (4, FinishReason::Length));
    let error = engine.generate(request(&"x".repeat(64), 1)).await.unwrap_err();
    assert_eq!(error, ModelError::TooLong { tokens: 64, limit: 63 });
}

#[tokio::test]
async fn a_full_queue_is_an_answer() {
    let Scripted { engine, orders, started } = engine(1, false);
    let mut first = engine.generate(request("uno", 1));
    let mut second = engine.generate(request("dos", 1));
    assert!(futures_util::poll!(&mut first).is_pending());
    started.recv().unwrap();
    assert!(futures_util::poll!(&mut second).is_pending());
    assert_eq!(engine.generate(request("tres", 1)).await, Err(ModelError::Overloaded));
    drop(orders);
    assert_eq!((first.await.unwrap().text.as_str(), second.await.unwrap().text.as_str()), ("a", "a"));
}

#[tokio::test]
async fn cancelling_ends_the_work_at_the_next_token() {
    let Scripted { engine, orders, started } = engine(4, false);
    let wanted = request("hola", 50);
    let cancel = wanted.cancel.clone();
    let mut answer = engine.generate(wanted);
    assert!(futures_util::poll!(&mut answer).is_pending());
    started.recv().unwrap();
    cancel.cancel();
    // With nobody to give permits the thread would run on to the fiftieth token if it did not look.
    drop(orders);
    assert_eq!(answer.await, Err(ModelError::Cancelled));
    assert!(engine.is_healthy());
    drop(engine);
    assert_eq!(started.iter().count(), 0);
}

#[tokio::test]
async fn a_deadline_of_nothing_gives_an_empty_answer_even_while_the_thread_is_busy() {
    let Scripted { engine, orders, started } = engine(4, false);
    let mut busy = engine.generate(request("hola", 1));
    assert!(futures_util::poll!(&mut busy).is_pending());
    started.recv().unwrap();
    let late = GenerateRequest { deadline: Some(Duration::ZERO), ..request("otra", 5) };
    let answer = engine.generate(late).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish, answer.tokens.generated), ("", FinishReason::Deadline, 0));
    drop(orders);
    assert_eq!(busy.await.unwrap().text, "a");
    drop(engine);
    assert_eq!(started.iter().count(), 0);
}

#[tokio::test]
async fn work_that_nobody_waits_for_is_not_started() {
    let Scripted { engine, orders, started } = engine(4, false);
    let mut busy = engine.generate(request("hola", 1));
    let mut abandoned = engine.generate(request("nadie", 1));
    assert!(futures_util::poll!(&mut busy).is_pending());
    assert!(futures_util::poll!(&mut abandoned).is_pending());
    drop(abandoned);
    drop(orders);
    assert_eq!(busy.await.unwrap().text, "a");
    drop(engine);
    assert_eq!(started.iter().count(), 1);
}

#[tokio::test]
async fn a_panic_and_a_failure_are_answers_and_the_thread_goes_on() {
    let Scripted { engine, orders, .. } = engine(4, false);
    orders.send(Order::Panic).unwrap();
    assert!(matches!(engine.generate(request("hola", 1)).await, Err(ModelError::Failed(_))));
    assert!(!engine.is_healthy());
    orders.send(Order::Fail).unwrap();
    assert_eq!(engine.generate(request("hola", 1)).await, Err(ModelError::Failed("as told".into())));
    for broken in [Order::Panic, Order::Fail] {
        // After some tokens were read.
        orders.send(Order::GoOn).unwrap();
        orders.send(broken).unwrap();
        assert!(matches!(engine.generate(request("hola", 2)).await, Err(ModelError::Failed(_))));
        assert!(!engine.is_healthy());
        orders.send(Order::GoOn).unwrap();
        assert_eq!(engine.generate(request("hola", 1)).await.unwrap().text, "a");
        assert!(engine.is_healthy());
    }
}

#[tokio::test]
async fn a_prompt_that_begins_like_the_last_one_is_read_from_there() {
    let Scripted { engine, .. } = engine(4, true);
    engine.generate(request("hola, buenos dias", 1)).await.unwrap();
    let answer = engine.generate(request("hola, buenos dias, hola", 1)).await.unwrap();
    assert_eq!((answer.tokens.prompt, answer.tokens.cached), (29, 21));
    // The last token is read in any case, for what comes after it.
    let answer = engine.generate(request("hola, buenos dias, hola", 1)).await.unwrap();
    assert_eq!((answer.tokens.prompt, answer.tokens.cached), (29, 28));
}

#[tokio::test]
async fn a_score_prefers_what_the_model_would_say() {
    let Scripted { engine, .. } = engine(4, true);
    let score = |options: &[&str]| {
        engine.score(ScoreRequest {
            messages: vec![ChatMessage::new(Role::User, "hola")],
            options: options.iter().map(|&option| option.to_owned()).collect(),
            cancel: Default::default(),
        })
    };
    let shares = score(&["z", "a"]).await.unwrap();
    assert!(shares[1] > 0.98 && (shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    let shares = score(&["ax", "ab"]).await.unwrap();
    assert!(shares[1] > 0.98, "{shares:?}");
    assert!(score(&["a"]).await.is_err());
    assert!(score(&["a", " "]).await.is_err());
}

#[tokio::test]
async fn what_was_read_is_remembered_until_it_is_to_be_forgotten() {
    let Scripted { engine, .. } = engine(4, true);
    let read_again = async || {
        let tokens = engine.generate(request("a prompt that is long enough", 1)).await.unwrap().tokens;
        tokens.prompt - tokens.cached
    };
    let whole = read_again().await;
    assert_eq!((whole > 20, read_again().await), (true, 1));
    engine.forget();
    assert_eq!(read_again().await, whole);
}

#[tokio::test]
async fn a_prompt_that_is_half_read_when_all_is_to_be_forgotten_is_not_remembered() {
    let Scripted { engine, orders, started } = engine_of_chunks(1, false, 20);
    let text = "a prompt that is long enough";
    let mut first = engine.generate(request(text, 1));
    let mut second = engine.generate(request(text, 1));
    assert!(futures_util::poll!(&mut first).is_pending());
    started.recv().unwrap();
    assert!(futures_util::poll!(&mut second).is_pending());
    engine.forget();
    drop(orders);
    first.await.unwrap();
    assert_eq!(second.await.unwrap().tokens.cached, 0);
}

#[tokio::test]
async fn what_is_to_be_forgotten_is_forgotten_while_there_is_work_and_the_queue_is_full() {
    let Scripted { engine, orders, started } = engine(1, false);
    let text = "a prompt that is long enough";
    let mut first = engine.generate(request(text, 1));
    let mut second = engine.generate(request(text, 1));
    assert!(futures_util::poll!(&mut first).is_pending());
    started.recv().unwrap();
    assert!(futures_util::poll!(&mut second).is_pending());
    engine.forget();
    orders.send(Order::GoOn).unwrap();
    first.await.unwrap();
    drop(orders);
    assert_eq!(second.await.unwrap().tokens.cached, 0);
}

#[test]
fn what_is_to_be_forgotten_is_forgotten_before_the_thread_sleeps() {
    let (starting, _started) = channel();
    let script = Script { said: Vec::new(), permits: None, started: starting, chunk: usize::MAX };
    let forget = Arc::new(AtomicBool::new(false));
    let worker = Worker {
        decoder: Box::new(Single::new(script)),
        tokenizer: Arc::new(tokenizer()),
        beginnings: Beginnings::new(1, None),
        context: 64,
        guesses: false,
        healthy: Arc::new(AtomicBool::new(true)),
        forget: forget.clone(),
    };
    // The queue is full of what needs no pass, so that nobody can wake the thread.
    let (sender, commands) = sync_channel(1);
    let (reply, _nobody_waits) = tokio::sync::oneshot::channel();
    assert!(sender.try_send(Command::GiveOut(Keeping { anyway: false, reply })).is_ok());
    forget.store(true, Ordering::Release);
    assert!(sender.try_send(Command::Wake).is_err());
    drop(sender);
    worker.serve(commands);
    assert!(!forget.load(Ordering::Acquire));
}

#[tokio::test]
async fn a_decoder_that_shows_no_state_says_so() {
    let Scripted { engine, .. } = engine(4, true);
    let request = StateRequest { messages: request("hola", 1).messages, layer: 0, cancel: CancellationToken::new() };
    assert_eq!(engine.state(request).await, Ok(None));
}
