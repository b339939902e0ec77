//! The chat page: a customer's phone in the browser, on the customers' side of the stand-in.
//!
//! Each browser is a customer of its own. Nothing is loaded from elsewhere, and nothing that anyone wrote is read as HTML.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::meta::{Choice, CustomerId, Event, Events, Sent, Shared};

/// No script, style or connection but the page's own; no frames, no forms, no images from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; manifest-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(|| async { file("text/html; charset=utf-8", include_str!("page/chat.html")) }))
        .route("/chat.css", get(|| async { file("text/css; charset=utf-8", include_str!("page/chat.css")) }))
        .route("/chat.js", get(|| async { file("text/javascript; charset=utf-8", include_str!("page/chat.js")) }))
        .route("/words.js", get(|| async { file("text/javascript; charset=utf-8", include_str!("page/words.js")) }))
        .route("/markup.js", get(|| async { file("text/javascript; charset=utf-8", include_str!("page/markup.js")) }))
        .route("/favicon.svg", get(|| async { file("image/svg+xml", include_str!("page/favicon.svg")) }))
        .route("/favicon.ico", get(|| async { StatusCode::NOT_FOUND }))
        .route("/chat/setup", get(setup))
        .route("/chat/messages", post(write))
        .route("/chat/events", get(events))
        .route("/chat/details", get(details))
}

fn file(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect::<HeaderMap>(), content)
        .into_response()
}

/// What the page shows before anyone writes.
async fn setup(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({
        "business": shared.options.verified_name,
        "examples": shared.options.examples,
        "explains": shared.options.details.is_some(),
    }))
}

/// A browser's message: words, or a tap on a choice of a message.
#[derive(Deserialize)]
struct Writing {
    customer: String,
    text: Option<String>,
    choice: Option<String>,
    message: Option<String>,
}

async fn write(State(shared): State<Arc<Shared>>, Json(writing): Json<Writing>) -> Response {
    let Some(customer) = customer(&writing.customer) else { return StatusCode::BAD_REQUEST.into_response() };
    let message = match (&writing.text, &writing.choice) {
        (Some(text), None) if !text.trim().is_empty() && text.chars().count() <= 4096 => {
            json!({"type": "text", "text": {"body": text.trim()}})
        }
        (None, Some(choice)) => match shared.tap_message(&customer, choice, writing.message.as_deref()) {
            Ok(message) => message,
            Err(_) => return StatusCode::NOT_FOUND.into_response(),
        },
        _ => return StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    };
    let (id, envelope) = shared.customer_says(&customer, message);
    let answer = Json(json!({"id": id}));
    // The page learns over its events whether the message arrived.
    tokio::spawn(async move {
        if let Err(error) = shared.deliver_message(&customer, &id, &envelope).await {
            tracing::warn!(%error, "a message from the chat page did not reach the server");
        }
    });
    (StatusCode::ACCEPTED, answer).into_response()
}

/// Which browser asks, and about what.
#[derive(Deserialize)]
struct Asking {
    customer: String,
    message: Option<String>,
}

/// How the product came to a reply that this customer received.
async fn details(State(shared): State<Arc<Shared>>, Query(asking): Query<Asking>) -> Response {
    let Some(customer) = customer(&asking.customer) else { return StatusCode::BAD_REQUEST.into_response() };
    let id = asking.message.unwrap_or_default();
    let sent = shared.log.sent().into_iter().find(|sent| sent.id == id && sent.customer.is(&customer));
    let Some(sent) = sent else { return StatusCode::NOT_FOUND.into_response() };
    match shared.details(&sent).await {
        Some(details) => Json(details).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// What has happened to this customer so far, a `ready` event, then what happens.
async fn events(State(shared): State<Arc<Shared>>, Query(asking): Query<Asking>, headers: HeaderMap) -> Response {
    let Some(customer) = customer(&asking.customer) else { return StatusCode::BAD_REQUEST.into_response() };
    let last = headers.get("Last-Event-ID").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let first = last.map_or(0, |last| last + 1);
    let follower =
        Follower { ready_at: Some(shared.log.len()), events: shared.log.events_from(first), customer, shared };
    Sse::new(follow(follower)).keep_alive(KeepAlive::default()).into_response()
}

struct Follower {
    /// Where the past ends, until that was said.
    ready_at: Option<usize>,
    events: Events,
    customer: CustomerId,
    shared: Arc<Shared>,
}

impl Follower {
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if self.ready_at.is_some_and(|ready_at| self.events.place() >= ready_at) {
                self.ready_at = None;
                return Some(sse::Event::default().event("ready").data("{}"));
            }
            let entry = tokio::select! {
                entry = self.events.next() => entry,
                () = self.shared.stopped.cancelled() => return None,
            };
            if entry.customer.is(&self.customer) {
                let data = told(&entry.event).to_string();
                return Some(sse::Event::default().id(entry.number.to_string()).data(data));
            }
        }
    }
}

fn follow(follower: Follower) -> impl Stream<Item = Result<sse::Event, std::convert::Infallible>> {
    stream::unfold(follower, |mut follower| async move { follower.next().await.map(|event| (Ok(event), follower)) })
}

/// An event the way the page reads it.
fn told(event: &Event) -> Value {
    match event {
        Event::Said { id, text, at } => json!({"kind": "mine", "id": id, "text": text, "at": at}),
        Event::Arrived { id, taken } => json!({"kind": "arrived", "id": id, "taken": taken}),
        Event::Read { id } => json!({"kind": "read", "id": id}),
        Event::Typing => json!({"kind": "typing"}),
        Event::Sent(sent) if sent.kind == "reaction" => {
            json!({"kind": "reaction", "on": sent.body["reaction"]["message_id"], "emoji": sent.text})
        }
        Event::Sent(sent) => reply(sent),
    }
}

fn reply(sent: &Sent) -> Value {
    let content = &sent.body[&sent.kind];
    let parameters = &content["action"]["parameters"];
    let choice = |choice: &Choice| json!({"id": choice.id, "title": choice.title, "description": choice.description, "section": choice.section});
    json!({
        "kind": "reply",
        "id": sent.id,
        "type": sent.kind,
        "at": sent.at,
        "text": sent.text,
        "header": content["header"]["text"],
        "footer": content["footer"]["text"],
        "list": content["action"]["button"],
        "choices": sent.choices.iter().map(choice).collect::<Vec<_>>(),
        "link": {"label": parameters["display_text"], "url": parameters["url"]},
        "file": {"name": content["filename"], "url": content["link"]},
        "explained": sent.callback.is_some(),
    })
}

/// The customer behind a browser's own random id (8 to 64 letters, digits and `-`).
fn customer(browser: &str) -> Option<CustomerId> {
    let is_id = (8..=64).contains(&browser.len()) && browser.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let digest = Sha256::digest(browser.as_bytes());
    let number = digest.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    is_id.then(|| CustomerId {
        // +999 is assigned to no country, and ZZ neither.
        phone: Some(format!("999{:010}", number % 10_000_000_000)),
        bsuid: Some(format!("ZZ.{number:020}")),
        name: None,
    })
}

#[cfg(test)]
mod tests;
