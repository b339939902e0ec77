//! No log line holds a customer's words, number or name, nor a secret.

use std::io::Write;
use std::sync::{Arc, Mutex};

use atiende::config::{Config, HttpUrl};
use atiende::demo::meta::{CustomerId, Fault};
use secrecy::ExposeSecret;

use crate::channel::post;
use crate::model::Thinker;
use crate::owner::{Endpoint, only_conversation, say};
use crate::stage::{API_TOKEN, Setup, Stage, spawn_app, until};

/// What was logged by everything that ran beside this test, too.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

const HANDOFF_SECRET: &str = "whsec_cHJpdmFjeS1wcml2YWN5LXByaXZhY3ktcHJpdmFjeQ==";

#[tokio::test]
async fn no_log_line_holds_what_is_private() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_ansi(false);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other test installs one");

    let mut endpoint = Endpoint::start(&[500, 410]).await;
    let url = HttpUrl::parse(&endpoint.url).expect("an address");
    let config = move |config: &mut Config| {
        config.handoff.url = Some(url.clone());
        config.handoff.secret = Some(HANDOFF_SECRET.into());
    };
    let (thinker, model) = Thinker::slot();
    thinker.release();
    let stage = spawn_app(Setup { model, config: Box::new(config), ..Setup::default() }).await;
    let eva = CustomerId { bsuid: Some("ES.990077005500330011".into()), ..CustomerId::with_phone("34699887766") };
    let eva = eva.named("Eva Reservada");
    let secrets = stage.meta.options();

    // A whole conversation, with all that can go wrong in it.
    assert_eq!(post(&stage, b"{palabra-suelta".to_vec(), Some("sha256=00")).await, 401);
    let signature = atiende::demo::meta::sign(&secrets.app_secret, b"{palabra-suelta");
    assert_eq!(post(&stage, b"{palabra-suelta".to_vec(), Some(&signature)).await, 400);
    let wrong = stage.url("/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=adivinanza&hub.challenge=1");
    assert_eq!(crate::owner::send(reqwest::Client::new().get(wrong)).await.0, 403);
    for fault in [Fault::Error(131_056), Fault::Http(502), Fault::Error(190), Fault::DropResponse] {
        stage.meta.fail_next(1, fault);
    }
    let said = ["¿Mi hermana celíaca puede comer roscón?", "Do you have wifi?", "quiero hablar con una persona"];
    for (index, words) in said.iter().enumerate() {
        stage.meta.say(&eva, words).await.expect("taken");
        // Time passes until the reply has left, however often it is refused.
        until("the reply left", || async {
            stage.pass(61);
            stage.sent_to(&eva).len() > index
        })
        .await;
    }
    endpoint.next().await;
    until("the post was given up", || async {
        stage.pass(61);
        stage.count("SELECT count(*) FROM notifications WHERE state = 'dead'").await == 1
    })
    .await;
    let id = only_conversation(&stage).await;
    assert_eq!(say(&stage, id, "Hola, soy Marta-la-persona").await.0, 202);
    until("the person's words left", || async {
        stage.pass(61);
        stage.sent_to(&eva).iter().any(|sent| sent.text.contains("Marta-la-persona"))
    })
    .await;

    let logged = lines.text();
    for told in
        ["A turn was committed", "A message did not leave", "A delivery was refused", "A delivery could not be read"]
    {
        assert!(logged.contains(told), "the log does not even say: {told}\n{logged}");
    }
    let mut private: Vec<String> = said.iter().map(|words| (*words).to_owned()).collect();
    private.extend(stage.sent_to(&eva).iter().flat_map(|sent| sent.text.lines().map(str::to_owned)));
    private.extend(secrets_and_names(&stage));
    for text in private.iter().filter(|text| text.len() > 4) {
        let line = logged.lines().find(|line| line.contains(text.as_str()));
        assert!(line.is_none(), "a log line holds `{text}`: {}", line.unwrap_or_default());
    }
}

/// What the conversation is called by, and what opens doors.
fn secrets_and_names(stage: &Stage) -> Vec<String> {
    let options = stage.meta.options();
    let known = ["hermana", "34699887766", "ES.990077005500330011", "Reservada", "Marta-la-persona", "palabra-suelta"];
    let keys = [API_TOKEN, HANDOFF_SECRET, "adivinanza", "the-endpoints-key"];
    let given = [options.access_token.expose_secret(), options.app_secret.expose_secret(), &options.verify_token];
    known.into_iter().chain(keys).chain(given).map(str::to_owned).collect()
}

#[tokio::test]
async fn an_erasure_reaches_what_the_model_remembers() {
    let (thinker, model) = Thinker::slot();
    thinker.release();
    let stage = spawn_app(Setup { model, ..Setup::default() }).await;
    let eva = CustomerId::with_phone("34699887755");
    for (index, words) in ["quiero que borreis mis datos", "si"].into_iter().enumerate() {
        assert_eq!(*thinker.forgotten.borrow(), 0);
        stage.meta.say(&eva, words).await.expect("taken");
        until("the reply left", || async { stage.sent_to(&eva).len() > index }).await;
    }
    until("the model was told", || async { *thinker.forgotten.borrow() > 0 }).await;
}
