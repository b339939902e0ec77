//! The owner's API: see conversations, take one, answer in it, give it back. Every call carries the bearer token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::channel::outbound::Outbound;
use crate::channel::whatsapp::{signature, window};
use crate::domain::{Author, ConversationId, Language};
use crate::inbox::take_over;
use crate::store::conversations::{Conversation, Mode, Page};
use crate::store::messages::StoredMessage;
use crate::store::outbox::{Kind, NewRow};
use crate::store::{account, conversations, handoffs, messages, outbox};

use super::WebState;
use super::error::ApiError;

/// How many conversations and messages one answer holds at most.
const PAGE: u32 = 200;
/// The longest text that a person may send in one message (fact sheet §4.2).
const LONGEST_TEXT: usize = 4_096;

/// Lets a request through when it carries the configured token.
pub async fn authorise(State(state): State<Arc<WebState>>, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match (&state.api_token, given) {
        (Some(expected), Some(given)) if signature::verify_token_matches(expected, given) => next.run(request).await,
        (None, _) => ApiError::new(
            StatusCode::FORBIDDEN,
            "api_not_configured",
            "set `api_token` in the section [server] of the configuration to use the API",
        )
        .into_response(),
        _ => ApiError::new(StatusCode::UNAUTHORIZED, "unauthorised", "send `Authorization: Bearer <api_token>`")
            .into_response(),
    }
}

/// A conversation as the API shows it.
#[derive(Serialize)]
pub struct ConversationView {
    id: i64,
    name: Option<String>,
    mode: Mode,
    mode_since: Timestamp,
    language: Option<Language>,
    last_inbound_at: Option<Timestamp>,
    /// Until when a free-form answer can be sent; nothing when the window is closed.
    answer_before: Option<Timestamp>,
    failed_turns: u32,
    opted_out: bool,
    created_at: Timestamp,
}

impl ConversationView {
    fn new(conversation: Conversation, now: Timestamp) -> Self {
        let last = conversation.last_inbound_at;
        ConversationView {
            id: conversation.id.0,
            name: conversation.name,
            mode: conversation.mode,
            mode_since: conversation.mode_since,
            language: conversation.language,
            last_inbound_at: last,
            answer_before: last
                .filter(|last| window::is_open(*last, now))
                .map(|last| last + SignedDuration::from_hours(24)),
            failed_turns: conversation.failed_turns,
            opted_out: conversation.opted_out_at.is_some(),
            created_at: conversation.created_at,
        }
    }
}

/// What can be asked of the list.
#[derive(Deserialize)]
pub struct ListQuery {
    mode: Option<Mode>,
    #[serde(default)]
    offset: u32,
    #[serde(default = "page")]
    limit: u32,
}

fn page() -> u32 {
    PAGE
}

/// The list and what the owner has to look at.
#[derive(Serialize)]
pub struct ListView {
    conversations: Vec<ConversationView>,
    alerts: Vec<AlertView>,
}

/// Something that the owner has to look at.
#[derive(Serialize)]
pub struct AlertView {
    key: String,
    text: String,
    since: Timestamp,
}

