//! The thread that owns the model: takes one command after the other, and survives whatever the model does.
//!
//! Work that nobody waits for is dropped before it starts, and ended at the next token or chunk of the prompt.

mod generate;
mod score;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use super::request::{Generated, ModelError};
use super::session::{Interrupt, Session};
use super::tokenizer::Tokenizer;

pub(super) use self::generate::Generation;
pub(super) use self::score::{Choice, Scoring};

/// What the thread can be asked to do.
pub(super) enum Command {
    /// Write text.
    Generate(Box<Job<Generation, Generated>>),
    /// Compare continuations.
    Score(Box<Job<Scoring, Vec<f32>>>),
}

/// A piece of work and where its answer goes.
pub(super) struct Job<Work, Answer> {
    pub(super) work: Work,
    pub(super) ticket: Ticket,
    pub(super) reply: oneshot::Sender<Result<Answer, ModelError>>,
}

/// What every piece of work carries along.
pub(super) struct Ticket {
    pub(super) cancel: CancellationToken,
    pub(super) deadline: Option<Instant>,
    pub(super) queued: Instant,
    /// Set by whoever comes first: the thread that starts the work, or the caller whose deadline has passed.
    pub(super) claimed: Arc<AtomicBool>,
    pub(super) span: Span,
}

/// Says whether work should go on.
struct Watch<'a> {
    ticket: &'a Ticket,
    is_abandoned: &'a dyn Fn() -> bool,
}

impl Watch<'_> {
    fn check(&self) -> Result<(), Interrupt> {
        if self.ticket.cancel.is_cancelled() || (self.is_abandoned)() {
            return Err(Interrupt::Cancelled);
        }
        match self.ticket.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Interrupt::Deadline),
            _ => Ok(()),
        }
    }
}

/// The state of the thread.
pub(super) struct Worker {
    pub(super) session: Session,
    pub(super) tokenizer: Arc<Tokenizer>,
    /// How many tokens a prompt with its answer may take.
    pub(super) context: usize,
    /// Whether the last piece of work went well.
    pub(super) healthy: Arc<AtomicBool>,
}

impl Worker {
    /// Works until nobody can send commands any more.
    pub(super) fn serve(mut self, commands: Receiver<Command>) {
        for command in commands {
            match command {
                Command::Generate(job) => self.answer(*job, Worker::generate),
                Command::Score(job) => self.answer(*job, Worker::score),
            }
        }
    }

    fn answer<Work, Answer>(
        &mut self,
        job: Job<Work, Answer>,
        run: fn(&mut Self, Work, &Watch<'_>) -> Result<Answer, ModelError>,
    ) {
        let Job { work, ticket, reply } = job;
        if reply.is_closed() || ticket.cancel.is_cancelled() || ticket.claimed.swap(true, Ordering::AcqRel) {
            return;
        }
        let _span = ticket.span.enter();
        let is_abandoned = || reply.is_closed();
        let watch = Watch { ticket: &ticket, is_abandoned: &is_abandoned };
        let result = catch_unwind(AssertUnwindSafe(|| run(self, work, &watch))).unwrap_or_else(|_| {
            // What a panic says can hold the text at hand, so that it is not passed on.
            Err(ModelError::Failed("it panicked".to_owned()))
        });
        self.note_health(&result);
        // Nobody may be waiting any more.
        drop(reply.send(result));
    }

    fn note_health<Answer>(&mut self, result: &Result<Answer, ModelError>) {
        let failed = matches!(result, Err(ModelError::Failed(_)));
        if failed {
            tracing::error!("the language model failed; its memory is cleared and it goes on");
            self.session.forget();
        }
        if !matches!(result, Err(ModelError::Cancelled)) {
            self.healthy.store(!failed, Ordering::Release);
        }
    }
}

/// For work that has no deadline, or where nothing can be returned at the deadline.
fn as_error(interrupt: Interrupt) -> ModelError {
    match interrupt {
        Interrupt::Cancelled => ModelError::Cancelled,
        Interrupt::Deadline => ModelError::Failed("the time was up before there was an answer".to_owned()),
        Interrupt::Failed(detail) => ModelError::Failed(detail),
    }
}
