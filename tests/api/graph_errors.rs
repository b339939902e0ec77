//! A channel that refuses, fails, or leaves open what became of a message.

use std::sync::Arc;

use atiende::demo::meta::{CustomerId, Fault, MessageStatus, Sent};

use crate::owner::{alerts, get, order};
use crate::stage::{Setup, Stage, rosa, spawn_app, until};

const SATURDAY: &str = "¿A qué hora abrís el sábado?";

fn noa() -> CustomerId {
    CustomerId::with_phone("34600000102").named("Noa")
}

/// The HTTP statuses of all tries to send a message.
fn tries(stage: &Stage) -> Vec<Option<u16>> {
    let requests = stage.meta.requests().into_iter();
    requests.filter(|request| request.body["status"] != "read").map(|request| request.status).collect()
}

async fn until_count(stage: &Stage, sql: &'static str, count: i64) {
    until(sql, || async { stage.count(sql).await == count }).await;
}

/// Rosa's answer, which the channel takes and reports as failed later.
async fn accepted_and_then_failed(code: i64) -> (Stage, Arc<Sent>) {
    let stage = spawn_app(Setup { meta: |meta| meta.statuses = false, ..Setup::default() }).await;
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    let reply = stage.reply(&rosa()).await;
    stage.settled().await;
    stage.meta.send_status(&reply, MessageStatus::Failed(code)).await.expect("taken");
    stage.until_outbox("failed").await;
    (stage, reply)
}

#[tokio::test]
async fn a_message_too_many_to_one_customer_is_tried_again_after_a_pause() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.fail_next(2, Fault::Error(131_056));
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    until_count(&stage, "SELECT count(*) FROM outbox WHERE state = 'queued' AND attempts = 1", 1).await;
    assert!(stage.meta.sent().is_empty());
    stage.pass(2);
    until_count(&stage, "SELECT count(*) FROM outbox WHERE state = 'queued' AND attempts = 2", 1).await;
    stage.pass(5);
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(tries(&stage), [Some(400), Some(400), Some(200)]);
    assert!(alerts(&stage).await.is_empty());
}

#[tokio::test]
async fn a_refused_token_stops_all_sending_until_it_works_again() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.fail_next(1, Fault::Error(190));
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    until("an alert is raised", || async { alerts(&stage).await == ["channel_paused"] }).await;
    stage.meta.say(&noa(), SATURDAY).await.expect("taken");
    until_count(&stage, "SELECT count(*) FROM outbox WHERE state = 'queued'", 2).await;
    stage.pass(30);
    until_count(&stage, "SELECT count(*) FROM turns", 2).await;
    stage.pass(31);
    stage.reply(&rosa()).await;
    stage.reply(&noa()).await;
    stage.settled().await;
    // Nothing was tried between the refusal and the end of the pause.
    assert_eq!(tries(&stage), [Some(401), Some(200), Some(200)]);
    until("the alert goes", || async { alerts(&stage).await.is_empty() }).await;
}

#[tokio::test]
async fn an_alert_about_the_token_goes_even_when_the_server_was_restarted_meanwhile() {
    let mut stage = spawn_app(Setup::default()).await;
    stage.meta.fail_next(1, Fault::Error(190));
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    until("an alert is raised", || async { alerts(&stage).await == ["channel_paused"] }).await;
    stage.kill().await;
    stage.start().await;
    assert_eq!(alerts(&stage).await, ["channel_paused"]);
    stage.pass(61);
    stage.reply(&rosa()).await;
    stage.settled().await;
    until("the alert goes", || async { alerts(&stage).await.is_empty() }).await;
}

#[tokio::test]
async fn a_closed_window_ends_the_message_and_is_told_to_the_owner() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.fail_next(1, Fault::Error(131_047));
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    stage.until_outbox("failed").await;
    stage.settled().await;
    stage.pass(3_600);
    let (_, list) = get(&stage, "/api/conversations").await;
    let alert = &list["alerts"][0];
    assert!(alert["key"].as_str().is_some_and(|key| key.starts_with("not_sent:")), "{list}");
    assert!(alert["text"].as_str().is_some_and(|text| text.contains("131047")), "{list}");
    // The next message is served as if nothing had happened.
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.reply(&rosa()).await;
    assert_eq!(tries(&stage), [Some(400), Some(200)]);
}

#[tokio::test]
async fn a_message_that_the_channel_gives_up_later_is_told_to_the_owner() {
    let (stage, reply) = accepted_and_then_failed(131_026).await;
    let keys = alerts(&stage).await;
    assert_eq!(keys, [format!("not_sent:{}", reply.callback.as_deref().expect("an id"))]);
    // Late news of another kind does not bring it back.
    stage.meta.send_status(&reply, MessageStatus::Sent).await.expect("taken");
    assert_eq!(stage.count("SELECT count(*) FROM outbox WHERE state = 'failed'").await, 1);
    stage.settled().await;
    assert_eq!(stage.meta.sent().len(), 1);
}

