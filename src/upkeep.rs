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

/// Does it until told to stop. `keep_days` of 0 keeps everything.
pub async fn run(
    store: Store,
    assistant: Arc<Assistant>,
    clock: Arc<dyn Clock>,
    keep_days: u32,
    stop: CancellationToken,
) {
    let (mut forgotten, mut is_due) = (clock.now(), false);
    while !stop.is_cancelled() {
        let now = clock.now();
        match once(&store, now, keep_days).await {
            Ok(removed) => {
                is_due |= removed.expired > 0;
                if removed.erased > 0 || is_due && now.duration_since(forgotten) >= FORGET_EVERY {
                    // What model and search keep of what they read must not outlive what it was read from.
                    assistant.forget();
                    (forgotten, is_due) = (now, false);
                }
            }
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
