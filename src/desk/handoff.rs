//! What the owner's endpoint is told of a handoff: everything a person needs so that the customer repeats nothing.

use jiff::Timestamp;
use serde::Serialize;

use crate::conversation::snapshot::Snapshot;
use crate::domain::{Author, Identifier, Language, Line};
use crate::store::conversations::Conversation;

/// The body of the post. Its form is public: fields are added, never changed.
#[derive(Debug, Serialize)]
pub struct Handoff<'a> {
    /// Always `handoff.opened`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When it was decided.
    pub timestamp: Timestamp,
    /// The rest.
    pub data: Data<'a>,
}

/// What the handoff is about.
#[derive(Debug, Serialize)]
pub struct Data<'a> {
    /// The handoff's id.
    pub handoff_id: &'a str,
    /// For `POST /api/conversations/{id}/take`, `/messages` and `/return`.
    pub conversation_id: i64,
    /// Why: the decision's stable name.
    pub reason: &'a str,
    /// The customer's language.
    pub language: Language,
    /// Who the customer is.
    pub customer: Customer<'a>,
    /// What it is about, in a few lines.
    pub summary: &'a str,
    /// An answer that the person may send or correct.
    pub suggested_answer: Option<&'a str>,
    /// What was said, oldest first, the customer's last words included.
    pub transcript: Vec<Line>,
    /// Until when the channel lets the business answer freely.
    pub answer_before: Option<Timestamp>,
}

/// Who the customer is.
#[derive(Debug, Serialize)]
pub struct Customer<'a> {
    /// The name that the customer shows.
    pub name: Option<&'a str>,
    /// How the customer can be reached.
    pub identifiers: &'a [Identifier],
    /// Since when the customer wants no promotions.
    pub opted_out_at: Option<Timestamp>,
    /// How many messages the customer has sent in all.
    pub messages: i64,
    /// When the customer first wrote.
    pub since: Timestamp,
}

/// The transcript for a handoff: what was said before, and what the customer said now.
pub fn transcript(snapshot: &Snapshot, bot_said: Option<&str>) -> Vec<Line> {
    let now = snapshot.waiting.iter().map(|message| Line {
        author: Author::Customer,
        words: message.content.words().map_or_else(|| describe(&message.content), str::to_owned),
        at: message.sent_at,
    });
    let said = bot_said.map(|words| Line { author: Author::Bot, words: words.to_owned(), at: snapshot.now });
    snapshot.history.iter().cloned().chain(now).chain(said).collect()
}

/// Stands for content without words: `[voice_note]`.
fn describe(content: &crate::domain::Content) -> String {
    use crate::domain::Content;
    let name = match content {
        Content::Media { media, .. } => {
            return serde_json::to_value(media)
                .ok()
                .and_then(|value| value.as_str().map(|name| format!("[{name}]")))
                .unwrap_or_else(|| "[file]".into());
        }
        Content::Location { latitude, longitude, label } => {
            let label = label.as_deref().unwrap_or_default();
            return format!("[location {latitude}, {longitude} {label}]");
        }
        Content::Order { items, .. } => {
            let lines: Vec<String> = items.iter().map(|(id, quantity)| format!("{quantity} × {id}")).collect();
            return format!("[order: {}]", lines.join(", "));
        }
        Content::Contacts { names, .. } => return format!("[contacts: {}]", names.join(", ")),
        Content::Form { response } => return format!("[form: {}]", response.as_deref().unwrap_or_default()),
        Content::Reaction { emoji, .. } => return format!("[reaction {}]", emoji.as_deref().unwrap_or("removed")),
        Content::Revoke { .. } => "deleted message",
        Content::Welcome => "opened the chat",
        Content::Unsupported { .. } => "message of an unknown kind",
        Content::Text { .. } | Content::Choice { .. } | Content::Edit { .. } => "message",
    };
    format!("[{name}]")
}

/// Writes the body.
pub fn body(
    handoff_id: &str,
    reason: &str,
    language: Language,
    brief: &crate::conversation::turn::Brief,
    snapshot: &Snapshot,
    identifiers: &[Identifier],
    bot_said: Option<&str>,
) -> serde_json::Result<String> {
    let Conversation { id, name, opted_out_at, created_at, last_inbound_at, .. } = &snapshot.conversation;
    serde_json::to_string(&Handoff {
        kind: "handoff.opened",
        timestamp: snapshot.now,
        data: Data {
            handoff_id,
            conversation_id: id.0,
            reason,
            language,
            customer: Customer {
                name: name.as_deref(),
                identifiers,
                opted_out_at: *opted_out_at,
                messages: snapshot.messages_from_customer,
                since: *created_at,
            },
            summary: &brief.summary,
            suggested_answer: brief.suggested_answer.as_deref(),
            transcript: transcript(snapshot, bot_said),
            answer_before: last_inbound_at.map(|at| at + jiff::SignedDuration::from_hours(24)),
        },
    })
}
