//! What a customer sent, free of any channel's wire format.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contact::Identifier;

/// One message of a customer as a channel delivered it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// The business's own account on the channel: WhatsApp's `phone_number_id`.
    pub account: String,
    /// The channel's id of the message; a second delivery carries the same.
    pub message_id: String,
    /// Every identifier of the sender that this event carried, at least one.
    pub identifiers: Vec<Identifier>,
    /// The name the sender shows, if any.
    pub name: Option<String>,
    /// The sender's user name without `@`; shown, never used as a key.
    pub username: Option<String>,
    /// When the sender sent it, by the channel's clock.
    pub sent_at: Timestamp,
    /// What was sent.
    pub content: Content,
    /// The channel's id of the message that this one quotes.
    pub reply_to: Option<String>,
    /// Whether it was forwarded from elsewhere, so that it is not the sender's own words.
    pub forwarded: bool,
    /// The advertisement or post that the customer came from, as the channel describes it.
    pub referral: Option<serde_json::Value>,
}

/// What kind of file a media message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A photo or a screenshot.
    Image,
    /// A film.
    Video,
    /// Any file with a name.
    Document,
    /// Sound that was attached or forwarded.
    Audio,
    /// Sound that the customer recorded in the chat.
    VoiceNote,
    /// A sticker.
    Sticker,
}

/// The content of one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Plain text.
    Text {
        /// The words as written.
        body: String,
    },
    /// A tap on a button or a list row, or on a template's quick reply.
    Choice {
        /// The id that the business gave the option.
        id: String,
        /// The words on it.
        title: String,
    },
    /// A file.
    Media {
        /// What kind of file.
        media: MediaKind,
        /// The channel's id to fetch it by; absent when the channel failed to store it.
        id: Option<String>,
        /// The MIME type with its parameters.
        mime: Option<String>,
        /// The words under it.
        caption: Option<String>,
        /// The file's name, for documents.
        filename: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// The place's name and address, when one was picked.
        label: Option<String>,
    },
    /// Contact cards.
    Contacts {
        /// The names on the cards.
        names: Vec<String>,
        /// The sender's own phone, only when the channel vouches for it (`origin: contact_request`).
        own_phone: Option<String>,
    },
    /// A basket from the catalogue.
    Order {
        /// The lines: product id, quantity.
        items: Vec<(String, f64)>,
        /// The customer's note.
        note: Option<String>,
    },
    /// An emoji put on a message, or taken off when `emoji` is absent.
    Reaction {
        /// The message it was put on.
        message_id: String,
        /// The emoji.
        emoji: Option<String>,
    },
    /// An earlier message was rewritten.
    Edit {
        /// The message that was rewritten.
        message_id: String,
        /// The new words, when the edit carries text.
        body: Option<String>,
    },
    /// An earlier message was taken back: the stored copy is deleted.
    Revoke {
        /// The message that was taken back.
        message_id: String,
    },
    /// A filled-in form; `response` is what the channel sent, which may not be JSON.
    Form {
        /// The raw answer.
        response: Option<String>,
    },
    /// The chat was opened for the first time, without any words.
    Welcome,
    /// Something that this product cannot read: a poll, a type that is new.
    Unsupported {
        /// The type as the channel named it.
        name: String,
    },
}

impl Content {
    /// The customer's own words in this content, if it has any: text, the title of a tap, a caption, an order's note.
    pub fn words(&self) -> Option<&str> {
        match self {
            Content::Text { body } => Some(body.as_str()),
            Content::Choice { title, .. } => Some(title.as_str()),
            Content::Media { caption, .. } => caption.as_deref(),
            Content::Order { note, .. } => note.as_deref(),
            Content::Edit { body, .. } => body.as_deref(),
            _ => None,
        }
        .map(str::trim)
        .filter(|words| !words.is_empty())
    }
}
