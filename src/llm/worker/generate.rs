//! Writing text: after the prompt the most probable token each time, several at once where they could be guessed.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::Ticket;
use super::lookup::{self, Costs, Luck};
use super::task::{Facilities, Interrupt, Text};
use crate::llm::prompt::Prompt;
use crate::llm::request::{FinishReason, Generated, ModelError, TokenCounts};
use crate::llm::sample;
use crate::llm::stream::TextStream;
use crate::llm::tokenizer::Tokenizer;

/// What to write.
pub(in crate::llm) struct Generation {
    /// Never empty, and shorter than the context.
    pub(in crate::llm) prompt: Prompt,
    /// How the answer begins; the end of the prompt already holds it.
    pub(in crate::llm) prefix: String,
    pub(in crate::llm) max_tokens: usize,
    pub(in crate::llm) stop: Vec<String>,
    pub(in crate::llm) sentences: Option<usize>,
    pub(in crate::llm) stream: Option<UnboundedSender<String>>,
}

/// An answer that is being written.
pub(super) struct Writing {
    text: TextStream,
    stream: Option<UnboundedSender<String>>,
    reply: Option<oneshot::Sender<Result<Generated, ModelError>>>,
    counts: TokenCounts,
    log_probability: f32,
    /// How many tokens may be written.
    room: usize,
    /// What the next tokens may be; they were read with the one before them.
    guesses: Vec<u32>,
    luck: Luck,
    started: Instant,
    /// When the prompt was read.
    read: Option<Instant>,
}

impl Writing {
    /// The work and the prompt to be read for it.
    pub(super) fn new(
        work: Generation,
        reply: oneshot::Sender<Result<Generated, ModelError>>,
        context: usize,
    ) -> (Self, Prompt) {
        let Generation { prompt, prefix, max_tokens, stop, sentences, stream } = work;
        let writing = Writing {
            text: TextStream::new(&prefix, stop, sentences),
            stream,
            reply: Some(reply),
            counts: TokenCounts { prompt: prompt.tokens.len(), ..TokenCounts::default() },
            log_probability: 0.0,
            room: max_tokens.min(context.saturating_sub(prompt.tokens.len())),
            guesses: Vec::new(),
            luck: Luck::new(),
            started: Instant::now(),
            read: None,
        };
        (writing, prompt)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.reply.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// How many tokens may still be written.
    pub(super) fn room(&self) -> usize {
        self.room - self.counts.generated
    }

    /// Its turn has come; until now it waited.
    pub(super) fn begin(&mut self) {
        self.started = Instant::now();
    }

    pub(super) fn resumed(&mut self, tokens: usize) {
        self.counts.cached = tokens;
    }

    /// Writes on with the logits after the last token that is certain and after each guess.
    pub(super) fn take(
        &mut self,
        text: &mut Text,
        rows: &[Vec<f32>],
        facilities: &Facilities<'_>,
        costs: &Costs,
        ticket: &Ticket,
    ) -> ControlFlow<()> {
        self.read.get_or_insert_with(Instant::now);
        let guesses = std::mem::take(&mut self.guesses);
        let confirmed = self.counts.confirmed;
        self.counts.guessed += guesses.len();
        let mut finish = None;
        let mut last = None;
        for (at, logits) in rows.iter().enumerate() {
            let Some((token, log_probability)) = sample::greedy(logits) else {
                facilities.healthy.store(false, Ordering::Release);
                self.answer(Err(ModelError::Failed("its logits are not numbers".to_owned())));
                return ControlFlow::Break(());
            };
            self.counts.confirmed += usize::from(at > 0);
            finish = self.write(token, log_probability, facilities.tokenizer);
            last = Some(token);
            if finish.is_some() || guesses.get(at) != Some(&token) {
                // What was guessed beyond this was read in vain.
                text.memory.cut(text.memory.length() - (rows.len() - 1 - at));
                break;
            }
        }
        if !guesses.is_empty() {
            self.luck.learn(guesses.len(), self.counts.confirmed - confirmed);
        }
        if let Some(finish) = finish {
            self.finish(finish, ticket);
            return ControlFlow::Break(());
        }
        self.show(false);
        let token = last.expect("there was a row of logits");
        self.guesses = self.guess(text, token, facilities, costs);
        text.unread.push(token);
        text.unread.extend_from_slice(&self.guesses);
        text.wanted = text.unread.len();
        ControlFlow::Continue(())
    }

    /// Takes one more token; why it was the last, if it was.
    fn write(&mut self, token: u32, log_probability: f32, tokenizer: &Tokenizer) -> Option<FinishReason> {
        if self.room == 0 {
            return Some(FinishReason::Length);
        }
        if tokenizer.is_end(token) {
            return Some(FinishReason::End);
        }
        self.counts.generated += 1;
        self.log_probability += log_probability;
        if self.text.push(tokenizer.bytes(token)) {
            return Some(FinishReason::Stop);
        }
        (self.counts.generated >= self.room).then_some(FinishReason::Length)
    }

    /// What may come after `token`. The more are written for at once, the fewer guesses each may have.
    fn guess(&mut self, text: &Text, token: u32, facilities: &Facilities<'_>, costs: &Costs) -> Vec<u32> {
        let most = (2 * (lookup::MOST + 1) / facilities.writers.max(1)).saturating_sub(1).min(lookup::MOST);
        let most = most.min(self.room - self.counts.generated - 1);
        let most = if facilities.guesses { self.luck.guesses(most, facilities.writers.max(1), costs) } else { 0 };
        if most == 0 {
            return Vec::new();
        }
        let mut tokens = text.memory.tokens().to_vec();
        tokens.push(token);
        lookup::guess(&tokens, most)
    }

    fn show(&mut self, is_last: bool) {
        let piece = if is_last { self.text.last_piece() } else { self.text.piece() };
        if let Some(stream) = self.stream.as_ref().filter(|_| !piece.is_empty()) {
            // Whoever watched may have gone; the answer itself is still wanted.
            drop(stream.send(piece.to_owned()));
        }
    }

    pub(super) fn interrupt(&mut self, interrupt: Interrupt, ticket: &Ticket) {
        match interrupt {
            Interrupt::Cancelled => self.answer(Err(ModelError::Cancelled)),
            Interrupt::Deadline => self.finish(FinishReason::Deadline, ticket),
        }
    }

    fn finish(&mut self, finish: FinishReason, ticket: &Ticket) {
        self.show(true);
        #[expect(clippy::cast_precision_loss, reason = "answers have a few hundred tokens")]
        let tokens = self.counts.generated.max(1) as f32;
        let read = self.read.unwrap_or_else(Instant::now);
        self.answer(Ok(Generated {
            text: self.text.text().to_owned(),
            finish,
            mean_log_probability: self.log_probability / tokens,
            tokens: self.counts,
            queue: self.started.duration_since(ticket.queued),
            prefill: read.duration_since(self.started),
            generate: if self.read.is_some() { read.elapsed() } else { Duration::ZERO },
        }));
    }

    pub(super) fn answer(&mut self, answer: Result<Generated, ModelError>) {
        // Nobody may be waiting any more.
        drop(self.reply.take().map(|reply| reply.send(answer)));
    }
}
