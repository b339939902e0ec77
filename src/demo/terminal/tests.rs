use std::sync::Arc;

use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::demo::meta::{Details, Options};
use crate::demo::support::{PATIENCE, Server, options};

const PLAIN: Style = Style { colour: false, width: 40 };

/// Waits so long, for a product that never decides to stay silent.
fn waiting(timeout: Duration) -> Patience<'static> {
    fn never() -> BoxFuture<'static, u64> {
        Box::pin(async { 0 })
    }
    Patience { timeout, silences: &never }
}

/// A stand-in whose server answers every text with the same words and two buttons.
async fn answering() -> MetaStandIn {
    let server = Server::start(&[]).await;
    let details: Details = Arc::new(|_| {
        let told = json!({"sources": [{"file": "hours.md", "heading": "Sunday", "score": 0.9}], "confidence": 0.914,
            "total_ms": 1234, "action": "reply", "reason": "quoted"});
        Box::pin(async move { Some(told) })
    });
    let meta = MetaStandIn::start(Options { details: Some(details), ..options(&server) }).await.unwrap();
    server.answer_all(meta.clone(), |said| {
        let button = |id: &str| json!({"type": "reply", "reply": {"id": id, "title": id.to_uppercase()}});
        let body = json!({"text": format!("You said {said}, and we are open on Sundays.")});
        let action = json!({"buttons": [button("yes"), button("no")]});
        json!({"type": "interactive", "biz_opaque_callback_data": "outbox-1",
            "interactive": {"type": "button", "body": body, "action": action}})
    });
    meta
}

#[tokio::test]
async fn say_prints_each_reply_with_its_sources_confidence_and_time() {
    let meta = answering().await;
    let mut out = Vec::new();
    let exchanges =
        say(&meta, &["one".to_owned(), "two".to_owned()], waiting(PATIENCE), PLAIN, &mut out).await.unwrap();
    assert_eq!(exchanges.len(), 2);
    let reply = |said: &str| {
        format!(
            "> {said}\n  You said {said}, and we are open on\n  Sundays.\n  [1] YES\n  [2] NO\n  from hours.md > Sunday\n  \
             reply: quoted · confidence 91 % · 1.2 s\n\n"
        )
    };
    assert_eq!(String::from_utf8(out).unwrap(), reply("one") + &reply("two"));
}

#[tokio::test]
async fn say_reports_a_reply_that_does_not_come() {
    let server = Server::start(&[]).await;
    let meta = MetaStandIn::start(options(&server)).await.unwrap();
    let error = say(&meta, &["hello".to_owned()], waiting(Duration::ZERO), PLAIN, &mut Vec::new()).await.unwrap_err();
    assert!(error.to_string().starts_with("no reply to \"hello\" within 0 s"), "{error}");
}

#[tokio::test]
async fn say_goes_on_when_the_product_stays_silent() {
    let server = Server::start(&[]).await;
    let meta = MetaStandIn::start(options(&server)).await.unwrap();
    let looks = Arc::new(std::sync::atomic::AtomicU64::new(0));
    // Each look finds one more message that was left without a reply.
    let silences = move || -> BoxFuture<'static, u64> {
        let count = looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Box::pin(async move { count })
    };
    let patience = Patience { timeout: PATIENCE, silences: &silences };
    let mut out = Vec::new();
    let exchanges = say(&meta, &["thanks".to_owned()], patience, PLAIN, &mut out).await.unwrap();
    assert!(exchanges[0].replies.is_empty());
    assert!(String::from_utf8(out).unwrap().contains("no reply"));
}

/// Collects the output, and tells the test when it has grown.
struct Screen(tokio::sync::mpsc::UnboundedSender<String>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(String::from_utf8_lossy(bytes).into_owned()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_chat_answers_lines_taps_on_numbers_and_ends_with_quit() {
    let meta = answering().await;
    let (mut keyboard, input) = tokio::io::duplex(256);
    let (sender, mut screen) = tokio::sync::mpsc::unbounded_channel();
    let chatting = tokio::spawn(async move {
        let mut out = Screen(sender);
        chat(&meta, tokio::io::BufReader::new(input), PLAIN, &mut out).await
    });
    let mut shown = String::new();
    for (typed, expected) in [("hello\n", "You said hello"), ("2\n", "You said no"), ("/new\n2\n", "You said 2")] {
        keyboard.write_all(typed.as_bytes()).await.unwrap();
        while !shown.contains(expected) || !shown.ends_with(" s\n\n") {
            let more = tokio::time::timeout(PATIENCE, screen.recv()).await.expect("output in time");
            shown.push_str(&more.expect("the chat goes on"));
        }
    }
    keyboard.write_all(b"/quit\n").await.unwrap();
    chatting.await.unwrap().unwrap();
    assert!(shown.contains("You are a new customer now."), "{shown}");
}

#[test]
fn lines_are_broken_at_spaces_and_long_words_stay_whole() {
    assert_eq!(wrap("one two three\n\nabsolutely", 7), ["one two", "three", "", "absolutely"]);
    assert_eq!(wrap("señor él", 8), ["señor él"]);
}

#[test]
fn colour_dims_and_plain_output_has_no_escape_sequences() {
    assert_eq!(Style { colour: true, width: 80 }.dim("x"), "\x1b[2mx\x1b[0m");
    assert_eq!(PLAIN.dim("x"), "x");
}
