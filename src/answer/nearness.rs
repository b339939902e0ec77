//! How near each of a passage's units is to being the answer, beside the nearest of them.
//!
//! Only compares numbers; which units answer is chosen elsewhere.

/// For each unit, given how its chance compares with that of "nothing answers", how probable it is as the answer: 1 for the
/// most probable, the others in proportion; less for all where none of them is as probable as nothing. Nothing where there
/// are no two units to tell apart.
pub fn nearness(odds: &[f32]) -> Option<Vec<f32>> {
    let most = odds.iter().copied().fold(1.0, f32::max);
    (odds.len() > 1 && most.is_finite()).then(|| odds.iter().map(|odds| odds / most).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_probable_is_one_unless_nothing_is_more_probable() {
        assert_eq!(nearness(&[1.0, 2.0, 4.0]), Some(vec![0.25, 0.5, 1.0]));
        assert_eq!(nearness(&[0.25, 0.0]), Some(vec![0.25, 0.0]));
        assert_eq!(nearness(&[9.0]), None);
        assert_eq!(nearness(&[]), None);
        assert_eq!(nearness(&[f32::INFINITY, 1.0]), None);
    }
}
