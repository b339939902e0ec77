//! How far down the ladder of translations a model may go: what it translated in answers that were otherwise right, by
//! rung, and how much of that is right by itself.
//!
//! Only counts and chooses; runs no case and writes no configuration.

use std::fmt::Write;

use crate::answer::ladder::Rung;

use super::report::CaseResult;

/// Fewer translations than this say nothing about a rung.
pub const FEWEST: usize = 8;

/// How one rung did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The rung.
    pub rung: Rung,
    /// Right answers whose words stand on it.
    pub used: usize,
    /// Of these, how many translations are right without the original below them.
    pub right: usize,
}

impl Standing {
    /// The share that is right; nothing where there are too few to tell.
    pub fn share(&self) -> Option<f64> {
        (self.used >= FEWEST).then(|| self.right as f64 / self.used as f64)
    }
}

/// How each rung did that translates, the surest first.
pub fn standings(results: &[CaseResult]) -> Vec<Standing> {
    let translated: Vec<(Rung, bool)> =
        results.iter().filter_map(|result| result.outcome.as_ref()?.translated).collect();
    let of = |rung: Rung| {
        let rights = translated.iter().filter(|(other, _)| *other == rung).map(|(_, right)| *right);
        let (right, wrong): (Vec<bool>, Vec<bool>) = rights.partition(|right| *right);
        Standing { rung, used: right.len() + wrong.len(), right: right.len() }
    };
    Rung::ALL.into_iter().filter(|rung| *rung > Rung::Original).map(of).collect()
}

/// The furthest rung down to which every rung that can be judged is right in at least `least` of the answers, and no
/// nearer than the configured one where none fails; nothing where none can be judged.
pub fn furthest(standings: &[Standing], least: f64, configured: Rung) -> Option<Rung> {
    standings.iter().find(|standing| standing.share().is_some())?;
    let fails = |standing: &&Standing| standing.share().is_some_and(|share| share < least);
    let above = |failed: Rung| Rung::ALL.into_iter().rev().find(|rung| *rung < failed);
    let judged = || standings.iter().rev().find(|standing| standing.share().is_some()).map(|standing| standing.rung);
    match standings.iter().find(fails) {
        Some(failed) => above(failed.rung),
        None => judged().map(|judged| judged.max(configured)),
    }
}

/// The standings as a table.
pub fn table(standings: &[Standing]) -> String {
    let mut text = format!("{:<12} {:>12} {:>14}\n", "translations", "used", "right alone");
    for standing in standings {
        let share = match standing.share() {
            Some(share) => format!("{share:.3}"),
            None => "too few".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<12} {:>12} {:>14}", standing.rung.name(), standing.used, share);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(rung: Rung, right: usize, used: usize) -> Standing {
        Standing { rung, used, right }
    }

    #[test]
    fn a_rung_is_allowed_when_it_and_all_above_it_are_right_often_enough() {
        let approved = standing(Rung::Approved, 20, 20);
        let drafts = standing(Rung::Drafts, 18, 20);
        let live = standing(Rung::Live, 12, 20);
        assert_eq!(furthest(&[approved, drafts, live], 0.85, Rung::Live), Some(Rung::Drafts));
        assert_eq!(furthest(&[approved, drafts, live], 0.5, Rung::Approved), Some(Rung::Live));
        assert_eq!(furthest(&[approved, drafts, live], 0.95, Rung::Live), Some(Rung::Approved));
    }

    #[test]
    fn a_rung_with_too_few_answers_neither_allows_nor_forbids() {
        let few = standing(Rung::Approved, 0, 2);
        let nothing = standing(Rung::Drafts, 0, 0);
        assert_eq!(furthest(&[few, nothing, standing(Rung::Live, 20, 20)], 0.9, Rung::Original), Some(Rung::Live));
        assert_eq!(furthest(&[standing(Rung::Approved, 8, 8), nothing], 0.9, Rung::Live), Some(Rung::Live));
        assert_eq!(
            furthest(&[few, standing(Rung::Drafts, 10, 10), standing(Rung::Live, 1, 1)], 0.9, Rung::Approved),
            Some(Rung::Drafts)
        );
        assert_eq!(furthest(&[few], 0.9, Rung::Live), None);
    }
}
