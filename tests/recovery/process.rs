//! The program itself, as a process that is killed without a warning.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use atiende::clock::SystemClock;
use atiende::demo::meta::{MessageStatus, MetaStandIn, Options};
use secrecy::ExposeSecret;

use crate::stage::{PATIENCE, rosa};

/// A running `atiende serve`; it is killed when it is dropped.
struct Server(Child);

impl Server {
    /// Starts it on a free port and tells the stand-in where it listens.
    async fn start(meta: &MetaStandIn, folder: &Path, burst_ms: u32) -> Self {
        let given = meta.options();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_atiende"));
        command.arg("serve").current_dir(folder).stderr(Stdio::piped()).stdout(Stdio::null());
        command
            .env("ATIENDE_WHATSAPP__PHONE_NUMBER_ID", &given.phone_number_id)
            .env("ATIENDE_WHATSAPP__TOKEN", given.access_token.expose_secret())
            .env("ATIENDE_WHATSAPP__APP_SECRET", given.app_secret.expose_secret())
            .env("ATIENDE_WHATSAPP__VERIFY_TOKEN", &given.verify_token)
            .env("ATIENDE_WHATSAPP__GRAPH_URL", meta.base_url())
            .env("ATIENDE_SERVER__LISTEN", "127.0.0.1:0")
            .env("ATIENDE_KNOWLEDGE__FOLDER", root.join("knowledge"))
            .env("ATIENDE_KNOWLEDGE__WATCH", "false")
            .env("ATIENDE_CONVERSATION__BURST_MS", burst_ms.to_string())
            .env("ATIENDE_CONVERSATION__BURST_MAX_MS", burst_ms.to_string())
            .env("ATIENDE_MODELS__USE_LLM", "false")
            // Nothing lies there, so that search works by words alone.
            .env("ATIENDE_MODELS_DIR", folder.join("models"))
            .env("ATIENDE_LOG__FORMAT", "json");
        let mut child = command.spawn().expect("the program starts");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let server = Server(child);
        let url = tokio::task::spawn_blocking(move || listening_at(lines)).await.expect("it listens");
        meta.set_webhook_url(format!("http://{url}/webhooks/whatsapp"));
        server
    }

    /// As `kill -9` does.
    fn kill(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it has ended");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads the log up to the line that names the address, and goes on reading so that the program can go on writing.
fn listening_at(mut lines: impl Iterator<Item = std::io::Result<String>> + Send + 'static) -> String {
    let mut seen = Vec::new();
    for line in lines.by_ref() {
        let line = line.expect("the log is text");
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = entry["fields"]["address"].as_str() {
            let address = address.to_owned();
            std::thread::spawn(move || lines.for_each(drop));
            return address;
        }
        seen.push(line);
    }
    panic!("the program ended: {seen:#?}");
}

async fn stand_in() -> MetaStandIn {
    let options = Options { statuses: false, ..Options::local(Arc::new(SystemClock)) };
    MetaStandIn::start(options).await.expect("a free port")
}

#[tokio::test]
async fn a_message_that_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let meta = stand_in().await;
    let server = Server::start(&meta, folder.path(), 600_000).await;
    meta.verify_webhook().await.expect("it is verified");
    meta.say(&rosa(), "¿A qué hora abrís el sábado?").await.expect("taken");
    server.kill();
    assert!(meta.sent().is_empty());
    let server = Server::start(&meta, folder.path(), 0).await;
    let reply = meta.wait_for_reply(&rosa(), PATIENCE).await.expect("a reply in time");
    assert!(reply.text.contains("7:30 a 14:30"), "{}", reply.text);
    // What is said next is answered next, and nothing is repeated before it.
    meta.say(&rosa(), "gracias").await.expect("taken");
    meta.wait_for_reply(&rosa(), PATIENCE).await.expect("a reply in time");
    server.kill();
    assert_eq!(meta.sent().len(), 2);
}

#[tokio::test]
async fn a_reply_whose_answer_was_lost_in_a_kill_is_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let meta = stand_in().await;
    let server = Server::start(&meta, folder.path(), 0).await;
    meta.drop_response_next(1);
    meta.say(&rosa(), "¿A qué hora abrís el sábado?").await.expect("taken");
    let sent = meta.wait_for_reply(&rosa(), PATIENCE).await.expect("a reply in time");
    server.kill();
    let server = Server::start(&meta, folder.path(), 0).await;
    meta.send_status(&sent, MessageStatus::Sent).await.expect("taken");
    meta.say(&rosa(), "gracias").await.expect("taken");
    let next = meta.wait_for_reply(&rosa(), PATIENCE).await.expect("a reply in time");
    assert_ne!(next.callback, sent.callback);
    server.kill();
    assert_eq!(meta.sent().len(), 2);
}
