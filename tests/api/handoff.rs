//! Handoffs: the customer's notice, and the signed post to the owner's endpoint.

use atiende::config::{Config, HttpUrl};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::owner::{Endpoint, Post, alerts, get, only_conversation};
use crate::stage::{Setup, Stage, rosa, spawn_app, until};

const KEY: &[u8; 32] = b"thirty-two bytes sign the posts!";

async fn with(endpoint: &Endpoint) -> Stage {
    let url = HttpUrl::parse(&endpoint.url).expect("an address");
    let config = move |config: &mut Config| {
        config.handoff.url = Some(url.clone());
        config.handoff.secret = Some(format!("whsec_{}", STANDARD.encode(KEY)).into());
    };
    spawn_app(Setup { config: Box::new(config), ..Setup::default() }).await
}

fn header<'a>(post: &'a Post, name: &str) -> &'a str {
    post.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_else(|| panic!("no {name}"))
}

/// Checks the signature as the standard says, independently of the code that made it.
fn check_signature(post: &Post) {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("any length");
    let signed = format!("{}.{}.{}", header(post, "webhook-id"), header(post, "webhook-timestamp"), post.bytes);
    mac.update(signed.as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header(post, "webhook-signature"), expected);
}

async fn until_tried(stage: &Stage, times: i64) {
    until("the failure was noted", || async {
        stage.count("SELECT coalesce(max(attempts), 0) FROM notifications").await == times
    })
    .await;
}

#[tokio::test]
async fn the_owner_is_told_with_everything_a_person_needs() {
    let mut endpoint = Endpoint::start(&[]).await;
    let stage = with(&endpoint).await;
    stage.meta.say(&rosa(), "¿A qué hora abrís el sábado?").await.expect("taken");
    stage.reply(&rosa()).await;
    stage.meta.say(&rosa(), "quiero hablar con una persona").await.expect("taken");
    let notice = stage.reply(&rosa()).await;
    assert!(notice.text.contains("persona"), "{}", notice.text);

    let post = endpoint.next().await;
    check_signature(&post);
    assert_eq!(header(&post, "content-type"), "application/json");
    assert_eq!(header(&post, "webhook-timestamp"), "1795262400");
    let body: Value = serde_json::from_str(&post.bytes).expect("JSON");
    assert_eq!((&body["type"], &body["timestamp"]), (&json!("handoff.opened"), &json!("2026-11-21T12:00:00Z")));
    let data = &body["data"];
    let id = only_conversation(&stage).await;
    assert_eq!(data["conversation_id"], id);
    assert_eq!((&data["reason"], &data["language"]), (&json!("wish_for_person"), &json!("es")));
    assert_eq!(data["customer"]["name"], "Rosa");
    assert_eq!(data["customer"]["identifiers"], json!([{"kind": "phone", "value": "34600000101"}]));
    assert_eq!(data["answer_before"], "2026-11-22T12:00:00Z");
    let said: Vec<_> = data["transcript"].as_array().expect("a list").iter().map(|line| &line["author"]).collect();
    assert_eq!(said, ["customer", "bot", "customer", "bot"]);
    assert_eq!(data["transcript"][2]["words"], "quiero hablar con una persona");
    assert_eq!(data["transcript"][3]["words"], notice.text.as_str());
    assert!(data["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{data}");

    let (_, waiting) = get(&stage, "/api/conversations?mode=waiting").await;
    assert_eq!(waiting["conversations"][0]["id"], id);
    assert!(!endpoint.has_more());
}

#[tokio::test]
async fn a_post_that_fails_is_repeated_with_the_same_id() {
    let mut endpoint = Endpoint::start(&[500, 503]).await;
    let stage = with(&endpoint).await;
    stage.meta.say(&rosa(), "quiero hablar con una persona").await.expect("taken");
    // The customer does not wait for the owner's endpoint.
    stage.reply(&rosa()).await;
    let first = endpoint.next().await;
    until_tried(&stage, 1).await;
    stage.pass(5);
    let second = endpoint.next().await;
    until_tried(&stage, 2).await;
    stage.pass(30);
    let third = endpoint.next().await;
    for post in [&first, &second, &third] {
        check_signature(post);
        assert_eq!((header(post, "webhook-id"), &post.bytes), (header(&first, "webhook-id"), &first.bytes));
    }
    assert_eq!(header(&third, "webhook-timestamp"), "1795262435");
    until("it counts as accepted", || async {
        stage.count("SELECT count(*) FROM notifications WHERE state = 'accepted'").await == 1
    })
    .await;
    assert!(alerts(&stage).await.is_empty());
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_told_to_the_owner_and_not_asked_again() {
    let mut endpoint = Endpoint::start(&[410]).await;
    let stage = with(&endpoint).await;
    stage.meta.say(&rosa(), "quiero hablar con una persona").await.expect("taken");
    endpoint.next().await;
    until("an alert is raised", || async { !alerts(&stage).await.is_empty() }).await;
    assert_eq!(stage.count("SELECT count(*) FROM notifications WHERE state = 'dead'").await, 1);
    let (_, list) = get(&stage, "/api/conversations").await;
    let text = list["alerts"][0]["text"].as_str().expect("a text");
    assert!(text.contains("410") && !text.contains("the-endpoints-key"), "{text}");
    stage.pass(24 * 3_600);
    // A second handoff is posted, the dead letter is not.
    let noa = atiende::demo::meta::CustomerId::with_phone("34600000102");
    stage.meta.say(&noa, "quiero hablar con una persona").await.expect("taken");
    let next: Value = serde_json::from_str(&endpoint.next().await.bytes).expect("JSON");
    assert_eq!(next["data"]["customer"]["identifiers"][0]["value"], "34600000102");
    assert!(!endpoint.has_more());
}

#[tokio::test]
async fn a_post_that_was_not_accepted_before_a_crash_is_posted_after_it() {
    let mut endpoint = Endpoint::start(&[500]).await;
    let mut stage = with(&endpoint).await;
    stage.meta.say(&rosa(), "quiero hablar con una persona").await.expect("taken");
    let first = endpoint.next().await;
    until_tried(&stage, 1).await;
    stage.settled().await;
    stage.kill().await;
    stage.start().await;
    stage.pass(5);
    assert_eq!(header(&endpoint.next().await, "webhook-id"), header(&first, "webhook-id"));
}
