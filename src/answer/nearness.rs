//! How near each of a passage's units is to being the answer, beside the nearest of them, and how far those that are
//! quoted lie above all that are not.
//!
//! Only compares numbers; which units answer is chosen elsewhere.

use crate::knowledge::Hit;

/// What reading token by token tells about what would be quoted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The log-odds of the most probable of the quoted units, against that nothing answers.
    pub quoted: f32,
    /// How far they lie above those of the most probable unit that is not quoted, of all passages that were found.
    pub lead: f32,
}

/// For each unit, given how its chance compares with that of "nothing answers", how probable it is as the answer: 1 for the
/// most probable, the others in proportion; less for all where none of them is as probable as nothing. Nothing where there
/// are no two units to tell apart.
pub fn nearness(odds: &[f32]) -> Option<Vec<f32>> {
    let most = odds.iter().copied().fold(1.0, f32::max);
    (odds.len() > 1 && most.is_finite()).then(|| odds.iter().map(|odds| odds / most).collect())
}

/// What quoting these units of the passage at `index` would mean; nothing where the embedder does not tell.
pub fn reading(hits: &[Hit], index: usize, chosen: &[usize]) -> Option<Reading> {
    let all: Vec<&[f32]> = hits.iter().map(|hit| hit.log_odds.as_slice()).collect();
    quoted_and_lead(&all, index, chosen)
}

fn quoted_and_lead(log_odds: &[&[f32]], index: usize, chosen: &[usize]) -> Option<Reading> {
    let units = log_odds.iter().enumerate();
    let units =
        units.flat_map(|(passage, odds)| odds.iter().enumerate().map(move |(unit, odds)| (passage, unit, *odds)));
    let (mut quoted, mut other) = (None::<f32>, None::<f32>);
    for (passage, unit, odds) in units {
        let most = if passage == index && chosen.contains(&unit) { &mut quoted } else { &mut other };
        *most = Some(most.map_or(odds, |most| most.max(odds)));
    }
    // Where everything is quoted, what lies next is that nothing answers.
    quoted.map(|quoted| Reading { quoted, lead: quoted - other.unwrap_or(0.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_compared_with_all_that_is_not() {
        let odds: [&[f32]; 2] = [&[1.0, 4.0, -2.0], &[3.0]];
        assert_eq!(quoted_and_lead(&odds, 0, &[0, 2]), Some(Reading { quoted: 1.0, lead: -3.0 }));
        assert_eq!(quoted_and_lead(&odds, 0, &[0, 1]), Some(Reading { quoted: 4.0, lead: 1.0 }));
        assert_eq!(quoted_and_lead(&odds, 1, &[0]), Some(Reading { quoted: 3.0, lead: -1.0 }));
        assert_eq!(quoted_and_lead(&odds[1..], 0, &[0]), Some(Reading { quoted: 3.0, lead: 3.0 }));
        assert_eq!(quoted_and_lead(&[&[], &[2.0]], 0, &[0]), None);
    }

    #[test]
    fn the_most_probable_is_one_unless_nothing_is_more_probable() {
        assert_eq!(nearness(&[1.0, 2.0, 4.0]), Some(vec![0.25, 0.5, 1.0]));
        assert_eq!(nearness(&[0.25, 0.0]), Some(vec![0.25, 0.0]));
        assert_eq!(nearness(&[9.0]), None);
        assert_eq!(nearness(&[]), None);
        assert_eq!(nearness(&[f32::INFINITY, 1.0]), None);
    }
}
