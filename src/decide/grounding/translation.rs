//! Whether a translation says what the original says.

use super::per_unit::per_units;
use super::{Problem, names, shape, values, with_digits};
use crate::answer::words::days::days_of_line;
use crate::answer::words::{Lexicon, Text, lexicon};
use crate::decide::figures::Figure;
use crate::domain::Language;

/// Everything that is wrong with the translation; nothing when it may be sent.
///
/// Figures have to be the same ones, in both directions and, for times and prices, in the same order; the days, what
/// prices are for, and whether it says no have to agree.
pub fn translation_problems(original: &str, from: Language, translated: &str, to: Language) -> Vec<Problem> {
    let (source, target) = (lexicon(from), lexicon(to));
    let mut problems = shape::problems(original, translated, to);
    problems
        .extend(figure_problems(&values(&with_digits(original, source)), &values(&with_digits(translated, target))));
    let (before, after) = (per_units(original, source), per_units(translated, target));
    problems.extend(before.symmetric_difference(&after).map(|unit| Problem::PerUnit(unit)));
    if days(original, source) != days(translated, target) {
        problems.push(Problem::Days);
    }
    if names::is_lost(original, from, translated) {
        problems.push(Problem::Name);
    }
    if says_no(original, source) != says_no(translated, target) {
        problems.push(Problem::Negation);
    }
    problems
}

fn days(text: &str, lexicon: &Lexicon) -> crate::answer::words::DaySet {
    days_of_line(&Text::new(text), lexicon)
}

fn says_no(text: &str, lexicon: &Lexicon) -> bool {
    lexicon.not.occurs(&Text::new(text))
}

fn figure_problems(original: &[Figure], translated: &[Figure]) -> Vec<Problem> {
    let mut rest: Vec<&Figure> = translated.iter().collect();
    let mut problems = Vec::new();
    for figure in original {
        // The exact one first, so that a vaguer one is left for its own counterpart.
        let exact = rest.iter().position(|other| *other == figure);
        match exact.or_else(|| rest.iter().position(|other| figure.agrees(other))) {
            Some(index) => drop(rest.remove(index)),
            None => problems.push(Problem::Lost(figure.clone())),
        }
    }
    problems.extend(rest.into_iter().map(|figure| Problem::Added(figure.clone())));
    if problems.is_empty() && !has_same_order(original, translated) {
        problems.push(Problem::Reordered);
    }
    problems
}

/// Whether times and prices follow each other as in the original.
fn has_same_order(original: &[Figure], translated: &[Figure]) -> bool {
    let is_price = |figure: &&Figure| matches!(figure, Figure::Money { .. });
    let is_time = |figure: &&Figure| matches!(figure, Figure::Time { .. });
    let agree = |before: Vec<&Figure>, after: Vec<&Figure>| {
        before.len() != after.len() || before.iter().zip(after).all(|(one, other)| one.agrees(other))
    };
    agree(original.iter().filter(is_price).collect(), translated.iter().filter(is_price).collect())
        && agree(original.iter().filter(is_time).collect(), translated.iter().filter(is_time).collect())
}
