//! What a customer sent since the last turn, read together: people write in fragments.

use jiff::Timestamp;

use crate::domain::{Content, MediaKind};
use crate::store::inbox::Waiting;

/// How much of one message is read, in bytes: its beginning and its end, where what is wanted stands. A customer can
/// send 65,000 characters, and reading takes time that others wait for.
pub const LONGEST_READ: usize = 4_096;
/// How much of a burst is read, in bytes: the newest messages of it.
const LONGEST_BURST: usize = 2 * LONGEST_READ;

/// Several messages as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Burst {
    /// The customer's words in order, later corrections in place of what they correct.
    pub texts: Vec<String>,
    /// The last option that was tapped.
    pub tap: Option<Tap>,
    /// What came besides words, in order.
    pub attachments: Vec<Attachment>,
    /// When the last of them was sent, by the channel's clock.
    pub sent_at: Option<Timestamp>,
}

/// A tap on a button or a list row.
#[derive(Clone, Debug, PartialEq)]
pub struct Tap {
    /// The id that was given to the option.
    pub id: String,
    /// The words on it.
    pub title: String,
}

/// Something without words that deserves a reply of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// A recording: nobody here can listen to it.
    VoiceNote,
    /// A picture, film, file or sound.
    File,
    /// A place.
    Location,
    /// Contact cards.
    Contacts,
    /// A basket.
    Order,
    /// A filled-in form.
    Form,
    /// Something that cannot be read.
    Unsupported,
    /// The chat was opened without a word.
    Welcome,
}

impl Burst {
    /// Reads what waits, in the order in which it was sent.
    pub fn gather(waiting: &[Waiting]) -> Burst {
        let mut burst = Burst::default();
        for message in waiting {
            burst.sent_at = burst.sent_at.max(Some(message.sent_at));
            if !is_rewritten_later(message, waiting) {
                burst.add(&message.content);
            }
        }
        burst.forget_the_oldest();
        burst
    }

    fn forget_the_oldest(&mut self) {
        let mut left = LONGEST_BURST;
        let fits = |text: &&String| {
            left = left.saturating_sub(text.len());
            left > 0
        };
        let kept = self.texts.iter().rev().take_while(fits).count();
        self.texts.drain(..self.texts.len() - kept);
    }

    fn add(&mut self, content: &Content) {
        if let Content::Choice { id, title } = content {
            self.tap = Some(Tap { id: id.clone(), title: title.clone() });
        }
        self.attachments.extend(attachment(content));
        self.texts.extend(content.words().map(beginning_and_end));
    }

    /// Whether nothing in it calls for a reply: a reaction, a sticker, a message that was taken back.
    pub fn is_silent(&self) -> bool {
        self.texts.is_empty() && self.tap.is_none() && self.attachments.is_empty()
    }

    /// All the words as one text, a message a line.
    pub fn text(&self) -> String {
        self.texts.join("\n")
    }
}

/// What is read of several messages' words: the newest, and of each its beginning and its end.
pub fn readable(words: &[String]) -> Vec<String> {
    let texts = words.iter().map(|words| beginning_and_end(words)).collect();
    let mut burst = Burst { texts, ..Burst::default() };
    burst.forget_the_oldest();
    burst.texts
}

/// A text as it is, or without the middle of it where it is too long to read.
fn beginning_and_end(words: &str) -> String {
    if words.len() <= LONGEST_READ {
        return words.to_owned();
    }
    let head = words.floor_char_boundary(LONGEST_READ / 2);
    let tail = words.ceil_char_boundary(words.len() - LONGEST_READ / 2 + 1);
    format!("{}\n{}", &words[..head], &words[tail..])
}

fn is_rewritten_later(message: &Waiting, waiting: &[Waiting]) -> bool {
    waiting.iter().any(|other| {
        matches!(&other.content, Content::Edit { message_id, body: Some(_) } if *message_id == message.channel_message_id)
    })
}

fn attachment(content: &Content) -> Option<Attachment> {
    match content {
        Content::Media { media: MediaKind::Sticker, .. } => None,
        Content::Media { media: MediaKind::VoiceNote | MediaKind::Audio, .. } => Some(Attachment::VoiceNote),
        Content::Media { .. } => Some(Attachment::File),
        Content::Location { .. } => Some(Attachment::Location),
        Content::Contacts { .. } => Some(Attachment::Contacts),
        Content::Order { .. } => Some(Attachment::Order),
        Content::Form { .. } => Some(Attachment::Form),
        Content::Unsupported { .. } => Some(Attachment::Unsupported),
        Content::Welcome => Some(Attachment::Welcome),
        Content::Text { .. }
        | Content::Choice { .. }
        | Content::Reaction { .. }
        | Content::Edit { .. }
        | Content::Revoke { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(id: &str, content: Content) -> Waiting {
        Waiting {
            message: 1,
            channel_message_id: id.into(),
            content,
            reply_to: None,
            sent_at: Timestamp::UNIX_EPOCH,
            received_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn text(id: &str, body: &str) -> Waiting {
        waiting(id, Content::Text { body: body.into() })
    }

    #[test]
    fn fragments_are_read_together() {
        let burst = Burst::gather(&[text("1", "hola"), text("2", "a que hora"), text("3", "abren?")]);
        assert_eq!(burst.text(), "hola\na que hora\nabren?");
    }

    #[test]
    fn of_endless_words_the_newest_are_read_and_never_half_a_character() {
        let long = "ñ".repeat(100_000);
        let mut messages: Vec<Waiting> = (0..50).map(|index| text(&index.to_string(), &long)).collect();
        messages.push(text("last", "¿abren mañana?"));
        let burst = Burst::gather(&messages);
        assert!(burst.text().len() <= LONGEST_BURST, "{}", burst.text().len());
        assert_eq!(burst.texts.last().map(String::as_str), Some("¿abren mañana?"));
        assert_eq!(burst.texts.len(), 2);
    }

    #[test]
    fn of_a_long_message_the_beginning_and_the_end_are_read() {
        let rant = format!("me llamo Rosa. {} quiero hablar con una persona", "bla ".repeat(3_000));
        let burst = Burst::gather(&[text("1", &rant)]);
        assert!(burst.text().len() <= LONGEST_READ + 1);
        assert!(burst.text().starts_with("me llamo Rosa.") && burst.text().ends_with("hablar con una persona"));
    }

    #[test]
    fn a_correction_stands_in_place_of_what_it_corrects() {
        let edit = waiting("2", Content::Edit { message_id: "1".into(), body: Some("abren mañana?".into()) });
        let burst = Burst::gather(&[text("1", "abren hoy?"), edit]);
        assert_eq!(burst.texts, ["abren mañana?"]);
    }

    #[test]
    fn a_reaction_and_a_sticker_ask_for_nothing() {
        let reaction = waiting("1", Content::Reaction { message_id: "0".into(), emoji: Some("👍".into()) });
        let sticker = Content::Media { media: MediaKind::Sticker, id: None, mime: None, caption: None, filename: None };
        assert!(Burst::gather(&[reaction, waiting("2", sticker)]).is_silent());
    }
}
