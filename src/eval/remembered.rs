//! A model whose answers are kept in a file, so that cases are tried again in seconds after a change elsewhere.
//!
//! Only for measuring: decoding is greedy, so that the same prompt always has the same answer. The file holds hashes of
//! prompts and the answers; it is tied to the model by name.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::llm::{FinishReason, GenerateRequest, Generated, LanguageModel, ModelError, ScoreRequest, StateRequest};

/// A model that remembers.
pub struct Remembered {
    model: Arc<dyn LanguageModel>,
    name: String,
    memory: Mutex<Memory>,
}

struct Memory {
    answers: HashMap<String, Answer>,
    file: File,
}

#[derive(Clone, Serialize, Deserialize)]
enum Answer {
    Text(String, FinishReason),
    Probabilities(Vec<f32>),
    State(Vec<f32>),
}

#[derive(Serialize, Deserialize)]
struct Line {
    key: String,
    answer: Answer,
}

impl Remembered {
    /// Puts a memory before a model; `name` tells models apart.
    ///
    /// # Errors
    /// When the file cannot be read or written. A line that is none is passed over: the run was cut off there.
    pub fn open(file: &Path, name: &str, model: Arc<dyn LanguageModel>) -> Result<Remembered> {
        let problem = || format!("cannot keep answers in {}", file.display());
        let opened = OpenOptions::new().read(true).append(true).create(true).open(file).with_context(problem)?;
        let mut answers = HashMap::new();
        for line in BufReader::new(opened.try_clone().with_context(problem)?).lines() {
            if let Ok(line) = serde_json::from_str::<Line>(&line.with_context(problem)?) {
                answers.insert(line.key, line.answer);
            }
        }
        Ok(Remembered { model, name: name.to_owned(), memory: Mutex::new(Memory { answers, file: opened }) })
    }

    fn key(&self, prompt: &impl Serialize) -> String {
        let text = serde_json::to_string(&(&self.name, prompt)).unwrap_or_default();
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn recall(&self, key: &str) -> Option<Answer> {
        self.memory.lock().ok()?.answers.get(key).cloned()
    }

    fn keep(&self, key: String, answer: Answer) {
        let Ok(mut memory) = self.memory.lock() else { return };
        memory.answers.insert(key.clone(), answer.clone());
        if let Ok(line) = serde_json::to_string(&Line { key, answer })
            && let Err(error) = writeln!(memory.file, "{line}")
        {
            tracing::warn!(%error, "An answer could not be kept for the next run");
        }
    }
}

impl LanguageModel for Remembered {
    fn generate(&self, request: GenerateRequest) -> BoxFuture<'_, Result<Generated, ModelError>> {
        Box::pin(async move {
            let asked = (&request.messages, &request.prefix, request.max_tokens, &request.stop);
            let key = match request.sentences {
                None => self.key(&asked),
                Some(sentences) => self.key(&(asked, sentences)),
            };
            if let Some(Answer::Text(text, finish)) = self.recall(&key) {
                return Ok(Generated::at_once(text, finish));
            }
            let generated = self.model.generate(request).await?;
            if generated.finish != FinishReason::Deadline {
                self.keep(key, Answer::Text(generated.text.clone(), generated.finish));
            }
            Ok(generated)
        })
    }

    fn score(&self, request: ScoreRequest) -> BoxFuture<'_, Result<Vec<f32>, ModelError>> {
        Box::pin(async move {
            let key = self.key(&(&request.messages, &request.options));
            if let Some(Answer::Probabilities(probabilities)) = self.recall(&key) {
                return Ok(probabilities);
            }
            let probabilities = self.model.score(request).await?;
            self.keep(key, Answer::Probabilities(probabilities.clone()));
            Ok(probabilities)
        })
    }

    fn state(&self, request: StateRequest) -> BoxFuture<'_, Result<Option<Vec<f32>>, ModelError>> {
        Box::pin(async move {
            let key = self.key(&(&request.messages, request.layer));
            if let Some(Answer::State(state)) = self.recall(&key) {
                return Ok(Some(state));
            }
            let state = self.model.state(request).await?;
            if let Some(state) = &state {
                self.keep(key, Answer::State(state.clone()));
            }
            Ok(state)
        })
    }

    fn name(&self) -> &str {
        self.model.name()
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.model.count_tokens(text)
    }

    fn context_length(&self) -> usize {
        self.model.context_length()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::fake::FakeModel;
    use crate::llm::{ChatMessage, Role};

    #[tokio::test]
    async fn the_same_prompt_is_asked_once_even_over_two_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("answers.jsonl");
        let ask = |text: &str| GenerateRequest::new(vec![ChatMessage::new(Role::User, text)], 10);
        let open = |name: &str, says: &str| Remembered::open(&file, name, Arc::new(FakeModel::writing(says)));
        let said = async |name: &str, says: &str, text: &str| {
            open(name, says).expect("opens").generate(ask(text)).await.expect("answers").text
        };
        assert_eq!(said("tiny", "first", "a").await, "first");
        assert_eq!(said("tiny", "second", "a").await, "first");
        assert_eq!(said("tiny", "second", "b").await, "second");
        assert_eq!(said("another", "third", "a").await, "third");
    }

    #[tokio::test]
    async fn a_state_is_kept_and_that_there_is_none_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("answers.jsonl");
        let shown = async |layer: usize, state: Option<Vec<f32>>| {
            let model = FakeModel { state: Ok(state), ..FakeModel::default() };
            let model = Remembered::open(&file, "tiny", Arc::new(model)).expect("opens");
            let messages = vec![ChatMessage::new(Role::User, "a")];
            model.state(StateRequest { messages, layer, cancel: Default::default() }).await.expect("answers")
        };
        assert_eq!(shown(3, None).await, None);
        assert_eq!(shown(3, Some(vec![0.5])).await, Some(vec![0.5]));
        assert_eq!(shown(3, Some(vec![1.5])).await, Some(vec![0.5]));
        assert_eq!(shown(4, Some(vec![1.5])).await, Some(vec![1.5]));
    }
}
