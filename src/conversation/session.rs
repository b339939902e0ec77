//! A conversation without a server or a channel: the same inbox, turn and commit, on a database in memory.
//!
//! Used by the commands that try things out, and by the transcripts that specify the product.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::domain::event::ChannelEvent;
use crate::domain::{Content, ConversationId, Identifier, IdentifierKind, InboundMessage};
use crate::inbox::Inbox;
use crate::signals::Signals;
use crate::store::{Store, StoreError};

use super::actor::{Actor, BurstWindow};
use super::assistant::Assistant;
use super::turn::Turn;

/// One customer talking to the bot.
pub struct Session {
    inbox: Inbox,
    actor: Actor,
    clock: Arc<dyn Clock>,
    sent: u64,
    name: Option<String>,
}

impl Session {
    /// A session with a customer who has never written before.
    pub fn new(assistant: Arc<Assistant>, clock: Arc<dyn Clock>) -> Result<Session, StoreError> {
        let store = Store::in_memory()?;
        let signals = Arc::new(Signals::default());
        let inbox = Inbox::new(store.clone(), clock.clone(), signals.clone());
        let burst = BurstWindow { quiet: Duration::ZERO, at_most: Duration::ZERO };
        let actor = Actor { assistant, store, clock: clock.clone(), signals, transport: None, burst };
        Ok(Session { inbox, actor, clock, sent: 0, name: None })
    }

    /// The name that the customer shows from now on.
    pub fn call_customer(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    /// The customer writes, and the bot deals with it.
    pub async fn say(&mut self, text: &str) -> Result<Turn, StoreError> {
        let turns = self.send(vec![Content::Text { body: text.to_owned() }]).await?;
        turns.into_iter().last().ok_or_else(|| StoreError::Corrupt("a message led to no turn".into()))
    }

    /// The customer sends several things at once; the turns that deal with them.
    pub async fn send(&mut self, contents: Vec<Content>) -> Result<Vec<Turn>, StoreError> {
        self.send_quoting(contents, None).await
    }

    /// The same in answer to an earlier message, by its number from 1.
    pub async fn send_quoting(&mut self, contents: Vec<Content>, quoted: Option<u64>) -> Result<Vec<Turn>, StoreError> {
        let now = self.clock.now();
        let events = contents.into_iter().map(|content| self.message(content, quoted, now)).collect();
        let accepted = self.inbox.accept(events).await?;
        let nudge = Notify::new();
        let mut turns = Vec::new();
        for conversation in accepted.conversations {
            turns.append(&mut self.actor.work(conversation, &nudge).await?);
        }
        Ok(turns)
    }

    /// The database, to look at or to act in as a person would.
    pub fn store(&self) -> &Store {
        &self.actor.store
    }

    /// The conversation, once the customer has written.
    pub fn conversation(&self) -> ConversationId {
        ConversationId(1)
    }

    fn message(&mut self, content: Content, quoted: Option<u64>, now: Timestamp) -> ChannelEvent {
        self.sent += 1;
        let identifier = Identifier { kind: IdentifierKind::Bsuid, value: "session".into() };
        ChannelEvent::Message(Box::new(InboundMessage {
            account: "session".into(),
            message_id: format!("message-{}", self.sent),
            identifiers: vec![identifier],
            name: self.name.clone(),
            username: None,
            sent_at: now,
            content,
            reply_to: quoted.map(|number| format!("message-{number}")),
            forwarded: false,
            referral: None,
        }))
    }
}
