//! Sends what the outbox holds: in order for each customer, at most once as far as the channel lets one know.
//!
//! The only code that sends a message to a customer. Never decides what to say.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::channel::transport::{Outgoing, Remedy, SendFailure, Transport};
use crate::clock::Clock;
use crate::signals::Signals;
use crate::store::outbox::{Begun, Due, Kind, Ready};
use crate::store::{Store, StoreError, account, contacts, conversations, outbox};

/// How many customers are served at once.
const PARALLEL: usize = 8;
/// A request is answered within 20 s or cut off; the channel's report then comes within 30 s (fact sheet §6.2).
const OUTCOME_KNOWN_WITHIN: SignedDuration = SignedDuration::from_secs(50);
/// How often a message is tried before it counts as failed.
const MAX_ATTEMPTS: u32 = 5;
/// After so many tries a message whose outcome never became known is not sent again.
const MAX_UNKNOWN: u32 = 4;
/// How long nothing is sent after the channel refused the account, before it is tried again.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// The longest time without a look at the table, should a hint get lost.
const POLL: Duration = Duration::from_secs(10);

/// The alert that says why nothing is sent.
const PAUSED_ALERT: &str = "channel_paused";

/// Works through the outbox.
pub struct Sender {
    store: Store,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    transport: Arc<dyn Transport>,
    paused_until: Mutex<Option<Timestamp>>,
}

impl Sender {
    /// A sender for one channel.
    pub fn new(store: Store, clock: Arc<dyn Clock>, signals: Arc<Signals>, transport: Arc<dyn Transport>) -> Self {
        Sender { store, clock, signals, transport, paused_until: Mutex::new(None) }
    }

    /// Sends what is due, again and again, until told to stop. What is on its way then is finished first.
    ///
    /// A request that hangs holds up its own customer alone.
    pub async fn run(&self, stop: CancellationToken) {
        let mut under_way = FuturesUnordered::new();
        let mut ids: HashSet<String> = HashSet::new();
        while !stop.is_cancelled() || !under_way.is_empty() {
            // Interest is registered before the look, so that a hint in between is not missed.
            let hinted = self.signals.outbox.notified();
            let due = if stop.is_cancelled() { Vec::new() } else { self.due_or_wait().await };
            for row in due {
                if under_way.len() < PARALLEL && ids.insert(row.id.clone()) {
                    under_way.push(async { (row.id.clone(), self.deliver(row).await) });
                }
            }
            // With every place taken, the next thing to wait for is one that gets free.
            let wait = if under_way.len() < PARALLEL { self.time_to_next().await } else { POLL };
            tokio::select! {
                Some((id, result)) = under_way.next() => {
                    ids.remove(&id);
                    pause_on_error(result).await;
                }
                () = hinted => {}
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled(), if under_way.is_empty() => {}
            }
        }
    }

    async fn due_or_wait(&self) -> Vec<Due> {
        match self.due().await {
            Ok(due) => due,
            Err(error) => {
                pause_on_error(Err(error)).await;
                Vec::new()
            }
        }
    }

    /// What may be sent now.
    async fn due(&self) -> Result<Vec<Due>, StoreError> {
        let now = self.clock.now();
        if self.paused_until().is_some_and(|until| until > now) {
            return Ok(Vec::new());
        }
        self.store.read(move |connection| outbox::due(connection, now)).await
    }

    async fn time_to_next(&self) -> Duration {
        let Ok(Some(due)) = self.store.read(outbox::next_due).await else { return POLL };
        let due = self.paused_until().map_or(due, |until| due.max(until));
        let wait = due.duration_since(self.clock.now()).max(SignedDuration::from_millis(20));
        wait.try_into().unwrap_or(POLL).min(POLL)
    }

    /// One pass over what is due. Returns how many rows it dealt with.
    pub async fn send_due(&self) -> Result<usize, StoreError> {
        let due = futures_util::stream::iter(self.due().await?);
        let results: Vec<Result<(), StoreError>> =
            due.map(|row| self.deliver(row)).buffer_unordered(PARALLEL).collect().await;
        let dealt_with = results.len();
        results.into_iter().collect::<Result<(), _>>()?;
        Ok(dealt_with)
    }

    async fn deliver(&self, row: Due) -> Result<(), StoreError> {
        let now = self.clock.now();
        if row.outcome_unknown {
            tracing::warn!(outbox.id = %row.id, "No report about a message came in time; it is sent again");
        }
        let id = row.id;
        let begun =
            self.store.write(move |connection| outbox::begin(connection, &id, now, OUTCOME_KNOWN_WITHIN)).await?;
        match begun {
            // A channel that never reports must not make the bot repeat itself for a day.
            Begun::Send(ready) if row.outcome_unknown && ready.attempts >= MAX_UNKNOWN => {
                self.give_up(*ready, never_reported(), now).await
            }
            Begun::Send(ready) => self.send(*ready, now).await,
            Begun::Cancelled | Begun::Gone => Ok(()),
        }
    }

