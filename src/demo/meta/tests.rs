use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::demo::support::{PATIENCE, Server, noon, options, rosa, send, text};

async fn started() -> (MetaStandIn, Server) {
    let server = Server::start(&[]).await;
    let meta = MetaStandIn::start(options(&server)).await.unwrap();
    (meta, server)
}

/// A stand-in on which Rosa has just written, so that she may be answered.
async fn open() -> (MetaStandIn, Server) {
    let (meta, mut server) = started().await;
    meta.say(&rosa(), "Oi").await.unwrap();
    server.next().await;
    (meta, server)
}

#[tokio::test]
async fn a_customers_text_arrives_signed_over_the_escaped_bytes() {
    let (meta, mut server) = started().await;
    let id = meta.say(&rosa(), "Olá 😀 https://x.example/a").await.unwrap();
    let delivery = server.next().await;
    let raw = std::str::from_utf8(&delivery.bytes).unwrap();
    assert!(raw.contains(r#""Ol\u00e1 \ud83d\ude00 https:\/\/x.example\/a""#), "{raw}");
    let secret = meta.options().app_secret.expose_secret().as_bytes().to_vec();
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
    mac.update(&delivery.bytes);
    mac.verify_slice(&hex::decode(delivery.signature.strip_prefix("sha256=").unwrap()).unwrap()).unwrap();
    let value = delivery.value();
    assert_eq!(value["metadata"]["phone_number_id"], meta.options().phone_number_id.as_str());
    assert_eq!(value["contacts"][0]["wa_id"], "5511987650001");
    let expected = json!({
        "id": id, "from": "5511987650001", "from_user_id": "BR.7781204459021637450", "timestamp": "1795262400",
        "type": "text", "text": {"body": "Olá 😀 https://x.example/a"},
    });
    assert_eq!(value["messages"][0], expected);
}

#[tokio::test]
async fn a_customer_who_hides_the_phone_number_leaves_its_keys_out() {
    let (meta, mut server) = started().await;
    let camila = CustomerId::with_bsuid("CO.4410098877665512");
    meta.say(&camila, "Hola").await.unwrap();
    let value = server.next().await.value();
    assert!(value["messages"][0].get("from").is_none() && value["contacts"][0].get("wa_id").is_none());
    assert_eq!(value["messages"][0]["from_user_id"], "CO.4410098877665512");
    let mut body = text("", "Hola");
    body.as_object_mut().unwrap().remove("to");
    body["recipient"] = "CO.4410098877665512".into();
    let (status, answer) = send(&meta, &body).await.unwrap();
    let contact = json!({"input": "CO.4410098877665512", "user_id": "CO.4410098877665512"});
    assert_eq!((status, &answer["contacts"][0]), (200, &contact));
    assert_eq!(meta.wait_for_reply(&camila, PATIENCE).await.unwrap().text, "Hola");
}

#[tokio::test]
async fn a_webhook_is_delivered_again_with_the_same_bytes_until_it_is_taken() {
    let mut server = Server::start(&[500, 201]).await;
    let meta = MetaStandIn::start(options(&server)).await.unwrap();
    meta.say(&rosa(), "Oi").await.unwrap();
    let first = server.next().await;
    for _ in 0..2 {
        let again = server.next().await;
        assert_eq!((again.bytes, again.signature), (first.bytes.clone(), first.signature.clone()));
    }
}

#[tokio::test]
async fn a_webhook_that_is_never_taken_is_given_up_with_the_reason() {
    let server = Server::start(&[500; 4]).await;
    let meta = MetaStandIn::start(options(&server)).await.unwrap();
    let mut events = meta.events();
    let error = meta.say(&rosa(), "Oi").await.unwrap_err();
    assert_eq!((error.tries, error.reason.as_str()), (4, "it answered 500 Internal Server Error"));
    assert!(matches!(events.next().await.event, Event::Said { .. }));
    assert!(matches!(events.next().await.event, Event::Arrived { taken: false, .. }));
}

#[tokio::test]
async fn an_accepted_message_reaches_the_customer_and_its_statuses_echo_the_callback() {
    let mut server = Server::start(&[]).await;
    let meta = MetaStandIn::start(Options { statuses: true, ..options(&server) }).await.unwrap();
    meta.say(&rosa(), "Oi").await.unwrap();
    server.next().await;
    let mut body = text("+55 11 98765-0001", "Abrimos às 8h.");
    body["biz_opaque_callback_data"] = "outbox-7".into();
    let (status, answer) = send(&meta, &body).await.unwrap();
    assert_eq!((status, &answer["contacts"][0]["wa_id"]), (200, &json!("5511987650001")));
    let sent = meta.wait_for_reply(&rosa(), PATIENCE).await.unwrap();
    assert_eq!((sent.text.as_str(), sent.callback.as_deref()), ("Abrimos às 8h.", Some("outbox-7")));
    assert_eq!(answer["messages"][0]["id"], sent.id.as_str());
    for (name, is_priced) in [("sent", true), ("delivered", true), ("read", false)] {
        let status = server.next().await.value()["statuses"][0].clone();
        assert_eq!((&status["status"], &status["id"]), (&json!(name), &json!(sent.id)));
        assert_eq!(status["biz_opaque_callback_data"], "outbox-7");
        assert_eq!(status["recipient_user_id"], "BR.7781204459021637450");
        assert_eq!(status["pricing"]["category"] == "service", is_priced, "{name}");
    }
}

#[tokio::test]
async fn every_reply_is_waited_for_once_and_in_order() {
    let (meta, _server) = open().await;
    for words in ["one", "two"] {
        send(&meta, &text("+5511987650001", words)).await.unwrap();
    }
    let reaction = json!({"messaging_product": "whatsapp", "to": "+5511987650001", "type": "reaction",
        "reaction": {"message_id": "wamid.x", "emoji": "👍"}});
    send(&meta, &reaction).await.unwrap();
    assert_eq!(meta.wait_for_reply(&rosa(), PATIENCE).await.unwrap().text, "one");
    assert_eq!(meta.wait_for_reply(&rosa(), PATIENCE).await.unwrap().text, "two");
    assert!(meta.wait_for_reply(&rosa(), Duration::ZERO).await.is_none());
    let other = CustomerId::with_phone("5511987650002");
    assert!(meta.wait_for_reply(&other, Duration::ZERO).await.is_none());
    assert_eq!(meta.sent().len(), 3);
}

#[tokio::test]
async fn requests_without_the_token_or_to_another_number_or_path_are_refused() {
    let (meta, _server) = open().await;
    let client = reqwest::Client::new();
    let token = meta.options().access_token.expose_secret();
    let number = &meta.options().phone_number_id;
    for (path, token, status, code) in [
        (format!("v25.0/{number}/messages"), "wrong", 401, 190),
        ("v25.0/999/messages".to_owned(), token, 400, 100),
        (format!("25/{number}/messages"), token, 404, 2500),
        (format!("v25.0/{number}/unknown"), token, 404, 2500),
    ] {
        let url = format!("{}/{path}", meta.base_url());
        let request = client.post(url).bearer_auth(token).json(&text("+5511987650001", "x"));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(
            (&body["error"]["code"], &body["error"]["type"]),
            (&json!(code), &json!("OAuthException")),
            "{path}"
        );
    }
    assert!(meta.sent().is_empty());
}

fn interactive(content: Value) -> Value {
    json!({"messaging_product": "whatsapp", "to": "+5511987650001", "type": "interactive", "interactive": content})
}

fn buttons(titles: &[&str]) -> Value {
    let button = |title: &&str| json!({"type": "reply", "reply": {"id": format!("id {title}"), "title": title}});
    let buttons: Vec<Value> = titles.iter().map(button).collect();
    interactive(json!({"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}}))
}

fn list(rows: usize) -> Value {
    let row = |n| json!({"id": format!("row{n}"), "title": format!("Row {n}"), "description": "more"});
    let sections = [json!({"title": "All", "rows": (0..rows).map(row).collect::<Vec<_>>()})];
    interactive(json!({"type": "list", "body": {"text": "?"}, "action": {"button": "Options", "sections": sections}}))
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[key] = value;
    body
}

#[test]
fn what_is_within_the_limits_is_taken() {
    let template = json!({"name": "hello_world", "language": {"code": "en_US"}});
    for body in [
        text("+5511987650001", &"é".repeat(4096)),
        buttons(&["Yes", "No", &"x".repeat(20)]),
        list(10),
        with(text("+5511987650001", "x"), "/context", json!({"message_id": "wamid.T1"})),
        json!({"messaging_product": "whatsapp", "to": "5511987650001", "type": "template", "template": template}),
        json!({"messaging_product": "whatsapp", "recipient": "US.ENT.118", "type": "image", "image": {"link": "https://x.example/a.png"}}),
    ] {
        assert_eq!(limits::check(&body), Ok(()), "{body}");
    }
}

#[test]
fn what_is_beyond_the_limits_is_refused_with_the_documented_code() {
    let phone = "+5511987650001";
    for (body, code) in [
        (text(phone, &"é".repeat(4097)), 100),
        (text(phone, ""), 131009),
        (text("12ab", "x"), 100),
        (with(text(phone, "x"), "/to", Value::Null), 100),
        (with(text(phone, "x"), "/messaging_product", json!("sms")), 100),
        (with(text(phone, "x"), "/type", json!("poll")), 100),
        (with(text(phone, "x"), "/text", json!({})), 131008),
        (with(text(phone, "x"), "/biz_opaque_callback_data", json!("x".repeat(513))), 131009),
        (buttons(&[]), 131009),
        (buttons(&["a", "b", "c", "d"]), 131009),
        (buttons(&[&"x".repeat(21)]), 131009),
        (buttons(&["same", "same"]), 131009),
        (with(buttons(&["a"]), "/interactive/body/text", json!("x".repeat(1025))), 131009),
        (with(buttons(&["a"]), "/interactive/footer", json!({"text": "x".repeat(61)})), 131009),
        (with(buttons(&["a"]), "/interactive/action/buttons/0/reply/id", json!(" a")), 131009),
        (list(11), 131009),
        (with(list(2), "/interactive/action/button", json!("x".repeat(21))), 131009),
        (with(list(2), "/interactive/action/sections/0/rows/0/title", json!("x".repeat(25))), 131009),
        (with(list(2), "/interactive/action/sections/0/rows/0/description", json!("x".repeat(73))), 131009),
        (with(list(2), "/interactive/action/sections/0/rows/1/id", json!("row0")), 131009),
    ] {
        assert_eq!(limits::check(&body).map_err(|error| error.code), Err(code), "{body}");
    }
}

#[tokio::test]
async fn a_tap_comes_back_as_a_reply_to_the_message_that_offered_it() {
    let (meta, mut server) = open().await;
    send(&meta, &buttons(&["Yes", "No"])).await.unwrap();
    send(&meta, &list(3)).await.unwrap();
    let (yes, rows) = (meta.sent()[0].id.clone(), meta.sent()[1].id.clone());
    meta.tap(&rosa(), "id Yes").await.unwrap();
    let message = server.next().await.value()["messages"][0].clone();
    assert_eq!(message["context"]["id"], yes.as_str());
    assert_eq!(
        message["interactive"],
        json!({"type": "button_reply", "button_reply": {"id": "id Yes", "title": "Yes"}})
    );
    meta.tap(&rosa(), "row1").await.unwrap();
    let message = server.next().await.value()["messages"][0].clone();
    assert_eq!(message["context"]["id"], rows.as_str());
    assert_eq!(message["interactive"]["list_reply"], json!({"id": "row1", "title": "Row 1", "description": "more"}));
    assert!(matches!(meta.tap(&rosa(), "nothing").await, Err(TapError::NoSuchChoice(_))));
}

#[tokio::test]
async fn reading_and_typing_are_seen_by_the_customer_whose_message_it_was() {
    let (meta, _server) = started().await;
    let id = meta.say(&rosa(), "Oi").await.unwrap();
    let mut events = meta.events();
    let body = json!({"messaging_product": "whatsapp", "status": "read", "message_id": id, "typing_indicator": {"type": "text"}});
    assert_eq!(send(&meta, &body).await.unwrap(), (200, json!({"success": true})));
    let read = events.next().await;
    assert!(read.customer.is(&rosa()) && read.event == Event::Read { id });
    assert_eq!(events.next().await.event, Event::Typing);
    let (status, answer) = send(&meta, &with(body, "/message_id", json!("wamid.unknown"))).await.unwrap();
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
}

#[tokio::test]
async fn faults_hit_the_next_messages_and_nothing_after_them() {
    let (meta, _server) = open().await;
    meta.fail_next(2, Fault::Error(131056));
    meta.fail_next(1, Fault::Http(502));
    let body = text("+5511987650001", "x");
    for _ in 0..2 {
        let (status, answer) = send(&meta, &body).await.unwrap();
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(131056)));
    }
    assert_eq!(send(&meta, &body).await.unwrap(), (502, Value::Null));
    assert!(meta.sent().is_empty());
    assert_eq!(send(&meta, &body).await.unwrap().0, 200);
    assert_eq!(meta.sent().len(), 1);
    let statuses: Vec<_> = meta.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(400), Some(400), Some(502), Some(200)]);
}

#[tokio::test]
async fn a_dropped_response_is_a_broken_connection_although_the_message_was_taken() {
    let mut server = Server::start(&[]).await;
    let meta = MetaStandIn::start(Options { statuses: true, ..options(&server) }).await.unwrap();
    meta.say(&rosa(), "Oi").await.unwrap();
    server.next().await;
    meta.drop_response_next(1);
    let error = send(&meta, &text("+5511987650001", "x")).await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    let sent = meta.wait_for_reply(&rosa(), PATIENCE).await.unwrap();
    assert_eq!(server.next().await.value()["statuses"][0]["id"], sent.id.as_str());
    assert_eq!(meta.requests()[0].status, None);
    assert_eq!(send(&meta, &text("+5511987650001", "y")).await.unwrap().0, 200);
}

#[tokio::test]
async fn held_messages_wait_until_they_may_go_on() {
    let (meta, _server) = open().await;
    meta.hold();
    let body = text("+5511987650001", "x");
    let mut answer = std::pin::pin!(send(&meta, &body));
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut answer).await.is_err());
    assert!(meta.sent().is_empty());
    meta.resume();
    assert_eq!(answer.await.unwrap().0, 200);
}

