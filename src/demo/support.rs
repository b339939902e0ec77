//! For the tests of the stand-in: a server that receives its webhooks, and requests to its Graph API.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::meta::{CustomerId, MetaStandIn, Options};
use crate::clock::ManualClock;

/// Longer than anything here takes; only a failing test waits this long.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// One webhook as it came in.
pub(super) struct Delivery {
    pub(super) signature: String,
    pub(super) bytes: Bytes,
}

impl Delivery {
    /// The `value` of its one change.
    pub(super) fn value(&self) -> Value {
        let body: Value = serde_json::from_slice(&self.bytes).expect("a webhook is JSON");
        body["entry"][0]["changes"][0]["value"].clone()
    }
}

/// Receives webhooks; answers with the given HTTP statuses in turn, then with 200.
pub(super) struct Server {
    pub(super) url: String,
    deliveries: UnboundedReceiver<Delivery>,
}

#[derive(Clone)]
struct Inside {
    answers: Arc<Mutex<VecDeque<u16>>>,
    deliveries: UnboundedSender<Delivery>,
}

impl Server {
    pub(super) async fn start(answers: &[u16]) -> Self {
        let (sender, deliveries) = unbounded_channel();
        let inside = Inside { answers: Arc::new(Mutex::new(answers.iter().copied().collect())), deliveries: sender };
        let routes = Router::new().route("/webhook", get(verify).post(receive)).with_state(inside);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Server { url, deliveries }
    }

    pub(super) async fn next(&mut self) -> Delivery {
        tokio::time::timeout(PATIENCE, self.deliveries.recv()).await.expect("a webhook in time").expect("a webhook")
    }

    /// Answers every text of a customer with `reply` around it.
    pub(super) fn answer_all(mut self, meta: MetaStandIn, reply: impl Fn(&str) -> Value + Send + 'static) {
        tokio::spawn(async move {
            while let Some(delivery) = self.deliveries.recv().await {
                let value = delivery.value();
                let message = &value["messages"][0];
                if let Some(from) = message["from"].as_str() {
                    let text =
                        message["text"]["body"].as_str().or(message["interactive"]["button_reply"]["id"].as_str());
                    let mut body = reply(text.unwrap_or_default());
                    body["messaging_product"] = "whatsapp".into();
                    body["to"] = from.into();
                    send(&meta, &body).await.expect("the stand-in answers");
                }
            }
        });
    }
}

async fn receive(State(inside): State<Inside>, headers: HeaderMap, bytes: Bytes) -> StatusCode {
    let answer = inside.answers.lock().unwrap().pop_front().unwrap_or(200);
    let signature = headers["X-Hub-Signature-256"].to_str().unwrap().to_owned();
    inside.deliveries.send(Delivery { signature, bytes }).expect("the test listens");
    StatusCode::from_u16(answer).unwrap()
}

/// Knows one verify token, and gives the challenge back.
async fn verify(RawQuery(query): RawQuery) -> Result<String, StatusCode> {
    let query = query.unwrap_or_default();
    let is_ours = query.contains("hub.mode=subscribe") && query.contains("hub.verify_token=the-token");
    let challenge = query.split('&').find_map(|pair| pair.strip_prefix("hub.challenge="));
    challenge.filter(|_| is_ours).map(str::to_owned).ok_or(StatusCode::FORBIDDEN)
}

/// 2026-11-21, shortly after noon.
pub(super) fn noon() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_second(1_795_262_400).unwrap()))
}

/// Options whose webhooks go to `server`, without pauses between tries and without statuses.
pub(super) fn options(server: &Server) -> Options {
    Options {
        webhook_url: server.url.clone(),
        verify_token: "the-token".to_owned(),
        retry_delays: vec![Duration::ZERO; 3],
        statuses: false,
        ..Options::local(noon())
    }
}

/// A customer with both identifiers and a name.
pub(super) fn rosa() -> CustomerId {
    CustomerId { bsuid: Some("BR.7781204459021637450".to_owned()), ..CustomerId::with_phone("5511987650001") }
        .named("Rosa")
}

/// Sends a request to the messages endpoint as the business does; gives status and body.
pub(super) async fn send(meta: &MetaStandIn, body: &Value) -> reqwest::Result<(u16, Value)> {
    let url = format!("{}/v25.0/{}/messages", meta.base_url(), meta.options().phone_number_id);
    let token = meta.options().access_token.expose_secret();
    let answer = reqwest::Client::new().post(url).bearer_auth(token).json(body).send().await?;
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_str(&answer.text().await?).unwrap_or_default()))
}

/// A text to a phone number.
pub(super) fn text(to: &str, body: &str) -> Value {
    json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "text", "text": {"body": body}})
}
