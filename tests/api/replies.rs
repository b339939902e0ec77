//! From a customer's message to the reply that the channel carries.

use std::time::{Duration, Instant};

use atiende::demo::meta::CustomerId;
use atiende::store::outbox;
use serde_json::json;

use crate::channel::{deliver, delivery, text};
use crate::model::Thinker;
use crate::owner::get;
use crate::stage::{Setup, rosa, spawn_app, until};

const SATURDAY: &str = "¿A qué hora abrís el sábado?";
const DISCLOSURE: &str = "asistente automático";

#[tokio::test]
async fn a_message_is_answered_with_the_owners_words_and_a_word_that_it_is_a_bot() {
    let stage = spawn_app(Setup::default()).await;
    let id = stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    let first = stage.reply(&rosa()).await;
    assert!(first.text.contains(DISCLOSURE) && first.text.contains("7:30 a 14:30"), "{}", first.text);
    assert!(first.text.find(DISCLOSURE) < first.text.find("7:30"), "{}", first.text);
    stage.meta.say(&rosa(), "¿Y cuánto cuesta la barra rústica?").await.expect("taken");
    let second = stage.reply(&rosa()).await;
    assert!(second.text.contains("1,10") && !second.text.contains(DISCLOSURE), "{}", second.text);
    let read = |message: &str| {
        let message = message.to_owned();
        move |request: &atiende::demo::meta::Request| {
            request.body["status"] == "read" && request.body["message_id"] == message.as_str()
        }
    };
    until("the message is marked as read", || async { stage.meta.requests().iter().any(read(&id)) }).await;
}

#[tokio::test]
async fn the_reply_carries_the_outbox_id_and_its_statuses_find_it() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    let reply = stage.reply(&rosa()).await;
    let callback = reply.callback.clone().expect("an id travels with the reply");
    let known = stage.store().read(move |connection| outbox::exists(connection, &callback)).await;
    assert!(known.expect("the database reads"));
    stage.until_outbox("read").await;
    assert_eq!(stage.count("SELECT count(*) FROM statuses").await, 3);
    let id = crate::owner::only_conversation(&stage).await;
    let (_, shown) = get(&stage, &format!("/api/conversations/{id}")).await;
    assert_eq!(shown["messages"][1]["state"], "read", "{shown}");
    // The same statuses again, and late ones, change nothing.
    use atiende::demo::meta::MessageStatus::{Delivered, Read, Sent};
    for status in [Sent, Read, Delivered] {
        stage.meta.send_status(&reply, status).await.expect("taken");
    }
    assert_eq!(stage.count("SELECT count(*) FROM outbox WHERE state = 'read'").await, 1);
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
}

#[tokio::test]
async fn a_message_that_is_delivered_again_is_answered_once() {
    let mut stage = spawn_app(Setup::default()).await;
    let body = delivery(&stage, &[text("wamid.AGAIN", "34600000101", SATURDAY)]);
    stage.meta.customer(rosa());
    let first = json!({"type": "text", "id": "wamid.AGAIN", "text": {"body": SATURDAY}});
    stage.meta.send_message(&rosa(), first).await.expect("taken");
    assert_eq!(deliver(&stage, &body).await, 200);
    stage.reply(&rosa()).await;
    assert_eq!(deliver(&stage, &body).await, 200);
    stage.settled().await;
    stage.kill().await;
    stage.start().await;
    assert_eq!(deliver(&stage, &body).await, 200);
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
    assert_eq!(stage.count("SELECT count(*) FROM messages WHERE author = 'customer'").await, 1);
}

#[tokio::test]
async fn a_message_twice_in_one_delivery_is_answered_once() {
    let stage = spawn_app(Setup { meta: |meta| meta.window = false, ..Setup::default() }).await;
    let message = text("wamid.TWICE", "34600000101", SATURDAY);
    assert_eq!(deliver(&stage, &delivery(&stage, &[message.clone(), message])).await, 200);
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
}