#[tokio::test]
async fn an_account_that_is_refused_later_is_told_until_a_message_arrives_again() {
    let (stage, _) = accepted_and_then_failed(131_042).await;
    assert!(alerts(&stage).await.contains(&"account_refused".to_owned()));
    stage.meta.say(&noa(), SATURDAY).await.expect("taken");
    let reply = stage.reply(&noa()).await;
    stage.meta.send_status(&reply, MessageStatus::Delivered).await.expect("taken");
    stage.until_outbox("delivered").await;
    assert!(!alerts(&stage).await.contains(&"account_refused".to_owned()));
}

#[tokio::test]
async fn a_customer_who_stopped_promotions_on_the_phone_is_on_record() {
    let (stage, _) = accepted_and_then_failed(131_050).await;
    let (_, list) = get(&stage, "/api/conversations").await;
    assert_eq!(list["conversations"][0]["opted_out"], true, "{list}");
}

#[tokio::test]
async fn what_did_not_arrive_needs_no_more_attention_once_a_person_has_the_conversation() {
    let (stage, _) = accepted_and_then_failed(131_026).await;
    assert_eq!(alerts(&stage).await.len(), 1);
    assert_eq!(order(&stage, "/api/conversations/1/take").await.0, 200);
    assert!(alerts(&stage).await.is_empty());
}

#[tokio::test]
async fn a_message_whose_outcome_is_unknown_is_not_sent_again_once_a_status_tells_of_it() {
    let stage = spawn_app(Setup { meta: |meta| meta.statuses = false, ..Setup::default() }).await;
    stage.meta.drop_response_next(1);
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    let reply = stage.reply(&rosa()).await;
    assert_eq!(stage.count("SELECT count(*) FROM outbox WHERE state = 'sending'").await, 1);
    stage.meta.send_status(&reply, MessageStatus::Sent).await.expect("taken");
    assert_eq!(stage.count("SELECT count(*) FROM outbox WHERE state = 'sent'").await, 1);
    stage.pass(600);
    // What is said next goes through the same outbox, after what waited there.
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    let next = stage.reply(&rosa()).await;
    assert_ne!(next.callback, reply.callback);
    stage.settled().await;
    assert_eq!(tries(&stage), [None, Some(200)]);
}

#[tokio::test]
async fn a_reply_known_only_by_its_status_can_be_quoted() {
    let stage = spawn_app(Setup { meta: |meta| meta.statuses = false, ..Setup::default() }).await;
    stage.meta.drop_response_next(1);
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    let reply = stage.reply(&rosa()).await;
    stage.meta.send_status(&reply, MessageStatus::Delivered).await.expect("taken");
    let known = "SELECT count(*) FROM messages WHERE author = 'bot' AND channel_message_id IS NOT NULL";
    assert_eq!(stage.count(known).await, 1);
}

#[tokio::test]
async fn a_message_of_which_nothing_is_heard_is_sent_again() {
    let stage = spawn_app(Setup { meta: |meta| meta.statuses = false, ..Setup::default() }).await;
    stage.meta.drop_response_next(1);
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    let first = stage.reply(&rosa()).await;
    stage.pass(49);
    // Another customer is served meanwhile, this one's next message waits behind.
    stage.meta.say(&noa(), "hola").await.expect("taken");
    stage.reply(&noa()).await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
    stage.pass(2);
    let again = stage.reply(&rosa()).await;
    assert_eq!((&again.callback, &again.text), (&first.callback, &first.text));
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 2);
}

#[tokio::test]
async fn a_server_error_without_an_explanation_counts_as_unknown() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.fail_next(1, Fault::Http(502));
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    until("the request was made", || async { tries(&stage) == [Some(502)] }).await;
    assert_eq!(stage.count("SELECT count(*) FROM outbox WHERE state = 'sending'").await, 1);
    stage.pass(51);
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(tries(&stage), [Some(502), Some(200)]);
}

#[tokio::test]
async fn a_channel_that_is_down_for_a_while_costs_no_message() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.fail_next(4, Fault::Error(131_016));
    stage.meta.say(&rosa(), SATURDAY).await.expect("taken");
    for attempt in 1..=4_usize {
        until("the try was refused", || async {
            stage.count("SELECT coalesce(max(attempts), 0) FROM outbox").await == i64::try_from(attempt).expect("small")
        })
        .await;
        stage.pass(61);
    }
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
}
