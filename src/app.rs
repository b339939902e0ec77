//! The only place where parts are wired together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::answer::ahead;
use crate::channel::transport::Transport;
use crate::clock::Clock;
use crate::config::Config;
use crate::conversation::actor::{Actor, BurstWindow};
use crate::conversation::dispatcher::Dispatcher;
use crate::conversation::{Assistant, Settings};
use crate::decide::Thresholds;
use crate::desk::hours::Hours;
use crate::desk::notify::{Endpoint, Notifier};
use crate::domain::Language;
use crate::inbox::Inbox;
use crate::knowledge::embed::E5;
use crate::knowledge::remember::Remembering;
use crate::knowledge::{Embedder, Knowledge, Options as KnowledgeOptions, Report, Watch};
use crate::llm::slot::{ModelSlot, ModelState};
use crate::llm::{Engine, EngineOptions};
use crate::models::{Library, Use, cache_folder};
use crate::outbox::Sender;
use crate::prompts::Prompts;
use crate::signals::Signals;
use crate::store::Store;
use crate::understand::{Intent, Understander};
use crate::web::{WebState, router};

/// A model that is not there by then is not waited for: what it is told is read when somebody writes.
const MODEL_PATIENCE: Duration = Duration::from_secs(300);
/// How often what the model has read of the business's own words is written down, if something came to it.
const SAVE_EVERY: Duration = Duration::from_secs(600);
/// How long the server waits for requests and turns that run when it is told to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// Where the knowledge lies and what belongs to it.
#[derive(Clone, Debug)]
pub struct Folders {
    /// The owner's markdown.
    pub knowledge: PathBuf,
    /// What it is in other languages.
    pub translations: Option<PathBuf>,
    /// Where its index is kept; in memory when there is none.
    pub index: Option<PathBuf>,
}

impl Folders {
    /// Those of the configuration.
    pub fn configured(config: &Config) -> Self {
        Folders {
            knowledge: config.knowledge.folder.clone(),
            translations: Some(config.knowledge.translations.clone()),
            index: Some(PathBuf::from(&config.storage.index)),
        }
    }

    /// Another folder: the server's index must not be taken by it, and the translations are not of it.
    pub fn only(knowledge: impl Into<PathBuf>) -> Self {
        Folders { knowledge: knowledge.into(), translations: None, index: None }
    }

    /// The one given, else those of the configuration.
    pub fn given_or_configured(given: Option<&Path>, config: &Config) -> Self {
        given.map_or_else(|| Folders::configured(config), Folders::only)
    }
}

/// What answers, without a server or a database.
pub struct Brain {
    /// The turn.
    pub assistant: Arc<Assistant>,
    /// What indexing the knowledge found.
    pub report: Report,
    /// Why search works by words alone, if it does.
    pub embedder_problem: Option<String>,
}

impl Brain {
    /// Indexes the knowledge anew whenever its folder changes, as long as the guard lives; `told` hears of it.
    pub fn watch(&self, told: impl Fn(Report) + Send + 'static) -> anyhow::Result<Watch> {
        Ok(self.assistant.knowledge.watch(told)?)
    }
}

/// Opens what answers. The model is loaded meanwhile, on a thread of its own; without one the owner's sentences are
/// still quoted.
pub fn open_brain(config: &Config, folders: &Folders) -> anyhow::Result<Brain> {
    open_brain_with(config, folders, load_model(config))
}

/// The same around a language model that is there already.
pub fn open_brain_with(config: &Config, folders: &Folders, model: ModelSlot) -> anyhow::Result<Brain> {
    let prompts = Arc::new(Prompts::load(owners_prompts(config).as_deref())?);
    let understander = Arc::new(Understander::new(&prompts));
    let ((knowledge, report), embedder_problem) = open_knowledge(config, folders)?;
    let settings = settings(config);
    let assistant = Arc::new(Assistant { prompts, understander, knowledge, model, settings });
    Ok(Brain { assistant, report, embedder_problem })
}

