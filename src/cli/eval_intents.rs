//! `atiende eval-intents`: precision and recall of every intent, by words alone and with what vectors add.

use std::path::PathBuf;

use crate::answer::quote::asks;
use crate::app::open_embedder;
use crate::config::Config;
use crate::prompts::Prompts;
use crate::train::intents::{Sample, sentences};
use crate::train::tally::Tally;
use crate::understand::meaning::{Heard, Meaning};
use crate::understand::{Understander, Understanding};

/// What to read.
#[derive(clap::Args)]
pub struct Args {
    /// Messages, one a line: language, kind and message, with tabs between.
    #[arg(required = true, value_name = "MESSAGES.tsv")]
    messages: PathBuf,
    /// Print every message in which an intent was missed or wrongly found.
    #[arg(long)]
    failures: bool,
}

/// Runs the command.
pub fn run(args: &Args, config: &Config) -> anyhow::Result<u8> {
    let embedder = open_embedder(config)?;
    let understander = Understander::new(&Prompts::load(None)?);
    let samples = sentences(&args.messages)?;
    let texts: Vec<String> = samples.iter().map(|sample| sample.text.clone()).collect();
    let vectors = embedder.embed_queries(&texts)?;
    let by_words: Vec<Understanding> = texts
        .iter()
        .map(|text| understander.understand(&[text], None, config.business.default_language, &[]))
        .collect();
    println!("by words alone\n{}", Tally::of(samples.iter().zip(&by_words)));
    if !understander.reads_vectors_of(&embedder.fingerprint()) {
        anyhow::bail!("the weights are of another search model than {}: train them anew", embedder.fingerprint());
    }
    let mut both = by_words;
    for ((understanding, vector), text) in both.iter_mut().zip(vectors).zip(&texts) {
        let heard = Heard::new(vector, text, asks(text, understanding.language));
        understander.add_meaning(understanding, &Meaning { burst: vec![heard], earlier: Vec::new() });
    }
    println!("with what vectors add\n{}", Tally::of(samples.iter().zip(&both)));
    if args.failures {
        samples.iter().zip(&both).for_each(|(sample, understanding)| print_failure(sample, understanding));
    }
    Ok(0)
}

fn print_failure(sample: &Sample, understanding: &Understanding) {
    let tally = Tally::of(std::iter::once((sample, understanding)));
    let is_missed = tally.counts.values().any(|count| count.found == 0);
    let is_wrong = understanding
        .intents
        .iter()
        .any(|scored| sample.kind != crate::understand::kinds::Kind::Wants(scored.intent) && scored.score >= 0.5);
    if is_missed || is_wrong {
        println!("{:?}: {} {:?}", sample.kind, sample.text, understanding.intents);
    }
}
