//! The thread that owns the model: reads for several askers at once, and survives whatever the model does.
//!
//! Each pass through the model takes the next tokens of everyone who is being answered, and, after those, a part of
//! the prompts that are still being read, so that nobody waits for another's long prompt. Work that nobody waits for
//! is dropped before it starts, and ended at the next pass.

mod generate;
mod lookup;
mod observe;
mod score;
mod shares;
mod task;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use self::lookup::Costs;
use self::shares::{Want, shares};
use self::task::{Facilities, Task};
use super::arch::Decoder;
use super::beginnings::{Beginnings, Lasting};
use super::decoder::Piece;
use super::request::{Generated, ModelError};
use super::tokenizer::Tokenizer;

pub(super) use self::generate::Generation;
pub(super) use self::observe::Observation;
pub(super) use self::score::{Choice, Scoring};

/// How many tokens the texts at hand may become in memory together, beside what is remembered; one text may always be
/// as long as the context.
const LIVE: usize = 8192;

/// How many tokens the texts at hand may become together where one of them may have `context` tokens.
pub(super) fn live(context: usize) -> usize {
    LIVE.max(context)
}

/// What the thread can be asked to do.
pub(super) enum Command {
    /// Write text.
    Generate(Box<Job<Generation, Generated>>),
    /// Compare continuations.
    Score(Box<Job<Scoring, Vec<f32>>>),
    /// Show a hidden state.
    Observe(Box<Job<Observation, Vec<f32>>>),
    /// Give out what is worth keeping over a restart, if something came to it.
    GiveOut(Keeping),
    /// Look whether something is to be forgotten, with nothing else to do.
    Wake,
}

/// A wish for what is worth keeping.
pub(super) struct Keeping {
    /// Even if nothing came to it since the last time: that could not be written down.
    pub(super) anyway: bool,
    pub(super) reply: oneshot::Sender<Option<Vec<Lasting>>>,
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

/// The state of the thread.
pub(super) struct Worker {
    pub(super) decoder: Box<dyn Decoder>,
    pub(super) tokenizer: Arc<Tokenizer>,
    /// What was read of earlier prompts.
    pub(super) beginnings: Beginnings,
    /// How many tokens a prompt with its answer may take.
    pub(super) context: usize,
    /// Whether tokens may be guessed and verified several at once.
    pub(super) guesses: bool,
    /// Whether the last piece of work went well.
    pub(super) healthy: Arc<AtomicBool>,
    /// Set by whoever wants what was read to be forgotten.
    pub(super) forget: Arc<AtomicBool>,
}

impl Worker {
    /// Works until nobody can send commands any more.
    pub(super) fn serve(mut self, commands: Receiver<Command>) {
        let mut tasks = VecDeque::new();
        let mut costs = Costs::default();
        while self.take_in(&commands, &mut tasks) {
            let pass = catch_unwind(AssertUnwindSafe(|| self.pass(&mut tasks, &mut costs)));
            // What a panic says can hold the text at hand, so that it is not passed on.
            if let Err(error) = pass.unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked"))) {
                self.fail(&mut tasks, &format!("{error:#}"));
            }
        }
    }

    /// Takes commands while there is room for more tasks; waits for one when there is nothing to do. False when
    /// nothing is left to do and nobody can send more.
    fn take_in(&mut self, commands: &Receiver<Command>, tasks: &mut VecDeque<Task>) -> bool {
        while tasks.len() < self.decoder.texts() {
            let command = if tasks.is_empty() {
                // Not even with a full queue, where nobody could say it in words, is this slept over.
                self.forget_if_told(tasks);
                commands.recv().map_err(|_| TryRecvError::Disconnected)
            } else {
                commands.try_recv()
            };
            match command {
                Ok(Command::Wake) => self.forget_if_told(tasks),
                Ok(Command::GiveOut(keeping)) => self.give_out(keeping),
                Ok(Command::Generate(job)) => tasks.extend(Task::write(*job, self.context)),
                Ok(Command::Score(job)) => tasks.extend(Task::weigh(*job)),
                Ok(Command::Observe(job)) => tasks.extend(Task::observe(*job)),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return !tasks.is_empty(),
            }
        }
        true
    }

