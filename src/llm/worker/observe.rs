//! What the model makes of a prompt: the hidden state of one layer, with no word written.

use std::ops::ControlFlow;

use tokio::sync::oneshot;

use crate::llm::decoder::Watch;
use crate::llm::request::ModelError;

/// What to look at.
pub(in crate::llm) struct Observation {
    /// Never empty, and not longer than the context.
    pub(in crate::llm) prompt: Vec<u32>,
    /// A layer that the model has.
    pub(in crate::llm) layer: usize,
}

/// A prompt that is being read.
pub(super) struct Observing {
    watch: Watch,
    reply: Option<oneshot::Sender<Result<Vec<f32>, ModelError>>>,
}

impl Observing {
    /// The work and the prompt to be read for it.
    pub(super) fn new(work: Observation, reply: oneshot::Sender<Result<Vec<f32>, ModelError>>) -> (Self, Vec<u32>) {
        let watch = Watch { layer: work.layer, state: Vec::new() };
        (Observing { watch, reply: Some(reply) }, work.prompt)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.reply.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// Where the state goes when the last of the prompt is read.
    pub(super) fn watch(&mut self) -> &mut Watch {
        &mut self.watch
    }

    /// Answers with what was seen.
    pub(super) fn finish(&mut self) -> ControlFlow<()> {
        let state = std::mem::take(&mut self.watch.state);
        let is_sound = !state.is_empty() && state.iter().all(|number| number.is_finite());
        self.answer(is_sound.then_some(state).ok_or_else(|| ModelError::Failed("its state is no numbers".to_owned())));
        ControlFlow::Break(())
    }

    pub(super) fn answer(&mut self, answer: Result<Vec<f32>, ModelError>) {
        // Nobody may be waiting any more.
        drop(self.reply.take().map(|reply| reply.send(answer)));
    }
}
