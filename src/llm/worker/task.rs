//! A piece of work that has begun: its text, what is to be read of it next, and what is done with the logits.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::generate::Writing;
use super::lookup::Costs;
use super::observe::Observing;
use super::score::Weighing;
use super::shares::Want;
use super::{Generation, Job, Observation, Scoring, Ticket};
use crate::llm::decoder::{Memory, Piece, Wanted};
use crate::llm::prompt::{Own, Prompt};
use crate::llm::request::{Generated, ModelError};
use crate::llm::tokenizer::Tokenizer;

/// Why work ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Nobody wants the answer any more.
    Cancelled,
    /// The time is up.
    Deadline,
}

/// A text that is being read: what was, and what is to be.
pub(super) struct Text {
    pub(super) memory: Memory,
    pub(super) unread: Vec<u32>,
    /// After how many of the last unread tokens the logits are wanted, once all are read.
    pub(super) wanted: usize,
}

impl Text {
    fn new(tokens: Vec<u32>) -> Self {
        Text { memory: Memory::default(), unread: tokens, wanted: 1 }
    }
}

/// What work needs of the thread.
pub(super) struct Facilities<'a> {
    pub(super) tokenizer: &'a Tokenizer,
    /// To be set to false before an answer says that the model failed.
    pub(super) healthy: &'a AtomicBool,
    /// Whether the logits after several tokens can be had at once.
    pub(super) gives_all_logits: bool,
    /// How many are being written for.
    pub(super) writers: usize,
    /// Whether tokens may be guessed.
    pub(super) guesses: bool,
}

pub(super) struct Task {
    pub(super) ticket: Ticket,
    text: Text,
    own: Own,
    has_begun: bool,
    is_reading_prompt: bool,
    is_forgotten: bool,
    work: Work,
}

enum Work {
    Write(Box<Writing>),
    Weigh(Box<Weighing>),
    Observe(Box<Observing>),
}

impl Task {
    /// Writes text; nothing when nobody waits for it any more.
    pub(super) fn write(job: Job<Generation, Generated>, context: usize) -> Option<Self> {
        let (work, prompt) = Writing::new(job.work, job.reply, context);
        Task::new(job.ticket, prompt, Work::Write(Box::new(work)))
    }

    /// Compares continuations; nothing when nobody waits for the answer any more.
    pub(super) fn weigh(job: Job<Scoring, Vec<f32>>) -> Option<Self> {
        let (work, prompt) = Weighing::new(job.work, job.reply);
        Task::new(job.ticket, prompt, Work::Weigh(Box::new(work)))
    }

    /// Looks at a hidden state; nothing when nobody waits for the answer any more.
    pub(super) fn observe(job: Job<Observation, Vec<f32>>) -> Option<Self> {
        let (work, prompt) = Observing::new(job.work, job.reply);
        let mut task = Task::new(job.ticket, prompt, Work::Observe(Box::new(work)))?;
        task.text.wanted = 0;
        Some(task)
    }

    fn new(ticket: Ticket, prompt: Prompt, work: Work) -> Option<Self> {
        let task = Task {
            ticket,
            text: Text::new(prompt.tokens),
            own: prompt.own,
            has_begun: false,
            is_reading_prompt: true,
            is_forgotten: false,
            work,
        };
        let is_wanted = !task.is_abandoned() && !task.ticket.claimed.swap(true, Ordering::AcqRel);
        is_wanted.then_some(task)
    }

    fn is_abandoned(&self) -> bool {
        let is_closed = match &self.work {
            Work::Write(writing) => writing.is_closed(),
            Work::Weigh(weighing) => weighing.is_closed(),
            Work::Observe(observing) => observing.is_closed(),
        };
        is_closed || self.ticket.cancel.is_cancelled()
    }

    /// Notes that the next pass reads some of it, and gives the whole prompt.
    pub(super) fn begin(&mut self) -> &[u32] {
        self.has_begun = true;
        if let Work::Write(writing) = &mut self.work {
            writing.begin();
        }
        &self.text.unread
    }

    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Notes that its prompt is not to be remembered.
    pub(super) fn forget(&mut self) {
        self.is_forgotten = true;
    }