    /// Costs no more than copying references: writing them down is not for this thread.
    fn give_out(&mut self, Keeping { anyway, reply }: Keeping) {
        // Nobody may be waiting any more.
        drop(reply.send(self.beginnings.news(anyway)));
    }

    /// What is being read is read to its end, and remembered no further.
    fn forget_if_told(&mut self, tasks: &mut VecDeque<Task>) {
        if self.forget.swap(false, Ordering::AcqRel) {
            self.beginnings.forget();
            self.decoder.forget();
            tasks.iter_mut().filter(|task| task.has_begun()).for_each(Task::forget);
        }
    }

    /// One pass through the model for everyone.
    fn pass(&mut self, tasks: &mut VecDeque<Task>, costs: &mut Costs) -> anyhow::Result<()> {
        self.forget_if_told(tasks);
        tasks.retain_mut(|task| task.check().map_err(|interrupt| task.interrupt(interrupt)).is_ok());
        let takes = self.takes(tasks);
        let mut pieces: Vec<Piece<'_>> =
            tasks.iter_mut().zip(&takes).filter(|(_, take)| **take > 0).map(|(task, take)| task.piece(*take)).collect();
        if pieces.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let logits = self.decoder.read(&mut pieces)?;
        let seconds = started.elapsed().as_secs_f32();
        // A pass says what writing costs only when no prompt was read in it.
        if tasks.iter().zip(&takes).all(|(task, take)| *take == 0 || !task.is_reading_prompt()) {
            costs.learn(takes.iter().sum(), seconds);
        }
        self.hand_out(tasks, &takes, logits, costs);
        Ok(())
    }

    /// How many tokens of each task the pass takes. Those whose turn it is for the first time begin, and go on from what
    /// is remembered, which leaves room for others.
    fn takes(&mut self, tasks: &mut VecDeque<Task>) -> Vec<usize> {
        loop {
            let wants: Vec<Want> = tasks.iter().map(Task::want).collect();
            let takes = shares(&wants, self.decoder.chunk(), live(self.context));
            let mut is_final = true;
            for (task, _) in tasks.iter_mut().zip(&takes).filter(|(task, take)| **take > 0 && !task.has_begun()) {
                self.resume(task);
                is_final = false;
            }
            if is_final {
                return takes;
            }
        }
    }

    /// Goes on from what is remembered of the prompt's beginning, just before the first of it is read: by then, those
    /// who came earlier may have read the same.
    fn resume(&mut self, task: &mut Task) {
        let depth = task.depth();
        let prompt = task.begin();
        if let Some((memory, shared)) = self.beginnings.find(prompt, depth) {
            // The last token is read in any case: the logits after it are wanted.
            let shared = shared.min(prompt.len() - 1);
            task.resume(self.decoder.resume(memory, shared));
        }
    }

    fn hand_out(&mut self, tasks: &mut VecDeque<Task>, takes: &[usize], logits: Vec<Vec<f32>>, costs: &Costs) {
        let writers = tasks.iter().filter(|task| !task.is_reading_prompt()).count();
        let mut logits = logits.into_iter();
        let mut index = 0;
        self.healthy.store(true, Ordering::Release);
        tasks.retain_mut(|task| {
            let take = takes[index];
            index += 1;
            if take == 0 {
                return true;
            }
            let span = task.ticket.span.clone();
            let _span = span.enter();
            let was_prompt = task.is_reading_prompt();
            let rows: Vec<Vec<f32>> = logits.by_ref().take(task.taken(take)).collect();
            if was_prompt && !task.is_reading_prompt() && !task.is_forgotten() {
                self.beginnings.keep(task.memory().clone(), task.own());
            }
            let facilities = Facilities {
                tokenizer: &self.tokenizer,
                healthy: &self.healthy,
                gives_all_logits: self.decoder.gives_all_logits(),
                writers,
                guesses: self.guesses && self.decoder.gives_all_logits(),
            };
            task.take(rows, &facilities, costs).is_continue()
        });
    }

    /// Everyone in the pass gets the same error; what they had read may be broken.
    fn fail(&mut self, tasks: &mut VecDeque<Task>, detail: &str) {
        tracing::error!("the language model failed; its memory is cleared and it goes on");
        self.healthy.store(false, Ordering::Release);
        self.beginnings.clear();
        for task in tasks.drain(..) {
            task.fail(ModelError::Failed(detail.to_owned()));
        }
    }
}
