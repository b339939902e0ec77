//! Where the model is once it is loaded: loading takes seconds, and nobody waits for it who does not need it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::request::LanguageModel;

/// What is known of the model.
#[derive(Clone)]
pub enum ModelState {
    /// It is being loaded.
    Loading,
    /// It is there.
    Ready(Arc<dyn LanguageModel>),
    /// The owner does without one.
    SwitchedOff,
    /// There is none; the text says why and what to do.
    Absent(String),
}

/// A place for one model that arrives later; clones share it.
#[derive(Clone)]
pub struct ModelSlot {
    state: Arc<watch::Sender<ModelState>>,
}

impl ModelSlot {
    /// A slot whose model is still being loaded.
    pub fn loading() -> Self {
        ModelSlot { state: Arc::new(watch::Sender::new(ModelState::Loading)) }
    }

    /// A slot that holds a model.
    pub fn ready(model: Arc<dyn LanguageModel>) -> Self {
        ModelSlot { state: Arc::new(watch::Sender::new(ModelState::Ready(model))) }
    }

    /// A slot of an owner who does without one.
    pub fn switched_off() -> Self {
        ModelSlot { state: Arc::new(watch::Sender::new(ModelState::SwitchedOff)) }
    }

    /// A slot that will never hold one.
    pub fn absent(reason: impl Into<String>) -> Self {
        ModelSlot { state: Arc::new(watch::Sender::new(ModelState::Absent(reason.into()))) }
    }

    /// The model has arrived, or will not.
    pub fn set(&self, state: ModelState) {
        self.state.send_replace(state);
    }

    /// What is known now.
    pub fn state(&self) -> ModelState {
        self.state.borrow().clone()
    }

    /// Has the model let go of what it keeps of customers' texts that it read.
    pub fn forget(&self) {
        if let ModelState::Ready(model) = self.state() {
            model.forget();
        }
    }

    /// The model, waiting for it at most `patience` while it is being loaded.
    pub async fn get(&self, patience: Duration) -> Option<Arc<dyn LanguageModel>> {
        let mut watcher = self.state.subscribe();
        let known = watcher.wait_for(|state| !matches!(state, ModelState::Loading));
        match tokio::time::timeout(patience, known).await {
            Ok(Ok(state)) => match &*state {
                ModelState::Ready(model) => Some(model.clone()),
                ModelState::Loading | ModelState::SwitchedOff | ModelState::Absent(_) => None,
            },
            _ => None,
        }
    }
}
