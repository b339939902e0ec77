//! The steps of a message taken one by one, with a crash between each two of them.

use std::sync::Arc;

use atiende::channel::outbound::Outbound;
use atiende::channel::transport::{Outgoing, Transport};
use atiende::channel::whatsapp::payload;
use atiende::channel::whatsapp::transport::WhatsApp;
use atiende::clock::Clock;
use atiende::conversation::commit::{self, Committed};
use atiende::conversation::snapshot::Snapshot;
use atiende::demo::meta::{MessageStatus, Sent};
use atiende::domain::ConversationId;
use atiende::inbox::Inbox;
use atiende::llm::slot::ModelSlot;
use atiende::store::outbox::{self, Begun, Ready};
use atiende::store::{Store, inbox};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::channel::{delivery, text};
use crate::stage::{Setup, Stage, brain, rosa, set_up};

const SATURDAY: &str = "¿A qué hora abrís el sábado?";
/// As long as the product waits for a report about a message before it sends it again.
const OUTCOME_KNOWN_WITHIN: SignedDuration = SignedDuration::from_secs(50);

/// The last step that was finished before the crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Accepted,
    TurnRun,
    TurnCommitted,
    MarkedAsSending,
    RequestAccepted,
}

async fn quiet_stage() -> Stage {
    let meta = |meta: &mut atiende::demo::meta::Options| {
        meta.statuses = false;
        meta.window = false;
    };
    set_up(Setup { meta, ..Setup::default() }).await
}

/// Takes a message as far as `last`, and then loses everything that is not on disk.
async fn crash_after(stage: &Stage, last: Step) {
    let store = Store::open(&stage.config.storage.database).expect("the database opens");
    let raw = delivery(stage, &[text("wamid.CRASH", "34600000101", SATURDAY)]).to_string();
    let events = payload::parse(raw.as_bytes()).expect("a delivery");
    let way_in = Inbox::new(store.clone(), stage.clock.clone(), Arc::default());
    let accepted = way_in.accept(events).await.expect("it is stored");
    assert_eq!(accepted.conversations.len(), 1);
    if last >= Step::TurnRun {
        run_turn(stage, &store, accepted.conversations[0], last).await;
    }
    if last >= Step::MarkedAsSending {
        let ready = mark_as_sending(stage, &store).await;
        if last >= Step::RequestAccepted {
            request(stage, ready).await;
        }
    }
}

async fn run_turn(stage: &Stage, store: &Store, conversation: ConversationId, last: Step) {
    let now = stage.clock.now();
    let snapshot = store.read(move |connection| Snapshot::read(connection, conversation, now)).await;
    let snapshot = snapshot.expect("the database reads").expect("a message waits");
    let brain = brain(&stage.config, ModelSlot::absent("this test needs none"));
    let turn = brain.assistant.turn(&snapshot, &CancellationToken::new()).await;
    assert!(turn.text().contains("7:30"), "{}", turn.text());
    if last >= Step::TurnCommitted {
        let committed = store.write(move |connection| commit::commit(connection, &snapshot, &turn, true, now)).await;
        assert_eq!(committed.expect("it is stored"), Committed::Done);
    }
}

async fn mark_as_sending(stage: &Stage, store: &Store) -> Ready {
    let now = stage.clock.now();
    let begun = store.write(move |connection| {
        let due = outbox::due(connection, now)?;
        assert_eq!(due.len(), 1);
        outbox::begin(connection, &due[0].id, now, OUTCOME_KNOWN_WITHIN)
    });
    let Begun::Send(ready) = begun.await.expect("it is stored") else { panic!("the reply may be sent") };
    *ready
}

async fn request(stage: &Stage, ready: Ready) {
    let channel = WhatsApp::new(&stage.config.whatsapp).expect("the channel is configured");
    let body: Outbound = serde_json::from_str(&ready.body).expect("a message");
    let outgoing = Outgoing { recipient: ready.recipient, body, callback: ready.id, attempt: 0, jitter: 0.0 };
    channel.send(outgoing).await.expect("the channel accepts it");
}

