//! The owner's API: who may call it, and that a person in charge is never talked over.

use reqwest::Method;
use serde_json::json;

use crate::model::Thinker;
use crate::owner::{call, get, only_conversation, order, request, say, send};
use crate::stage::{Setup, rosa, spawn_app, until};

const SATURDAY: &str = "¿A qué hora abrís el sábado?";

#[tokio::test]
async fn only_the_token_opens_the_api() {
    let stage = spawn_app(Setup::default()).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("these options suit every machine");
    let calls = [
        (Method::GET, "/api/conversations"),
        (Method::GET, "/api/conversations/1"),
        (Method::POST, "/api/conversations/1/messages"),
        (Method::POST, "/api/conversations/1/take"),
        (Method::POST, "/api/conversations/1/return"),
    ];
    for (method, path) in calls {
        let bare = client.request(method.clone(), stage.url(path));
        assert_eq!(send(bare).await.0, 401, "{path}");
        let wrong = client.request(method.clone(), stage.url(path)).bearer_auth("a-guess");
        assert_eq!(send(wrong).await.0, 401, "{path}");
        let basic = client.request(method, stage.url(path)).basic_auth("owner", Some(crate::stage::API_TOKEN));
        assert_eq!(send(basic).await.0, 401, "{path}");
    }
    assert_eq!(get(&stage, "/api/conversations").await.0, 200);
}

#[tokio::test]
async fn without_a_configured_token_the_api_is_closed() {
    let setup = Setup { config: Box::new(|config| config.server.api_token = None), ..Setup::default() };
    let stage = spawn_app(setup).await;
    assert_eq!(get(&stage, "/api/conversations").await.0, 403);
    assert_eq!(order(&stage, "/api/conversations/1/take").await.0, 403);
}

#[tokio::test]
async fn conversations_are_listed_and_shown_with_what_was_said() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    stage.reply(&rosa()).await;
    stage.until_outbox("read").await;
    let (status, list) = get(&stage, "/api/conversations").await;
    let listed = &list["conversations"][0];
    assert_eq!((status, &listed["name"], &listed["mode"]), (200, &json!("Rosa"), &json!("bot")), "{list}");
    assert_eq!((&listed["language"], &listed["opted_out"]), (&json!("es"), &json!(false)));
    assert_eq!(listed["answer_before"], "2026-11-22T12:00:00Z");
    let id = listed["id"].as_i64().expect("an id");
    let (status, shown) = get(&stage, &format!("/api/conversations/{id}")).await;
    let messages = shown["messages"].as_array().expect("a list");
    let authors: Vec<_> = messages.iter().map(|message| message["author"].as_str().expect("an author")).collect();
    assert_eq!((status, authors), (200, vec!["customer", "bot"]));
    assert_eq!(messages[0]["text"], SATURDAY);
    assert_eq!(messages[1]["state"], "read");
    for (mode, count) in [("bot", 1), ("waiting", 0), ("person", 0)] {
        let (_, list) = get(&stage, &format!("/api/conversations?mode={mode}")).await;
        assert_eq!(list["conversations"].as_array().map(Vec::len), Some(count), "{mode}");
    }
    let (_, next) = get(&stage, "/api/conversations?limit=1&offset=1").await;
    assert_eq!(next["conversations"], json!([]));
    let reply = messages[1]["id"].as_i64().expect("an id");
    let (_, earlier) = get(&stage, &format!("/api/conversations/{id}?before={reply}")).await;
    assert_eq!(earlier["messages"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_person_who_takes_over_is_not_talked_over_however_late_the_model_finishes() {
    let (thinker, model) = Thinker::slot();
    let stage = spawn_app(Setup { model, ..Setup::default() }).await;
    stage.meta.say(&rosa(), "Do you have wifi?").await.expect("taken");
    thinker.asked(1).await;
    let id = only_conversation(&stage).await;
    let (status, taken) = order(&stage, &format!("/api/conversations/{id}/take")).await;
    assert_eq!((status, &taken["mode"]), (200, &json!("person")));
    thinker.release();
    stage.settled().await;
    assert!(stage.meta.sent().is_empty());
    assert_eq!(stage.count("SELECT count(*) FROM outbox").await, 0);

    stage.meta.say(&rosa(), "Hello?").await.expect("taken");
    stage.settled().await;
    assert!(stage.meta.sent().is_empty());
    assert_eq!(say(&stage, id, "  Yes, it is free. Marta  ").await.0, 202);
    assert_eq!(stage.reply(&rosa()).await.text, "Yes, it is free. Marta");

    let (status, returned) = order(&stage, &format!("/api/conversations/{id}/return")).await;
    assert_eq!((status, &returned["mode"]), (200, &json!("bot")));
    stage.meta.say(&rosa(), "Thanks! Do you have wifi on the terrace?").await.expect("taken");
    let reply = stage.reply(&rosa()).await;
    assert!(reply.text.contains("automated assistant"), "{}", reply.text);
    assert_eq!(stage.sent_to(&rosa()).len(), 2);
}

#[tokio::test]
async fn a_reply_that_waits_to_be_sent_is_not_sent_once_a_person_is_in_charge() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.fail_next(1, atiende::demo::meta::Fault::Error(131_056));
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    until("the reply waits for its next try", || async {
        stage.count("SELECT count(*) FROM outbox WHERE state = 'queued' AND attempts = 1").await == 1
    })
    .await;
    let id = only_conversation(&stage).await;
    assert_eq!(say(&stage, id, "Buenas, soy Marta.").await.0, 202);
    stage.pass(10);
    assert_eq!(stage.reply(&rosa()).await.text, "Buenas, soy Marta.");
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
    assert_eq!(stage.count("SELECT count(*) FROM outbox WHERE state = 'cancelled'").await, 1);
}

#[tokio::test]
async fn a_call_with_the_same_key_sends_once() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.reply(&rosa()).await;
    let id = only_conversation(&stage).await;
    let path = format!("/api/conversations/{id}/messages");
    let keyed = |key: &'static str, text: &str| {
        request(&stage, Method::POST, &path, Some(json!({"text": text}))).header("idempotency-key", key)
    };
    let (first, again, other) =
        (send(keyed("a", "Uno")).await, send(keyed("a", "Uno")).await, send(keyed("b", "Dos")).await);
    assert_eq!((first.0, again.0, other.0), (202, 202, 202));
    assert_eq!(first.1["outbox_id"], again.1["outbox_id"]);
    assert_ne!(first.1["outbox_id"], other.1["outbox_id"]);
    assert_eq!(stage.reply(&rosa()).await.text, "Uno");
    assert_eq!(stage.reply(&rosa()).await.text, "Dos");
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 3);
    let (_, shown) = get(&stage, &format!("/api/conversations/{id}")).await;
    assert_eq!(shown["messages"].as_array().map(Vec::len), Some(4), "{shown}");
}

