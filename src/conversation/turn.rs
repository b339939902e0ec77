//! A turn: everything that was decided about what a customer wrote, as a value.
//!
//! Making one changes nothing; committing it does.

use serde::{Deserialize, Serialize};

use crate::answer::ladder::Rung;
use crate::channel::outbound::{Choice, Outbound};
use crate::decide::{Action, Evidence, Reason};
use crate::domain::Language;
use crate::llm::TokenCounts;

use super::snapshot::Pending;

/// What was decided, and what led there. Kept whole in the turn's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// What to do.
    pub action: Action,
    /// Why, by its stable name.
    pub reason: Reason,
    /// The language of the reply.
    pub language: Language,
    /// How probable it is that the reply is right, 0 to 1; where nothing was looked up, 1, or 0 if it only asks back.
    pub confidence: f32,
    /// What to send; nothing where the bot stays silent.
    pub reply: Option<Outbound>,
    /// The passages that the reply rests on, best first.
    pub sources: Vec<Source>,
    /// Where the time went.
    pub timings: Timings,
    /// What the model read and wrote.
    pub tokens: TokenCounts,
    /// What led to the decision, step by step, without any of the customer's words.
    pub trail: Vec<String>,
    /// What else changes with the commit.
    pub effects: Vec<Effect>,
    /// What the bot asks and waits for.
    pub pending: Option<Pending>,
    /// Whether the turn did not help the customer.
    pub failed: bool,
    /// Whether the reply says that this is a bot.
    pub disclosed: bool,
    /// What the person should know who takes over.
    pub brief: Option<Brief>,
    /// What would have been said, and why; for measuring, never stored.
    #[serde(skip)]
    pub considered: Option<Considered>,
}

/// The answer that a turn looked at, whether or not it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Considered {
    /// The words: the draft, or the best passage's own where nothing was drafted.
    pub text: String,
    /// The whole text that the words may rest on.
    pub grounds: Vec<String>,
    /// The language in which the owner wrote that; nothing where nothing was found.
    pub written_in: Option<Language>,
    /// What the confidence rests on.
    pub evidence: Option<Evidence>,
    /// The translation in the words, without the original, and the rung that it stands on.
    pub translation: Option<(Rung, String)>,
}

/// A change that a turn makes beside its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The customer wants promotional messages again.
    OptIn,
    /// The customer wants no more promotional messages.
    OptOut,
    /// The customer's data is erased.
    Erase,
}

/// A passage that a reply rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The file, relative to the knowledge folder.
    pub file: String,
    /// The headings above the passage.
    pub heading: String,
    /// How well it matched, 0 to 1.
    pub score: f32,
}

/// Milliseconds spent in each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Language, intents, sentiment.
    pub understand: f64,
    /// Search.
    pub retrieve: f64,
    /// The model reading prompts.
    pub prefill: f64,
    /// The model writing.
    pub generate: f64,
    /// All of it.
    pub total: f64,
}

/// What a person should know who takes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// What it is about, in a few lines.
    pub summary: String,
    /// An answer that the person may send or correct.
    pub suggested_answer: Option<String>,
}

impl Turn {
    /// The action's stable name.
    pub fn action_name(&self) -> &'static str {
        self.action.name()
    }

    /// The reason's stable name.
    pub fn reason_name(&self) -> &'static str {
        self.reason.name()
    }

    /// The words of the reply, without its buttons.
    pub fn text(&self) -> &str {
        match &self.reply {
            Some(Outbound::Text { body } | Outbound::Choices { body, .. }) => body,
            None => "",
        }
    }

    /// What the customer can tap.
    pub fn choices(&self) -> &[Choice] {
        match &self.reply {
            Some(Outbound::Choices { choices, .. }) => choices,
            Some(Outbound::Text { .. }) | None => &[],
        }
    }
}
