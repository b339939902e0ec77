//! `atiende demo`: the whole product with a stand-in for Meta, so that each message takes the real way.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::app::{App, Brain, Folders, library, open_brain};
use crate::channel::whatsapp::transport::WhatsApp;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, HttpUrl};
use crate::conversation::Turn;
use crate::demo::meta::{Details, MetaStandIn, Options};
use crate::demo::terminal::{self, Patience, Style};
use crate::llm::slot::ModelState;
use crate::store::{Store, turns};
use crate::{lifecycle, telemetry};

/// How long the demo waits for a reply before it says that something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the demo waits for the model to be loaded.
const LOADING: Duration = Duration::from_secs(300);

/// How to try it.
#[derive(clap::Args)]
pub struct Args {
    /// Send this as a customer's message, print the reply, and exit; may be given several times.
    #[arg(long, value_name = "TEXT")]
    say: Vec<String>,
    /// The folder to answer from [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
    /// The port of the chat page; when it is taken, a free one.
    #[arg(long, default_value_t = 8090)]
    port: u16,
}

/// Runs the command.
pub async fn run(args: Args, mut config: Config) -> anyhow::Result<u8> {
    config.log.level = std::env::var("ATIENDE_LOG__LEVEL").unwrap_or_else(|_| "error".into());
    telemetry::install(&config.log);
    super::models::pull(&library()?, &[]).await?;
    name_the_example(&mut config);
    let folders = Folders::given_or_configured(args.knowledge.as_deref(), &config);
    eprintln!("Reading {} …", folders.knowledge.display());
    let brain = open_brain(&config, &folders)?;
    report(&brain);
    let store = Store::in_memory()?;
    let meta = start_meta(&config, &store, args.port).await?;
    let stop = lifecycle::stop_on_signal();
    let server = serve(config, &brain, store.clone(), &meta, stop.clone()).await?;
    let _watch = brain.watch(|report| eprintln!("The knowledge changed: {} passages", report.passages))?;
    wait_for_model(&brain).await;
    let code = talk(&args, &meta, &store, &stop).await?;
    stop.cancel();
    server.await??;
    Ok(code)
}

/// The example business has a name of its own; a configured one wins.
fn name_the_example(config: &mut Config) {
    if config.business.name.is_empty() {
        config.business.name = "Panadería La Espiga".into();
    }
    // In the demo nobody writes in fragments for long.
    config.conversation.burst_ms = config.conversation.burst_ms.min(700);
}

fn report(brain: &Brain) {
    let report = &brain.report;
    eprintln!("{} files, {} passages, in {:.1} s", report.files, report.passages, report.took.as_secs_f64());
    for problem in &report.problems {
        eprintln!("warning: {problem}");
    }
    if let Some(problem) = &brain.embedder_problem {
        eprintln!("warning: search works by words alone: {problem}");
    }
}

async fn wait_for_model(brain: &Brain) {
    eprintln!("Loading the language model …");
    brain.assistant.model.get(LOADING).await;
    if let ModelState::Absent(reason) = brain.assistant.model.state() {
        eprintln!("warning: no language model, the owner's sentences are quoted as they stand: {reason}");
    }
}

async fn start_meta(config: &Config, store: &Store, port: u16) -> anyhow::Result<MetaStandIn> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = Options {
        listen: SocketAddr::from(([127, 0, 0, 1], port)),
        verified_name: config.business.name.clone(),
        examples: examples(),
        details: Some(details(store.clone())),
        ..Options::local(clock)
    };
    match MetaStandIn::start(options.clone()).await {
        Ok(meta) => Ok(meta),
        Err(_) => {
            let free = Options { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..options };
            MetaStandIn::start(free).await.context("cannot listen on this machine")
        }
    }
}

fn examples() -> Vec<String> {
    [
        "¿a qué hora abren el domingo?",
        "cuanto cuesta la barra de pan",
        "Do you have anything gluten free?",
        "quiero hablar con una persona",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Tells the chat page how the product came to a reply.
fn details(store: Store) -> Details {
    Arc::new(move |outbox_id: &str| {
        let store = store.clone();
        let outbox_id = outbox_id.to_owned();
        async move {
            let record = store.read(move |connection| turns::record_behind(connection, &outbox_id)).await.ok()??;
            let turn: Turn = serde_json::from_str(&record).ok()?;
            Some(describe(&turn))
        }
        .boxed()
    })
}

fn describe(turn: &Turn) -> Value {
    json!({
        "action": turn.action, "reason": turn.reason, "confidence": turn.confidence,
        "sources": turn.sources, "total_ms": turn.timings.total, "language": turn.language,
    })
}

async fn serve(
    mut config: Config,
    brain: &Brain,
    store: Store,
    meta: &MetaStandIn,
    stop: CancellationToken,
) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
    connect(&mut config, meta)?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    meta.set_webhook_url(format!("http://{}/webhooks/whatsapp", listener.local_addr()?));
    let transport = Arc::new(WhatsApp::new(&config.whatsapp)?);
    let app = App::new(&config, brain, store, transport, Arc::new(SystemClock), reqwest::Client::new());
    let server = tokio::spawn(app.run(listener, stop));
    meta.verify_webhook().await.context("the webhook could not be verified")?;
    Ok(server)
}

/// Puts the stand-in in Meta's place.
pub fn connect(config: &mut Config, meta: &MetaStandIn) -> anyhow::Result<()> {
    let given = meta.options();
    config.whatsapp.phone_number_id = Some(given.phone_number_id.clone());
    config.whatsapp.token = Some(given.access_token.clone());
    config.whatsapp.app_secret = Some(given.app_secret.clone());
    config.whatsapp.verify_token = Some(given.verify_token.clone().into());
    config.whatsapp.graph_url = HttpUrl::parse(&meta.base_url()).map_err(anyhow::Error::msg)?;
    Ok(())
}

async fn talk(args: &Args, meta: &MetaStandIn, store: &Store, stop: &CancellationToken) -> anyhow::Result<u8> {
    let mut out = std::io::stdout();
    if !args.say.is_empty() {
        let silences = || {
            let store = store.clone();
            async move { store.read(turns::count_silent).await.unwrap_or_default() }.boxed()
        };
        let patience = Patience { timeout: PATIENCE, silences: &silences };
        terminal::say(meta, &args.say, patience, Style::detect(), &mut out).await?;
        return Ok(0);
    }
    println!("\nThe chat page: {}\n", meta.base_url());
    if !std::io::stdin().is_terminal() {
        // Nobody types here: the page is all there is until the process is told to stop.
        stop.cancelled().await;
        return Ok(0);
    }
    println!("Or write here. /new is another customer, /quit ends.");
    let input = tokio::io::BufReader::new(tokio::io::stdin());
    tokio::select! {
        result = terminal::chat(meta, input, Style::detect(), &mut out) => result?,
        () = stop.cancelled() => {}
    }
    Ok(0)
}
