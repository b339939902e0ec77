//! The handle of the model: everyone asks here, from any task, and waits without holding a thread.

mod describe;
mod form;
mod load;
mod memory;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::Span;

pub use self::describe::{Description, kernels};
use self::load::Loaded;
pub use self::memory::{available_memory, memory_needed};
use super::arch::DecoderChoice;
use super::beginnings::file::BeginningsFile;
use super::load_error::LoadError;
use super::prompt::{self, Prompt};
use super::request::{
    ChatMessage, FinishReason, GenerateRequest, Generated, LanguageModel, ModelError, ScoreRequest, StateRequest,
    TokenCounts,
};
use super::template::ChatTemplate;
use super::tokenizer::Tokenizer;
use super::worker::{Choice, Command, Generation, Job, Keeping, Observation, Scoring, Ticket, Worker};
use crate::clock::{Clock, SystemClock};

/// How to run a model.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// The GGUF file.
    pub path: PathBuf,
    /// How many threads compute; nothing for one a processor. Candle's stock models take theirs from
    /// `CANDLE_NUM_THREADS`; where that differs, loading logs what to set.
    pub threads: Option<usize>,
    /// How many requests may wait, at least 1.
    pub queue: usize,
    /// How many tokens a prompt with its answer may take at most; the model's own limit holds beside it.
    pub max_context: usize,
    /// Gives the date to chat templates that ask for it.
    pub clock: Arc<dyn Clock>,
    /// Which implementation runs the model.
    pub decoder: DecoderChoice,
    /// How much memory the beginnings of prompts may take that were read, in bytes.
    pub remembered: usize,
    /// How much memory there is, in bytes; nothing to ask the system. A model that needs more is refused.
    pub memory: Option<u64>,
    /// Where what was read of the business's own words is kept over a restart; without it, it is read again.
    pub kept_in: Option<PathBuf>,
    /// Whether tokens are guessed from the prompt and verified several at once. It changes the time, not the answer.
    pub guesses: bool,
}

/// What beginnings of prompts may take by default: some 9,000 tokens of the default model.
const REMEMBERED: usize = 256 << 20;

impl EngineOptions {
    /// The usual: 16 may wait, 4,096 tokens of context.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        EngineOptions {
            path: path.into(),
            threads: None,
            queue: 16,
            max_context: 4096,
            clock: Arc::new(SystemClock),
            decoder: DecoderChoice::Best,
            remembered: REMEMBERED,
            memory: None,
            kept_in: None,
            guesses: true,
        }
    }
}

/// A loaded language model. Dropping it ends its thread.
pub struct Engine {
    /// Taken when the engine is dropped, which ends the thread's loop.
    sender: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<()>>,
    tokenizer: Arc<Tokenizer>,
    template: ChatTemplate,
    context: usize,
    healthy: Arc<AtomicBool>,
    forget: Arc<AtomicBool>,
    file: Option<BeginningsFile>,
    /// Whether what was given out last could not be written down.
    unsaved: AtomicBool,
    /// Of how many layers the state can be shown.
    layers: usize,
    name: String,
    description: Description,
}

impl Engine {
    /// Loads a model and waits until it has proved that it works. Takes seconds: call it off the async threads.
    pub fn start(options: EngineOptions) -> Result<Self, LoadError> {
        let (path, queue) = (options.path.clone(), options.queue);
        let stopped = LoadError::Model { path, detail: "loading it ended in a panic".to_owned() };
        Self::spawn(queue, stopped, move || Loaded::from_file(&options))
    }

    /// Starts the thread, has it load the model, and waits for that; `stopped` is the error when it panics.
    fn spawn(
        queue: usize,
        stopped: LoadError,
        load: impl FnOnce() -> Result<Loaded, LoadError> + Send + 'static,
    ) -> Result<Self, LoadError> {
        let (sender, commands) = sync_channel(queue.max(1));
        let (report, loaded) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("language-model".to_owned())
            .spawn(move || run(load, report, commands))
            .map_err(LoadError::Thread)?;
        let front = loaded.recv().unwrap_or(Err(stopped))?;
        Ok(Engine {
            sender: Some(sender),
            thread: Some(thread),
            tokenizer: front.tokenizer,
            template: front.template,
            context: front.context,
            healthy: front.healthy,
            forget: front.forget,
            file: front.file,
            unsaved: AtomicBool::new(false),
            layers: front.layers,
            name: front.description.identity(),
            description: front.description,
        })
    }

