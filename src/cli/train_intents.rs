//! `atiende train-intents`: trains what tells the intents from a message's vector, and prints how good it is.
//!
//! For people who work on Atiende; the weights that it writes are part of the program.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;

use crate::app::open_embedder;
use crate::config::Config;
use crate::knowledge::Embedder;
use crate::prompts::Prompts;
use crate::train::data::place;
use crate::train::fit::Recipe;
use crate::train::intents::{Sample, cases, examples, sentences};
use crate::train::softmax::{Example, fit};
use crate::understand::kinds::{Kind, Kinds, Weighed};

/// The same data give the same weights.
const SEED: u64 = 20_260_102;
/// One of this many sentences is held out.
const HELD_OUT: u64 = 10;
const RECIPE: Recipe = Recipe { steps: 400, rate: 0.1, ridge: 1e-2 };
/// From which probability on the printed figures count a sentence as found.
const THRESHOLD: f32 = 0.7;
/// How many sentences are embedded between two signs of life.
const BATCH: usize = 512;

/// What to train on, and where to put the weights.
#[derive(clap::Args)]
pub struct Args {
    /// Sentences: language, kind and sentence, with tabs between.
    #[arg(long, value_name = "FILE", default_values = ["prompts/feeling/intents.tsv", "prompts/feeling/examples.tsv"])]
    sentences: Vec<PathBuf>,
    /// Cases whose customers' messages are learnt from as well: the tuning halves, never what is reported on.
    #[arg(long, value_name = "CASES.jsonl", num_args = 0..)]
    cases: Vec<PathBuf>,
    /// Where the weights go: `prompts/feeling/intents.json` in the repository.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args, config: &Config) -> anyhow::Result<u8> {
    let embedder = open_embedder(config)?;
    let mut samples = examples(&Prompts::load(None)?);
    let of_prompts = samples.len();
    for path in &args.sentences {
        samples.extend(sentences(path)?);
    }
    let written = samples.len() - of_prompts;
    for path in &args.cases {
        samples.extend(cases(path)?);
    }
    let of_cases = samples.len() - of_prompts - written;
    let recipe = format!(
        "atiende train-intents: {of_prompts} examples of intents, {written} sentences, {of_cases} messages of cases"
    );
    println!("{recipe}");
    let vectors = embed(embedder.as_ref(), &samples)?;
    let classes: Vec<Kind> =
        samples.iter().map(|sample| sample.kind).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let is_held_out = |sample: &Sample| place(&sample.text, SEED).is_multiple_of(HELD_OUT);
    report(&train(&samples, &vectors, &classes, |sample| !is_held_out(sample)), &samples, &vectors, is_held_out);
    // The kernel, the last part, changes with the processor and hardly changes the vectors.
    let fingerprint = embedder.fingerprint();
    let embedder = fingerprint.rsplit_once('-').map_or(fingerprint.as_str(), |(model, _)| model).to_owned();
    let kinds = Kinds { recipe, embedder, ..train(&samples, &vectors, &classes, |_| true) };
    std::fs::write(&args.out, serde_json::to_string(&kinds)? + "\n")
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    println!("The weights are in {}", args.out.display());
    Ok(0)
}

fn embed(embedder: &dyn Embedder, samples: &[Sample]) -> anyhow::Result<Vec<Vec<f32>>> {
    let mut vectors = Vec::with_capacity(samples.len());
    for part in samples.chunks(BATCH) {
        let texts: Vec<String> = part.iter().map(|sample| sample.text.clone()).collect();
        vectors.extend(embedder.embed_queries(&texts)?);
        eprintln!("{} of {} sentences", vectors.len(), samples.len());
    }
    Ok(vectors)
}

fn train(samples: &[Sample], vectors: &[Vec<f32>], classes: &[Kind], is_learnt: impl Fn(&Sample) -> bool) -> Kinds {
    let learnt = samples.iter().zip(vectors).filter(|(sample, _)| is_learnt(sample));
    let examples: Vec<Example<'_>> = learnt
        .filter_map(|(sample, vector)| {
            let class = classes.iter().position(|kind| *kind == sample.kind)?;
            Some(Example { vector, class, weight: sample.weight })
        })
        .collect();
    let heads = fit(&examples, classes.len(), RECIPE);
    let kinds = classes.iter().zip(heads).map(|(&kind, head)| Weighed { kind, head }).collect();
    Kinds { recipe: String::new(), embedder: String::new(), kinds }
}

/// How many of each kind are found among those held out, and how many others are taken for it.
fn report(kinds: &Kinds, samples: &[Sample], vectors: &[Vec<f32>], is_held_out: impl Fn(&Sample) -> bool) {
    let mut counts: BTreeMap<Kind, [usize; 3]> = BTreeMap::new();
    for (sample, vector) in samples.iter().zip(vectors).filter(|(sample, _)| is_held_out(sample)) {
        let (kind, probability) = kinds.likeliest(vector);
        counts.entry(sample.kind).or_default()[0] += 1;
        if probability >= THRESHOLD {
            counts.entry(kind).or_default()[if kind == sample.kind { 1 } else { 2 }] += 1;
        }
    }
    println!("of the tenth held out, from a probability of {THRESHOLD} on:");
    for (kind, [wanted, found, wrong]) in counts {
        println!("{:<24} found {found:>3} of {wanted:>3}, wrongly {wrong}", format!("{kind:?}"));
    }
}
