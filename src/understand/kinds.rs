//! What kind of message a vector is: the intents told apart by one weighted sum each, weighed against ordinary questions.
//!
//! The weights stand in `prompts/feeling/intents.json` and fit the embedder they were trained on, no other. Computes no
//! vector and holds no words; `atiende train-intents` makes the file.

use serde::{Deserialize, Serialize};

use super::Intent;
use super::heads::{Head, HeadsError};
use crate::knowledge::embedder::DIMENSION;

const FILE: &str = "prompts/feeling/intents.json";
const TRAINED: &str = include_str!("../../prompts/feeling/intents.json");

/// What a message can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A short yes or no, or "ok".
    Acknowledgement,
    /// A problem, praise or thanks told calmly, mostly with a question.
    Calm,
    /// Anger.
    Angry,
    /// A question to the business, or the answer to one of its questions.
    Ordinary,
    /// It shows this intent.
    #[serde(untagged)]
    Wants(Intent),
}

/// The weights of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// Which kind.
    pub kind: Kind,
    /// Its weights.
    pub head: Head,
}

/// The weights of every kind, with what they were trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kinds {
    /// How the file was made.
    pub recipe: String,
    /// The beginning of the fingerprint of the embedder: its kind and the digest of its file.
    pub embedder: String,
    /// The kinds, each once.
    pub kinds: Vec<Weighed>,
}

impl Kinds {
    /// Those that the program was built with.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn trained() -> Result<Kinds, HeadsError> {
        let kinds: Kinds = serde_json::from_str(TRAINED).map_err(|error| HeadsError::new(FILE, error.to_string()))?;
        if kinds.kinds.is_empty() || kinds.kinds.iter().any(|it| it.head.weights.len() != DIMENSION) {
            return Err(HeadsError::new(FILE, format!("each kind must have {DIMENSION} weights")));
        }
        Ok(kinds)
    }

    /// The likeliest kind of a vector and its probability, 0 to 1: all kinds together make 1.
    pub fn likeliest(&self, vector: &[f32]) -> (Kind, f32) {
        let sums: Vec<f32> = self.kinds.iter().map(|it| it.head.sum(vector)).collect();
        let highest = sums.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = sums.iter().map(|sum| (sum - highest).exp()).sum();
        let best = sums.iter().position(|sum| *sum == highest).and_then(|index| self.kinds.get(index));
        best.map_or((Kind::Ordinary, 0.0), |best| (best.kind, 1.0 / total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_weights_are_sound_and_know_every_intent_they_should() {
        let kinds = Kinds::trained().expect("the file is sound");
        let knows = |kind: Kind| kinds.kinds.iter().filter(|it| it.kind == kind).count() == 1;
        for kind in [Kind::Ordinary, Kind::Calm, Kind::Angry, Kind::Acknowledgement] {
            assert!(knows(kind), "{kind:?}");
        }
        let by_words_alone = [Intent::OptIn, Intent::Yes, Intent::No];
        for &intent in Intent::ALL.iter().filter(|intent| !by_words_alone.contains(intent)) {
            assert!(knows(Kind::Wants(intent)), "{intent:?}");
        }
    }

    #[test]
    fn the_highest_sum_is_the_likeliest_kind_and_a_tie_is_no_certainty() {
        let weighed = |kind, weights: [f32; 2]| Weighed { kind, head: Head { bias: 0.0, weights: weights.to_vec() } };
        let (thanks, other) = (Kind::Wants(Intent::Thanks), Kind::Ordinary);
        let kinds = vec![weighed(thanks, [10.0, 0.0]), weighed(other, [0.0, 10.0])];
        let kinds = Kinds { recipe: String::new(), embedder: String::new(), kinds };
        let (kind, probability) = kinds.likeliest(&[1.0, 0.0]);
        assert!(kind == thanks && probability > 0.99);
        assert!((kinds.likeliest(&[1.0, 1.0]).1 - 0.5).abs() < 1e-6);
        // A broken vector shows nothing, because NaN compares false everywhere.
        assert!(!kinds.likeliest(&[f32::NAN, 0.0]).1.is_normal());
    }
}
