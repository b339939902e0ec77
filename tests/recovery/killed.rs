//! The whole product, killed while it works.

use atiende::demo::meta::MessageStatus;

use crate::model::Thinker;
use crate::stage::{Setup, rosa, spawn_app, until};

#[tokio::test]
async fn a_turn_that_dies_while_the_model_thinks_is_run_again() {
    let (thinker, model) = Thinker::slot();
    let mut stage = spawn_app(Setup { model, ..Setup::default() }).await;
    stage.meta.say(&rosa(), "Do you have wifi?").await.expect("taken");
    thinker.asked(1).await;
    stage.kill().await;
    assert!(stage.meta.sent().is_empty());
    thinker.release();
    stage.start().await;
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
    assert_eq!(stage.count("SELECT count(*) FROM turns").await, 1);
}

#[tokio::test]
async fn a_burst_that_was_being_gathered_is_answered_as_one() {
    let setup = || Setup {
        config: Box::new(|config| {
            config.conversation.burst_ms = 600_000;
            config.conversation.burst_max_ms = 600_000;
        }),
        ..Setup::default()
    };
    let mut stage = spawn_app(setup()).await;
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.meta.say(&rosa(), "¿a qué hora abrís el sábado?").await.expect("taken");
    stage.kill().await;
    stage.config.conversation.burst_ms = 0;
    stage.start().await;
    assert!(stage.reply(&rosa()).await.text.contains("7:30"));
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
}

#[tokio::test]
async fn a_request_that_dies_on_its_way_is_made_again() {
    let mut stage = spawn_app(Setup::default()).await;
    stage.meta.hold();
    stage.meta.say(&rosa(), "¿A qué hora abrís el sábado?").await.expect("taken");
    stage.until_outbox("sending").await;
    stage.kill().await;
    stage.start().await;
    // By the time that this delivery is taken, the channel has noticed that nobody waits for the first answer any more.
    stage.meta.say(&rosa(), "¿Y el domingo?").await.expect("taken");
    stage.meta.resume();
    assert!(stage.meta.sent().is_empty());
    stage.pass(51);
    assert!(stage.reply(&rosa()).await.text.contains("7:30"));
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 2);
}

#[tokio::test]
async fn an_accepted_request_whose_answer_was_lost_is_not_repeated_once_its_report_is_delivered_again() {
    let mut stage = spawn_app(Setup { meta: |meta| meta.statuses = false, ..Setup::default() }).await;
    stage.meta.drop_response_next(1);
    stage.meta.say(&rosa(), "¿A qué hora abrís el sábado?").await.expect("taken");
    let sent = stage.reply(&rosa()).await;
    stage.kill().await;
    // Nobody is there to take the report; the channel delivers it again later.
    assert!(stage.meta.send_status(&sent, MessageStatus::Sent).await.is_err());
    stage.start().await;
    stage.meta.send_status(&sent, MessageStatus::Sent).await.expect("taken");
    stage.pass(600);
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 2);
}

#[tokio::test]
async fn whoever_is_in_charge_stays_in_charge() {
    let mut stage = spawn_app(Setup::default()).await;
    stage.meta.say(&rosa(), "quiero hablar con una persona").await.expect("taken");
    stage.reply(&rosa()).await;
    stage.settled().await;
    stage.kill().await;
    stage.start().await;
    stage.meta.say(&rosa(), "¿Hola? ¿A qué hora abrís el sábado?").await.expect("taken");
    until("the message was dealt with", || async { stage.count("SELECT count(*) FROM turns").await == 2 }).await;
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
}

#[tokio::test]
async fn no_customer_is_forgotten_however_often_the_product_dies() {
    use atiende::demo::meta::CustomerId;
    let mut stage = spawn_app(Setup::default()).await;
    let customers: Vec<_> = (0..12).map(|index| CustomerId::with_phone(format!("346000002{index:02}"))).collect();
    for (index, customer) in customers.iter().enumerate() {
        stage.meta.say(customer, "¿A qué hora abrís el sábado?").await.expect("taken");
        if index % 4 == 3 {
            stage.kill().await;
            stage.start().await;
        }
    }
    stage.pass(51);
    for customer in &customers {
        stage.reply(customer).await;
    }
    stage.settled().await;
    assert_eq!(stage.count("SELECT count(*) FROM turns").await, 12);
    assert_eq!(stage.count("SELECT count(DISTINCT id) FROM outbox").await, 12);
}
