//! `atiende doctor`: checks everything that has to be in place. Each line is ok, a warning or an error, with what to do.

mod channel;
mod machine;

use std::path::PathBuf;

use crate::app::{Folders, library, open_knowledge};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::models::{Use, for_standard_error};
use crate::prompts::Prompts;
use crate::store::{Store, account, handoffs, outbox};

/// How to check.
#[derive(clap::Args)]
pub struct Args {
    /// Do not ask Meta: check only what lies on this machine.
    #[arg(long)]
    offline: bool,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing to do.
    Ok,
    /// It works, but not as well as it could.
    Warning,
    /// It does not work.
    Error,
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Finding {
    grade: Grade,
    subject: &'static str,
    text: String,
}

impl Finding {
    /// All is well.
    pub fn ok(subject: &'static str, text: impl Into<String>) -> Self {
        Finding { grade: Grade::Ok, subject, text: text.into() }
    }

    /// It could be better; the text says how.
    pub fn warning(subject: &'static str, text: impl Into<String>) -> Self {
        Finding { grade: Grade::Warning, subject, text: text.into() }
    }

    /// It does not work; the text says what to do.
    pub fn error(subject: &'static str, text: impl Into<String>) -> Self {
        Finding { grade: Grade::Error, subject, text: text.into() }
    }

    fn of<T, E: std::fmt::Display>(subject: &'static str, result: Result<T, E>, ok: impl FnOnce(T) -> String) -> Self {
        match result {
            Ok(value) => Finding::ok(subject, ok(value)),
            Err(error) => Finding::error(subject, format!("{error:#}")),
        }
    }
}

/// Runs the command. Exit code 1 when there is an error.
pub async fn run(args: Args, path: Option<PathBuf>) -> anyhow::Result<u8> {
    let config = match Config::load(path.as_deref(), std::env::vars()) {
        Ok(config) => config,
        Err(error) => {
            print(&Finding::error("configuration", error.to_string()));
            return Ok(1);
        }
    };
    let mut worst = Grade::Ok;
    let mut tell = |finding: Finding| {
        worst = worst.max(finding.grade);
        print(&finding);
    };
    configuration(&config).into_iter().for_each(&mut tell);
    models(&config).into_iter().for_each(&mut tell);
    tell(machine::engine());
    knowledge(&config).into_iter().for_each(&mut tell);
    database(&config).await.into_iter().for_each(&mut tell);
    machine::findings(&config).into_iter().for_each(&mut tell);
    channel::findings(&config, args.offline).await.into_iter().for_each(&mut tell);
    Ok(u8::from(worst == Grade::Error))
}

fn print(finding: &Finding) {
    let grade = match finding.grade {
        Grade::Ok => "ok     ",
        Grade::Warning => "warning",
        Grade::Error => "error  ",
    };
    println!("{grade}  {:<14} {}", finding.subject, finding.text);
}

fn configuration(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("configuration", "readable, every key known")];
    if config.business.name.is_empty() {
        findings.push(Finding::error("business", "`name` in the section [business] is empty: customers are told it"));
    }
    if config.people.week().iter().all(Vec::is_empty) {
        let text = "no hours in the section [people]: the bot promises no time when it hands over";
        findings.push(Finding::warning("people", text));
    }
    if config.handoff.url.is_none() {
        let text = "no `url` in the section [handoff]: handed-over conversations wait in `GET /api/conversations`, and \
                    nobody is told";
        findings.push(Finding::warning("handoff", text));
    }
    if config.server.api_token.is_none() {
        let text = "no `api_token` in the section [server]: no person can answer through the API";
        findings.push(Finding::warning("api", text));
    }
    let folder = Some(PathBuf::from(&config.prompts.folder)).filter(|folder| folder.is_dir());
    findings.push(Finding::of("prompts", Prompts::load(folder.as_deref()), |_| "every text renders".into()));
    findings
}

fn models(config: &Config) -> Vec<Finding> {
    let library = match library() {
        Ok(library) => library,
        Err(error) => return vec![Finding::error("models", format!("{error:#}"))],
    };
    [Use::Llm, Use::Embedder]
        .into_iter()
        .filter(|usage| config.models.use_llm || *usage != Use::Llm)
        .map(|usage| {
            let found = library.resolve(usage, &config.models).map_err(anyhow::Error::from);
            let checked = found.and_then(|path| {
                library.check_before_loading(&path, &*for_standard_error())?;
                Ok(path)
            });
            let name = if usage == Use::Llm { "language model" } else { "search model" };
            Finding::of(name, checked, |path| format!("{}, whole", path.display()))
        })
        .collect()
}

fn knowledge(config: &Config) -> Vec<Finding> {
    let folder = &config.knowledge.folder;
    match open_knowledge(config, &Folders::configured(config)) {
        Err(error) => vec![Finding::error("knowledge", format!("{error:#}"))],
        Ok(((_, report), _)) => {
            let mut findings: Vec<Finding> =
                report.problems.iter().map(|problem| Finding::warning("knowledge", problem.to_string())).collect();
            let text = format!("{} files, {} passages in {}", report.files, report.passages, folder.display());
            findings.push(match report.passages {
                0 => Finding::error(
                    "knowledge",
                    format!("{text}: write what customers ask about as markdown files there"),
                ),
                _ => Finding::ok("knowledge", text),
            });
            findings
        }
    }
}

/// How many delivered messages a month are free on each number (fact sheet §6.5).
const FREE_MESSAGES: i64 = 1_000;

async fn database(config: &Config) -> Vec<Finding> {
    let path = PathBuf::from(&config.storage.database);
    if !path.exists() {
        return vec![Finding::ok("database", format!("{} will be made at the first start", path.display()))];
    }
    let store = match Store::open(&path) {
        Ok(store) => store,
        Err(error) => return vec![Finding::error("database", error.to_string())],
    };
    let month = month_start(config);
    let read = store
        .read(move |connection| {
            let delivered = outbox::delivered_since(connection, month)?;
            let reported = account::latest_events(connection, 5)?;
            let alerts = account::alerts(connection)?;
            Ok((alerts, handoffs::dead_notifications(connection)?, outbox::counts(connection)?, delivered, reported))
        })
        .await;
    match read {
        Err(error) => vec![Finding::error("database", error.to_string())],
        Ok((alerts, dead, counts, delivered, reported)) => {
            let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
            let text = format!("{}; messages sent by us: {}", path.display(), counts.join(", "));
            let mut findings = vec![Finding::ok("database", text)];
            let text = format!("{delivered} delivered this month; the first {FREE_MESSAGES} of a number are free");
            findings.push(match delivered > FREE_MESSAGES {
                true => Finding::warning("messages", text),
                false => Finding::ok("messages", text),
            });
            let told =
                reported.iter().map(|(field, at)| Finding::ok("account", format!("Meta reported `{field}` on {at}")));
            findings.extend(told);
            findings.extend(
                alerts.iter().map(|alert| Finding::warning("alert", format!("{} ({})", alert.text, alert.since))),
            );
            findings.extend(
                dead.iter().map(|(id, error)| Finding::warning("handoff", format!("post {id} was given up: {error}"))),
            );
            findings
        }
    }
}

/// The first moment of the month at the business.
fn month_start(config: &Config) -> jiff::Timestamp {
    let here = SystemClock.now().to_zoned(config.business.timezone.clone());
    let first = here.date().first_of_month().to_zoned(config.business.timezone.clone());
    first.map_or(jiff::Timestamp::UNIX_EPOCH, |first| first.timestamp())
}
