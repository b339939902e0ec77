//! The whole product on a local port, with a stand-in for Meta around it and a clock that is moved by hand.
//!
//! The product runs on threads of its own, so that it can be killed at any moment as a process is.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atiende::app::{App, Brain, settings};
use atiende::channel::whatsapp::transport::WhatsApp;
use atiende::clock::ManualClock;
use atiende::config::{Config, HttpUrl};
use atiende::conversation::Assistant;
use atiende::demo::meta::{CustomerId, MetaStandIn, Options, Sent};
use atiende::knowledge::{Knowledge, Options as KnowledgeOptions, Report};
use atiende::llm::slot::ModelSlot;
use atiende::prompts::Prompts;
use atiende::signals::Signals;
use atiende::store::{Store, inbox, outbox};
use atiende::understand::Understander;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes; only a failing test waits this long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The password of the owner's API.
pub const API_TOKEN: &str = "the-owners-api-token";

/// How the product is set up before it starts.
pub struct Setup {
    /// What judges and translates.
    pub model: ModelSlot,
    /// Meta's side; its clock and its addresses are filled in.
    pub meta: fn(&mut Options),
    /// The owner's side; the channel's keys are filled in.
    pub config: Box<dyn Fn(&mut Config) + Send + Sync>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { model: ModelSlot::absent("this test needs none"), meta: |_| {}, config: Box::new(|_| {}) }
    }
}

/// A running product and its surroundings; both end when it is dropped.
pub struct Stage {
    pub clock: Arc<ManualClock>,
    pub meta: MetaStandIn,
    pub config: Config,
    model: ModelSlot,
    /// Where the database lies; it is removed with the stage.
    _folder: TempDir,
    running: Option<Running>,
}

struct Running {
    runtime: Runtime,
    store: Store,
    signals: Arc<Signals>,
    url: String,
}

/// Sets everything up and starts the product.
pub async fn spawn_app(setup: Setup) -> Stage {
    let mut stage = set_up(setup).await;
    stage.start().await;
    stage
}

/// Sets everything up without starting the product.
pub async fn set_up(setup: Setup) -> Stage {
    // 2026-11-21, a Saturday, at noon UTC.
    let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_795_262_400).expect("a time")));
    let mut options = Options { retry_delays: vec![Duration::from_millis(20); 3], ..Options::local(clock.clone()) };
    (setup.meta)(&mut options);
    let meta = MetaStandIn::start(options).await.expect("a free port");
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::default();
    config.business.name = "Panadería La Espiga".into();
    config.conversation.burst_ms = 0;
    config.server.api_token = Some(API_TOKEN.into());
    config.storage.database = folder.path().join("atiende.db");
    let given = meta.options();
    config.whatsapp.phone_number_id = Some(given.phone_number_id.clone());
    config.whatsapp.token = Some(given.access_token.clone());
    config.whatsapp.app_secret = Some(given.app_secret.clone());
    config.whatsapp.verify_token = Some(given.verify_token.clone().into());
    config.whatsapp.graph_url = HttpUrl::parse(&meta.base_url()).expect("an address");
    (setup.config)(&mut config);
    Stage { clock, meta, config, model: setup.model, _folder: folder, running: None }
}

impl Stage {
    /// Starts the product on its database, as after a reboot.
    pub async fn start(&mut self) {
        assert!(self.running.is_none(), "the product runs already");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("the system starts threads");
        let store = Store::open(&self.config.storage.database).expect("the database opens");
        let transport = Arc::new(WhatsApp::new(&self.config.whatsapp).expect("the channel is configured"));
        let client = reqwest::Client::builder().no_proxy().build().expect("these options suit every machine");
        let brain = brain(&self.config, self.model.clone());
        let app = App::new(&self.config, &brain, store.clone(), transport, self.clock.clone(), client);
        let signals = app.signals.clone();
        let (tell, told) = tokio::sync::oneshot::channel();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
            tell.send(listener.local_addr().expect("a bound address")).expect("the test waits for it");
            app.run(listener, CancellationToken::new()).await
        });
        let url = format!("http://{}", told.await.expect("the product listens"));
        self.meta.set_webhook_url(format!("{url}/webhooks/whatsapp"));
        self.running = Some(Running { runtime, store, signals, url });
    }

    /// Ends the product in the midst of whatever it does: what is not on disk is gone.
    pub async fn kill(&mut self) {
        let Running { runtime, store, .. } = self.running.take().expect("the product runs");
        drop(store);
        let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await;
        ended.expect("its threads end");
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the product runs")
    }

    /// The product's database.
    pub fn store(&self) -> &Store {
        &self.running().store
    }

    /// The address of one of the product's pages.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running().url)
    }

    /// Lets time pass, and the workers look at the clock.
    pub fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
        let signals = &self.running().signals;
        signals.inbox.notify_one();
        signals.outbox.notify_one();
        signals.desk.notify_one();
    }

    /// What the product says next to a customer.
    pub async fn reply(&self, customer: &CustomerId) -> Arc<Sent> {
        let reply = self.meta.wait_for_reply(customer, PATIENCE).await;
        reply.expect("a reply in time")
    }

    /// Waits until nothing is left to do: every message was dealt with, every reply left or was given up.
    pub async fn settled(&self) {
        until("everything is dealt with", || async {
            let open = self.store().read(|connection| {
                let waiting = inbox::conversations_waiting(connection)?.len();
                let open = outbox::counts(connection)?.into_iter();
                Ok((waiting, open.filter(|(state, _)| state == "queued" || state == "sending").count()))
            });
            open.await.expect("the database reads") == (0, 0)
        })
        .await;
    }

    /// Waits until an outbox row is in the given state.
    pub async fn until_outbox(&self, state: &'static str) {
        until(state, || async {
            let counts = self.store().read(outbox::counts).await.expect("the database reads");
            counts.iter().any(|(name, _)| name == state)
        })
        .await;
    }

    /// One number from the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let number = self.store().read(move |connection| Ok(connection.query_row(sql, [], |row| row.get(0))?));
        number.await.expect("a number")
    }

    /// Everything that was sent to a customer, in order.
    pub fn sent_to(&self, customer: &CustomerId) -> Vec<Arc<Sent>> {
        self.meta.sent().into_iter().filter(|sent| sent.customer.is(customer)).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.runtime.shutdown_background();
        }
    }
}

/// What answers: the example business, found by words alone.
pub fn brain(config: &Config, model: ModelSlot) -> Brain {
    type Parts = (Arc<Prompts>, Arc<Understander>, Knowledge);
    static PARTS: OnceLock<Parts> = OnceLock::new();
    let (prompts, understander, knowledge) = PARTS.get_or_init(|| {
        let prompts = Arc::new(Prompts::load(None).expect("the texts are sound"));
        let understander = Arc::new(Understander::new(&prompts));
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
        let options =
            KnowledgeOptions { dir, translations: None, index_dir: None, embedder: None, examples: Default::default() };
        let (knowledge, report) = Knowledge::open(options).expect("the example business is there");
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        (prompts, understander, knowledge)
    });
    let assistant = Assistant {
        prompts: prompts.clone(),
        understander: understander.clone(),
        knowledge: knowledge.clone(),
        model,
        settings: settings(config),
    };
    Brain { assistant: Arc::new(assistant), report: Report::default(), embedder_problem: None }
}

/// Looks again and again until it is so; a test that waits in vain fails with `what`.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("in vain waited until: {what}"));
}

/// A customer with a phone number and a name.
pub fn rosa() -> CustomerId {
    CustomerId::with_phone("34600000101").named("Rosa")
}
