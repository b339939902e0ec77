//! `atiende eval-retrieval`: how well search finds the file that holds the answer. Exit code 2 on bad input.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;

use crate::app::{Folders, open_knowledge};
use crate::config::Config;
use crate::domain::Language;
use crate::eval::retrieval::{DEPTH, RetrievalCase, place_of, read, summarise};
use crate::knowledge::{Knowledge, Query};
use crate::prompts::Prompts;
use crate::understand::Understander;

/// Passages looked at for each question: a file may hold several.
const PASSAGES: usize = DEPTH * 6;

/// What to look for, and where.
#[derive(clap::Args)]
pub struct Args {
    /// The questions, one JSON object a line: {"id","text","file"}.
    #[arg(value_name = "QUERIES.jsonl")]
    queries: PathBuf,
    /// The folder to search [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
    /// Print one JSON object with the figures last.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let name = args.queries.display().to_string();
    let text = std::fs::read_to_string(&args.queries).with_context(|| format!("cannot read {name}"))?;
    let cases = read(&name, &text).map_err(anyhow::Error::msg)?;
    let folders = Folders::given_or_configured(args.knowledge.as_deref(), &config);
    let ((knowledge, report), problem) = open_knowledge(&config, &folders)?;
    report.problems.iter().for_each(|problem| eprintln!("warning: {problem}"));
    if let Some(problem) = problem {
        eprintln!("warning: search works by words alone: {problem}");
    }
    // As the server does when it starts.
    knowledge.learn_manners(|| true);
    let understander = Understander::new(&Prompts::load(None)?);
    let found: Vec<_> = cases
        .iter()
        .map(|case| {
            let understood = understander.understand(&[&case.text], None, config.business.default_language, &[]);
            look_up(&knowledge, understood.language, case)
        })
        .collect();
    let summary = summarise(&found);
    if args.json {
        println!("{}", serde_json::to_string(&summary)?);
        return Ok(0);
    }
    println!("questions {}", summary.queries);
    println!("hit@1     {:.3}", summary.hit1);
    println!("hit@3     {:.3}", summary.hit3);
    println!("MRR@10    {:.3}", summary.mrr10);
    println!("search    p50 {:.1} ms, p95 {:.1} ms", summary.ms.p50, summary.ms.p95);
    Ok(0)
}

fn look_up(knowledge: &Knowledge, language: Language, case: &RetrievalCase) -> (Option<usize>, f64) {
    let query = Query { text: case.text.clone(), context: None, language };
    let began = Instant::now();
    let hits = knowledge.search(&query, PASSAGES);
    let ms = began.elapsed().as_secs_f64() * 1_000.0;
    (place_of(&case.file, hits.iter().map(|hit| hit.passage.file.as_str())), ms)
}
