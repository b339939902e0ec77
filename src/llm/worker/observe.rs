//! What the model makes of a prompt: the hidden state of one layer, with no word written.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::task::Facilities;
use crate::llm::decoder::Wanted;
use crate::llm::prompt::Prompt;
use crate::llm::request::ModelError;

/// What to look at.
pub(in crate::llm) struct Observation {
    /// Never empty, and not longer than the context.
    pub(in crate::llm) prompt: Prompt,
    /// A layer that the model has.
    pub(in crate::llm) layer: usize,
}

/// A prompt that is being read.
pub(super) struct Observing {
    layer: usize,
    state: Vec<f32>,
    reply: Option<oneshot::Sender<Result<Vec<f32>, ModelError>>>,
}

impl Observing {
    /// The work and the prompt to be read for it.
    pub(super) fn new(work: Observation, reply: oneshot::Sender<Result<Vec<f32>, ModelError>>) -> (Self, Prompt) {
        (Observing { layer: work.layer, state: Vec::new(), reply: Some(reply) }, work.prompt)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.reply.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// How many layers the prompt is read through.
    pub(super) fn depth(&self) -> usize {
        self.layer + 1
    }

    /// What is wanted of the prompt's next piece.
    pub(super) fn wanted(&mut self, is_last: bool) -> Wanted<'_> {
        Wanted::State { layer: self.layer, into: is_last.then_some(&mut self.state) }
    }

    /// Answers with what was seen.
    pub(super) fn finish(&mut self, facilities: &Facilities<'_>) -> ControlFlow<()> {
        let state = std::mem::take(&mut self.state);
        let is_sound = !state.is_empty() && state.iter().all(|number| number.is_finite());
        facilities.healthy.store(is_sound, Ordering::Release);
        self.answer(is_sound.then_some(state).ok_or_else(|| ModelError::Failed("its state is no numbers".to_owned())));
        ControlFlow::Break(())
    }

    pub(super) fn answer(&mut self, answer: Result<Vec<f32>, ModelError>) {
        // Nobody may be waiting any more.
        drop(self.reply.take().map(|reply| reply.send(answer)));
    }
}
