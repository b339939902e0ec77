//! `atiende train-feeling`: trains the heads for anger and for the wish for a person, and prints how good they are.
//!
//! For people who work on Atiende; the weights that it writes are part of the program.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;

use crate::app::open_embedder;
use crate::config::Config;
use crate::domain::Language;
use crate::knowledge::Embedder;
use crate::prompts::Prompts;
use crate::train::data::{Kind, Sentence, examples, place, shuffle, xed};
use crate::train::fit::{Example, Recipe, fit};
use crate::train::measure::Quality;
use crate::understand::Intent;
use crate::understand::heads::{Head, Heads};

/// The same data give the same weights.
const SEED: u64 = 20_260_101;
/// One of this many sentences is held out.
const HELD_OUT: u64 = 10;
/// From which probability on the printed figures count a sentence as found.
const THRESHOLD: f32 = 0.5;
const RECIPE: Recipe = Recipe { steps: 150, rate: 0.1, ridge: 3e-2 };
/// How many sentences are embedded between two signs of life.
const BATCH: usize = 256;

/// What to train on, and where to put the weights.
#[derive(clap::Args)]
pub struct Args {
    /// The folder with XED's subtitles, one file a language.
    #[arg(long, value_name = "DIR")]
    xed: PathBuf,
    /// The customers' sentences: language, kind and sentence, with tabs between.
    #[arg(long, value_name = "FILE", default_value = "prompts/feeling/examples.tsv")]
    examples: PathBuf,
    /// At most this many angry and as many calm subtitles of a language.
    #[arg(long, value_name = "COUNT", default_value_t = 450)]
    cap: usize,
    /// Where the weights go: `prompts/feeling/heads.json` in the repository.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Where a sentence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Subtitles.
    Films,
    /// The examples of the intents.
    Intents,
    /// The customers' sentences.
    Customers,
}

const SOURCES: [Source; 3] = [Source::Films, Source::Intents, Source::Customers];

/// A sentence with its vector.
struct Embedded {
    sentence: Sentence,
    vector: Vec<f32>,
    source: Source,
}

impl Source {
    /// What a sentence counts: films are unlike what customers write.
    fn weight(self) -> f32 {
        match self {
            Source::Films => 1.0,
            Source::Intents => 6.0,
            Source::Customers => 24.0,
        }
    }
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let embedder = open_embedder(&config)?;
    let customers = examples(&args.examples)?;
    let intents = wishes(&Prompts::load(None)?);
    let films = xed(&args.xed, args.cap, SEED)?;
    let recipe = format!(
        "atiende train-feeling --cap {}: {} subtitles of XED (Öhman et al. 2020, CC BY 4.0), {} examples of intents, {} \
         sentences of customers",
        args.cap,
        films.len(),
        intents.len(),
        customers.len()
    );
    println!("{recipe}");
    let mut all: Vec<Embedded> = Vec::new();
    for (source, sentences) in SOURCES.into_iter().zip([films, intents, customers]) {
        all.extend(embed(embedder.as_ref(), sentences, source)?);
    }
    // The kernel, the last part, changes with the processor and hardly changes the vectors.
    let fingerprint = embedder.fingerprint();
    let heads = Heads {
        recipe,
        embedder: fingerprint.rsplit_once('-').map_or(fingerprint.as_str(), |(model, _)| model).to_owned(),
        anger: train("anger", &all, |kind| kind == Kind::Angry),
        person: train("person", &all, |kind| kind == Kind::Person),
    };
    let text = serde_json::to_string(&heads)?;
    std::fs::write(&args.out, text + "\n").with_context(|| format!("cannot write {}", args.out.display()))?;
    println!("The weights are in {}", args.out.display());
    Ok(0)
}

/// What the examples of the intents add: who asks for a person in so many words, and who wants something else.
fn wishes(prompts: &Prompts) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for &language in Language::ALL {
        for &intent in Intent::ALL {
            let kind = if intent == Intent::Person { Kind::Person } else { Kind::Ordinary };
            let long = prompts.examples(intent, language).iter().filter(|text| text.chars().count() >= 8);
            sentences.extend(long.map(|text| Sentence { language: language.to_string(), kind, text: text.clone() }));
        }
    }
    sentences
}

fn embed(embedder: &dyn Embedder, mut sentences: Vec<Sentence>, source: Source) -> anyhow::Result<Vec<Embedded>> {
    let began = Instant::now();
    shuffle(&mut sentences, SEED);
    let mut embedded = Vec::new();
    for part in sentences.chunks(BATCH) {
        let texts: Vec<String> = part.iter().map(|sentence| sentence.text.clone()).collect();
        let vectors = embedder.embed_queries(&texts)?;
        let pairs = part.iter().cloned().zip(vectors);
        embedded.extend(pairs.map(|(sentence, vector)| Embedded { sentence, vector, source }));
        eprintln!("{} of {} sentences, {:.0?}", embedded.len(), sentences.len(), began.elapsed());
    }
    Ok(embedded)
}

/// Trains one head on all but the held-out tenth, prints how it does on that, and trains it once more on everything.
fn train(name: &str, all: &[Embedded], is_wanted: impl Fn(Kind) -> bool) -> Head {
    let is_held_out = |embedded: &&Embedded| place(&embedded.sentence.text, SEED).is_multiple_of(HELD_OUT);
    let example = |embedded: &'_ Embedded| is_wanted(embedded.sentence.kind);
    let learnt: Vec<&Embedded> = all.iter().filter(|it| !is_held_out(it)).collect();
    let head = fit(&weighed(&learnt, example), RECIPE);
    let mut scored: BTreeMap<String, Vec<(f32, bool)>> = BTreeMap::new();
    for embedded in all.iter().filter(is_held_out) {
        let source = format!("{:?}", embedded.source).to_lowercase();
        let scores = (head.probability(&embedded.vector), example(embedded));
        for group in [source.clone(), format!("{source} {}", embedded.sentence.language)] {
            scored.entry(group).or_default().push(scores);
        }
    }
    println!("\n{name:<16} {:>5} {:>5} {:>6} {:>6} {:>6} {:>6}", "yes", "no", "prec", "recall", "F1", "AUC");
    let is_telling = |scores: &[(f32, bool)]| scores.iter().any(|(_, is_positive)| *is_positive);
    for (group, scores) in scored.iter().filter(|(_, scores)| is_telling(scores)) {
        let Quality { positives, negatives, precision, recall, f1, auc } = Quality::of(scores, THRESHOLD);
        println!("{group:<16} {positives:>5} {negatives:>5} {precision:>6.3} {recall:>6.3} {f1:>6.3} {auc:>6.3}");
    }
    fit(&weighed(&all.iter().collect::<Vec<_>>(), example), RECIPE)
}

/// Every source counts as much as it is told to, and within it both kinds the same in all.
fn weighed<'a>(all: &[&'a Embedded], is_positive: impl Fn(&Embedded) -> bool) -> Vec<Example<'a>> {
    let weight = |source: Source, positive: bool| {
        let of_source = all.iter().filter(|it| it.source == source);
        let count = of_source.clone().filter(|it| is_positive(it) == positive).count().max(1) as f32;
        source.weight() * of_source.count() as f32 / (2.0 * count)
    };
    let weights = SOURCES.map(|source| [false, true].map(|positive| weight(source, positive)));
    all.iter()
        .map(|embedded| {
            let is_positive = is_positive(embedded);
            let weight = weights[embedded.source as usize][usize::from(is_positive)];
            Example { vector: &embedded.vector, is_positive, weight }
        })
        .collect()
}
