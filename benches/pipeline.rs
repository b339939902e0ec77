//! What a customer waits for, measured on the release build with the real models:
//! how soon a delivery is acknowledged while 200 arrive each second, and where the time of a turn goes.
//!
//! Prints figures and asserts none: these machines are shared, so only ratios and medians mean anything.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atiende::app::{App, Brain, Folders, open_brain};
use atiende::channel::whatsapp::{signature, transport::WhatsApp};
use atiende::cli::demo::connect;
use atiende::clock::{Clock, SystemClock};
use atiende::config::Config;
use atiende::conversation::Timings;
use atiende::conversation::session::Session;
use atiende::demo::meta::{MetaStandIn, Options};
use atiende::eval::report::percentile;
use atiende::store::Store;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

const PER_SECOND: u32 = 200;
const SECONDS: u32 = 10;
const ROUNDS: usize = 3;

/// One question of each kind: the owner's words, a follow-up, another language, nothing known.
const QUESTIONS: &[(&str, &[&str])] = &[
    ("same language", &["¿a qué hora abren el domingo?"]),
    ("a price with typos", &["cuanto cueta la bara de chapata"]),
    ("a follow-up", &["¿a qué hora abren el sábado?", "¿y el domingo?"]),
    ("another language", &["What time do you open on Sunday?"]),
    ("not known", &["¿alquilan sillas para fiestas?"]),
    ("a wish for a person", &["quiero hablar con una persona"]),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = Config::default();
    let knowledge = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let brain = open_brain(&config, &Folders::only(&knowledge))?;
    acknowledgement(&config, &brain).await?;
    turns(&brain).await
}

/// Deliveries at a steady rate to the real server, while it also deals with what they hold.
async fn acknowledgement(config: &Config, brain: &Brain) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("atiende-bench-{}", std::process::id()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let meta = MetaStandIn::start(Options::local(clock.clone())).await?;
    let mut config = config.clone();
    connect(&mut config, &meta)?;
    let store = Store::open(&folder.join("bench.db"))?;
    let transport = Arc::new(WhatsApp::new(&config.whatsapp)?);
    let app = App::new(&config, brain, store, transport, clock, reqwest::Client::new());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/webhooks/whatsapp", listener.local_addr()?);
    let stop = CancellationToken::new();
    let server = tokio::spawn(app.run(listener, stop.clone()));
    let mut waits = deliver(&url, &meta.options().app_secret).await?;
    waits.sort_by(f64::total_cmp);
    println!(
        "webhook, {PER_SECOND} deliveries a second for {SECONDS} s: acknowledged in p50 {:.1} ms, p99 {:.1} ms",
        percentile(&waits, 0.50),
        percentile(&waits, 0.99)
    );
    stop.cancel();
    server.await??;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

async fn deliver(url: &str, secret: &SecretString) -> anyhow::Result<Vec<f64>> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    let mut requests = Vec::new();
    for number in 0..PER_SECOND * SECONDS {
        ticks.tick().await;
        let body = delivery(number);
        let request =
            client.post(url).header("x-hub-signature-256", signature::sign(secret, body.as_bytes())).body(body);
        requests.push(tokio::spawn(async move {
            let began = Instant::now();
            let status = request.send().await?.status();
            anyhow::ensure!(status.is_success(), "a delivery was answered {status}");
            Ok(began.elapsed().as_secs_f64() * 1_000.0)
        }));
    }
    let mut waits = Vec::new();
    for request in requests {
        waits.push(request.await??);
    }
    Ok(waits)
}

/// A thanks from one of fifty customers: it is dealt with, but needs no model.
fn delivery(number: u32) -> String {
    let customer = 34_600_000_000_u64 + u64::from(number % 50);
    let sent = SystemClock.now().as_second();
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"1","phone_number_id":"1"}},"messages":[{{"from":"{customer}","id":"wamid.BENCH{number}","timestamp":"{sent}","type":"text","text":{{"body":"gracias"}}}}]}}}}]}}]}}"#
    )
}

/// The last message of each kind of conversation, the median of a few rounds.
async fn turns(brain: &Brain) -> anyhow::Result<()> {
    brain.assistant.model.get(Duration::from_secs(120)).await;
    println!("\nturn, ms (median of {ROUNDS})   understand  retrieve   prefill  generate     total");
    for (name, texts) in QUESTIONS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut session = Session::new(brain.assistant.clone(), Arc::new(SystemClock))?;
            let mut timings = Timings::default();
            for text in *texts {
                timings = session.say(text).await?.timings;
            }
            rounds.push(timings);
        }
        rounds.sort_by(|one, other| one.total.total_cmp(&other.total));
        let Timings { understand, retrieve, prefill, generate, total } = rounds[ROUNDS / 2];
        println!("{name:<28} {understand:>10.1} {retrieve:>9.1} {prefill:>9.1} {generate:>9.1} {total:>9.1}");
    }
    Ok(())
}
