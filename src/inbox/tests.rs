use jiff::SignedDuration;

use super::*;
use crate::clock::ManualClock;
use crate::domain::event::{DeliveryStatus, StatusEvent};
use crate::domain::{Identifier, IdentifierKind};

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

fn inbox() -> Inbox {
    let store = Store::in_memory().expect("opens");
    Inbox::new(store, Arc::new(ManualClock::new(now())), Arc::default())
}

fn customer() -> Vec<Identifier> {
    vec![Identifier { kind: IdentifierKind::Phone, value: "34600000001".into() }]
}

fn message(id: &str, content: Content) -> ChannelEvent {
    ChannelEvent::Message(Box::new(InboundMessage {
        account: "1".into(),
        message_id: id.into(),
        identifiers: customer(),
        name: Some("Rosa".into()),
        username: None,
        sent_at: now(),
        content,
        reply_to: None,
        forwarded: false,
        referral: None,
    }))
}

fn text(id: &str, body: &str) -> ChannelEvent {
    message(id, Content::Text { body: body.into() })
}

#[tokio::test]
async fn a_second_delivery_changes_nothing() {
    let inbox = inbox();
    let first = inbox.accept(vec![text("a", "hola"), text("b", "abren?")]).await.expect("accepts");
    let second = inbox.accept(vec![text("b", "abren?"), text("a", "hola")]).await.expect("accepts");
    assert_eq!((first.duplicates, second.duplicates), (0, 2));
    let id = first.conversations[0];
    let waiting = inbox.store.read(move |connection| inbox::waiting(connection, id)).await.expect("reads");
    assert_eq!(waiting.len(), 2);
}

mod inbox_order {
    use super::*;

    #[tokio::test]
    async fn messages_are_read_in_the_order_in_which_they_were_sent() {
        let inbox = super::inbox();
        let ChannelEvent::Message(mut late) = text("late", "segundo") else {
            unreachable!("a message. This is a bug.")
        };
        late.sent_at = now() + SignedDuration::from_secs(5);
        let accepted =
            inbox.accept(vec![ChannelEvent::Message(late), text("early", "primero")]).await.expect("accepts");
        let id = accepted.conversations[0];
        let waiting =
            inbox.store.read(move |connection| crate::store::inbox::waiting(connection, id)).await.expect("reads");
        let order: Vec<&str> = waiting.iter().map(|message| message.channel_message_id.as_str()).collect();
        assert_eq!(order, ["early", "late"]);
    }
}

#[tokio::test]
async fn a_message_that_was_taken_back_leaves_no_words() {
    let inbox = inbox();
    let accepted = inbox.accept(vec![text("a", "mi tarjeta es 1234")]).await.expect("accepts");
    inbox.accept(vec![message("b", Content::Revoke { message_id: "a".into() })]).await.expect("accepts");
    let id = accepted.conversations[0];
    let said = inbox.store.read(move |connection| messages::transcript(connection, id, 10)).await.expect("reads");
    assert!(said.iter().all(|message| !message.content.contains("1234") && message.words.is_none()));
}

#[tokio::test]
async fn a_person_who_writes_from_the_phone_takes_over() {
    let inbox = inbox();
    let accepted = inbox.accept(vec![text("a", "hola")]).await.expect("accepts");
    let written = PersonWrote {
        account: "1".into(),
        identifiers: customer(),
        message_id: "echo".into(),
        content: Content::Text { body: "Hola Rosa, soy Ana".into() },
        at: now(),
    };
    inbox.accept(vec![ChannelEvent::PersonWrote(written)]).await.expect("accepts");
    let id = accepted.conversations[0];
    let conversation = inbox.store.read(move |connection| conversations::require(connection, id)).await.expect("reads");
    assert_eq!(conversation.mode, Mode::Person);
}

#[tokio::test]
async fn a_report_about_a_message_of_somebody_else_is_of_no_consequence() {
    let inbox = inbox();
    let status = StatusEvent {
        account: "1".into(),
        message_id: "unknown".into(),
        status: DeliveryStatus::Failed,
        at: now(),
        callback: None,
        errors: Vec::new(),
        pricing: None,
        identifiers: Vec::new(),
    };
    assert_eq!(inbox.accept(vec![ChannelEvent::Status(status)]).await.expect("accepts"), Accepted::default());
}
