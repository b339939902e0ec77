//! Hints that something is new in the database. The rows are the truth: a lost hint only costs the time to the next look.

use tokio::sync::Notify;

/// One hint a worker.
#[derive(Debug, Default)]
pub struct Signals {
    /// Messages wait for their turn, or who is in charge has changed.
    pub inbox: Notify,
    /// Something is to be sent, or the channel reported on something that was.
    pub outbox: Notify,
    /// The owner is to be told of a handoff.
    pub desk: Notify,
}
