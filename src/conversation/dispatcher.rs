//! Starts an actor for each conversation that has something waiting, and never a second one for the same.
//!
//! What a crash left behind waits in the inbox like everything else: recovery is the normal path.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::ConversationId;
use crate::store::{StoreError, inbox};

use super::actor::Actor;

/// The longest time without a look at the inbox, should a hint get lost.
const POLL: Duration = Duration::from_secs(2);
/// A turn that fails this often in a row is handed to a person.
const MAX_FAILURES: u32 = 3;

/// Watches the inbox.
pub struct Dispatcher {
    actor: Actor,
    active: Arc<Mutex<HashMap<ConversationId, Arc<Notify>>>>,
    failures: Arc<Mutex<HashMap<ConversationId, u32>>>,
    tasks: TaskTracker,
}

impl Dispatcher {
    /// A dispatcher whose actors are all like the one given.
    pub fn new(actor: Actor) -> Self {
        Dispatcher { actor, active: Arc::default(), failures: Arc::default(), tasks: TaskTracker::new() }
    }

    /// Dispatches until told to stop, then lets the turns that run come to their commit.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let hinted = self.actor.signals.inbox.notified();
            if let Err(error) = self.dispatch().await {
                tracing::error!(%error, "The inbox could not be read");
            }
            tokio::select! {
                () = hinted => {}
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => {}
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn dispatch(&self) -> Result<(), StoreError> {
        for conversation in self.actor.store.read(inbox::conversations_waiting).await? {
            self.start_or_nudge(conversation);
        }
        Ok(())
    }

    fn start_or_nudge(&self, conversation: ConversationId) {
        let mut active = self.active.lock().expect("never poisoned. This is a bug.");
        if let Some(nudge) = active.get(&conversation) {
            nudge.notify_one();
            return;
        }
        let nudge = Arc::new(Notify::new());
        active.insert(conversation, nudge.clone());
        drop(active);
        let actor = self.actor.clone();
        let active = self.active.clone();
        let failures = self.failures.clone();
        self.tasks.spawn(async move {
            let worker = actor.clone();
            // A task of its own, so that a panic ends this turn and nothing else.
            let result = tokio::spawn(async move { worker.work(conversation, &nudge).await.map(drop) }).await;
            let failure = match result {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("the turn panicked".to_owned()),
            };
            let settling = actor.clone();
            // Should even this panic, the conversation is not locked for ever.
            let _ = tokio::spawn(async move { settle(&settling, conversation, failure, &failures).await }).await;
            active.lock().expect("never poisoned. This is a bug.").remove(&conversation);
            // What came in between the last look and the removal is found by looking again.
            actor.signals.inbox.notify_one();
        });
    }
}

/// Counts failures in a row; after a few, a person gets the conversation, so that a message that breaks the bot is not lost.
async fn settle(
    actor: &Actor,
    conversation: ConversationId,
    failure: Option<String>,
    failures: &Mutex<HashMap<ConversationId, u32>>,
) {
    let Some(failure) = failure else {
        failures.lock().expect("never poisoned. This is a bug.").remove(&conversation);
        return;
    };
    let count = {
        let mut failures = failures.lock().expect("never poisoned. This is a bug.");
        let count = failures.entry(conversation).or_default();
        *count += 1;
        *count
    };
    tracing::error!(%conversation, count, error = %failure, "A turn failed");
    if count >= MAX_FAILURES
        && let Err(error) = actor.hand_over_after_failure(conversation).await
    {
        tracing::error!(%conversation, %error, "A conversation could not be handed over");
    }
    tokio::time::sleep(Duration::from_millis(500) * count.min(20)).await;
}
