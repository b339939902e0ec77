//! `atiende eval-suite`: the cases of several businesses, and every figure of quality. Exit code 2 on bad input.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::app::{Brain, load_model, open_brain_with};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::eval::figures::{Figures, Share};
use crate::eval::remembered::Remembered;
use crate::eval::retrieval::place_of;
use crate::eval::suite::{Business, Half, Suite};
use crate::eval::{Case, CaseResult, run as run_case};
use crate::knowledge::Query;
use crate::llm::slot::ModelSlot;

/// Passages looked at when it is measured whether the right file is found.
const PASSAGES: usize = 30;

/// What to try.
#[derive(clap::Args)]
pub struct Args {
    /// The suite's file.
    #[arg(value_name = "SUITE.toml")]
    suite: PathBuf,
    /// Which half of the cases.
    #[arg(long, value_enum, default_value = "reporting")]
    half: Half,
    /// Only this business, by the folder of its cases.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// List the cases that did not hold, with their replies.
    #[arg(long)]
    failures: bool,
    /// Write what the confidence of each answer rests on, one JSON object a line, for fitting its weights.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Draw how many questions are answered against how many answers are wrong, for every threshold, as an SVG.
    #[arg(long, value_name = "FILE.svg")]
    curve: Option<PathBuf>,
    /// Keep the model's answers in this file, and take those that are there: for trying a change again and again.
    #[arg(long, value_name = "FILE")]
    remember: Option<PathBuf>,
    /// Print one JSON object with the figures last.
    #[arg(long)]
    json: bool,
}

/// Whether the right file came first, and among the first three, for questions in the knowledge's language and others.
#[derive(Default)]
struct Found {
    first: [Share; 2],
    among_three: [Share; 2],
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let suite = Suite::read(&args.suite)?;
    let mut slot = load_model(&config);
    let model = slot.get(Duration::from_secs(120)).await;
    if let (Some(file), Some(model)) = (&args.remember, model) {
        slot = ModelSlot::ready(Arc::new(Remembered::open(file, &config.models.llm, model)?));
    }
    let mut results = Vec::new();
    let mut found = Found::default();
    for business in suite.businesses.iter().filter(|business| is_wanted(business, args.only.as_deref())) {
        let cases = business.cases(args.half)?;
        let mut config = config.clone();
        config.business.name = business.name.clone();
        config.business.default_language = business.language;
        let brain = open_brain_with(&config, &business.folders(), slot.clone())?;
        cases.iter().for_each(|case| found.count(&brain, business, case));
        let progress = indicatif::ProgressBar::new(cases.len() as u64).with_message(business.name.clone());
        for case in &cases {
            results.push(run_case(case, brain.assistant.clone(), Arc::new(SystemClock)).await?);
            progress.inc(1);
        }
        progress.finish_and_clear();
    }
    let figures = Figures::of(&results);
    if args.failures {
        results.iter().filter(|result| !result.passed()).for_each(|result| print!("{}", result.failure()));
        println!();
    }
    if let Some(file) = &args.evidence {
        write_evidence(file, &results)?;
    }
    if let Some(file) = &args.curve {
        super::eval::draw(file, &results, config.decide.min_confidence)?;
    }
    found.print();
    print!("{}", figures.table());
    if args.json {
        println!("{}", serde_json::to_string(&figures)?);
    }
    Ok(0)
}

fn is_wanted(business: &Business, only: Option<&str>) -> bool {
    let folder = business.tuning.parent().and_then(Path::file_name);
    only.is_none_or(|only| folder.is_some_and(|folder| folder == only))
}

impl Found {
    fn count(&mut self, brain: &Brain, business: &Business, case: &Case) {
        // A follow-up alone does not say what it is about.
        let (Some(file), [text]) = (&case.file, case.customer.as_slice()) else { return };
        let understood = brain.assistant.understander.understand(&[text], None, business.language, &[]);
        let query = Query { text: text.clone(), context: None, language: understood.language };
        let hits = brain.assistant.knowledge.search(&query, PASSAGES);
        let place = place_of(file, hits.iter().map(|hit| hit.passage.file.as_str()));
        let across = usize::from(understood.language != business.language);
        for (shares, depth) in [(&mut self.first, 1), (&mut self.among_three, 3)] {
            shares[across].of += 1;
            shares[across].count += usize::from(place.is_some_and(|place| place <= depth));
        }
    }

    fn print(&self) {
        for (name, shares) in [("right file first", self.first), ("right file among the first three", self.among_three)]
        {
            for (share, pair) in shares.into_iter().zip(["same language", "across languages"]) {
                let name = format!("{name}, {pair}");
                println!("{name:<50} {:>4} of {:<4} {:.3}", share.count, share.of, share.value());
            }
        }
    }
}

fn write_evidence(file: &Path, results: &[CaseResult]) -> anyhow::Result<()> {
    let lines = results.iter().filter_map(|result| {
        let outcome = result.outcome.as_ref()?;
        let (evidence, is_right) = (outcome.evidence?, outcome.is_right?);
        Some(serde_json::json!({"id": result.id, "right": is_right, "evidence": evidence}).to_string())
    });
    let text: String = lines.map(|line| line + "\n").collect();
    std::fs::write(file, text).map_err(|error| anyhow::anyhow!("cannot write {}: {error}", file.display()))
}