/// `GET /api/conversations?mode=waiting&offset=0&limit=200`: those that wait for a person first, the longest waiting
/// first.
pub async fn list(
    State(state): State<Arc<WebState>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<ListView>, ApiError> {
    let now = state.clock.now();
    let page = Page { offset: query.offset, limit: query.limit.min(PAGE) };
    let (conversations, alerts) = state
        .store
        .read(move |connection| Ok((conversations::list(connection, query.mode, page)?, account::alerts(connection)?)))
        .await?;
    let conversations =
        conversations.into_iter().map(|conversation| ConversationView::new(conversation, now)).collect();
    let alerts = alerts.into_iter().map(|alert| AlertView { key: alert.key, text: alert.text, since: alert.since });
    Ok(Json(ListView { conversations, alerts: alerts.collect() }))
}

/// A message as the API shows it.
#[derive(Serialize)]
pub struct MessageView {
    id: i64,
    author: Author,
    text: Option<String>,
    content: serde_json::Value,
    sent_at: Timestamp,
    state: Option<String>,
}

impl From<StoredMessage> for MessageView {
    fn from(message: StoredMessage) -> Self {
        MessageView {
            id: message.id,
            author: message.author,
            text: message.words,
            content: serde_json::from_str(&message.content).unwrap_or_default(),
            sent_at: message.sent_at,
            state: message.state,
        }
    }
}

/// One conversation with what was said.
#[derive(Serialize)]
pub struct DetailView {
    #[serde(flatten)]
    conversation: ConversationView,
    summary: Option<String>,
    messages: Vec<MessageView>,
}

/// What can be asked of one conversation.
#[derive(Deserialize)]
pub struct ShowQuery {
    before: Option<i64>,
}

/// `GET /api/conversations/{id}?before=MESSAGE`: the last messages, oldest first, with how far each of ours has come.
pub async fn show(
    State(state): State<Arc<WebState>>,
    Path(id): Path<i64>,
    Query(query): Query<ShowQuery>,
) -> Result<Json<DetailView>, ApiError> {
    let before = query.before.unwrap_or(i64::MAX);
    let now = state.clock.now();
    let found = state
        .store
        .read(move |connection| {
            let Some(conversation) = conversations::get(connection, ConversationId(id))? else { return Ok(None) };
            let said = messages::transcript_before(connection, ConversationId(id), before, PAGE as usize)?;
            Ok(Some((conversation, said)))
        })
        .await?;
    let (conversation, messages) = found.ok_or_else(|| ApiError::no_such_conversation(id))?;
    let summary = conversation.summary.clone();
    let messages = messages.into_iter().map(MessageView::from).collect();
    Ok(Json(DetailView { conversation: ConversationView::new(conversation, now), summary, messages }))
}

/// What a person writes.
#[derive(Deserialize)]
pub struct PersonMessage {
    text: String,
}

/// What became of it.
#[derive(Serialize)]
pub struct Queued {
    outbox_id: String,
    mode: Mode,
}

/// `POST /api/conversations/{id}/messages`: a person answers, and with that takes the conversation.
///
/// With an `Idempotency-Key` header the same call may be repeated without sending twice.
pub async fn send(
    State(state): State<Arc<WebState>>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Json(message): Json<PersonMessage>,
) -> Result<(StatusCode, Json<Queued>), ApiError> {
    let length = message.text.trim().chars().count();
    if length == 0 || length > LONGEST_TEXT {
        let text = format!("`text` has {length} characters; it must have 1 to {LONGEST_TEXT}");
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_text", text));
    }
    let now = state.clock.now();
    let conversation = ConversationId(id);
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let name = key.map_or_else(|| format!("{id} {now} {}", message.text), |key| format!("{id} {key}"));
    let outbox_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string();
    let queued = outbox_id.clone();
    let (current, is_repeated) = state
        .store
        .read(move |connection| {
            Ok((conversations::get(connection, conversation)?, outbox::exists(connection, &queued)?))
        })
        .await?;
    let current = current.ok_or_else(|| ApiError::no_such_conversation(id))?;
    if is_repeated {
        // Whoever has the conversation by now keeps it.
        return Ok((StatusCode::ACCEPTED, Json(Queued { outbox_id, mode: current.mode })));
    }
    if !current.last_inbound_at.is_some_and(|last| window::is_open(last, now)) {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "window_closed",
            "more than 24 hours have passed since the customer wrote: WhatsApp does not let this message through",
        ));
    }
    let queued = outbox_id.clone();
    state
        .store
        .write(move |connection| {
            take_over(connection, conversation, now)?;
            if outbox::exists(connection, &queued)? {
                return Ok(());
            }
            let body = serde_json::to_string(&Outbound::text(message.text.trim()))?;
            let words = Some(message.text.trim());
            let message = messages::insert_ours(connection, conversation, Author::Person, &body, words, now)?;
            let row = NewRow { id: &queued, conversation, message, turn: None, kind: Kind::Person, body: &body };
            outbox::queue(connection, &row, now)
        })
        .await?;
    state.signals.outbox.notify_one();
    state.signals.inbox.notify_one();
    Ok((StatusCode::ACCEPTED, Json(Queued { outbox_id, mode: Mode::Person })))
}

/// Who answers now.
#[derive(Serialize)]
pub struct ModeView {
    mode: Mode,
}

/// `POST /api/conversations/{id}/take`: a person takes over; the bot is silent from this moment.
pub async fn take(State(state): State<Arc<WebState>>, Path(id): Path<i64>) -> Result<Json<ModeView>, ApiError> {
    change(&state, id, take_over).await?;
    Ok(Json(ModeView { mode: Mode::Person }))
}

/// `POST /api/conversations/{id}/return`: the bot answers again, and knows what was said.
pub async fn give_back(State(state): State<Arc<WebState>>, Path(id): Path<i64>) -> Result<Json<ModeView>, ApiError> {
    change(&state, id, |connection, conversation, now| {
        conversations::hand_back(connection, conversation, now)?;
        handoffs::close(connection, conversation, now)
    })
    .await?;
    Ok(Json(ModeView { mode: Mode::Bot }))
}

async fn change(
    state: &WebState,
    id: i64,
    work: impl FnOnce(&rusqlite::Connection, ConversationId, Timestamp) -> crate::store::Result<()> + Send + 'static,
) -> Result<(), ApiError> {
    let now = state.clock.now();
    let conversation = ConversationId(id);
    let known = state
        .store
        .write(move |connection| {
            if conversations::get(connection, conversation)?.is_none() {
                return Ok(false);
            }
            work(connection, conversation, now)?;
            Ok(true)
        })
        .await?;
    state.signals.inbox.notify_one();
    if known { Ok(()) } else { Err(ApiError::no_such_conversation(id)) }
}
