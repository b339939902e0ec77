//! The owner's side: the API with its token, and the endpoint that is told of handoffs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::stage::{API_TOKEN, PATIENCE, Stage};

/// One call of the API with the right token: the HTTP status and the body.
pub async fn call(stage: &Stage, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
    send(request(stage, method, path, body)).await
}

/// A call of the API with the right token, to be changed before it is sent.
pub fn request(stage: &Stage, method: reqwest::Method, path: &str, body: Option<Value>) -> reqwest::RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().build().expect("these options suit every machine");
    let request = client.request(method, stage.url(path)).bearer_auth(API_TOKEN);
    match body {
        Some(body) => request.json(&body),
        None => request,
    }
}

/// Sends a request: the HTTP status and the body, `null` when it is not JSON.
pub async fn send(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the product answers");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
}

/// `GET`.
pub async fn get(stage: &Stage, path: &str) -> (u16, Value) {
    call(stage, reqwest::Method::GET, path, None).await
}

/// `POST` without a body.
pub async fn order(stage: &Stage, path: &str) -> (u16, Value) {
    call(stage, reqwest::Method::POST, path, None).await
}

/// A person's words.
pub async fn say(stage: &Stage, conversation: i64, text: &str) -> (u16, Value) {
    let path = format!("/api/conversations/{conversation}/messages");
    call(stage, reqwest::Method::POST, &path, Some(json!({"text": text}))).await
}

/// The id of the only conversation.
pub async fn only_conversation(stage: &Stage) -> i64 {
    let (status, list) = get(stage, "/api/conversations").await;
    assert_eq!(status, 200, "{list}");
    assert_eq!(list["conversations"].as_array().map(Vec::len), Some(1), "{list}");
    list["conversations"][0]["id"].as_i64().expect("an id")
}

/// The keys of everything that the owner has to look at.
pub async fn alerts(stage: &Stage) -> Vec<String> {
    let (_, list) = get(stage, "/api/conversations").await;
    let alerts = list["alerts"].as_array().expect("a list").iter();
    alerts.map(|alert| alert["key"].as_str().expect("a key").to_owned()).collect()
}

/// One post to the owner's endpoint.
pub struct Post {
    pub headers: HeaderMap,
    pub bytes: String,
}

/// The owner's endpoint: answers with the given HTTP statuses in turn, then with 200.
pub struct Endpoint {
    pub url: String,
    posts: UnboundedReceiver<Post>,
}

type Inside = (Arc<Mutex<VecDeque<u16>>>, UnboundedSender<Post>);

impl Endpoint {
    pub async fn start(answers: &[u16]) -> Self {
        let (sender, posts) = unbounded_channel();
        let inside: Inside = (Arc::new(Mutex::new(answers.iter().copied().collect())), sender);
        let routes = Router::new().route("/handoffs", post(receive)).with_state(inside);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/handoffs?key=the-endpoints-key", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Endpoint { url, posts }
    }

    /// The next post.
    pub async fn next(&mut self) -> Post {
        let post = tokio::time::timeout(PATIENCE, self.posts.recv()).await;
        post.expect("a post in time").expect("the endpoint runs")
    }

    /// Whether a post has come in that nobody looked at.
    pub fn has_more(&mut self) -> bool {
        self.posts.try_recv().is_ok()
    }
}

async fn receive(State((answers, posts)): State<Inside>, headers: HeaderMap, bytes: String) -> StatusCode {
    let answer = answers.lock().expect("no test panics while it holds this").pop_front().unwrap_or(200);
    posts.send(Post { headers, bytes }).expect("the test listens");
    StatusCode::from_u16(answer).expect("a status")
}