/// Starts the product on what is left; the one reply that has reached the customer once it is done.
async fn one_reply(stage: &mut Stage) -> Arc<Sent> {
    if stage.meta.sent().is_empty() {
        stage.reply(&rosa()).await;
    }
    stage.settled().await;
    stage.pass(3_600);
    // The channel delivers again what it got no answer to; it changes nothing.
    let again = delivery(stage, &[text("wamid.CRASH", "34600000101", SATURDAY)]);
    assert_eq!(crate::channel::deliver(stage, &again).await, 200);
    stage.settled().await;
    let sent = stage.meta.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].text.contains("7:30 a 14:30"), "{}", sent[0].text);
    assert_eq!(stage.count("SELECT count(*) FROM turns").await, 1);
    assert_eq!(stage.count("SELECT count(*) FROM outbox WHERE state = 'sent'").await, 1);
    sent[0].clone()
}

#[tokio::test]
async fn a_message_that_was_only_stored_is_answered() {
    let mut stage = quiet_stage().await;
    crash_after(&stage, Step::Accepted).await;
    stage.start().await;
    one_reply(&mut stage).await;
}

#[tokio::test]
async fn a_turn_that_was_not_committed_is_run_again() {
    let mut stage = quiet_stage().await;
    crash_after(&stage, Step::TurnRun).await;
    let store = Store::open(&stage.config.storage.database).expect("the database opens");
    let waiting = store.read(inbox::conversations_waiting).await.expect("the database reads");
    assert_eq!(waiting.len(), 1);
    drop(store);
    stage.start().await;
    one_reply(&mut stage).await;
}

#[tokio::test]
async fn a_reply_that_was_committed_is_sent() {
    let mut stage = quiet_stage().await;
    crash_after(&stage, Step::TurnCommitted).await;
    assert!(stage.meta.sent().is_empty());
    stage.start().await;
    one_reply(&mut stage).await;
}

#[tokio::test]
async fn a_reply_whose_request_never_left_is_sent_once_that_is_clear() {
    let mut stage = quiet_stage().await;
    crash_after(&stage, Step::MarkedAsSending).await;
    stage.start().await;
    // Until then nobody can tell whether the channel has it.
    stage.pass(49);
    assert_eq!(stage.count("SELECT count(*) FROM outbox WHERE state = 'sending'").await, 1);
    assert!(stage.meta.sent().is_empty());
    stage.pass(2);
    one_reply(&mut stage).await;
}

#[tokio::test]
async fn a_reply_that_the_channel_has_is_not_sent_again_when_the_report_comes_after_the_restart() {
    let mut stage = quiet_stage().await;
    crash_after(&stage, Step::RequestAccepted).await;
    let sent = stage.meta.sent()[0].clone();
    stage.start().await;
    stage.meta.send_status(&sent, MessageStatus::Sent).await.expect("taken");
    one_reply(&mut stage).await;
}

#[tokio::test]
async fn a_reply_that_the_channel_has_is_not_sent_again_when_the_report_came_before_the_restart() {
    let mut stage = quiet_stage().await;
    crash_after(&stage, Step::RequestAccepted).await;
    let sent = stage.meta.sent()[0].clone();
    stage.start().await;
    stage.meta.send_status(&sent, MessageStatus::Sent).await.expect("taken");
    stage.kill().await;
    stage.start().await;
    one_reply(&mut stage).await;
}

#[tokio::test]
async fn what_is_said_after_a_lost_answer_waits_for_the_report_and_keeps_the_order() {
    let mut stage = quiet_stage().await;
    crash_after(&stage, Step::RequestAccepted).await;
    let sent = stage.reply(&rosa()).await;
    stage.start().await;
    stage.meta.say(&rosa(), "¿Y cuánto cuesta la barra rústica?").await.expect("taken");
    crate::stage::until("the second reply is ready", || async {
        stage.count("SELECT count(*) FROM outbox WHERE state = 'queued'").await == 1
    })
    .await;
    assert_eq!(stage.meta.sent().len(), 1);
    stage.meta.send_status(&sent, MessageStatus::Delivered).await.expect("taken");
    let second = stage.reply(&rosa()).await;
    assert!(second.text.contains("1,10"), "{}", second.text);
    assert_eq!(stage.meta.sent().len(), 2);
}