#[tokio::test]
async fn two_messages_in_one_delivery_get_one_reply() {
    let stage = spawn_app(Setup { meta: |meta| meta.window = false, ..Setup::default() }).await;
    let messages = [text("wamid.1", "34600000101", "hola"), text("wamid.2", "34600000101", SATURDAY)];
    assert_eq!(deliver(&stage, &delivery(&stage, &messages)).await, 200);
    let reply = stage.reply(&rosa()).await;
    assert!(reply.text.contains("7:30 a 14:30"), "{}", reply.text);
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
}

#[tokio::test]
async fn what_comes_while_the_bot_thinks_is_answered_with_it() {
    let (thinker, model) = Thinker::slot();
    let stage = spawn_app(Setup { model, ..Setup::default() }).await;
    stage.meta.say(&rosa(), "Do you have wifi?").await.expect("taken");
    thinker.asked(1).await;
    stage.meta.say(&rosa(), "I mean for customers").await.expect("taken");
    thinker.asked(2).await;
    thinker.release();
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
    assert_eq!(stage.count("SELECT count(*) FROM turns").await, 1);
}

#[tokio::test]
async fn a_model_that_never_answers_costs_the_turns_time_and_no_more() {
    let (_thinker, model) = Thinker::slot();
    let config = |config: &mut atiende::config::Config| config.conversation.deadline_ms = 1_000;
    let stage = spawn_app(Setup { model, config: Box::new(config), ..Setup::default() }).await;
    let began = Instant::now();
    stage.meta.say(&rosa(), "Do you have wifi?").await.expect("taken");
    stage.reply(&rosa()).await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_customer_without_a_phone_number_is_served_like_any_other() {
    let stage = spawn_app(Setup::default()).await;
    let camila = CustomerId::with_bsuid("CO.4410098877665512").named("Camila");
    stage.meta.say(&camila, SATURDAY).await.expect("taken");
    let reply = stage.reply(&camila).await;
    assert_eq!(reply.body["recipient"], "CO.4410098877665512");
    assert!(reply.body.get("to").is_none(), "{}", reply.body);
    stage.until_outbox("read").await;
    let id = crate::owner::only_conversation(&stage).await;
    assert_eq!(crate::owner::say(&stage, id, "Soy Marta, de la tienda.").await.0, 202);
    let from_person = stage.reply(&camila).await;
    assert_eq!(from_person.text, "Soy Marta, de la tienda.");
    assert_eq!(from_person.body["recipient"], "CO.4410098877665512");
}

#[tokio::test]
async fn a_customer_who_later_hides_the_number_stays_the_same() {
    let stage = spawn_app(Setup::default()).await;
    let both = CustomerId { bsuid: Some("ES.100200300400500601".into()), ..rosa() };
    stage.meta.say(&both, "hola").await.expect("taken");
    assert_eq!(stage.reply(&both).await.body["to"], "+34600000101");
    let hidden = CustomerId::with_bsuid("ES.100200300400500601");
    stage.meta.say(&hidden, SATURDAY).await.expect("taken");
    let reply = stage.reply(&hidden).await;
    assert_eq!(reply.body["recipient"], "ES.100200300400500601");
    assert!(!reply.text.contains(DISCLOSURE), "{}", reply.text);
    assert_eq!(stage.count("SELECT count(*) FROM contacts").await, 1);
}

#[tokio::test]
async fn a_message_that_arrives_a_day_late_goes_to_a_person_without_a_word() {
    let stage = spawn_app(Setup { meta: |meta| meta.window = false, ..Setup::default() }).await;
    let mut late = text("wamid.LATE", "34600000101", SATURDAY);
    late["timestamp"] = (1_795_262_400 - 25 * 3_600).to_string().into();
    assert_eq!(deliver(&stage, &delivery(&stage, &[late])).await, 200);
    until("it was handed over", || async { stage.count("SELECT count(*) FROM handoffs").await == 1 }).await;
    stage.settled().await;
    assert!(stage.meta.sent().is_empty());
}

#[tokio::test]
async fn an_endless_message_keeps_nobody_waiting() {
    let stage = spawn_app(Setup::default()).await;
    let began = Instant::now();
    stage.meta.say(&rosa(), &"pan y más pan, ".repeat(4_000)).await.expect("taken");
    stage.reply(&rosa()).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // Nor does it, once it is history.
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    assert!(stage.reply(&rosa()).await.text.contains("7:30 a 14:30"));
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
}