    /// What is loaded and what it runs on.
    pub fn describe(&self) -> &Description {
        &self.description
    }

    /// The text of a prompt by the model's chat template. Special tokens that messages spell out stand in it as such:
    /// it is for people and for comparisons, and is never read by the model.
    pub fn render(&self, messages: &[ChatMessage]) -> Result<String, ModelError> {
        self.template.render(messages).map_err(ModelError::Failed)
    }

    /// Whether the last piece of work went well. A model that panicked may not recover.
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Acquire)
    }

    /// The tokens of a prompt; `more` of them must fit after it.
    fn prompt(&self, messages: &[ChatMessage], prefix: &str, more: usize) -> Result<Prompt, ModelError> {
        let prompt = prompt::encode(&self.template, &self.tokenizer, messages, prefix).map_err(ModelError::Failed)?;
        let limit = self.context.saturating_sub(more);
        let tokens = prompt.tokens.len();
        if tokens == 0 {
            return Err(ModelError::Failed("the chat template gave an empty prompt".to_owned()));
        }
        if tokens > limit {
            return Err(ModelError::TooLong { tokens, limit });
        }
        Ok(prompt)
    }

    fn submit(&self, command: Command) -> Result<(), ModelError> {
        let sender = self.sender.as_ref().expect("the sender is taken by drop alone. This is a bug.");
        sender.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => ModelError::Overloaded,
            TrySendError::Disconnected(_) => stopped(),
        })
    }

    async fn run_generate(&self, request: GenerateRequest) -> Result<Generated, ModelError> {
        let queued = Instant::now();
        let GenerateRequest { messages, prefix, max_tokens, stop, sentences, deadline, cancel, stream } = request;
        let prompt = self.prompt(&messages, &prefix, 1)?;
        // A deadline beyond what the clock can show is none.
        let deadline = deadline.and_then(|limit| queued.checked_add(limit));
        let unanswered = unanswered(&prefix, prompt.tokens.len());
        let (reply, answer) = oneshot::channel();
        let (ticket, claimed) = ticket(&cancel, deadline, queued);
        let work = Generation { prompt, prefix, max_tokens, stop, sentences, stream };
        self.submit(Command::Generate(Box::new(Job { work, ticket, reply })))?;
        let mut answer = std::pin::pin!(receive(answer, &cancel));
        let Some(deadline) = deadline else { return answer.await };
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            () = tokio::time::sleep_until(deadline.into()) => {
                if claimed.swap(true, Ordering::AcqRel) {
                    // The thread is at it, and looks at the deadline itself.
                    answer.await
                } else {
                    Ok(Generated { queue: queued.elapsed(), ..unanswered })
                }
            }
        }
    }

    async fn run_score(&self, request: ScoreRequest) -> Result<Vec<f32>, ModelError> {
        let ScoreRequest { messages, options, cancel } = request;
        if options.len() < 2 {
            return Err(ModelError::Failed("a score compares at least two options".to_owned()));
        }
        let options: Result<Vec<Choice>, String> =
            options.iter().map(|option| Choice::new(&self.tokenizer, option)).collect();
        let options = options.map_err(ModelError::Failed)?;
        let longest = options.iter().map(Choice::len).max().unwrap_or_default();
        let prompt = self.prompt(&messages, "", longest)?;
        let (reply, answer) = oneshot::channel();
        let (ticket, _) = ticket(&cancel, None, Instant::now());
        self.submit(Command::Score(Box::new(Job { work: Scoring { prompt, options }, ticket, reply })))?;
        receive(answer, &cancel).await
    }

    async fn run_state(&self, request: StateRequest) -> Result<Option<Vec<f32>>, ModelError> {
        let StateRequest { messages, layer, cancel } = request;
        if layer >= self.layers {
            return Ok(None);
        }
        let prompt = self.prompt(&messages, "", 0)?;
        let (reply, answer) = oneshot::channel();
        let (ticket, _) = ticket(&cancel, None, Instant::now());
        self.submit(Command::Observe(Box::new(Job { work: Observation { prompt, layer }, ticket, reply })))?;
        receive(answer, &cancel).await.map(Some)
    }

    async fn run_save(&self) {
        let Some(file) = self.file.clone() else { return };
        let (reply, answer) = oneshot::channel();
        // With a full queue there is more to do than this; what is new is still new at the next time.
        let anyway = self.unsaved.load(Ordering::Acquire);
        if self.submit(Command::GiveOut(Keeping { anyway, reply })).is_err() {
            return;
        }
        let Ok(Some(lasting)) = answer.await else { return };
        // The file's own thread says what went wrong; a full disk may have room again at the next time.
        let is_written = tokio::task::spawn_blocking(move || file.write(&lasting)).await;
        self.unsaved.store(!is_written.unwrap_or(false), Ordering::Release);
    }
}

