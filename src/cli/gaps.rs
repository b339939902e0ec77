//! `atiende gaps`: what customers asked in vain, drafts for the knowledge, and cases for what it answers by now.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::app::Brain;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::gaps::drafts::Draft;
use crate::gaps::likeness::{Likeness, Text};
use crate::gaps::{Asked, Gap, again, cases, drafts, gaps, read, show};
use crate::store::Store;

use super::session::open;

/// What to list, and what to write.
#[derive(clap::Args)]
pub struct Args {
    /// How many days back to look.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: u32,
    /// List those too that the knowledge answers by now.
    #[arg(long)]
    all: bool,
    /// Write a draft for the knowledge for each into this folder.
    #[arg(long, value_name = "DIR")]
    drafts: Option<PathBuf>,
    /// Add a case for `eval` for each that the knowledge answers by now to this file.
    #[arg(long, value_name = "FILE.jsonl")]
    cases: Option<PathBuf>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let path = PathBuf::from(&config.storage.database);
    anyhow::ensure!(
        path.exists(),
        "there is no database at {} (`database` in the section [storage]): nobody has written yet, or `--config` names \
         another configuration than the server's",
        path.display()
    );
    let store = Store::open(&path)?;
    let brain = open(&config, None)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let from = clock.now() - SignedDuration::from_hours(24 * i64::from(args.days));
    let understander = brain.assistant.understander.clone();
    let asked = store.read(move |connection| read::asked_since(connection, from, &understander)).await?;
    let language = config.business.default_language;
    let written = args.drafts.as_deref().map_or(Ok(Vec::new()), |folder| drafts::read(folder, language))?;
    let mut found = gaps(&asked, &compare(&brain, &asked, &written)?, language);
    check(&mut found, &brain, &clock, args.json).await?;
    print(&args, &config, &found)?;
    write_files(&args, &config, &written, &found)?;
    Ok(0)
}

/// Compares questions, and after them the drafts that are there, by meaning if the search model can be used.
fn compare(brain: &Brain, asked: &[Asked], written: &[Draft]) -> anyhow::Result<Likeness> {
    let questions = asked.iter().map(|asked| Text { words: asked.text(), language: asked.language });
    let drafts = written.iter().map(|draft| Text { words: draft.question.clone(), language: draft.language });
    let texts: Vec<Text> = questions.chain(drafts).collect();
    Ok(match brain.assistant.knowledge.embedder() {
        Some(embedder) => Likeness::of_meaning(&texts, &*embedder, &brain.assistant.prompts)?,
        None => Likeness::of_words(&texts),
    })
}

async fn check(found: &mut [Gap], brain: &Brain, clock: &Arc<dyn Clock>, hidden: bool) -> anyhow::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    // The first question is not to do without the model because it is still being loaded.
    brain.assistant.model.get(Duration::from_secs(120)).await;
    let progress = match hidden {
        true => indicatif::ProgressBar::hidden(),
        false => indicatif::ProgressBar::new(found.len() as u64),
    };
    for gap in found {
        again::ask_again(gap, &brain.assistant, clock).await?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(())
}

fn print(args: &Args, config: &Config, found: &[Gap]) -> anyhow::Result<()> {
    let shown: Vec<&Gap> = found.iter().filter(|gap| args.all || !gap.is_answered()).collect();
    if args.json {
        for gap in shown {
            println!("{}", serde_json::to_string(&show::GapView::from(gap))?);
        }
        return Ok(());
    }
    for gap in &shown {
        println!("{}", show::text(gap, &config.business.timezone));
    }
    if shown.is_empty() {
        println!("In the last {} days no question was asked in vain that is still open.", args.days);
    }
    match found.len() - shown.len() {
        0 => {}
        1 => println!("1 more is answered by now; `--all` lists it too."),
        more => println!("{more} more are answered by now; `--all` lists them too."),
    }
    Ok(())
}

/// What is said here goes beside the list, so that the list can be read by programs.
fn write_files(args: &Args, config: &Config, written: &[Draft], found: &[Gap]) -> anyhow::Result<()> {
    if let Some(folder) = &args.drafts {
        let outcome = drafts::write(folder, written, found, &config.business.timezone)?;
        eprintln!("{}: {}", folder.display(), told(outcome));
    }
    if let Some(file) = &args.cases {
        let added = cases::append(file, found)?;
        eprintln!("{}: {added} added", file.display());
    }
    Ok(())
}

fn told(outcome: drafts::Outcome) -> String {
    format!(
        "{} written, {} left as you changed them, {} taken away because nobody asks for them any more",
        outcome.written, outcome.kept, outcome.removed
    )
}
