//! An embedder for tests: texts that share sequences of letters are near each other.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::embedder::{DIMENSION, EmbedError, Embedder, Odds};
use super::fold::fold;

/// Deterministic and without a model; like the real one, it calls nothing wholly unlike anything else.
#[derive(Default)]
pub struct FakeEmbedder {
    fails: bool,
}

impl FakeEmbedder {
    /// One that always fails.
    pub fn failing() -> Self {
        FakeEmbedder { fails: true }
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if self.fails {
            return Err(EmbedError::Failed("it was told to".into()));
        }
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

fn vector(text: &str) -> Vec<f32> {
    let letters: Vec<char> = fold(text).chars().filter(|character| character.is_alphanumeric()).collect();
    let mut vector = vec![0.0f32; DIMENSION];
    for gram in letters.windows(4) {
        let mut hasher = DefaultHasher::new();
        gram.hash(&mut hasher);
        vector[hasher.finish() as usize % DIMENSION] += 1.0;
    }
    normalise(&mut vector);
    // A common part lifts every cosine to where the real model's lie, 0.75 and above.
    vector.iter_mut().for_each(|number| *number *= 0.5);
    vector[0] += 0.866;
    normalise(&mut vector);
    vector
}

fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::EPSILON);
    vector.iter_mut().for_each(|number| *number /= length);
}

impl Embedder for FakeEmbedder {
    fn embed_queries(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(texts)
    }

    fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(texts)
    }

    fn odds(&self) -> Option<Odds> {
        Some(Odds { sharpness: 40.0, nothing: 0.84 })
    }

    fn fingerprint(&self) -> String {
        "letters in fours".into()
    }
}
