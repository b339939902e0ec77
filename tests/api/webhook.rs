//! The webhook: who may deliver, what is taken, and how fast.

use atiende::demo::meta::{escape, sign};
use secrecy::SecretString;
use serde_json::json;

use crate::channel::{deliver, delivery, post, text};
use crate::model::Thinker;
use crate::stage::{Setup, Stage, rosa, spawn_app};

async fn verify(stage: &Stage, query: &[(&str, &str)]) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().expect("these options suit every machine");
    let url = reqwest::Url::parse_with_params(&stage.url("/webhooks/whatsapp"), query).expect("an address");
    let answer = client.get(url).send().await.expect("the product answers");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

#[tokio::test]
async fn the_address_is_verified_with_the_configured_token_alone() {
    let stage = spawn_app(Setup::default()).await;
    stage.meta.verify_webhook().await.expect("the right token is accepted");
    let token = stage.meta.options().verify_token.clone();
    let mode = ("hub.mode", "subscribe");
    let challenge = ("hub.challenge", "1158201444");
    let right = ("hub.verify_token", token.as_str());
    assert_eq!(verify(&stage, &[mode, challenge, right]).await, (200, "1158201444".to_owned()));
    assert_eq!(verify(&stage, &[mode, challenge, ("hub.verify_token", "another")]).await.0, 403);
    assert_eq!(verify(&stage, &[mode, challenge]).await.0, 403);
    assert_eq!(verify(&stage, &[challenge, right]).await.0, 403);
    assert_eq!(verify(&stage, &[("hub.mode", "unsubscribe"), challenge, right]).await.0, 403);
    assert_eq!(verify(&stage, &[mode, right]).await.0, 400);
    assert_eq!(verify(&stage, &[]).await.0, 403);
}

#[tokio::test]
async fn only_what_is_signed_with_a_configured_secret_is_taken() {
    let previous = SecretString::from("the-secret-before");
    let setup = Setup {
        config: Box::new(|config| config.whatsapp.previous_app_secret = Some("the-secret-before".into())),
        ..Setup::default()
    };
    let stage = spawn_app(setup).await;
    let body = escape(&delivery(&stage, &[text("wamid.S", "34600000101", "hola")])).into_bytes();
    let present = stage.meta.options().app_secret.clone();
    let right = sign(&present, &body);
    let foreign = sign(&SecretString::from("somebody-elses"), &body);
    let refused = [
        None,
        Some(foreign.as_str()),
        Some(""),
        Some("sha256="),
        Some(right.trim_start_matches("sha256=")),
        Some(&right[..right.len() - 2]),
    ];
    for signature in refused {
        assert_eq!(post(&stage, body.clone(), signature).await, 401, "{signature:?}");
    }
    let changed = [body.clone(), b" ".to_vec()].concat();
    assert_eq!(post(&stage, changed, Some(&right)).await, 401);
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, 0);
    assert_eq!(post(&stage, body.clone(), Some(&right)).await, 200);
    assert_eq!(post(&stage, body.clone(), Some(&sign(&previous, &body))).await, 200);
    assert_eq!(stage.count("SELECT count(*) FROM messages WHERE author = 'customer'").await, 1);
}

#[tokio::test]
async fn without_a_secret_nothing_is_taken() {
    let mut stage = crate::stage::set_up(Setup::default()).await;
    let secret = stage.config.whatsapp.app_secret.replace(SecretString::from(""));
    stage.start().await;
    let body = escape(&delivery(&stage, &[text("wamid.S", "34600000101", "hola")])).into_bytes();
    let signatures = [secret.expect("a secret"), SecretString::from("")].map(|secret| sign(&secret, &body));
    for signature in signatures {
        assert_eq!(post(&stage, body.clone(), Some(&signature)).await, 401);
    }
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let setup = Setup { config: Box::new(|config| config.server.max_body_mb = 1), ..Setup::default() };
    let stage = spawn_app(setup).await;
    let long = "a".repeat(1024 * 1024);
    assert_eq!(deliver(&stage, &delivery(&stage, &[text("wamid.L", "34600000101", &long)])).await, 413);
    assert_eq!(deliver(&stage, &delivery(&stage, &[text("wamid.L", "34600000101", &long[..900_000])])).await, 200);
}

