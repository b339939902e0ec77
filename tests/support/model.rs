//! Language models that do what a test tells them.

use std::sync::Arc;

use atiende::llm::slot::ModelSlot;
use atiende::llm::{GenerateRequest, Generated, LanguageModel, ModelError, ScoreRequest};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

/// A model that thinks until it is let go on, whatever else happens meanwhile. Then every passage answers.
#[derive(Default)]
pub struct Thinker {
    asked: watch::Sender<usize>,
    released: watch::Sender<bool>,
    /// How often it was told to forget.
    pub forgotten: watch::Sender<usize>,
}

impl Thinker {
    /// The model and the slot that holds it.
    pub fn slot() -> (Arc<Thinker>, ModelSlot) {
        let thinker = Arc::new(Thinker::default());
        (thinker.clone(), ModelSlot::ready(thinker))
    }

    /// Waits until it was asked this often in all.
    pub async fn asked(&self, times: usize) {
        let mut asked = self.asked.subscribe();
        let asked = asked.wait_for(|count| *count >= times);
        tokio::time::timeout(crate::stage::PATIENCE, asked).await.expect("asked in time").expect("it lives");
    }

    /// Lets it answer, now and from now on.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    async fn think(&self) {
        self.asked.send_modify(|count| *count += 1);
        self.released.subscribe().wait_for(|released| *released).await.expect("it lives");
    }
}

impl LanguageModel for Thinker {
    fn generate(&self, _: GenerateRequest) -> BoxFuture<'_, Result<Generated, ModelError>> {
        async move {
            self.think().await;
            Err(ModelError::Failed("it only judges".into()))
        }
        .boxed()
    }

    fn score(&self, _: ScoreRequest) -> BoxFuture<'_, Result<Vec<f32>, ModelError>> {
        async move {
            self.think().await;
            Ok(vec![0.95, 0.05])
        }
        .boxed()
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.len() / 3
    }

    fn context_length(&self) -> usize {
        4_096
    }

    fn forget(&self) {
        self.forgotten.send_modify(|count| *count += 1);
    }
}
