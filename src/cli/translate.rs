//! `atiende translate`: drafts what the knowledge is in other languages, for the owner to correct.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::Brain;
use crate::config::Config;
use crate::domain::Language;
use crate::translate::Direction;
use crate::translate::draft::Drafter;
use crate::translate::files::File;

use super::session;

/// How long loading the model may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is left to the owner.
const HOW_TO: &str = "correct what is wrong, and put an x between the brackets of what is right. A running server takes it in by itself.";

/// What to translate into.
#[derive(clap::Args)]
pub struct Args {
    /// The languages, for example `en,pt`.
    #[arg(long, value_name = "LANGUAGES", value_delimiter = ',', required = true)]
    to: Vec<Language>,
    /// Draft anew what you have not approved, for example with a better model.
    #[arg(long)]
    again: bool,
    /// Only count what there is to do.
    #[arg(long)]
    dry_run: bool,
    /// The folder to translate [default: the configuration's].
    #[arg(long, value_name = "DIR", requires = "out")]
    knowledge: Option<PathBuf>,
    /// The folder to write to [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command. Whatever was drafted is kept when it is interrupted.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let folder = args.out.clone().unwrap_or_else(|| config.knowledge.translations.clone());
    let brain = session::open(&config, args.knowledge.as_deref())?;
    let work = work(&args, &brain, &folder)?;
    let open: usize = work.iter().map(|(file, _)| file.open_texts(args.again).len()).sum();
    if args.dry_run {
        println!("{open} texts to translate in {} files", work.len());
        return Ok(0);
    }
    let drafter = if open > 0 { Some(drafter(&brain).await?) } else { None };
    let progress = ProgressBar::new(open as u64);
    progress.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} texts, {eta} left, {msg}")?);
    for (mut file, direction) in work {
        progress.set_message(file.heading.clone());
        for (number, text) in file.open_texts(args.again).into_iter().enumerate() {
            let Some(drafter) = &drafter else { break };
            file.take(drafter.pair(&text, direction).await?);
            progress.inc(1);
            if number % 8 == 7 {
                file.write()?;
            }
        }
        file.write()?;
        progress.suspend(|| println!("{}", told(&file)));
    }
    progress.finish_and_clear();
    println!("Read them in {}: {}", folder.display(), HOW_TO);
    Ok(0)
}

/// The files with what they are translated from and to. What is in the language already is left out.
fn work(args: &Args, brain: &Brain, folder: &std::path::Path) -> anyhow::Result<Vec<(File, Direction)>> {
    let documents = brain.assistant.knowledge.documents();
    let written: BTreeSet<(&str, Language)> =
        documents.iter().map(|document| (document.group.as_str(), document.language)).collect();
    let mut work = Vec::new();
    for to in &args.to {
        for document in documents.iter().filter(|document| !written.contains(&(document.group.as_str(), *to))) {
            let file = File::open(folder, document, *to).context("correct it, or move it away, and start again")?;
            work.push((file, Direction { from: document.language, to: *to }));
        }
    }
    Ok(work)
}

async fn drafter(brain: &Brain) -> anyhow::Result<Drafter> {
    let model = brain.assistant.model.get(PATIENCE).await;
    let model = model.context("translations need the language model: `atiende models pull` fetches it, and `atiende doctor` says what is missing")?;
    Ok(Drafter { model, prompts: brain.assistant.prompts.clone(), embedder: brain.assistant.knowledge.embedder() })
}

fn told(file: &File) -> String {
    let [approved, passed, beside, doubtful] = file.counts();
    format!(
        "{}: {approved} approved, {passed} passed the checks, {beside} shown beside the original, {doubtful} not used",
        file.heading
    )
}
