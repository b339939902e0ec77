//! Whether a translation says what the original says.

use super::per_unit::per_units;
use super::{Problem, names, shape, values, with_digits};
use crate::answer::words::days::days_of_line;
use crate::answer::words::{Lexicon, Text, lexicon};
use crate::decide::figures::{Amount, Figure};
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
        let agrees = || rest.iter().position(|other| figure.agrees(other));
        let in_range = || rest.iter().position(|other| is_same_number(figure, other));
        match exact.or_else(agrees).or_else(in_range) {
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

/// "Del 10 al 24 de agosto" names one date, "from August 10 to August 24" two; so do ranges of quantities.
fn is_same_number(one: &Figure, other: &Figure) -> bool {
    match (one, other) {
        (Figure::Number(number), figure) | (figure, Figure::Number(number)) => match figure {
            Figure::Date { day, .. } => *number == Amount::whole(i64::from(*day)),
            Figure::Quantity { amount, .. } => number == amount,
            _ => false,
        },
        _ => false,
    }
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
