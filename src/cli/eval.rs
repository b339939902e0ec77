//! `atiende eval`: many questions with known answers. Exit code 0 when all pass, 1 when some fail, 2 on bad input.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use crate::app::Brain;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::eval::{Case, CaseResult, Summary, case, curve, report, run as run_case};

use super::session::open;

/// What to try.
#[derive(clap::Args)]
pub struct Args {
    /// The cases, one JSON object a line.
    #[arg(value_name = "CASES.jsonl")]
    cases: PathBuf,
    /// The folder to answer from [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
    /// Draw how many questions are answered against how many answers are wrong, for every threshold, as an SVG.
    #[arg(long, value_name = "FILE.svg")]
    curve: Option<PathBuf>,
    /// Print one JSON object with the figures last.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let cases = read_cases(&args.cases)?;
    let brain = open(&config, args.knowledge.as_deref())?;
    let results = try_all(&cases, &brain, args.json).await?;
    if let Some(file) = &args.curve {
        draw(file, &results, config.decide.min_confidence)?;
    }
    if args.json {
        eprint!("{}", report::table(&results));
        println!("{}", serde_json::to_string(&Summary::of(&results))?);
    } else {
        print!("{}", report::table(&results));
    }
    Ok(u8::from(results.iter().any(|result| !result.passed())))
}

/// The cases of a file.
pub(super) fn read_cases(file: &Path) -> anyhow::Result<Vec<Case>> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    Ok(case::read(&name, &text)?)
}

/// Tries the cases one after the other, and shows how far it is.
pub(super) async fn try_all(cases: &[Case], brain: &Brain, hidden: bool) -> anyhow::Result<Vec<CaseResult>> {
    // The first cases are not to pay for loading the model.
    brain.assistant.model.get(Duration::from_secs(120)).await;
    let progress = progress(cases.len(), hidden);
    let mut results = Vec::with_capacity(cases.len());
    for case in cases {
        results.push(run_case(case, brain.assistant.clone(), Arc::new(SystemClock)).await?);
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(results)
}

/// Writes the curve of risk against coverage.
pub(super) fn draw(file: &Path, results: &[CaseResult], owners: f32) -> anyhow::Result<()> {
    let points = curve::points(results);
    anyhow::ensure!(
        !points.is_empty(),
        "no case says what a right answer is: give `expect` an `action`, and `all` where it is `reply`"
    );
    std::fs::write(file, curve::svg(&points, owners.into()))
        .with_context(|| format!("cannot write {}", file.display()))?;
    eprintln!("the curve is in {}", file.display());
    Ok(())
}

fn progress(length: usize, hidden: bool) -> indicatif::ProgressBar {
    if hidden {
        return indicatif::ProgressBar::hidden();
    }
    indicatif::ProgressBar::new(length as u64).with_message("cases")
}
