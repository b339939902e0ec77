//! A language model for tests: answers at once, says what it is told to, and keeps what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::request::{
    ChatMessage, FinishReason, GenerateRequest, Generated, LanguageModel, ModelError, ScoreRequest, StateRequest,
};

/// Deterministic and without weights.
pub struct FakeModel {
    /// What it calls itself.
    pub name: String,
    /// What it writes; without this it fails.
    pub text: Option<String>,
    /// The probability of the first of two options.
    pub yes: f32,
    /// The hidden state that it shows.
    pub state: Result<Option<Vec<f32>>, ModelError>,
    /// Every prompt that it was to write something after.
    pub asked: Mutex<Vec<Vec<ChatMessage>>>,
    /// How often it was to write down what it has read.
    pub saved: AtomicUsize,
}

impl Default for FakeModel {
    fn default() -> Self {
        FakeModel {
            name: "fake".into(),
            text: None,
            yes: 0.5,
            state: Ok(None),
            asked: Mutex::default(),
            saved: AtomicUsize::new(0),
        }
    }
}

impl FakeModel {
    /// One that always writes the same.
    pub fn writing(text: &str) -> Self {
        FakeModel { text: Some(text.to_owned()), ..FakeModel::default() }
    }
}

impl LanguageModel for FakeModel {
    fn generate(&self, request: GenerateRequest) -> BoxFuture<'_, Result<Generated, ModelError>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.messages);
        let text = self.text.clone().ok_or_else(|| ModelError::Failed("it was told to".into()));
        Box::pin(std::future::ready(text.map(|text| Generated::at_once(text, FinishReason::End))))
    }

    fn score(&self, _: ScoreRequest) -> BoxFuture<'_, Result<Vec<f32>, ModelError>> {
        Box::pin(std::future::ready(Ok(vec![self.yes, 1.0 - self.yes])))
    }

    fn state(&self, _: StateRequest) -> BoxFuture<'_, Result<Option<Vec<f32>>, ModelError>> {
        Box::pin(std::future::ready(self.state.clone()))
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.len()
    }

    fn context_length(&self) -> usize {
        4096
    }

    fn remembers(&self) -> bool {
        true
    }

    fn save(&self) -> BoxFuture<'_, ()> {
        self.saved.fetch_add(1, Ordering::AcqRel);
        Box::pin(std::future::ready(()))
    }
}
