//! A disk that is full: what was not stored was not accepted, and nothing is half stored.

use crate::channel::{deliver, delivery, text};
use crate::stage::{Setup, Stage, rosa, spawn_app};

/// Lets the database grow by no page more, or without a limit again.
async fn set_full(stage: &Stage, full: bool) {
    let work = move |connection: &rusqlite::Connection| {
        let used: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let most = if full { used } else { 1_000_000 };
        let set: i64 = connection.query_row(&format!("PRAGMA max_page_count = {most}"), [], |row| row.get(0))?;
        assert_eq!(set, most);
        Ok(())
    };
    stage.store().write(work).await.expect("the limit is set");
}

#[tokio::test]
async fn a_delivery_that_cannot_be_stored_is_refused_whole_and_taken_when_it_comes_again() {
    let stage = spawn_app(Setup { meta: |meta| meta.window = false, ..Setup::default() }).await;
    let long = "pan ".repeat(20_000);
    let messages = [text("wamid.F1", "34600000101", "hola"), text("wamid.F2", "34600000102", &long)];
    let body = delivery(&stage, &messages);
    set_full(&stage, true).await;
    assert_eq!(deliver(&stage, &body).await, 503);
    for table in ["messages", "inbox", "contacts", "conversations", "deliveries"] {
        let sql: &'static str = Box::leak(format!("SELECT count(*) FROM {table}").into_boxed_str());
        assert_eq!(stage.count(sql).await, 0, "{table}");
    }
    set_full(&stage, false).await;
    assert_eq!(deliver(&stage, &body).await, 200);
    assert_eq!(stage.count("SELECT count(*) FROM inbox").await, 2);
    stage.reply(&rosa()).await;
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 1);
}

#[tokio::test]
async fn a_database_that_may_not_be_written_takes_nothing_until_it_may_be_again() {
    let mut stage = spawn_app(Setup::default()).await;
    stage.meta.say(&rosa(), "hola").await.expect("taken");
    stage.reply(&rosa()).await;
    stage.until_outbox("read").await;
    let forbid = stage.store().write(|connection| Ok(connection.pragma_update(None, "query_only", true)?));
    forbid.await.expect("it is set");
    let body = delivery(&stage, &[text("wamid.RO", "34600000101", "¿A qué hora abrís el sábado?")]);
    assert_eq!(deliver(&stage, &body).await, 503);
    assert_eq!(stage.count("SELECT count(*) FROM messages WHERE author = 'customer'").await, 1);
    stage.kill().await;
    stage.start().await;
    assert_eq!(deliver(&stage, &body).await, 200);
    assert!(stage.reply(&rosa()).await.text.contains("7:30"));
    stage.settled().await;
    assert_eq!(stage.sent_to(&rosa()).len(), 2);
}
