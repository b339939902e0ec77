//! Works one conversation until nothing waits in it: gathers a burst, runs the turn, commits it.
//!
//! There is at most one actor a conversation; the dispatcher sees to that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::channel::transport::Transport;
use crate::clock::Clock;
use crate::domain::ConversationId;
use crate::signals::Signals;
use crate::store::{Store, StoreError, inbox};

use super::assistant::Assistant;
use super::commit::{self, Committed};
use super::snapshot::Snapshot;
use super::turn::{Effect, Turn};

/// A turn that was started again this often is finished, however many more messages come.
const MAX_RESTARTS: u32 = 3;
/// The channel shows "typing" for 25 s at most (fact sheet §4.1): it is asked for again before that.
const TYPING_LASTS: Duration = Duration::from_secs(20);

/// How long to wait for the rest of what a customer is writing.
#[derive(Clone, Copy, Debug)]
pub struct BurstWindow {
    /// This long after the last message.
    pub quiet: Duration,
    /// And never longer than this after the first.
    pub at_most: Duration,
}

/// What an actor works with.
#[derive(Clone)]
pub struct Actor {
    /// Runs the turns.
    pub assistant: Arc<Assistant>,
    /// Where everything is.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whom to wake after a commit.
    pub signals: Arc<Signals>,
    /// For the read receipt and the typing indicator; without one nothing is shown.
    pub transport: Option<Arc<dyn Transport>>,
    /// How long to wait for the rest of a burst.
    pub burst: BurstWindow,
}

enum Step {
    NothingWaits,
    Committed(Box<Turn>),
    Superseded,
}

impl Actor {
    /// Works until nothing waits. Returns the turns that were committed.
    pub async fn work(&self, conversation: ConversationId, nudge: &Notify) -> Result<Vec<Turn>, StoreError> {
        let mut turns = Vec::new();
        let mut restarts = 0;
        loop {
            self.gather(conversation, nudge).await?;
            match self.step(conversation, nudge, restarts < MAX_RESTARTS).await? {
                Step::NothingWaits => return Ok(turns),
                Step::Committed(turn) => {
                    restarts = 0;
                    turns.push(*turn);
                    self.summarise(conversation, nudge).await?;
                }
                Step::Superseded => restarts += 1,
            }
        }
    }

    /// Brings the summary up to date, unless the customer writes meanwhile: their message comes first.
    async fn summarise(&self, conversation: ConversationId, nudge: &Notify) -> Result<(), StoreError> {
        let cancel = CancellationToken::new();
        let summary = self.assistant.summarise_if_long(&self.store, conversation, &cancel);
        tokio::pin!(summary);
        loop {
            tokio::select! {
                done = &mut summary => return done,
                () = nudge.notified() => {
                    if !self.waiting_ids(conversation).await?.is_empty() {
                        cancel.cancel();
                    }
                }
            }
        }
    }

    /// Waits until the customer has been quiet for a moment.
    async fn gather(&self, conversation: ConversationId, nudge: &Notify) -> Result<(), StoreError> {
        if self.burst.quiet.is_zero() {
            return Ok(());
        }
        let began = Instant::now();
        let mut quiet_since = began;
        let mut seen = self.waiting_ids(conversation).await?;
        loop {
            let quiet = self.burst.quiet.saturating_sub(quiet_since.elapsed());
            let left = self.burst.at_most.saturating_sub(began.elapsed()).min(quiet);
            if left.is_zero() || seen.is_empty() || tokio::time::timeout(left, nudge.notified()).await.is_err() {
                return Ok(());
            }
            // A nudge may be another customer's: only what is new here counts.
            let now = self.waiting_ids(conversation).await?;
            if now != seen {
                seen = now;
                quiet_since = Instant::now();
            }
        }
    }

