//! Writing text: the prompt in chunks, then one token at a time, the most probable each time.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::{Watch, Worker, as_error};
use crate::llm::request::{FinishReason, Generated, ModelError, TokenCounts};
use crate::llm::sample;
use crate::llm::session::Interrupt;
use crate::llm::stream::TextStream;

/// What to write.
pub(in crate::llm) struct Generation {
    /// Never empty, and shorter than the context.
    pub(in crate::llm) prompt: Vec<u32>,
    /// How the answer begins; the end of the prompt already holds it.
    pub(in crate::llm) prefix: String,
    pub(in crate::llm) max_tokens: usize,
    pub(in crate::llm) stop: Vec<String>,
    pub(in crate::llm) stream: Option<UnboundedSender<String>>,
}

/// An answer that is being written.
struct Draft {
    text: TextStream,
    stream: Option<UnboundedSender<String>>,
    tokens: usize,
    log_probability: f32,
}

impl Draft {
    fn show(&mut self, is_last: bool) {
        let piece = if is_last { self.text.last_piece() } else { self.text.piece() };
        if let Some(stream) = self.stream.as_ref().filter(|_| !piece.is_empty()) {
            // Whoever watched may have gone; the answer itself is still wanted.
            drop(stream.send(piece.to_owned()));
        }
    }

    fn mean_log_probability(&self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "answers have a few hundred tokens")]
        let tokens = self.tokens.max(1) as f32;
        self.log_probability / tokens
    }
}

impl Worker {
    pub(super) fn generate(&mut self, work: Generation, watch: &Watch<'_>) -> Result<Generated, ModelError> {
        let started = Instant::now();
        let Generation { prompt, prefix, max_tokens, stop, stream } = work;
        let mut draft = Draft { text: TextStream::new(&prefix, stop), stream, tokens: 0, log_probability: 0.0 };
        let (cached, read) = match self.session.read(&prompt, &|| watch.check()) {
            Ok(cached) => (cached, true),
            Err(Interrupt::Deadline) => (0, false),
            Err(interrupt) => return Err(as_error(interrupt)),
        };
        let prefill = started.elapsed();
        let writing = Instant::now();
        let room = max_tokens.min(self.context.saturating_sub(prompt.len()));
        let finish = if read { self.write(&mut draft, room, watch)? } else { FinishReason::Deadline };
        draft.show(true);
        Ok(Generated {
            text: draft.text.text().to_owned(),
            finish,
            mean_log_probability: draft.mean_log_probability(),
            tokens: TokenCounts { prompt: prompt.len(), cached, generated: draft.tokens },
            queue: started.duration_since(watch.ticket.queued),
            prefill,
            generate: if read { writing.elapsed() } else { Duration::ZERO },
        })
    }

    fn write(&mut self, draft: &mut Draft, room: usize, watch: &Watch<'_>) -> Result<FinishReason, ModelError> {
        let mut unread = None;
        loop {
            if draft.tokens >= room {
                return Ok(FinishReason::Length);
            }
            match watch.check() {
                Ok(()) => {}
                Err(Interrupt::Deadline) => return Ok(FinishReason::Deadline),
                Err(interrupt) => return Err(as_error(interrupt)),
            }
            if let Some(token) = unread {
                self.session.advance(token).map_err(as_error)?;
            }
            let (token, log_probability) = sample::greedy(self.session.logits())
                .ok_or_else(|| ModelError::Failed("its logits are not numbers".to_owned()))?;
            if self.tokenizer.is_end(token) {
                return Ok(FinishReason::End);
            }
            draft.tokens += 1;
            draft.log_probability += log_probability;
            if draft.text.push(self.tokenizer.bytes(token)) {
                return Ok(FinishReason::Stop);
            }
            draft.show(false);
            unread = Some(token);
        }
    }
}