#[tokio::test]
async fn after_24_hours_of_silence_only_templates_are_taken() {
    let server = Server::start(&[]).await;
    let clock = noon();
    let meta = MetaStandIn::start(Options { clock: clock.clone(), ..options(&server) }).await.unwrap();
    meta.say(&rosa(), "Oi").await.unwrap();
    clock.advance(SignedDuration::from_hours(24));
    let (status, answer) = send(&meta, &text("+5511987650001", "x")).await.unwrap();
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(131047)));
    let template = json!({"messaging_product": "whatsapp", "to": "+5511987650001", "type": "template",
        "template": {"name": "hello_world", "language": {"code": "en_US"}}});
    assert_eq!(send(&meta, &template).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_failed_status_carries_the_error_and_no_contacts() {
    let (meta, mut server) = open().await;
    send(&meta, &text("+5511987650001", "x")).await.unwrap();
    meta.send_status(&meta.sent()[0], MessageStatus::Failed(131026)).await.unwrap();
    let value = server.next().await.value();
    assert!(value.get("contacts").is_none());
    let error = &value["statuses"][0]["errors"][0];
    assert_eq!((&error["code"], &error["title"]), (&json!(131026), &json!("Message undeliverable")));
}

#[tokio::test]
async fn verification_wants_the_challenge_back_verbatim() {
    let (meta, server) = started().await;
    meta.verify_webhook().await.unwrap();
    let stranger = Options { verify_token: "other".to_owned(), ..options(&server) };
    let error = MetaStandIn::start(stranger).await.unwrap().verify_webhook().await.unwrap_err();
    assert_eq!(error.reason, "it answered 403 Forbidden");
    meta.set_webhook_url(meta.base_url());
    assert!(meta.verify_webhook().await.unwrap_err().reason.contains("verbatim"));
}

#[tokio::test]
async fn the_numbers_information_holds_the_fields_that_were_asked_for() {
    let (meta, _server) = started().await;
    let url =
        format!("{}/v25.0/{}?fields=verified_name%2Cstatus,nonsense", meta.base_url(), meta.options().phone_number_id);
    let request = reqwest::Client::new().get(url).bearer_auth(meta.options().access_token.expose_secret());
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let expected = json!({"id": meta.options().phone_number_id, "verified_name": "Atiende", "status": "CONNECTED"});
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_raw_webhook_arrives_as_it_is() {
    let (meta, mut server) = started().await;
    let body = json!({"object": "whatsapp_business_account", "entry": [], "new": "€/"});
    meta.send_raw(&body).await.unwrap();
    let bytes = server.next().await.bytes;
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), body);
    assert!(std::str::from_utf8(&bytes).unwrap().contains(r#""\u20ac\/""#));
}
