//! What goes wrong on purpose.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;

/// How a message to the Graph API fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused with this error code in Meta's shape and the HTTP status that Meta gives it.
    Error(i64),
    /// Answered with this HTTP status (100 to 599) and no JSON, as a proxy in between does; the outcome is unknown.
    Http(u16),
    /// Accepted, but the connection is closed without an answer: the outcome is unknown.
    DropResponse,
}

/// The faults that wait for the next messages.
#[derive(Default)]
pub(super) struct Faults {
    next: Mutex<VecDeque<Fault>>,
    delay: Mutex<Duration>,
    held: watch::Sender<bool>,
}

impl Faults {
    pub(super) fn push(&self, count: usize, fault: Fault) {
        self.next.lock().expect("faults are never poisoned. This is a bug.").extend(std::iter::repeat_n(fault, count));
    }

    pub(super) fn set_delay(&self, by: Duration) {
        *self.delay.lock().expect("faults are never poisoned. This is a bug.") = by;
    }

    pub(super) fn set_held(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// Waits as long as messages are delayed or held, then takes the next fault.
    pub(super) async fn pass(&self) -> Option<Fault> {
        let delay = *self.delay.lock().expect("faults are never poisoned. This is a bug.");
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        // It fails only when the sender is gone, and the sender is part of `self`.
        let _ = self.held.subscribe().wait_for(|held| !held).await;
        self.next.lock().expect("faults are never poisoned. This is a bug.").pop_front()
    }
}