#[tokio::test]
async fn what_a_person_writes_leaves_in_the_order_in_which_it_was_written() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.reply(&rosa()).await;
    let id = only_conversation(&stage).await;
    // The first one has to be tried again; the others do not overtake it.
    stage.meta.fail_next(1, atiende::demo::meta::Fault::Error(131_056));
    for text in ["Uno", "Dos", "Tres"] {
        assert_eq!(say(&stage, id, text).await.0, 202);
    }
    until("the first one was refused", || async {
        stage.count("SELECT count(*) FROM outbox WHERE attempts = 1").await == 1
    })
    .await;
    stage.pass(2);
    for text in ["Uno", "Dos", "Tres"] {
        assert_eq!(stage.reply(&rosa()).await.text, text);
    }
}

#[tokio::test]
async fn after_a_day_a_person_is_told_that_nothing_can_be_sent() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.reply(&rosa()).await;
    let id = only_conversation(&stage).await;
    stage.pass(24 * 3_600 + 1);
    let (status, answer) = say(&stage, id, "¿Sigue ahí?").await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("window_closed")), "{answer}");
    let (_, shown) = get(&stage, &format!("/api/conversations/{id}")).await;
    assert_eq!((&shown["mode"], &shown["answer_before"]), (&json!("bot"), &json!(null)), "{shown}");
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
}

#[tokio::test]
async fn what_does_not_exist_or_makes_no_sense_is_refused() {
    let stage = spawn_app(Setup::default()).await;
    for path in ["/api/conversations/7/take", "/api/conversations/7/return"] {
        let (status, answer) = order(&stage, path).await;
        assert_eq!((status, &answer["error"]["code"]), (404, &json!("conversation_not_found")), "{path}");
    }
    assert_eq!(get(&stage, "/api/conversations/7").await.0, 404);
    assert_eq!(say(&stage, 7, "hola").await.0, 404);
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.reply(&rosa()).await;
    let id = only_conversation(&stage).await;
    for text in ["", "   ", &"a".repeat(4_097)] {
        assert_eq!(say(&stage, id, text).await.0, 422);
    }
    let path = format!("/api/conversations/{id}/messages");
    assert_eq!(call(&stage, Method::POST, &path, Some(json!({"words": "hola"}))).await.0, 422);
    let (_, shown) = get(&stage, &format!("/api/conversations/{id}")).await;
    assert_eq!(shown["mode"], "bot");
}

#[tokio::test]
async fn a_person_who_writes_from_the_phone_is_in_charge() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.reply(&rosa()).await;
    let options = stage.meta.options();
    let echo = json!({
        "from": options.display_phone_number, "to": "34600000101", "id": "wamid.ECHO", "timestamp": crate::channel::NOON,
        "type": "text", "text": {"body": "Soy Marta, dígame."},
    });
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": options.display_phone_number, "phone_number_id": options.phone_number_id,
        },
        "message_echoes": [echo],
    });
    let change = json!({"field": "smb_message_echoes", "value": value});
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]});
    assert_eq!(crate::channel::deliver(&stage, &body).await, 200);
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
    let id = only_conversation(&stage).await;
    let (_, shown) = get(&stage, &format!("/api/conversations/{id}")).await;
    assert_eq!(shown["mode"], "person");
    assert_eq!(shown["messages"][2]["text"], "Soy Marta, dígame.");
}
