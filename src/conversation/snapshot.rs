//! What a turn sees of its conversation: read once, so that the turn works on one consistent state.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::domain::{Author, ConversationId, Line};
use crate::store::conversations::{self, Conversation, Mode};
use crate::store::inbox::{self, Waiting};
use crate::store::messages;
use crate::store::{Result, StoreError};

use super::burst::{LONGEST_READ, readable};
use super::offer::Offer;

/// How many earlier messages are read at most; how many of them reach a prompt is decided by its budget of tokens.
const HISTORY: usize = 24;

/// One conversation at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The conversation.
    pub conversation: Conversation,
    /// What waits for this turn, in order.
    pub waiting: Vec<Waiting>,
    /// What was said before, oldest first.
    pub history: Vec<Line>,
    /// What the bot asked and waits for.
    pub pending: Option<Pending>,
    /// What the customer had asked when subjects were offered that can still be chosen, a message each.
    pub asked_before_offer: Vec<String>,
    /// The words of the message that the customer quotes.
    pub quoted: Option<String>,
    /// How many messages the customer has sent in all.
    pub messages_from_customer: i64,
    /// The time.
    pub now: Timestamp,
}

/// What the bot asked and waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Pending {
    /// "Delete everything? Yes or no."
    DeleteConfirmation,
    /// "I don't know. Shall a person answer?"
    PersonOffered,
    /// "Is it one of these?"
    SubjectsOffered(Offer),
}

impl Snapshot {
    /// Reads a conversation. Nothing when nothing waits in it.
    pub fn read(connection: &Connection, id: ConversationId, now: Timestamp) -> Result<Option<Snapshot>> {
        let waiting = inbox::waiting(connection, id)?;
        let Some(first) = waiting.iter().map(|message| message.message).min() else { return Ok(None) };
        let conversation = conversations::require(connection, id)?;
        let quoted = match waiting.iter().rev().find_map(|message| message.reply_to.as_deref()) {
            Some(quoted) => messages::words_of(connection, id, quoted)?,
            None => None,
        };
        let history = messages::before(connection, id, first, HISTORY)?
            .into_iter()
            .filter_map(|message| {
                message.words.map(|words| Line { author: message.author, words, at: message.received_at })
            })
            .collect();
        let (messages_from_customer, _) = messages::count_from_customer(connection, id)?;
        let pending = conversation
            .pending
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error: serde_json::Error| StoreError::Corrupt(error.to_string()))?;
        let asked_before_offer = match &pending {
            Some(Pending::SubjectsOffered(offer)) => readable(&messages::words_by_id(connection, id, &offer.asked)?),
            _ => Vec::new(),
        };
        Ok(Some(Snapshot {
            conversation,
            waiting,
            history,
            pending,
            asked_before_offer,
            quoted,
            messages_from_customer,
            now,
        }))
    }

    /// The subjects that can be chosen.
    pub fn offer(&self) -> Option<&Offer> {
        match &self.pending {
            Some(Pending::SubjectsOffered(offer)) => Some(offer),
            _ => None,
        }
    }

    /// Whether the bot is to be silent because somebody else answers.
    pub fn person_in_charge(&self) -> bool {
        self.conversation.mode != Mode::Bot
    }

    /// What the customer said before, since a person last gave the conversation back: older moods are settled.
    pub fn recent_from_customer(&self) -> Vec<&str> {
        let since = self.conversation.returned_at.unwrap_or(Timestamp::UNIX_EPOCH);
        self.history
            .iter()
            .filter(|line| line.author == Author::Customer && line.at >= since)
            .map(|line| &line.words[..line.words.floor_char_boundary(LONGEST_READ)])
            .collect()
    }

    /// When anything was last said before this turn.
    pub fn last_activity(&self) -> Option<Timestamp> {
        self.history.last().map(|line| line.at)
    }
}
