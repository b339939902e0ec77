//! What a sentence's vector tells: whether it is angry, whether it asks for a person. One weighted sum each.
//!
//! The weights stand in `prompts/feeling/heads.json` and fit the embedder they were trained on, no other. Computes no
//! vector and holds no words; `atiende train-feeling` makes the file.

use serde::{Deserialize, Serialize};

use crate::knowledge::embedder::DIMENSION;

const FILE: &str = "prompts/feeling/heads.json";
const TRAINED: &str = include_str!("../../prompts/feeling/heads.json");

/// One weighted sum, squashed to a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// What is added to the sum.
    pub bias: f32,
    /// One for each number of the vector.
    pub weights: Vec<f32>,
}

/// Every head, with what they were trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heads {
    /// How the file was made.
    pub recipe: String,
    /// The beginning of the fingerprint of the embedder: its kind and the digest of its file.
    pub embedder: String,
    /// Whether a sentence is angry.
    pub anger: Head,
    /// Whether a sentence asks to speak with a person.
    pub person: Head,
}

/// Why a file of heads cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be used: {problem}. Make it anew with `atiende train-feeling` or `atiende train-intents`")]
pub struct HeadsError {
    file: &'static str,
    problem: String,
}

impl HeadsError {
    pub(super) fn new(file: &'static str, problem: String) -> HeadsError {
        HeadsError { file, problem }
    }
}

impl Head {
    /// The probability for a vector, 0 to 1.
    pub fn probability(&self, vector: &[f32]) -> f32 {
        1.0 / (1.0 + (-self.sum(vector)).exp())
    }

    /// The weighted sum before it is squashed.
    pub(super) fn sum(&self, vector: &[f32]) -> f32 {
        self.bias + self.weights.iter().zip(vector).map(|(weight, number)| weight * number).sum::<f32>()
    }
}

impl Heads {
    /// Those that the program was built with.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn trained() -> Result<Heads, HeadsError> {
        let heads: Heads = serde_json::from_str(TRAINED).map_err(|error| HeadsError::new(FILE, error.to_string()))?;
        if [&heads.anger, &heads.person].iter().any(|head| head.weights.len() != DIMENSION) {
            return Err(HeadsError::new(FILE, format!("a head must have {DIMENSION} weights")));
        }
        Ok(heads)
    }
}

/// Whether weights trained on `embedder` fit the one with this fingerprint, which ends with what computes it.
pub(super) fn fit(embedder: &str, fingerprint: &str) -> bool {
    fingerprint.strip_prefix(embedder).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_heads_are_sound_and_fit_their_embedder_alone() {
        let heads = Heads::trained().expect("the file is sound");
        assert!(heads.anger.weights.iter().any(|weight| *weight != 0.0), "the heads were never trained");
        let fits = |fingerprint: &str| fit(&heads.embedder, fingerprint);
        assert!(fits(&format!("{}-q8", heads.embedder)) && fits(&heads.embedder));
        assert!(!fits(&format!("{}0-q8", heads.embedder)));
        assert!(!fits("letters in fours"));
    }

    #[test]
    fn a_probability_lies_between_0_and_1() {
        let head = Head { bias: -1.0, weights: vec![100.0, -100.0] };
        assert!(head.probability(&[1.0, 0.0]) > 0.99 && head.probability(&[0.0, 1.0]) < 0.01);
        assert!((0.0..=1.0).contains(&head.probability(&[f32::MAX, 0.0])));
    }
}
