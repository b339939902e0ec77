//! Translations of the knowledge, made ahead: drafted by the model, checked, and kept in files that the owner corrects.
//!
//! Never changes what the owner approved, and never makes the checks lighter for the model. What customers
//! are shown of it is decided where the knowledge is read (`knowledge/translations`).

pub mod draft;
pub mod files;
pub mod verdict;

use crate::domain::Language;

/// What is translated from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// The language of the knowledge.
    pub from: Language,
    /// The customer's.
    pub to: Language,
}

impl Direction {
    /// The other way.
    pub fn back(self) -> Direction {
        Direction { from: self.to, to: self.from }
    }
}
