//! Every kind of message that the channel knows, and some that it does not know yet.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::channel::deliver;
use crate::stage::{Setup, spawn_app};

/// Delivers one file of examples; how many replies followed.
async fn replies_to(name: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/whatsapp").join(name);
    let body: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the file is there")).expect("JSON");
    let stage = spawn_app(Setup { meta: |meta| meta.window = false, ..Setup::default() }).await;
    // A moment after the examples were sent.
    stage.clock.set(Timestamp::from_second(1_790_000_100).expect("a time"));
    assert_eq!(deliver(&stage, &body).await, 200, "{name}");
    stage.settled().await;
    assert_eq!(deliver(&stage, &body).await, 200, "{name} again");
    stage.settled().await;
    let broken = stage.count("SELECT count(*) FROM turns WHERE reason = 'trouble'").await;
    assert_eq!(broken, 0, "{name}: a turn kept failing");
    let unsent = stage.count("SELECT count(*) FROM outbox WHERE state IN ('failed', 'cancelled')").await;
    assert_eq!(unsent, 0, "{name}: a reply was refused");
    stage.meta.sent().len()
}

#[tokio::test]
async fn every_example_of_the_channel_is_taken_and_what_a_customer_says_is_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/whatsapp");
    // These hold no word of a customer, or none that was said to the business alone.
    let silent = [
        "errors_and_actions.json",
        "identity_changes.json",
        "other_channel.json",
        "other_fields.json",
        "statuses.json",
    ];
    let mut tried = 0;
    for file in std::fs::read_dir(folder).expect("the folder is there") {
        let name = file.expect("a file").file_name().into_string().expect("a plain name");
        let replies = replies_to(&name).await;
        assert_eq!(replies == 0, silent.contains(&name.as_str()), "{name}: {replies} replies");
        tried += 1;
    }
    assert!(tried >= 14, "{tried} examples");
}
