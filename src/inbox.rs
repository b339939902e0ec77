//! Takes in what a channel reports, in one transaction, before the channel is told that it arrived.
//!
//! Never looks at what a message says, beyond what has to happen at once: a message that was taken back is deleted, and a
//! person who writes from the phone takes over.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::clock::Clock;
use crate::domain::event::{ChannelEvent, DeliveryStatus, ErrorMeaning, IdentityChange, PersonWrote, StatusEvent};
use crate::domain::{Author, Content, ConversationId, InboundMessage};
use crate::signals::Signals;
use crate::store::conversations::Mode;
use crate::store::{Store, StoreError, account, contacts, conversations, handoffs, inbox, messages, outbox, turns};

/// The alert that says why messages are accepted and then refused; the next one that arrives takes it back.
const REFUSED_ALERT: &str = "account_refused";

/// The way in for every channel.
#[derive(Clone)]
pub struct Inbox {
    store: Store,
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
}

/// What came of one delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Conversations that have something new to deal with, each once.
    pub conversations: Vec<ConversationId>,
    /// Messages that had been delivered before.
    pub duplicates: usize,
}

impl Inbox {
    /// An inbox that writes to the store and wakes whoever waits.
    pub fn new(store: Store, clock: Arc<dyn Clock>, signals: Arc<Signals>) -> Self {
        Inbox { store, clock, signals }
    }

    /// Takes in one delivery. When this returns, all of it is on disk; when it fails, nothing of it is.
    pub async fn accept(&self, events: Vec<ChannelEvent>) -> Result<Accepted, StoreError> {
        let now = self.clock.now();
        let accepted = self
            .store
            .write(move |connection| {
                let mut accepted = Accepted::default();
                for event in &events {
                    take_in(connection, event, now, &mut accepted)?;
                }
                Ok(accepted)
            })
            .await?;
        if !accepted.conversations.is_empty() {
            self.signals.inbox.notify_one();
        }
        self.signals.outbox.notify_one();
        Ok(accepted)
    }
}

fn take_in(
    connection: &Connection,
    event: &ChannelEvent,
    now: Timestamp,
    accepted: &mut Accepted,
) -> Result<(), StoreError> {
    match event {
        ChannelEvent::Message(message) => take_message(connection, message, now, accepted),
        ChannelEvent::Status(status) => take_status(connection, status, now),
        ChannelEvent::IdentityChanged(change) => take_identity(connection, change, now),
        ChannelEvent::Preference(preference) => contacts::record_preference(connection, preference),
        ChannelEvent::PersonWrote(written) => take_person(connection, written, now, accepted),
        ChannelEvent::Account(event) => account::insert_event(connection, &event.field, &event.body.to_string(), now),
    }
}

fn take_message(
    connection: &Connection,
    message: &InboundMessage,
    now: Timestamp,
    accepted: &mut Accepted,
) -> Result<(), StoreError> {
    if !inbox::first_delivery(connection, &message.message_id, now)? {
        accepted.duplicates += 1;
        return Ok(());
    }
    // The parser never makes a message without a sender; one that slipped through is kept where the owner sees it.
    let Some(from) = message.identifiers.iter().max_by_key(|identifier| answer_preference(identifier)) else {
        return account::insert_event(connection, "message_without_sender", &message.message_id, now);
    };
    let contact = contacts::resolve(connection, &message.identifiers, now)?;
    contacts::set_name(connection, contact, message.name.as_deref(), message.username.as_deref())?;
    let conversation = conversations::resolve(connection, contact, &message.account, now)?;
    if let Content::Revoke { message_id } = &message.content {
        messages::revoke(connection, conversation, message_id, now)?;
        conversations::forget_summary(connection, conversation)?;
        turns::forget_briefs(connection, conversation)?;
    }
    let stored = messages::insert_inbound(connection, conversation, message, now)?;
    inbox::add(connection, conversation, stored)?;
    // A clock that runs ahead must not hold the window open longer than a day from now.
    conversations::note_inbound(connection, conversation, message.sent_at.min(now), from)?;
    if !accepted.conversations.contains(&conversation) {
        accepted.conversations.push(conversation);
    }
    Ok(())
}

/// Answers go to the phone when there is one: some message kinds need it (fact sheet §3.4).
fn answer_preference(identifier: &crate::domain::Identifier) -> u8 {
    match identifier.kind {
        crate::domain::IdentifierKind::Phone => 2,
        crate::domain::IdentifierKind::Bsuid => 1,
        crate::domain::IdentifierKind::ParentBsuid => 0,
    }
}

fn take_status(connection: &Connection, status: &StatusEvent, now: Timestamp) -> Result<(), StoreError> {
    if matches!(status.status, DeliveryStatus::Delivered | DeliveryStatus::Read) {
        account::clear_alert(connection, REFUSED_ALERT)?;
    }
    let Some(row) = outbox::apply_status(connection, status, now)? else { return Ok(()) };
    // It was accepted first, so that nobody has been told yet.
    let reason = status.errors.first().map_or_else(
        || "the channel gave no reason".to_owned(),
        |error| format!("{} (code {})", error.details, error.code),
    );
    match status.errors.first().map(|error| error.meaning) {
        Some(ErrorMeaning::OptedOut) => {
            let owner = conversations::require(connection, row.conversation)?;
            contacts::set_promotions(connection, owner.contact, false, now)?;
        }
        Some(ErrorMeaning::AccountRefused) => account::raise_alert(connection, REFUSED_ALERT, &reason, now)?,
        Some(ErrorMeaning::ThisMessage) | None => {}
    }
    let text = format!("A message in conversation {} did not arrive: {reason}", row.conversation);
    account::raise_alert(connection, &format!("not_sent:{}", row.id), &text, now)
}

fn take_identity(connection: &Connection, change: &IdentityChange, now: Timestamp) -> Result<(), StoreError> {
    match &change.message_id {
        Some(id) if !inbox::first_delivery(connection, id, now)? => Ok(()),
        _ => contacts::change_identity(connection, change),
    }
}

fn take_person(
    connection: &Connection,
    written: &PersonWrote,
    now: Timestamp,
    accepted: &mut Accepted,
) -> Result<(), StoreError> {
    if !inbox::first_delivery(connection, &written.message_id, now)? {
        return Ok(());
    }
    let contact = contacts::resolve(connection, &written.identifiers, now)?;
    let conversation = conversations::resolve(connection, contact, &written.account, now)?;
    let content = serde_json::to_string(&written.content)?;
    let message =
        messages::insert_ours(connection, conversation, Author::Person, &content, written.content.words(), written.at)?;
    messages::set_channel_id(connection, message, &written.message_id)?;
    // Whoever works on the conversation has to see that it is not the bot's any more.
    accepted.conversations.push(conversation);
    take_over(connection, conversation, now)
}

/// A person takes over: the bot falls silent and what it has not sent yet is never sent.
pub fn take_over(connection: &Connection, conversation: ConversationId, now: Timestamp) -> Result<(), StoreError> {
    conversations::set_mode(connection, conversation, Mode::Person, now)?;
    handoffs::take(connection, conversation, now)?;
    account::clear_alerts_of(connection, conversation)?;
    outbox::cancel_replies(connection, conversation, now)
}

#[cfg(test)]
mod tests;
