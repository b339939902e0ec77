//! Who a customer is: an internal id with any number of outside identifiers.
//!
//! A phone number or a user id is never used as a key: both may be absent and both change (fact sheet §3.4).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The internal id of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContactId(pub i64);

/// The internal id of a conversation: one contact on one business number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConversationId(pub i64);

impl fmt::Display for ConversationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What kind of outside identifier this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// Meta's business-scoped user id, sent and stored whole: `BR.7781204459021637450`.
    Bsuid,
    /// The phone number as the channel writes it: digits without `+`.
    Phone,
    /// The user id shared across an enterprise's portfolios.
    ParentBsuid,
}

impl IdentifierKind {
    /// The name under which the database keeps this kind.
    pub fn as_str(self) -> &'static str {
        match self {
            IdentifierKind::Bsuid => "bsuid",
            IdentifierKind::Phone => "phone",
            IdentifierKind::ParentBsuid => "parent_bsuid",
        }
    }

    /// Reads what [`IdentifierKind::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        [IdentifierKind::Bsuid, IdentifierKind::Phone, IdentifierKind::ParentBsuid]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// One outside identifier of a person. Its `Debug` form hides the value, so that it can never reach a log line.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identifier {
    /// What kind of identifier this is.
    pub kind: IdentifierKind,
    /// The value, whole and never empty.
    pub value: String,
}

impl Identifier {
    /// An identifier, or nothing when the channel sent an empty value (early payloads did).
    pub fn new(kind: IdentifierKind, value: &str) -> Option<Self> {
        let value = value.trim();
        (!value.is_empty()).then(|| Identifier { kind, value: value.to_owned() })
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}(…)", self.kind)
    }
}
