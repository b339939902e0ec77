//! What has to be done from time to time: finish erasures, let go of what is older than the owner keeps.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::conversation::Assistant;
use crate::store::{Store, StoreError, account, erasure};

/// How long what the channel says about the account is kept.
const ACCOUNT_EVENT_DAYS: i64 = 30;
const EVERY: Duration = Duration::from_secs(60);

/// What is kept of texts that were read is let go of this often when messages grow too old: more often, and nothing
/// would be kept at all.
const FORGET_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What a round removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Contacts whose erasure is finished.
    pub erased: usize,
    /// Messages that were older than the owner keeps.
    pub expired: usize,
}

/// When model and search are to let go of what they keep of texts that they read: it must not outlive the texts.
struct Forgetting {
    last: Timestamp,
    /// Whether a message expired since.
    is_due: bool,
}

impl Forgetting {
    /// At once after an erasure; for messages that grew too old once a day.
    fn is_time(&mut self, removed: Removed, now: Timestamp) -> bool {
        self.is_due |= removed.expired > 0;
        let is_time = removed.erased > 0 || self.is_due && now.duration_since(self.last) >= FORGET_EVERY;
        if is_time {
            *self = Forgetting { last: now, is_due: false };
        }
        is_time
    }
}

/// Does it until told to stop. `keep_days` of 0 keeps everything.
pub async fn run(
    store: Store,
    assistant: Arc<Assistant>,
    clock: Arc<dyn Clock>,
    keep_days: u32,
    stop: CancellationToken,
) {
    let mut forgetting = Forgetting { last: clock.now(), is_due: false };
    while !stop.is_cancelled() {
        let now = clock.now();
        match once(&store, now, keep_days).await {
            Ok(removed) if forgetting.is_time(removed, now) => assistant.forget(),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "Upkeep failed; it is tried again in a minute"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// One round.
pub async fn once(store: &Store, now: Timestamp, keep_days: u32) -> Result<Removed, StoreError> {
    let (erased, expired) = store
        .write(move |connection| {
            let erased = erasure::purge(connection, now)?;
            account::forget_events(connection, now - SignedDuration::from_hours(24 * ACCOUNT_EVENT_DAYS))?;
            let expired = match keep_days {
                0 => 0,
                days => erasure::expire(connection, now - SignedDuration::from_hours(24 * i64::from(days)))?,
            };
            Ok((erased, expired))
        })
        .await?;
    if erased + expired > 0 {
        tracing::info!(erased, expired, "Upkeep removed erased contacts and old messages");
    }
    Ok(Removed { erased, expired })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_forgotten_at_once_after_an_erasure_and_once_a_day_for_old_messages() {
        let at = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let mut forgetting = Forgetting { last: at(0), is_due: false };
        let removed = |erased, expired| Removed { erased, expired };
        assert!(!forgetting.is_time(removed(0, 3), at(1)));
        assert!(!forgetting.is_time(removed(0, 0), at(23)));
        assert!(forgetting.is_time(removed(0, 0), at(24)), "what expired earlier is not passed over");
        assert!(!forgetting.is_time(removed(0, 0), at(60)), "nothing expired since");
        assert!(forgetting.is_time(removed(1, 0), at(61)));
    }
}