    async fn send(&self, ready: Ready, now: Timestamp) -> Result<(), StoreError> {
        let open = ready.last_inbound_at.is_some_and(|last| self.transport.window_is_open(last, now));
        let outcome = match (open, serde_json::from_str(&ready.body)) {
            (false, _) => Err(window_closed()),
            (true, Err(error)) => Err(unreadable(&error)),
            (true, Ok(body)) => {
                let outgoing = Outgoing {
                    recipient: ready.recipient.clone(),
                    body,
                    callback: ready.id.clone(),
                    attempt: ready.attempts,
                    jitter: jitter(&ready.id, ready.attempts),
                };
                self.transport.send(outgoing).await
            }
        };
        match outcome {
            Ok(channel_message_id) => self.accepted(&ready, channel_message_id).await,
            Err(failure) => self.failed(ready, failure).await,
        }
    }

    async fn accepted(&self, ready: &Ready, channel_message_id: String) -> Result<(), StoreError> {
        let now = self.clock.now();
        *self.paused_until.lock().expect("never poisoned. This is a bug.") = None;
        let id = ready.id.clone();
        self.store
            .write(move |connection| {
                // Whatever stood in the way is gone; the pause may have begun before the last start.
                account::clear_alert(connection, PAUSED_ALERT)?;
                outbox::accept(connection, &id, &channel_message_id, now)
            })
            .await?;
        tracing::info!(outbox.id = %ready.id, conversation = %ready.conversation, "A message was accepted by the channel");
        Ok(())
    }

    async fn failed(&self, ready: Ready, failure: SendFailure) -> Result<(), StoreError> {
        let now = self.clock.now();
        tracing::warn!(outbox.id = %ready.id, code = failure.code, remedy = ?failure.remedy, "A message did not leave");
        match failure.remedy {
            // The row stays in `sending`; it becomes due again when no report has come.
            Remedy::AwaitReport => Ok(()),
            Remedy::PauseAll => self.pause(ready, failure, now).await,
            Remedy::RetryAfter(wait) if ready.attempts + 1 < MAX_ATTEMPTS => {
                let due = now + SignedDuration::try_from(wait).unwrap_or(PAUSE);
                let still_open = ready.last_inbound_at.is_some_and(|last| self.transport.window_is_open(last, due));
                if still_open { self.again(ready, failure, due).await } else { self.give_up(ready, failure, now).await }
            }
            _ => self.give_up(ready, failure, now).await,
        }
    }

    async fn again(&self, ready: Ready, failure: SendFailure, due: Timestamp) -> Result<(), StoreError> {
        let work = move |connection: &_| outbox::retry(connection, &ready.id, due, failure.code, &failure.details);
        self.store.write(work).await
    }

    async fn pause(&self, ready: Ready, failure: SendFailure, now: Timestamp) -> Result<(), StoreError> {
        let until = now + PAUSE;
        *self.paused_until.lock().expect("never poisoned. This is a bug.") = Some(until);
        tracing::error!(code = failure.code, "Sending is paused: {}", failure.details);
        self.store
            .write(move |connection| {
                account::raise_alert(connection, PAUSED_ALERT, &failure.details, now)?;
                outbox::postpone(connection, &ready.id, until, failure.code, &failure.details)
            })
            .await
    }

    async fn give_up(&self, ready: Ready, failure: SendFailure, now: Timestamp) -> Result<(), StoreError> {
        self.store
            .write(move |connection| {
                outbox::fail(connection, &ready.id, failure.code, &failure.details, now)?;
                if failure.remedy == Remedy::OptedOut {
                    let owner = conversations::require(connection, ready.conversation)?;
                    contacts::set_promotions(connection, owner.contact, false, now)?;
                }
                // A person's own words that did not arrive, or an answer that never will: the owner has to know.
                let who = if ready.kind == Kind::Person { "A person's message" } else { "An answer" };
                let text = format!("{who} in conversation {} was not sent: {}", ready.conversation, failure.details);
                account::raise_alert(connection, &format!("not_sent:{}", ready.id), &text, now)
            })
            .await
    }

    fn paused_until(&self) -> Option<Timestamp> {
        *self.paused_until.lock().expect("never poisoned. This is a bug.")
    }
}

/// A database that fails is not asked again at once.
async fn pause_on_error(result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::error!(%error, "The outbox could not be read or written");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn never_reported() -> SendFailure {
    SendFailure {
        remedy: Remedy::GiveUp,
        code: None,
        details:
            "WhatsApp neither accepted nor refused it, and reported nothing about it; it may have arrived. Check that \
                  the webhook receives statuses: `atiende doctor`"
                .into(),
    }
}

fn window_closed() -> SendFailure {
    SendFailure {
        remedy: Remedy::WindowClosed,
        code: None,
        details:
            "more than 24 hours have passed since the customer wrote: WhatsApp lets a business answer only within \
                  that time. Call the customer, or wait until they write again"
                .into(),
    }
}

fn unreadable(error: &serde_json::Error) -> SendFailure {
    SendFailure { remedy: Remedy::GiveUp, code: None, details: format!("the stored message cannot be read: {error}") }
}

/// Spreads retries without chance: the same row and attempt always wait equally long.
fn jitter(id: &str, attempt: u32) -> f64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (id, attempt).hash(&mut hasher);
    (hasher.finish() % 1_000) as f64 / 1_000.0
}
