//! Fits the weights of the confidence to what was right and what was not.
//!
//! Logistic regression by gradient descent, held near the weights in use: a few hundred cases must not turn them over.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::decide::Evidence;
use crate::decide::confidence::{INPUTS, WEIGHTS, inputs, probability};

/// How strongly the weights are drawn back to those in use, in cases. Between 2 and 25 the cost on cases left out of the
/// fit is the same; the largest changes the least.
const PULL: f32 = 25.0;
const STEPS: usize = 20_000;
const RATE: f32 = 0.05;

/// What was seen of one answer, and whether it was right: a line of `atiende eval-suite --evidence`.
#[derive(Deserialize)]
pub struct Seen {
    right: bool,
    evidence: Evidence,
}

/// Reads a file of them.
pub fn read(name: &str, text: &str) -> Result<Vec<Seen>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let seen: Result<Vec<Seen>> = lines
        .map(|(index, line)| serde_json::from_str(line).with_context(|| format!("{name}, line {}", index + 1)))
        .collect();
    let seen = seen?;
    ensure!(seen.iter().any(|it| it.right) && seen.iter().any(|it| !it.right), "{name} needs right and wrong answers");
    Ok(seen)
}

/// The weights that explain best what was right. All but the first stay at zero or above.
pub fn fit(seen: &[Seen]) -> [f32; INPUTS] {
    let cases: Vec<([f32; INPUTS], f32)> =
        seen.iter().map(|it| (inputs(&it.evidence), if it.right { 1.0 } else { 0.0 })).collect();
    let mut weights = WEIGHTS;
    for _ in 0..STEPS {
        let mut slope = [0.0; INPUTS];
        for (input, right) in &cases {
            let error = probability(&weights, input) - right;
            slope.iter_mut().zip(input).for_each(|(slope, input)| *slope += error * input);
        }
        for (index, weight) in weights.iter_mut().enumerate() {
            let pull = if index == 0 { 0.0 } else { PULL * (*weight - WEIGHTS[index]) };
            *weight -= RATE * (slope[index] + pull) / cases.len() as f32;
            if index > 0 {
                *weight = weight.max(0.0);
            }
        }
    }
    weights
}

/// The mean cost of the weights in bits an answer; lower is better.
pub fn cost(seen: &[Seen], weights: &[f32; INPUTS]) -> f32 {
    let bits = |it: &Seen| {
        let probability = probability(weights, &inputs(&it.evidence)).clamp(1e-4, 1.0 - 1e-4);
        -(if it.right { probability } else { 1.0 - probability }).log2()
    };
    seen.iter().map(bits).sum::<f32>() / seen.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(coverage: f32, right: bool) -> Seen {
        let evidence = Evidence {
            score: 0.5,
            dense: 0.5,
            meant: None,
            read: None,
            lead: None,
            lexical: 0.3,
            coverage: Some(coverage),
            margin: 0.05,
            agreement: true,
            day: None,
            kind: None,
            judge: None,
        };
        Seen { right, evidence }
    }

    #[test]
    fn what_tells_right_from_wrong_gains_weight_and_the_cost_falls() {
        let cases: Vec<Seen> =
            (0..200).map(|index| seen(if index % 2 == 0 { 1.0 } else { 0.2 }, index % 2 == 0)).collect();
        let weights = fit(&cases);
        assert!(weights[4] > WEIGHTS[4], "{weights:?}");
        assert!(cost(&cases, &weights) < cost(&cases, &WEIGHTS));
        assert!(weights[1..].iter().all(|weight| *weight >= 0.0));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = read("seen.jsonl", "{}").err().expect("refused");
        assert!(error.to_string().contains("seen.jsonl, line 1"), "{error}");
    }
}
