//! How near each of a passage's units is to a question in meaning: across languages the words do not tell.
//!
//! Only compares vectors; which units answer is chosen elsewhere.

use std::sync::Arc;

use crate::knowledge::{Embedder, Passage};

use super::quote::units;

/// More units than this are not compared: it would take longer than it is worth.
const MOST_UNITS: usize = 24;

/// For each unit of the passage its nearness, 0 for the farthest and 1 for the nearest; nothing where it tells nothing.
///
/// Takes about ten milliseconds a unit; call it where nobody else waits.
pub fn nearness(embedder: &Arc<dyn Embedder>, question: &str, passage: &Passage) -> Option<Vec<f32>> {
    let units = units(passage);
    if !(2..=MOST_UNITS).contains(&units.len()) {
        return None;
    }
    let heading = passage.headings.last().map_or("", String::as_str);
    let texts: Vec<String> = units.iter().map(|unit| format!("{heading}: {unit}")).collect();
    let asked = embedder.embed_queries(&[question.to_owned()]).ok()?.pop()?;
    let vectors = embedder.embed_passages(&texts).ok()?;
    let cosines: Vec<f32> = vectors.iter().map(|vector| vector.iter().zip(&asked).map(|(a, b)| a * b).sum()).collect();
    scaled(&cosines)
}

fn scaled(values: &[f32]) -> Option<Vec<f32>> {
    let least = values.iter().copied().fold(f32::INFINITY, f32::min);
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let spread = most - least;
    (spread.is_finite() && spread > f32::EPSILON).then(|| values.iter().map(|value| (value - least) / spread).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_one_and_the_farthest_zero() {
        assert_eq!(scaled(&[0.7, 0.8, 0.9]).map(|it| (it[0], it[2])), Some((0.0, 1.0)));
        assert_eq!(scaled(&[0.8, 0.8]), None);
    }
}
