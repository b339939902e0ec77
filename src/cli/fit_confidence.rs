//! `atiende fit-confidence`: the weights of the confidence, from what `eval-suite --evidence` saw. For those who work on
//! Atiende.

use std::path::PathBuf;

use anyhow::Context;

use crate::decide::confidence::WEIGHTS;
use crate::eval::fit::{cost, fit, read};

/// What to learn from.
#[derive(clap::Args)]
pub struct Args {
    /// What was seen, as `eval-suite --evidence` writes it.
    #[arg(value_name = "EVIDENCE.jsonl")]
    evidence: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let name = args.evidence.display().to_string();
    let text = std::fs::read_to_string(&args.evidence).with_context(|| format!("cannot read {name}"))?;
    let seen = read(&name, &text)?;
    let weights = fit(&seen);
    println!(
        "{} answers; bits an answer: {:.3} now, {:.3} with",
        seen.len(),
        cost(&seen, &WEIGHTS),
        cost(&seen, &weights)
    );
    let rounded: Vec<String> = weights.iter().map(|weight| format!("{weight:.2}")).collect();
    println!("[{}]", rounded.join(", "));
    Ok(0)
}