    pub(super) fn is_forgotten(&self) -> bool {
        self.is_forgotten
    }

    /// What the next pass should take of it.
    pub(super) fn want(&self) -> Want {
        let room = match &self.work {
            Work::Write(writing) => writing.room(),
            Work::Weigh(weighing) => weighing.longest(),
            Work::Observe(_) => 0,
        };
        Want {
            unread: self.text.unread.len(),
            is_prompt: self.is_reading_prompt,
            has_begun: self.has_begun,
            length: self.text.memory.length() + self.text.unread.len() + room,
        }
    }

    /// How many layers its text is read through; all of them where there is none.
    pub(super) fn depth(&self) -> Option<usize> {
        match &self.work {
            Work::Observe(observing) => Some(observing.depth()),
            Work::Write(_) | Work::Weigh(_) => None,
        }
    }

    /// Goes on from what is remembered of the beginning of the prompt.
    pub(super) fn resume(&mut self, memory: Memory) {
        self.text.unread.drain(..memory.length());
        if let Work::Write(writing) = &mut self.work {
            writing.resumed(memory.length());
        }
        self.text.memory = memory;
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.text.memory
    }

    /// What of its prompt is the business's own.
    pub(super) fn own(&self) -> Own {
        self.own
    }

    pub(super) fn is_reading_prompt(&self) -> bool {
        self.is_reading_prompt
    }

    /// Whether the work should go on.
    pub(super) fn check(&self) -> Result<(), Interrupt> {
        if self.is_abandoned() {
            return Err(Interrupt::Cancelled);
        }
        match self.ticket.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Interrupt::Deadline),
            _ => Ok(()),
        }
    }

    /// The next `take` tokens, for the decoder.
    pub(super) fn piece(&mut self, take: usize) -> Piece<'_> {
        let Text { memory, unread, wanted } = &mut self.text;
        let is_last = take == unread.len();
        let wanted = match &mut self.work {
            Work::Observe(observing) => observing.wanted(is_last),
            Work::Write(_) | Work::Weigh(_) => Wanted::Logits(if is_last { *wanted } else { 0 }),
        };
        Piece { memory, tokens: &unread[..take], wanted }
    }

    /// Notes that the next `take` tokens were read, and gives how many rows of logits came of them.
    pub(super) fn taken(&mut self, take: usize) -> usize {
        self.text.unread.drain(..take);
        if !self.text.unread.is_empty() {
            return 0;
        }
        self.is_reading_prompt = false;
        self.text.wanted
    }

    /// Works on with the logits after what was read; breaks when the work is done.
    pub(super) fn take(&mut self, rows: Vec<Vec<f32>>, facilities: &Facilities<'_>, costs: &Costs) -> ControlFlow<()> {
        if !self.text.unread.is_empty() {
            return ControlFlow::Continue(());
        }
        match &mut self.work {
            Work::Observe(observing) => observing.finish(facilities),
            Work::Write(writing) => writing.take(&mut self.text, &rows, facilities, costs, &self.ticket),
            Work::Weigh(weighing) => weighing.take(&mut self.text, rows, facilities),
        }
    }

    /// Ends the work before it is done.
    pub(super) fn interrupt(&mut self, interrupt: Interrupt) {
        match &mut self.work {
            Work::Write(writing) => writing.interrupt(interrupt, &self.ticket),
            Work::Weigh(weighing) => weighing.answer(Err(interrupt.into())),
            Work::Observe(observing) => observing.answer(Err(interrupt.into())),
        }
    }

    pub(super) fn fail(mut self, error: ModelError) {
        match &mut self.work {
            Work::Write(writing) => writing.answer(Err(error)),
            Work::Weigh(weighing) => weighing.answer(Err(error)),
            Work::Observe(observing) => observing.answer(Err(error)),
        }
    }
}

impl From<Interrupt> for ModelError {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Cancelled => ModelError::Cancelled,
            Interrupt::Deadline => ModelError::Failed("the time was up before there was an answer".to_owned()),
        }
    }
}
