use std::sync::Arc;

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::demo::meta::{CustomerId, MetaStandIn, Options};
use crate::demo::support::{PATIENCE, Server, options, send, text};

const BROWSER: &str = "0123456789abcdef";

async fn started() -> (MetaStandIn, Server) {
    let server = Server::start(&[]).await;
    let details: crate::demo::meta::Details = Arc::new(|id| {
        let found = (id == "outbox-1").then(|| json!({"confidence": 0.9}));
        Box::pin(async move { found })
    });
    let examples = vec!["¿Abren hoy?".to_owned()];
    let meta = MetaStandIn::start(Options { details: Some(details), examples, ..options(&server) }).await.unwrap();
    (meta, server)
}

async fn post(meta: &MetaStandIn, body: Value) -> u16 {
    let url = format!("{}/chat/messages", meta.base_url());
    reqwest::Client::new().post(url).json(&body).send().await.unwrap().status().as_u16()
}

async fn get(meta: &MetaStandIn, path: &str) -> reqwest::Response {
    reqwest::Client::new().get(format!("{}{path}", meta.base_url())).send().await.unwrap()
}

/// The events up to `end`, as they come over the wire.
async fn events_until(meta: &MetaStandIn, browser: &str, end: &str) -> String {
    let mut stream = get(meta, &format!("/chat/events?customer={browser}")).await.bytes_stream();
    let mut told = String::new();
    while !told.contains(end) {
        let chunk = tokio::time::timeout(PATIENCE, stream.next()).await.expect("an event in time");
        told.push_str(std::str::from_utf8(&chunk.expect("an open stream").unwrap()).unwrap());
    }
    told
}

fn customer() -> CustomerId {
    super::customer(BROWSER).unwrap()
}

#[tokio::test]
async fn the_page_forbids_everything_but_its_own_files() {
    let (meta, _server) = started().await;
    for path in ["/", "/chat.css", "/chat.js", "/words.js", "/markup.js", "/favicon.svg"] {
        let answer = get(&meta, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let content = answer.text().await.unwrap();
        let foreign = content.replace("http://www.w3.org/2000/svg", "").replace(r"https?:\/\/", "");
        assert!(!foreign.contains("http://") && !foreign.contains("https://"), "{path} refers to another place");
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=\"", "onclick="]
        {
            assert!(!content.contains(sink), "{path} uses {sink}");
        }
    }
}

#[tokio::test]
async fn every_language_of_the_page_has_every_text() {
    let words = include_str!("words.js");
    let keys = |code: &str| -> Vec<String> {
        let block = words.split_once(&format!("  {code}: {{\n")).unwrap().1.split_once("\n  },").unwrap().0;
        block.lines().map(|line| line.trim().split_once(':').unwrap().0.to_owned()).collect()
    };
    assert!(keys("en").len() > 20);
    assert_eq!(keys("es"), keys("en"));
    assert_eq!(keys("pt"), keys("en"));
    let used = include_str!("chat.html").split("data-words=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
    for word in used {
        assert!(keys("en").iter().any(|key| key == word), "{word} is not translated");
    }
}

#[tokio::test]
async fn what_a_browser_writes_reaches_the_server_as_a_customers_message() {
    let (meta, mut server) = started().await;
    assert_eq!(post(&meta, json!({"customer": BROWSER, "text": " ¿Abren hoy? "})).await, 202);
    let message = server.next().await.value()["messages"][0].clone();
    assert_eq!(message["text"]["body"], "¿Abren hoy?");
    assert_eq!(message["from"], customer().phone.unwrap());
    let told = events_until(&meta, BROWSER, r#""taken":true"#).await;
    assert!(told.contains(r#""kind":"mine""#), "{told}");
}

#[tokio::test]
async fn a_reply_is_told_to_its_customer_alone_and_the_past_before_the_ready_event() {
    let (meta, mut server) = started().await;
    meta.say(&customer(), "Hola").await.unwrap();
    server.next().await;
    let to = customer().phone.unwrap();
    send(&meta, &text(&to, "<b>¡Hola!</b>")).await.unwrap();
    let told = events_until(&meta, BROWSER, "event: ready").await;
    assert!(told.find("<b>¡Hola!</b>").unwrap() < told.find("event: ready").unwrap());
    assert!(!events_until(&meta, "fedcba9876543210", "event: ready").await.contains("Hola"));
}

#[tokio::test]
async fn a_browser_taps_on_a_choice_of_its_own_messages_only() {
    let (meta, mut server) = started().await;
    meta.say(&customer(), "Hola").await.unwrap();
    server.next().await;
    let buttons = json!([{"type": "reply", "reply": {"id": "human", "title": "Persona"}}]);
    let body = json!({"messaging_product": "whatsapp", "to": customer().phone.unwrap(), "type": "interactive",
        "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}}});
    send(&meta, &body).await.unwrap();
    let id = meta.sent()[0].id.clone();
    assert_eq!(post(&meta, json!({"customer": BROWSER, "choice": "human", "message": id})).await, 202);
    assert_eq!(server.next().await.value()["messages"][0]["interactive"]["button_reply"]["id"], "human");
    let other = json!({"customer": "fedcba9876543210", "choice": "human", "message": id});
    assert_eq!(post(&meta, other).await, 404);
}

#[tokio::test]
async fn details_are_told_to_the_customer_who_received_the_reply() {
    let (meta, mut server) = started().await;
    meta.say(&customer(), "Hola").await.unwrap();
    server.next().await;
    for callback in ["outbox-1", "outbox-2"] {
        let mut body = text(&customer().phone.unwrap(), "¡Hola!");
        body["biz_opaque_callback_data"] = callback.into();
        send(&meta, &body).await.unwrap();
    }
    let [first, second] = [0, 1].map(|index| meta.sent()[index].id.clone());
    let path = |browser: &str, id: &str| format!("/chat/details?customer={browser}&message={id}");
    let answer = get(&meta, &path(BROWSER, &first)).await;
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"confidence": 0.9}));
    assert_eq!(get(&meta, &path(BROWSER, &second)).await.status(), 204);
    assert_eq!(get(&meta, &path("fedcba9876543210", &first)).await.status(), 404);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let (meta, _server) = started().await;
    assert_eq!(post(&meta, json!({"customer": "../etc", "text": "x"})).await, 400);
    assert_eq!(post(&meta, json!({"customer": BROWSER, "text": "  "})).await, 422);
    assert_eq!(post(&meta, json!({"customer": BROWSER, "text": "x".repeat(4097)})).await, 422);
    assert_eq!(post(&meta, json!({"customer": BROWSER})).await, 422);
    assert_eq!(get(&meta, "/chat/events?customer=short").await.status(), 400);
}

#[tokio::test]
async fn the_empty_page_learns_the_business_and_its_examples() {
    let (meta, _server) = started().await;
    let setup: Value = get(&meta, "/chat/setup").await.json().await.unwrap();
    assert_eq!(setup, json!({"business": "Atiende", "examples": ["¿Abren hoy?"], "explains": true}));
}
