//! What the stages before the decision measured: all that it is made on.
//!
//! Holds no words of the customer.

use serde::{Deserialize, Serialize};

use super::policy::Thresholds;

/// What kind of message came, as far as the decision depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Words of the customer's own: text, a tap, a caption, a transcript.
    #[default]
    Words,
    /// A voice note or sound without a transcript.
    Sound,
    /// A picture, a film, a document, a place or a card without words.
    File,
    /// An order or a form: only a person can deal with it.
    ForAPerson,
    /// The chat was opened without a word.
    Welcome,
    /// A reaction, a sticker, a message taken back.
    Event,
}

/// What a customer makes of subjects that were offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnOffer {
    /// One of them was chosen.
    Chosen,
    /// None of them was meant.
    Refused,
    /// One of them is meant, and it was not said which.
    Unsaid,
}

/// What the stages before measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// The kind of message.
    pub kind: MessageKind,
    /// Whether a person of the business has the conversation.
    pub person_in_charge: bool,
    /// Whether the channel lets the business answer freely now.
    pub window_open: bool,
    /// How surely the customer asks for a person, 0 to 1.
    pub wish_for_person: f32,
    /// Whether the customer said that no person is wanted.
    pub no_person: bool,
    /// Whether the customer wants to hear nothing more.
    pub opt_out: bool,
    /// Whether the customer takes the opt-out back.
    pub opt_in: bool,
    /// Whether the customer wants the stored data deleted.
    pub delete_data: bool,
    /// Whether the customer was asked if the data is to be deleted, and said yes.
    pub delete_confirmed: bool,
    /// Whether the customer was asked that, and said anything else.
    pub delete_refused: bool,
    /// Whether the customer wants to know what is stored.
    pub show_data: bool,
    /// Whether the customer asks if this is a bot.
    pub bot_question: bool,
    /// Whether the customer greets.
    pub greeting: bool,
    /// Whether the customer gives thanks.
    pub thanks: bool,
    /// Whether the customer takes leave.
    pub goodbye: bool,
    /// Whether the customer tells of something that the business did wrong.
    pub complaint: bool,
    /// Whether the customer chats.
    pub small_talk: bool,
    /// Whether the customer asks for what is no shop's business, as far as the message alone tells.
    pub asks_elsewhere: bool,
    /// Whether there is something to answer from the knowledge.
    pub has_question: bool,
    /// Whether the words ask: with a question mark, or a word that asks for a time, a price, a place.
    pub asks: bool,
    /// What the customer makes of the subjects that were offered, where this is about them.
    pub on_offer: Option<OnOffer>,
    /// Whether the question has nothing to do with the business.
    pub off_topic: bool,
    /// 0 (content or neutral) to 1 (furious).
    pub negativity: f32,
    /// How many turns in a row ended without an answer before this one.
    pub failed_turns: u32,
    /// Whether search found anything.
    pub evidence: bool,
    /// The probability that the drafted answer answers, 0 to 1; absent when it could not be told.
    pub confidence: Option<f32>,
    /// Whether two passages on different subjects fit about equally well.
    pub ambiguous: bool,
    /// Whether the customer can be offered the subjects of what was found.
    pub offers: bool,
    /// How much of the draft the evidence does not support.
    pub reply_problems: usize,
}

impl Features {
    /// Whether the customer asks for a person and does not say the opposite as well.
    pub(super) fn is_explicit_wish(&self, thresholds: &Thresholds) -> bool {
        !self.no_person && self.wish_for_person >= thresholds.min_wish
    }

    /// Whether the customer waits for something that small talk does not give.
    pub(super) fn needs_an_answer(&self) -> bool {
        self.has_question || matches!(self.kind, MessageKind::Sound | MessageKind::File | MessageKind::ForAPerson)
    }
}