    async fn step(&self, conversation: ConversationId, nudge: &Notify, may_restart: bool) -> Result<Step, StoreError> {
        let now = self.clock.now();
        let snapshot = self.store.read(move |connection| Snapshot::read(connection, conversation, now)).await?;
        let Some(snapshot) = snapshot else { return Ok(Step::NothingWaits) };
        let courtesy = self.show_attention(&snapshot);
        let outcome = self.run_turn(&snapshot, nudge, may_restart).await;
        courtesy.cancel();
        let Some(turn) = outcome? else { return Ok(Step::Superseded) };
        let now = self.clock.now();
        let for_commit = turn.clone();
        let committed = self
            .store
            .write(move |connection| commit::commit(connection, &snapshot, &for_commit, may_restart, now))
            .await?;
        if committed == Committed::Superseded {
            return Ok(Step::Superseded);
        }
        if turn.effects.contains(&Effect::Erase) {
            self.assistant.forget();
        }
        tracing::info!(
            conversation = %conversation, action = turn.action_name(), reason = turn.reason_name(),
            language = %turn.language, confidence = turn.confidence, total_ms = turn.timings.total, "A turn was committed"
        );
        self.signals.outbox.notify_one();
        self.signals.desk.notify_one();
        Ok(Step::Committed(Box::new(turn)))
    }

    /// Runs the turn; nothing when a newer message or a person came in between.
    async fn run_turn(
        &self,
        snapshot: &Snapshot,
        nudge: &Notify,
        may_restart: bool,
    ) -> Result<Option<Turn>, StoreError> {
        let cancel = CancellationToken::new();
        let turn = self.assistant.turn(snapshot, &cancel);
        tokio::pin!(turn);
        loop {
            tokio::select! {
                turn = &mut turn => return Ok(Some(turn)),
                () = nudge.notified(), if may_restart => {
                    if self.is_outdated(snapshot).await? {
                        cancel.cancel();
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Gives a conversation whose turn keeps failing to a person, with a word to the customer.
    pub async fn hand_over_after_failure(&self, conversation: ConversationId) -> Result<(), StoreError> {
        let now = self.clock.now();
        let snapshot = self.store.read(move |connection| Snapshot::read(connection, conversation, now)).await?;
        let Some(snapshot) = snapshot else { return Ok(()) };
        let turn = self.assistant.trouble(&snapshot);
        self.store.write(move |connection| commit::commit(connection, &snapshot, &turn, false, now)).await?;
        self.signals.outbox.notify_one();
        self.signals.desk.notify_one();
        Ok(())
    }

    async fn is_outdated(&self, snapshot: &Snapshot) -> Result<bool, StoreError> {
        let id = snapshot.conversation.id;
        let now = self.clock.now();
        let current = self.store.read(move |connection| Snapshot::read(connection, id, now)).await?;
        Ok(current.is_none_or(|current| {
            current.waiting.len() != snapshot.waiting.len() || current.conversation.mode != snapshot.conversation.mode
        }))
    }

    async fn waiting_ids(&self, conversation: ConversationId) -> Result<Vec<i64>, StoreError> {
        let waiting = self.store.read(move |connection| inbox::waiting(connection, conversation)).await?;
        Ok(waiting.into_iter().map(|message| message.message).collect())
    }

    /// Marks the last message as read and shows "typing" while the turn runs. Only where an answer may follow.
    fn show_attention(&self, snapshot: &Snapshot) -> CancellationToken {
        let stop = CancellationToken::new();
        let Some(transport) = self.transport.clone() else { return stop };
        let Some(last) = snapshot.waiting.last().map(|message| message.channel_message_id.clone()) else { return stop };
        if !self.assistant.may_answer(snapshot) {
            return stop;
        }
        let until = stop.clone();
        tokio::spawn(async move {
            if until.is_cancelled() {
                // The turn was done at once: "typing" after the answer would only confuse.
                return transport.acknowledge(last, false).await;
            }
            while !until.is_cancelled() {
                transport.acknowledge(last.clone(), true).await;
                tokio::select! {
                    () = tokio::time::sleep(TYPING_LASTS) => {}
                    () = until.cancelled() => {}
                }
            }
        });
        stop
    }
}
