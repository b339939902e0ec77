//! How the stages of an answer use the language model: with one deadline for the whole turn, and every use counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::llm::{ChatMessage, GenerateRequest, LanguageModel, ModelError, ScoreRequest, StateRequest, TokenCounts};
use crate::prompts::Prompts;

/// Below this there is no point in asking the model for anything.
const SHORTEST_USE: Duration = Duration::from_millis(500);

/// The model during one turn. Without a model every request yields nothing, and the answer does without.
pub struct ModelUse<'a> {
    /// What the model is told.
    pub prompts: &'a Prompts,
    model: Option<Arc<dyn LanguageModel>>,
    cancel: CancellationToken,
    deadline: Instant,
    /// Tokens read and written so far.
    pub tokens: TokenCounts,
    /// Time spent reading prompts so far.
    pub prefill: Duration,
    /// Time spent writing so far.
    pub generate: Duration,
}

impl<'a> ModelUse<'a> {
    /// The model for a turn that may last `patience` from now.
    pub fn new(
        prompts: &'a Prompts,
        model: Option<Arc<dyn LanguageModel>>,
        patience: Duration,
        cancel: CancellationToken,
    ) -> Self {
        ModelUse {
            prompts,
            model,
            cancel,
            deadline: Instant::now() + patience,
            tokens: TokenCounts::default(),
            prefill: Duration::ZERO,
            generate: Duration::ZERO,
        }
    }

    /// Whether there is a model and time to use it.
    pub fn is_available(&self) -> bool {
        self.model.is_some() && self.left() > SHORTEST_USE
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How many tokens a text takes; an estimate without a model.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.model.as_ref().map_or(text.len() / 3, |model| model.count_tokens(text))
    }

    /// Text from the model, whole: a text that was cut off by the deadline or the budget is none.
    pub async fn generate(&mut self, mut request: GenerateRequest, trail: &mut Vec<String>) -> Option<String> {
        let model = self.model.clone()?;
        if self.left() <= SHORTEST_USE {
            trail.push("model: no time left".into());
            return None;
        }
        request.deadline = Some(self.left());
        request.cancel = self.cancel.clone();
        // The model keeps the deadline by itself; one that does not costs no customer more than that.
        let Ok(generated) = tokio::time::timeout(self.left(), model.generate(request)).await else {
            trail.push("model: no answer in time".into());
            return None;
        };
        match generated {
            Ok(generated) => {
                self.tokens += generated.tokens;
                self.prefill += generated.prefill;
                self.generate += generated.generate;
                use crate::llm::FinishReason::{Deadline, End, Length, Stop};
                match generated.finish {
                    End | Stop => Some(generated.text).filter(|text| !text.is_empty()),
                    Length | Deadline => {
                        trail.push(format!("model: cut off ({:?})", generated.finish));
                        None
                    }
                }
            }
            Err(error) => {
                trail.push(format!("model: {error}"));
                None
            }
        }
    }

    /// The probability of the first of two options.
    pub async fn probability(&mut self, mut request: ScoreRequest, trail: &mut Vec<String>) -> Option<f32> {
        let model = self.model.clone()?;
        request.cancel = self.cancel.clone();
        let prompt = tokens_of(&*model, &request.messages);
        let probabilities = self.read(prompt, model.score(request), trail).await?;
        probabilities.first().copied()
    }

    /// The name of the model; empty without one.
    pub fn name(&self) -> &str {
        self.model.as_ref().map_or("", |model| model.name())
    }

    /// The model's state after a prompt, where it shows one.
    pub async fn state(&mut self, mut request: StateRequest, trail: &mut Vec<String>) -> Option<Vec<f32>> {
        let model = self.model.clone()?;
        request.cancel = self.cancel.clone();
        let prompt = tokens_of(&*model, &request.messages);
        self.read(prompt, model.state(request), trail).await?
    }

    /// Waits for an answer that comes of reading `prompt` tokens alone.
    async fn read<Answer>(
        &mut self,
        prompt: usize,
        answer: impl Future<Output = Result<Answer, ModelError>>,
        trail: &mut Vec<String>,
    ) -> Option<Answer> {
        let began = Instant::now();
        if self.left() <= SHORTEST_USE {
            return None;
        }
        let Ok(answer) = tokio::time::timeout(self.left(), answer).await else {
            trail.push("model: no time left".into());
            return None;
        };
        match answer {
            Ok(answer) => {
                self.prefill += began.elapsed();
                self.tokens.prompt += prompt;
                Some(answer)
            }
            Err(error) => {
                trail.push(format!("model: {error}"));
                None
            }
        }
    }
}

fn tokens_of(model: &dyn LanguageModel, messages: &[ChatMessage]) -> usize {
    messages.iter().map(|message| model.count_tokens(&message.content)).sum()
}
