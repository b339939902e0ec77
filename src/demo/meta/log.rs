//! What happened, in order: the memory of the stand-in and the source of everything that waits for something.
//!
//! It grows for as long as the stand-in runs, which is as long as a demo or a test.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::customer::CustomerId;

/// A request to the Graph API. The access token is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The path: `/v25.0/100200300400500/messages`.
    pub path: String,
    /// The body, `null` when it is not JSON.
    pub body: Value,
    /// The HTTP status of the answer; absent when the connection was closed without one.
    pub status: Option<u16>,
}

/// Something that the customer can tap on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The id that the business gave it.
    pub id: String,
    /// The words on it.
    pub title: String,
    /// The words under it, for list rows.
    pub description: Option<String>,
    /// The title of the list's section, if it has one.
    pub section: Option<String>,
}

/// A message that the Graph API accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The id that the Graph API gave it.
    pub id: String,
    /// Whom it goes to: a customer who wrote before with all identifiers, else the address alone.
    pub customer: CustomerId,
    /// `text`, `interactive`, `template`, `reaction`, `image`, …
    pub kind: String,
    /// The words that the customer reads in it: body or caption. Empty when it has none.
    pub text: String,
    /// What the customer can tap on.
    pub choices: Vec<Choice>,
    /// `biz_opaque_callback_data`.
    pub callback: Option<String>,
    /// The message that it quotes.
    pub reply_to: Option<String>,
    /// The request as it was received.
    pub body: Value,
    /// When it was accepted.
    pub at: Timestamp,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A customer sent a message; the webhook is on its way.
    Said {
        /// The message's id.
        id: String,
        /// The customer's words: text, caption or the title of what was tapped on.
        text: String,
        /// When.
        at: Timestamp,
    },
    /// The webhook with a customer's message was taken, or given up.
    Arrived {
        /// The message's id.
        id: String,
        /// Whether the server took it.
        taken: bool,
    },
    /// The business read a customer's message.
    Read {
        /// The message's id.
        id: String,
    },
    /// The business shows that it types, for at most 25 s.
    Typing,
    /// The business sent a message.
    Sent(Arc<Sent>),
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place in the log, from 0.
    pub number: usize,
    /// The customer it is about.
    pub customer: CustomerId,
    /// What happened.
    pub event: Event,
}

/// What happened, in order.
#[derive(Default)]
pub(in crate::demo) struct Log {
    inner: Mutex<Inner>,
    length: watch::Sender<usize>,
    ids: AtomicU64,
}

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    requests: Vec<Request>,
    customers: Vec<Known>,
}

struct Known {
    id: CustomerId,
    /// Replies before this place in the log were waited for.
    seen: usize,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("the log is never poisoned. This is a bug.")
    }

    /// A number that was not given before.
    pub(super) fn next_number(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Remembers a customer's identifiers, so that a message to any of them finds the others.
    pub(super) fn know(&self, customer: &CustomerId) {
        self.lock().know(customer);
    }

    /// The customer behind an address, who may be unknown.
    pub(super) fn resolve(&self, address: CustomerId) -> CustomerId {
        let inner = self.lock();
        inner.customers.iter().find(|known| known.id.is(&address)).map_or(address, |known| known.id.clone())
    }

    pub(super) fn push(&self, customer: &CustomerId, event: Event) {
        let mut inner = self.lock();
        inner.know(customer);
        let number = inner.entries.len();
        inner.entries.push(Entry { number, customer: customer.clone(), event });
        self.length.send_replace(number + 1);
    }

    pub(super) fn record(&self, request: Request) {
        self.lock().requests.push(request);
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    pub(in crate::demo) fn sent(&self) -> Vec<Arc<Sent>> {
        self.lock().entries.iter().filter_map(Entry::sent).cloned().collect()
    }

    /// Who sent the message with this id.
    pub(super) fn sender_of(&self, message: &str) -> Option<CustomerId> {
        self.lock().entries.iter().rev().find(|entry| entry.is_said(message)).map(|entry| entry.customer.clone())
    }

    /// When the customer last wrote.
    pub(super) fn last_said(&self, customer: &CustomerId) -> Option<Timestamp> {
        self.lock().entries.iter().rev().filter(|entry| entry.customer.is(customer)).find_map(|entry| {
            match &entry.event {
                Event::Said { at, .. } => Some(*at),
                _ => None,
            }
        })
    }

    /// Waits for the next message to the customer that was not yet waited for.
    pub(super) async fn next_reply(&self, customer: &CustomerId) -> Arc<Sent> {
        let mut length = self.length.subscribe();
        loop {
            length.mark_unchanged();
            if let Some(sent) = self.lock().take_reply(customer) {
                return sent;
            }
            // It fails only when the sender is gone, and the sender is part of `self`.
            let _ = length.changed().await;
        }
    }

    /// How much has happened so far.
    pub(in crate::demo) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    pub(super) fn events_from_now(self: &Arc<Self>) -> Events {
        let next = self.len();
        self.events_from(next)
    }

    pub(in crate::demo) fn events_from(self: &Arc<Self>, next: usize) -> Events {
        Events { log: self.clone(), length: self.length.subscribe(), next }
    }
}

impl Inner {
    fn know(&mut self, customer: &CustomerId) -> &mut Known {
        let place = self.customers.iter().position(|known| known.id.is(customer)).unwrap_or_else(|| {
            self.customers.push(Known { id: customer.clone(), seen: 0 });
            self.customers.len() - 1
        });
        &mut self.customers[place]
    }

    fn take_reply(&mut self, customer: &CustomerId) -> Option<Arc<Sent>> {
        let seen = self.know(customer).seen;
        let found = self.entries.iter().skip(seen).filter(|entry| entry.customer.is(customer)).find_map(|entry| {
            entry.sent().filter(|sent| sent.kind != "reaction").map(|sent| (entry.number, sent.clone()))
        });
        let (number, sent) = found?;
        self.know(customer).seen = number + 1;
        Some(sent)
    }
}

impl Entry {
    /// The message, when one was sent.
    pub fn sent(&self) -> Option<&Arc<Sent>> {
        match &self.event {
            Event::Sent(sent) => Some(sent),
            _ => None,
        }
    }

    fn is_said(&self, message: &str) -> bool {
        matches!(&self.event, Event::Said { id, .. } if id == message)
    }
}

/// Follows the log; however slow the reader, nothing is lost.
pub struct Events {
    log: Arc<Log>,
    length: watch::Receiver<usize>,
    next: usize,
}

impl Events {
    /// The place in the log of what is told next.
    pub fn place(&self) -> usize {
        self.next
    }

    /// Waits for the next thing to happen. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Entry {
        loop {
            self.length.mark_unchanged();
            if let Some(entry) = self.log.lock().entries.get(self.next).cloned() {
                self.next += 1;
                return entry;
            }
            // It fails only when the sender is gone, and the sender is part of the log.
            let _ = self.length.changed().await;
        }
    }
}