/// Opens and indexes a folder of knowledge; without the embedder search works by words alone, and the text says why.
pub fn open_knowledge(config: &Config, folders: &Folders) -> anyhow::Result<((Knowledge, Report), Option<String>)> {
    let (embedder, problem) = match open_embedder(config) {
        Ok(embedder) => (Some(embedder), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    let prompts = Prompts::load(owners_prompts(config).as_deref())?;
    let options = KnowledgeOptions {
        dir: folders.knowledge.clone(),
        translations: folders.translations.clone(),
        index_dir: folders.index.clone(),
        embedder,
        examples: examples(&prompts),
    };
    Ok((Knowledge::open(options)?, problem))
}

/// What customers write besides questions, by language.
fn examples(prompts: &Prompts) -> HashMap<Language, Vec<String>> {
    let of = |language: &Language| {
        let all = Intent::ALL.iter().flat_map(|intent| prompts.examples(*intent, *language));
        (*language, all.cloned().collect())
    };
    Language::ALL.iter().map(of).collect()
}

/// The owner's folder of prompts, when it is there and not the one that the program was built from.
fn owners_prompts(config: &Config) -> Option<PathBuf> {
    Some(PathBuf::from(&config.prompts.folder)).filter(|folder| folder.is_dir())
}

/// The models of this machine's user.
pub fn library() -> anyhow::Result<Library> {
    Ok(Library::new(cache_folder(|name| std::env::var_os(name))?))
}

/// Where the search model is.
pub fn embedder_path(config: &Config) -> anyhow::Result<PathBuf> {
    Ok(library()?.resolve(Use::Embedder, &config.models)?)
}

/// Opens what turns texts into vectors.
pub fn open_embedder(config: &Config) -> anyhow::Result<Arc<dyn Embedder>> {
    Ok(Arc::new(Remembering::new(E5::open(&embedder_path(config)?)?)))
}

/// Starts loading the language model and returns at once.
pub fn load_model(config: &Config) -> ModelSlot {
    start_loading(config, None)
}

/// The same for the server, whose model keeps what it reads of the business's own words beside the database.
pub fn load_servers_model(config: &Config) -> ModelSlot {
    start_loading(config, Some(config.storage.database.with_extension("beginnings")))
}

fn start_loading(config: &Config, kept_in: Option<PathBuf>) -> ModelSlot {
    if !config.models.use_llm {
        return ModelSlot::switched_off();
    }
    let path = match library().and_then(|library| Ok(library.resolve(Use::Llm, &config.models)?)) {
        Ok(path) => path,
        Err(error) => return ModelSlot::absent(format!("{error:#}")),
    };
    let slot = ModelSlot::loading();
    let options = EngineOptions {
        queue: config.models.max_queue,
        max_context: config.models.context,
        threads: Some(config.models.threads).filter(|threads| *threads > 0),
        remembered: config.models.remembered_mb << 20,
        kept_in,
        ..EngineOptions::new(path)
    };
    let arriving = slot.clone();
    std::thread::spawn(move || {
        let state = match Engine::start(options) {
            Ok(engine) => ModelState::Ready(Arc::new(engine)),
            Err(error) => {
                tracing::error!(%error, "The language model could not be loaded; the owner's sentences are still quoted");
                ModelState::Absent(error.to_string())
            }
        };
        arriving.set(state);
    });
    slot
}

/// What the owner decided, in the form that the turn uses.
pub fn settings(config: &Config) -> Settings {
    let business = &config.business;
    let own_facts = [&business.phone, &business.email, &business.website, &business.address];
    Settings {
        business: business.name.clone(),
        default_language: business.default_language,
        hours: hours(config),
        thresholds: Thresholds {
            min_confidence: config.decide.min_confidence,
            clarify_confidence: config.decide.clarify_confidence,
            max_negativity: config.decide.max_negativity,
            max_failed_turns: config.decide.max_failed_turns,
            ..Thresholds::default()
        },
        new_conversation_after: SignedDuration::from_hours(config.conversation.new_conversation_hours.into()),
        patience: Duration::from_millis(config.conversation.deadline_ms),
        max_reply_chars: config.conversation.max_reply_chars,
        furthest_rung: config.decide.translations,
        history_turns: config.conversation.history_turns,
        own_facts: own_facts.into_iter().flatten().cloned().collect(),
    }
}

/// When a person answers, as configured.
pub fn hours(config: &Config) -> Hours {
    let timezone = config.business.timezone.clone();
    Hours { timezone, week: config.people.week(), holidays: config.people.holidays.clone() }
}

/// A running product, apart from its listener.
pub struct App {
    /// Where everything is.
    pub store: Store,
    /// The way in.
    pub inbox: Inbox,
    /// Whom to wake.
    pub signals: Arc<Signals>,
    assistant: Arc<Assistant>,
    dispatcher: Dispatcher,
    sender: Sender,
    notifier: Option<Notifier>,
    keep_days: u32,
    web: Arc<WebState>,
}

impl App {
    /// Wires the product around a brain, a database and a channel.
    pub fn new(
        config: &Config,
        brain: &Brain,
        store: Store,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        client: reqwest::Client,
    ) -> App {
        let signals = Arc::new(Signals::default());
        let inbox = Inbox::new(store.clone(), clock.clone(), signals.clone());
        let actor = Actor {
            assistant: brain.assistant.clone(),
            store: store.clone(),
            clock: clock.clone(),
            signals: signals.clone(),
            transport: Some(transport.clone()),
            burst: BurstWindow {
                quiet: Duration::from_millis(config.conversation.burst_ms),
                at_most: Duration::from_millis(config.conversation.burst_max_ms),
            },
        };
        let notifier = config.handoff.url.as_ref().map(|url| {
            let endpoint = Endpoint {
                url: url.as_str().to_owned(),
                secret: config.handoff.secret.clone().unwrap_or_default(),
                max_attempts: config.handoff.max_attempts,
            };
            Notifier::new(store.clone(), clock.clone(), signals.clone(), client, endpoint)
        });
        let secrets = [&config.whatsapp.app_secret, &config.whatsapp.previous_app_secret];
        let web = WebState {
            store: store.clone(),
            inbox: inbox.clone(),
            clock: clock.clone(),
            signals: signals.clone(),
            model: brain.assistant.model.clone(),
            knowledge: brain.assistant.knowledge.clone(),
            app_secrets: secrets.into_iter().flatten().cloned().collect(),
            verify_token: config.whatsapp.verify_token.clone(),
            api_token: config.server.api_token.clone(),
            max_body: config.server.max_body_mb as usize * 1024 * 1024,
        };
        App {
            assistant: brain.assistant.clone(),
            dispatcher: Dispatcher::new(actor),
            sender: Sender::new(store.clone(), clock, signals.clone(), transport),
            notifier,
            keep_days: config.storage.retention_days,
            web: Arc::new(web),
            store,
            inbox,
            signals,
        }
    }

    /// Has the model read its instructions as soon as it is there, and write down from time to time, and in the end,
    /// what is the business's own of what it has read.
    async fn look_after_model(assistant: Arc<Assistant>, stop: CancellationToken) {
        let reading = async {
            let model = assistant.model.get(MODEL_PATIENCE).await?;
            let mut languages = vec![assistant.settings.default_language];
            languages.extend(assistant.knowledge.documents().iter().map(|document| document.language));
            languages.sort_unstable();
            languages.dedup();
            ahead::read_ahead(model.as_ref(), &assistant.prompts, &languages).await;
            Some(model)
        };
        let read = stop.run_until_cancelled(reading).await.flatten();
        if let Some(model) = read {
            ahead::keep_saved(model.as_ref(), SAVE_EVERY, &stop).await;
        }
    }

    /// Serves until `stop`, then finishes what has begun: turns come to their commit, messages under way get their answer.
    pub async fn run(self, listener: tokio::net::TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        let tasks = TaskTracker::new();
        let (dispatcher, sender) = (self.dispatcher, self.sender);
        let until = stop.clone();
        tasks.spawn(async move { dispatcher.run(until).await });
        let until = stop.clone();
        tasks.spawn(async move { sender.run(until).await });
        if let Some(notifier) = self.notifier {
            let until = stop.clone();
            tasks.spawn(async move { notifier.run(until).await });
        }
        let assistant = self.assistant;
        tasks.spawn(Self::look_after_model(assistant.clone(), stop.clone()));
        let (knowledge, until) = (assistant.knowledge.clone(), stop.clone());
        tasks.spawn_blocking(move || knowledge.learn_manners(|| !until.is_cancelled()));
        let until = stop.clone();
        let store = self.store.clone();
        let web = self.web.clone();
        let keep_days = self.keep_days;
        tasks.spawn(async move { crate::upkeep::run(store, assistant, web.clock.clone(), keep_days, until).await });
        let until = stop.clone();
        axum::serve(listener, router(self.web))
            .with_graceful_shutdown(async move { until.cancelled().await })
            .await
            .context("the server stopped")?;
        stop.cancel();
        tasks.close();
        if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
            tracing::warn!("Not everything was finished in time; it goes on at the next start");
        }
        Ok(())
    }
}
