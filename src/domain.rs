//! Values that every stage shares and that cannot be wrong once they exist.
//!
//! Nothing here does IO, reads a clock or knows a channel's wire format.

pub mod contact;
pub mod event;
pub mod language;
pub mod message;
pub mod transcript;

pub use contact::{ContactId, ConversationId, Identifier, IdentifierKind};
pub use language::Language;
pub use message::{Content, InboundMessage, MediaKind};
pub use transcript::{Author, Line};
