//! What one can ask of a language model, and what it answers. The engine implements it; tests script it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Who says a part of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The instructions.
    System,
    /// The customer, or the task at hand.
    User,
    /// The bot's own earlier words.
    Assistant,
}

/// One part of a prompt. Its text is data: special tokens that it spells out are not read as such.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// How many of the text's first bytes are the business's own words.
    #[serde(skip)]
    own: usize,
}

impl ChatMessage {
    /// A part of a prompt, any of which may be a customer's words.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        ChatMessage { role, content: content.into(), own: 0 }
    }

    /// The business's own words alone. What the model reads of them may lie on disk, where no erasure looks: not a word
    /// of a customer's may be among them, nor what was made from any.
    pub fn own(role: Role, content: impl Into<String>) -> Self {
        ChatMessage::own_and(role, content, "")
    }

    /// The same before words that may be a customer's.
    pub fn own_and(role: Role, own: impl Into<String>, others: &str) -> Self {
        let mut content = own.into();
        let own = content.len();
        content.push_str(others);
        ChatMessage { role, content, own }
    }

    /// What of it is the business's own.
    pub(super) fn own_words(&self) -> &str {
        self.content.get(..self.own).unwrap_or_default()
    }

    /// Whether all of it is the business's own.
    pub(super) fn is_own(&self) -> bool {
        self.own_words().len() == self.content.len()
    }
}

/// Asks for text. Decoding is greedy: the same request gives the same answer.
#[derive(Clone, Debug)]
pub struct GenerateRequest {
    /// The prompt.
    pub messages: Vec<ChatMessage>,
    /// How the answer must begin; the model goes on from here, and the answer holds it. Usually empty.
    pub prefix: String,
    /// At most this many new tokens.
    pub max_tokens: usize,
    /// Generation ends before the first of these, which is left out of the text.
    pub stop: Vec<String>,
    /// Generation ends with this many sentences; without it, when the model says so.
    pub sentences: Option<usize>,
    /// At most this long, queueing included; what is there by then is returned with [`FinishReason::Deadline`].
    pub deadline: Option<Duration>,
    /// Cancelling it ends the work at the next token with [`ModelError::Cancelled`].
    pub cancel: CancellationToken,
    /// Receives the text piece by piece, never a part of a character.
    pub stream: Option<tokio::sync::mpsc::UnboundedSender<String>>,
}

impl GenerateRequest {
    /// A request with a budget of tokens and nothing else special.
    pub fn new(messages: Vec<ChatMessage>, max_tokens: usize) -> Self {
        GenerateRequest {
            messages,
            prefix: String::new(),
            max_tokens,
            stop: Vec::new(),
            sentences: None,
            deadline: None,
            cancel: CancellationToken::new(),
            stream: None,
        }
    }
}

/// Asks how probable each of a few continuations is.
#[derive(Clone, Debug)]
pub struct ScoreRequest {
    /// The prompt.
    pub messages: Vec<ChatMessage>,
    /// The continuations, at least two: `Yes`, `No`.
    pub options: Vec<String>,
    /// Cancelling it ends the work with [`ModelError::Cancelled`].
    pub cancel: CancellationToken,
}

/// Asks what the model makes of a prompt: its hidden state after the last token.
#[derive(Clone, Debug)]
pub struct StateRequest {
    /// The prompt.
    pub messages: Vec<ChatMessage>,
    /// After which layer, from 0. Those above it are not computed.
    pub layer: usize,
    /// Cancelling it ends the work with [`ModelError::Cancelled`].
    pub cancel: CancellationToken,
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model said that it was done.
    End,
    /// One of the request's stops came up, or its last sentence ended.
    Stop,
    /// The token budget was used up.
    Length,
    /// The deadline passed.
    Deadline,
}

/// How many tokens the work took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCounts {
    /// Tokens of the prompt.
    pub prompt: usize,
    /// Of these, how many did not have to be computed again.
    pub cached: usize,
    /// Tokens generated.
    pub generated: usize,
    /// Tokens that were guessed and computed together with the one before them.
    pub guessed: usize,
    /// Of these, how many were what the model would have written.
    pub confirmed: usize,
}

impl std::ops::AddAssign for TokenCounts {
    fn add_assign(&mut self, other: Self) {
        self.prompt += other.prompt;
        self.cached += other.cached;
        self.generated += other.generated;
        self.guessed += other.guessed;
        self.confirmed += other.confirmed;
    }
}

/// What the model wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The text, trimmed at both ends.
    pub text: String,
    /// Why it ended.
    pub finish: FinishReason,
    /// The mean natural logarithm of the probability of each generated token; 0 when there is none.
    pub mean_log_probability: f32,
    /// How many tokens it took.
    pub tokens: TokenCounts,
    /// Time spent waiting, reading the prompt, and writing.
    pub queue: Duration,
    /// Time spent on the prompt.
    pub prefill: Duration,
    /// Time spent on new tokens.
    pub generate: Duration,
}

impl Generated {
    /// A text that was there already: no token was read or written for it.
    pub fn at_once(text: String, finish: FinishReason) -> Generated {
        Generated {
            text,
            finish,
            mean_log_probability: 0.0,
            tokens: TokenCounts::default(),
            queue: Duration::ZERO,
            prefill: Duration::ZERO,
            generate: Duration::ZERO,
        }
    }
}

/// Why the model did not answer. Never shown to a customer.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ModelError {
    /// No model is loaded; the text says why and what to do.
    #[error("no language model: {0}")]
    Unavailable(String),
    /// The queue is full.
    #[error("the language model is overloaded: the queue is full")]
    Overloaded,
    /// The request was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The prompt does not fit the model's context.
    #[error("the prompt has {tokens} tokens, the model takes {limit}")]
    TooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// What fits.
        limit: usize,
    },
    /// The model failed while it worked.
    #[error("the language model failed: {0}")]
    Failed(String),
}

/// A language model: the engine, or a script in tests.
pub trait LanguageModel: Send + Sync {
    /// Writes text.
    fn generate(&self, request: GenerateRequest) -> BoxFuture<'_, Result<Generated, ModelError>>;

    /// The probability of each option, in the options' order, summing to 1.
    fn score(&self, request: ScoreRequest) -> BoxFuture<'_, Result<Vec<f32>, ModelError>>;

    /// The hidden state after a layer, as many numbers as the model is wide; nothing where what runs the model cannot
    /// show it, or the model has no such layer.
    fn state(&self, request: StateRequest) -> BoxFuture<'_, Result<Option<Vec<f32>>, ModelError>> {
        drop(request);
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Names the model: hidden states of different names must not be compared. Empty where it has none.
    fn name(&self) -> &str {
        ""
    }

    /// How many tokens a text takes, for budgets.
    fn count_tokens(&self, text: &str) -> usize;

    /// How many tokens a prompt with its answer may take.
    fn context_length(&self) -> usize;

    /// Whether it remembers the beginnings of several prompts, so that reading one ahead is of use.
    fn remembers(&self) -> bool {
        false
    }

    /// Lets go of all that is kept of customers' texts that were read: somebody's words are to be erased. Work under way
    /// goes on.
    fn forget(&self) {}

    /// Writes down what it remembers of the business's own words, where it was given a place for that and there is
    /// something new. Nobody's work waits for it.
    fn save(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
