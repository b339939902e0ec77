//! What the transcripts are played on: one search index a business, a scripted model, a channel that only remembers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use atiende::channel::transport::{Outgoing, SendFailure, Transport};
use atiende::knowledge::embed::E5;
use atiende::knowledge::{Embedder, Knowledge, Options, Problem};
use atiende::llm::{FinishReason, GenerateRequest, Generated, LanguageModel, ModelError, ScoreRequest, TokenCounts};
use atiende::models::{Library, Use, cache_folder};
use atiende::prompts::Prompts;
use atiende::understand::Understander;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// What is expensive to make and the same for every transcript.
pub struct Shared {
    pub prompts: Arc<Prompts>,
    pub understander: Arc<Understander>,
    embedder: Arc<dyn Embedder>,
    knowledge: Mutex<HashMap<String, Knowledge>>,
}

/// Made once, by whichever transcript comes first.
pub fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let prompts = Arc::new(Prompts::load(None).expect("the texts are sound"));
        let understander = Arc::new(Understander::new(&prompts));
        let library = Library::new(cache_folder(|name| std::env::var_os(name)).expect("a cache folder"));
        let path = library
            .resolve(Use::Embedder, &Default::default())
            .unwrap_or_else(|error| panic!("the transcripts need the search model: {error}"));
        let embedder = Arc::new(E5::open(&path).expect("the search model opens"));
        Shared { prompts, understander, embedder, knowledge: Mutex::default() }
    })
}

/// The knowledge of a business, indexed once.
pub fn knowledge(business: &str, translations: Option<&str>) -> Knowledge {
    let shared = shared();
    let mut known = shared.knowledge.lock().expect("no transcript panics while it holds this");
    let key = format!("{business} {translations:?}");
    if let Some(knowledge) = known.get(&key) {
        return knowledge.clone();
    }
    let translations = translations.map(|name| root().join("tests/translations").join(name));
    let knowledge = open(business, folder(business), translations);
    known.insert(key, knowledge.clone());
    knowledge
}

/// The knowledge of a business in a folder, which has nothing to complain of.
pub fn open(business: &str, dir: PathBuf, translations: Option<PathBuf>) -> Knowledge {
    let embedder = Some(shared().embedder.clone());
    let options = Options { dir, translations, index_dir: None, embedder, examples: Default::default() };
    let (knowledge, report) = Knowledge::open(options).expect("the business's folder is there");
    // One business has passages that give orders to a machine, which its owner is told.
    let unexpected = |problem: &&Problem| !problem.message.contains("gives orders to a machine");
    let problems: Vec<&Problem> = report.problems.iter().filter(unexpected).collect();
    assert!(problems.is_empty(), "{business}: {problems:?}");
    knowledge
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where a business's knowledge lies.
pub fn folder(business: &str) -> PathBuf {
    let root = root();
    if business == "knowledge" { root.join("knowledge") } else { root.join("tests/businesses").join(business) }
}

/// A model that says what the transcript tells it to, and otherwise that it cannot.
pub struct ScriptedModel {
    pub script: Vec<(String, String)>,
}

impl ScriptedModel {
    fn answer(&self, messages: &[atiende::llm::ChatMessage]) -> Option<String> {
        let prompt: String = messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n");
        self.script.iter().find(|(asked, _)| prompt.contains(asked.as_str())).map(|(_, answer)| answer.clone())
    }
}

impl LanguageModel for ScriptedModel {
    fn generate(&self, request: GenerateRequest) -> BoxFuture<'_, Result<Generated, ModelError>> {
        let answer = self.answer(&request.messages);
        async move {
            let text = answer.ok_or_else(|| ModelError::Failed("the transcript has no answer for this".into()))?;
            Ok(Generated {
                text,
                finish: FinishReason::End,
                mean_log_probability: -0.1,
                tokens: TokenCounts::default(),
                queue: Default::default(),
                prefill: Default::default(),
                generate: Default::default(),
            })
        }
        .boxed()
    }

    /// `judge → 0.9` in the transcript is the probability of the first option.
    fn score(&self, _: ScoreRequest) -> BoxFuture<'_, Result<Vec<f32>, ModelError>> {
        let judged = self.script.iter().find(|(asked, _)| asked == "judge").and_then(|(_, answer)| answer.parse().ok());
        async move {
            let yes: f32 = judged.ok_or_else(|| ModelError::Failed("the transcript has no judge".into()))?;
            Ok(vec![yes, 1.0 - yes])
        }
        .boxed()
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.len() / 3
    }

    fn context_length(&self) -> usize {
        4_096
    }
}

/// A channel that accepts everything within the window and remembers it.
#[derive(Default)]
pub struct Memory {
    pub sent: Mutex<Vec<Outgoing>>,
}

impl Transport for Memory {
    fn send(&self, outgoing: Outgoing) -> BoxFuture<'_, Result<String, SendFailure>> {
        let mut sent = self.sent.lock().expect("no transcript panics while it holds this");
        sent.push(outgoing);
        let id = format!("sent-{}", sent.len());
        async move { Ok(id) }.boxed()
    }

    fn acknowledge(&self, _: String, _: bool) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }

    fn window_is_open(&self, last_inbound_at: jiff::Timestamp, now: jiff::Timestamp) -> bool {
        atiende::channel::whatsapp::window::is_open(last_inbound_at, now)
    }
}