#[tokio::test]
async fn a_thousand_updates_in_one_delivery_are_all_stored() {
    // Nothing is answered while the test runs: it is about taking in.
    let setup = Setup {
        config: Box::new(|config| {
            config.conversation.burst_ms = 600_000;
            config.conversation.burst_max_ms = 600_000;
        }),
        ..Setup::default()
    };
    let stage = spawn_app(setup).await;
    let words = "¿Tenéis pan de centeno para mañana? ".repeat(52);
    let message = |index: usize| text(&format!("wamid.{index}"), &format!("346000{:05}", index % 250), &words);
    let messages: Vec<_> = (0..1_000).map(message).collect();
    let body = delivery(&stage, &messages);
    let size = escape(&body).len();
    assert!((2_000_000..3_100_000).contains(&size), "{size}");
    assert_eq!(deliver(&stage, &body).await, 200);
    assert_eq!(stage.count("SELECT count(*) FROM inbox").await, 1_000);
    assert_eq!(stage.count("SELECT count(*) FROM conversations").await, 250);
    assert_eq!(deliver(&stage, &body).await, 200);
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, 1_000);
}

#[tokio::test]
async fn what_is_not_json_is_refused_and_what_is_unknown_is_taken() {
    let stage = spawn_app(Setup::default()).await;
    let secret = stage.meta.options().app_secret.clone();
    for broken in ["", "{", "{\"entry\": [", "[]", "\"hola\"", "null"] {
        let signature = sign(&secret, broken.as_bytes());
        assert_eq!(post(&stage, broken.into(), Some(&signature)).await, 400, "{broken}");
    }
    let unknown = [
        json!({}),
        json!({"object": "whatsapp_business_account"}),
        json!({"object": "whatsapp_business_account", "entry": []}),
        json!({"object": "whatsapp_business_account", "entry": [{"changes": "none", "id": 7}]}),
        json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "tea_time", "value": [1]}]}]}),
        json!({"object": "page", "entry": [{"messaging": []}]}),
        delivery(&stage, &[json!({"id": "wamid.U", "from": "34600000101", "type": "hologram", "timestamp": 1})]),
        delivery(&stage, &[json!({"type": 7}), json!("text"), json!(null)]),
    ];
    for body in unknown {
        assert_eq!(deliver(&stage, &body).await, 200, "{body}");
    }
}

#[tokio::test]
async fn a_delivery_is_acknowledged_while_the_model_thinks() {
    let (thinker, model) = Thinker::slot();
    let stage = spawn_app(Setup { model, ..Setup::default() }).await;
    stage.meta.say(&rosa(), "Do you have wifi?").await.expect("taken");
    thinker.asked(1).await;
    // The model is never let go on, and yet all of this is taken.
    stage.meta.say(&rosa(), "And a terrace?").await.expect("taken");
    let noa = atiende::demo::meta::CustomerId::with_phone("34600000102");
    stage.meta.say(&noa, "hola").await.expect("taken");
    stage.reply(&noa).await;
    assert!(stage.sent_to(&rosa()).is_empty());
}

#[tokio::test]
async fn health_and_readiness_are_told_to_everybody() {
    use crate::owner::send;
    use atiende::llm::slot::{ModelSlot, ModelState};
    let model = ModelSlot::loading();
    let stage = spawn_app(Setup { model: model.clone(), ..Setup::default() }).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("these options suit every machine");
    let ask = async |path: &str| send(client.get(stage.url(path))).await;
    assert_eq!(ask("/healthz").await, (200, json!({"status": "ok"})));
    let (status, body) = ask("/readyz").await;
    assert_eq!((status, &body["ready"]), (503, &json!(false)));
    let (_, ready) = Thinker::slot();
    model.set(ready.state());
    let (status, body) = ask("/readyz").await;
    assert_eq!((status, &body["ready"]), (200, &json!(true)));
    assert!(body["passages"].as_u64().is_some_and(|passages| passages > 10), "{body}");
    // A model that could not be loaded is told where whoever watches the server sees it.
    model.set(ModelState::Absent("the file is broken".into()));
    let (status, body) = ask("/readyz").await;
    assert_eq!((status, &body["model"]), (503, &json!("the file is broken")));
}