/// What the thread does: load, report, work.
fn run(
    load: impl FnOnce() -> Result<Loaded, LoadError>,
    report: SyncSender<Result<Front, LoadError>>,
    commands: Receiver<Command>,
) {
    let loaded = match load() {
        Ok(loaded) => loaded,
        Err(error) => return drop(report.send(Err(error))),
    };
    let Loaded { decoder, beginnings, file, guesses, tokenizer, template, context, description } = loaded;
    let healthy = Arc::new(AtomicBool::new(true));
    let forget = Arc::new(AtomicBool::new(false));
    let front = Front {
        tokenizer: tokenizer.clone(),
        template,
        context,
        healthy: healthy.clone(),
        forget: forget.clone(),
        file,
        layers: decoder.layers(),
        description,
    };
    let worker = Worker { decoder, tokenizer, beginnings, context, guesses, healthy, forget };
    if report.send(Ok(front)).is_ok() {
        worker.serve(commands);
    }
}

/// What the handle needs of a loaded model.
struct Front {
    tokenizer: Arc<Tokenizer>,
    template: ChatTemplate,
    context: usize,
    healthy: Arc<AtomicBool>,
    forget: Arc<AtomicBool>,
    file: Option<BeginningsFile>,
    layers: usize,
    description: Description,
}

fn ticket(cancel: &CancellationToken, deadline: Option<Instant>, queued: Instant) -> (Ticket, Arc<AtomicBool>) {
    let claimed = Arc::new(AtomicBool::new(false));
    let ticket = Ticket { cancel: cancel.clone(), deadline, queued, claimed: claimed.clone(), span: Span::current() };
    (ticket, claimed)
}

/// Waits for an answer or for the request to be cancelled, whichever comes first.
async fn receive<Answer>(
    answer: oneshot::Receiver<Result<Answer, ModelError>>,
    cancel: &CancellationToken,
) -> Result<Answer, ModelError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(ModelError::Cancelled),
        answer = answer => answer.unwrap_or_else(|_| Err(stopped())),
    }
}

fn stopped() -> ModelError {
    ModelError::Unavailable("its thread has ended; restart atiende".to_owned())
}

/// The answer when the time was up before the work began.
fn unanswered(prefix: &str, prompt: usize) -> Generated {
    Generated {
        text: prefix.trim().to_owned(),
        finish: FinishReason::Deadline,
        mean_log_probability: 0.0,
        tokens: TokenCounts { prompt, ..TokenCounts::default() },
        queue: Duration::ZERO,
        prefill: Duration::ZERO,
        generate: Duration::ZERO,
    }
}

impl LanguageModel for Engine {
    fn generate(&self, request: GenerateRequest) -> BoxFuture<'_, Result<Generated, ModelError>> {
        Box::pin(self.run_generate(request))
    }

    fn score(&self, request: ScoreRequest) -> BoxFuture<'_, Result<Vec<f32>, ModelError>> {
        Box::pin(self.run_score(request))
    }

    fn state(&self, request: StateRequest) -> BoxFuture<'_, Result<Option<Vec<f32>>, ModelError>> {
        Box::pin(self.run_state(request))
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn count_tokens(&self, text: &str) -> usize {
        // Text that cannot be encoded takes no more tokens than it has bytes.
        self.tokenizer.encode_text(text).map_or(text.len(), |tokens| tokens.len())
    }

    fn context_length(&self) -> usize {
        self.context
    }

    fn remembers(&self) -> bool {
        self.layers > 0
    }

    fn forget(&self) {
        self.forget.store(true, Ordering::Release);
        // Where there is no room for this, there is work, and it is seen at the next pass.
        drop(self.submit(Command::Wake));
    }

    fn save(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.run_save())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The order matters: the thread ends when there is no sender left.
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // A panic outside of any work was reported by the panic hook.
            drop(thread.join());
        }
    }
}
