//! `atiende eval-feeling`: wishes for a person and anger in labelled cases, by words alone and with what vectors add.

use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;

use crate::answer::quote::asks;
use crate::app::open_embedder;
use crate::config::Config;
use crate::decide::Thresholds;
use crate::domain::Language;
use crate::knowledge::Embedder;
use crate::prompts::Prompts;
use crate::understand::meaning::{Heard, Meaning};
use crate::understand::{Intent, Understander, Understanding};

/// How many earlier messages are heard as well.
const EARLIER: usize = 3;

/// What to read.
#[derive(clap::Args)]
pub struct Args {
    /// Cases, one JSON object a line: {"id","kind","customer"}. The kinds `person` and `anger` are to be found.
    #[arg(required = true, value_name = "CASES.jsonl")]
    cases: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    kind: String,
    customer: Vec<String>,
}

/// How many were found that should be, and how many that should not.
#[derive(Default)]
struct Tally {
    wanted: usize,
    found: usize,
    others: usize,
    wrong: usize,
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let embedder = open_embedder(&config)?;
    let understander = Understander::new(&Prompts::load(None)?);
    let thresholds = Thresholds { max_negativity: config.decide.max_negativity, ..Thresholds::default() };
    let mut tallies: [(&str, Tally); 4] = ["wish, words", "wish, with vectors", "anger, words", "anger, with vectors"]
        .map(|name| (name, Tally::default()));
    for path in &args.cases {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong =
                || format!("{}, line {}: a case is {{\"id\",\"kind\",\"customer\"}}", path.display(), number + 1);
            let case: Case = serde_json::from_str(line).with_context(wrong)?;
            let (words, both) = read(&understander, embedder.as_ref(), &case, &config)?;
            let judged = [
                ("person", wishes(&words, &thresholds)),
                ("person", wishes(&both, &thresholds)),
                ("anger", words.sentiment.negativity > thresholds.max_negativity),
                ("anger", both.sentiment.negativity > thresholds.max_negativity),
            ];
            for ((name, tally), (kind, is_found)) in tallies.iter_mut().zip(judged) {
                tally.add(case.kind == kind, is_found);
                if is_found != (case.kind == kind) {
                    let verb = if is_found { "found" } else { "missed" };
                    println!("{name}: {verb} {} ({}), mood {:.2}", case.id, case.kind, both.sentiment.negativity);
                }
            }
        }
    }
    for (name, tally) in &tallies {
        let Tally { wanted, found, others, wrong } = tally;
        println!("{name:<20} found {found} of {wanted}, wrongly {wrong} of {others}");
    }
    Ok(0)
}

impl Tally {
    fn add(&mut self, is_wanted: bool, is_found: bool) {
        let (all, found) = match is_wanted {
            true => (&mut self.wanted, &mut self.found),
            false => (&mut self.others, &mut self.wrong),
        };
        *all += 1;
        *found += usize::from(is_found);
    }
}

/// The last message of a case by its words, and with what the vectors add.
fn read(
    understander: &Understander,
    embedder: &dyn Embedder,
    case: &Case,
    config: &Config,
) -> anyhow::Result<(Understanding, Understanding)> {
    let Some((last, before)) = case.customer.split_last() else { anyhow::bail!("{}: no message", case.id) };
    let recent: Vec<&str> = before.iter().map(String::as_str).collect();
    let words = understander.understand(&[last], None, config.business.default_language, &recent);
    let mut both = words.clone();
    if understander.reads_vectors_of(&embedder.fingerprint()) {
        let burst = heard(embedder, std::slice::from_ref(last), words.language)?;
        let earlier = heard(embedder, &before[before.len().saturating_sub(EARLIER)..], words.language)?;
        understander.add_meaning(&mut both, &Meaning { burst, earlier });
    }
    Ok((words, both))
}

fn heard(embedder: &dyn Embedder, texts: &[String], language: Language) -> anyhow::Result<Vec<Heard>> {
    let vectors = embedder.embed_queries(texts)?;
    let heard = |(vector, text): (Vec<f32>, &String)| Heard::new(vector, text, asks(text, language));
    Ok(vectors.into_iter().zip(texts).map(heard).collect())
}

fn wishes(understanding: &Understanding, thresholds: &Thresholds) -> bool {
    let score =
        |wanted: Intent| understanding.intents.iter().find(|it| it.intent == wanted).map_or(0.0, |scored| scored.score);
    score(Intent::Person) >= thresholds.min_wish && score(Intent::NoPerson) < thresholds.min_wish
}
