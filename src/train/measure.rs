//! How well probabilities tell two kinds apart.

/// What came out on examples that were held out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// How many are to be found.
    pub positives: usize,
    /// How many are not.
    pub negatives: usize,
    /// Of those that were found, the share that was right, 0 to 1.
    pub precision: f32,
    /// Of those to be found, the share that was, 0 to 1.
    pub recall: f32,
    /// The harmonic mean of both.
    pub f1: f32,
    /// How often a positive one lies above a negative one, 0 to 1; one half is chance.
    pub auc: f32,
}

impl Quality {
    /// Of probabilities with what is true; from `threshold` on one counts as found.
    pub fn of(scored: &[(f32, bool)], threshold: f32) -> Quality {
        let positives = scored.iter().filter(|(_, is_positive)| *is_positive).count();
        let found = scored.iter().filter(|(score, _)| *score >= threshold).count();
        let right = scored.iter().filter(|(score, is_positive)| *is_positive && *score >= threshold).count();
        let (precision, recall) = (share(right, found), share(right, positives));
        let f1 = if right == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        Quality { positives, negatives: scored.len() - positives, precision, recall, f1, auc: auc(scored) }
    }
}

fn share(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// The area under the curve, by ranks; equal scores share theirs.
fn auc(scored: &[(f32, bool)]) -> f32 {
    let mut ranked = scored.to_vec();
    ranked.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut below, mut sum) = (0.0, 0.0);
    for equal in ranked.chunk_by(|left, right| left.0 == right.0) {
        let positives = equal.iter().filter(|(_, is_positive)| *is_positive).count() as f64;
        let negatives = equal.len() as f64 - positives;
        sum += positives * (below + negatives / 2.0);
        below += negatives;
    }
    let positives = scored.len() as f64 - below;
    if below * positives == 0.0 { 0.5 } else { (sum / (below * positives)) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_is_counted_as_everybody_counts_it() {
        let scored = [(0.9, true), (0.8, false), (0.7, true), (0.2, false), (0.1, true)];
        let quality = Quality::of(&scored, 0.5);
        assert_eq!((quality.positives, quality.negatives), (3, 2));
        assert!((quality.precision - 2.0 / 3.0).abs() < 1e-6 && (quality.recall - 2.0 / 3.0).abs() < 1e-6);
        assert!((quality.auc - 0.5).abs() < 1e-6, "{quality:?}");
        assert_eq!(Quality::of(&[(0.5, true), (0.5, false)], 0.5).auc, 0.5);
        assert_eq!(Quality::of(&[], 0.5).recall, 0.0);
    }
}
