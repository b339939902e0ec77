//! What was said in a conversation, as the later stages need it: who, what, when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The customer.
    Customer,
    /// The bot.
    Bot,
    /// A person of the business.
    Person,
}

impl Author {
    /// The name under which the database keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Author::Customer => "customer",
            Author::Bot => "bot",
            Author::Person => "person",
        }
    }

    /// Reads what [`Author::as_str`] wrote; whatever else there is, a person wrote.
    pub fn from_name(name: &str) -> Self {
        match name {
            "customer" => Author::Customer,
            "bot" => Author::Bot,
            _ => Author::Person,
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Who said it.
    pub author: Author,
    /// The words.
    pub words: String,
    /// When.
    pub at: Timestamp,
}
