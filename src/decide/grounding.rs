//! Whether a text says only what the evidence says: figures with their meaning, links, negation; and whether a
//! translation kept all of it.
//!
//! A false alarm costs a translation (the original is sent instead); a missed flaw costs the owner's word. In doubt it
//! is a problem.

mod leak;
mod names;
mod per_unit;
mod problem;
mod shape;
mod translation;

#[cfg(test)]
mod tests;

use unicode_segmentation::UnicodeSegmentation;

pub use self::leak::leaks;
pub use self::problem::Problem;
pub use self::translation::translation_problems;
use super::figures::{Figure, currencies, figures};
use crate::answer::words::{Lexicon, Text, lexicon};
use crate::domain::Language;

/// What the reply says and the evidence does not: figures, links and addresses, and negations turned around.
pub fn unsupported(reply: &str, evidence: &[&str]) -> Vec<Problem> {
    let known: Vec<Figure> = evidence.iter().flat_map(|text| values(text)).collect();
    let mut problems: Vec<Problem> = values(reply)
        .into_iter()
        .filter(|figure| !is_supported(figure, &known, evidence))
        .map(Problem::Unsupported)
        .collect();
    if problems.iter().any(|problem| matches!(problem, Problem::Unsupported(_))) {
        // The evidence may write its numbers as words; only then is it worth reading it once per language.
        let worded: Vec<Figure> = evidence.iter().flat_map(|text| worded_values(text)).collect();
        problems.retain(
            |problem| !matches!(problem, Problem::Unsupported(figure) if is_supported(figure, &worded, evidence)),
        );
    }
    if is_turned_around(reply, evidence) {
        problems.push(Problem::Negation);
    }
    problems
}

fn values(text: &str) -> Vec<Figure> {
    figures(text).into_iter().map(|found| found.figure).collect()
}

/// A figure is supported by one that agrees; a bare number also by an amount, and an amount of money by a bare number
/// when the evidence names the currency elsewhere, as a table's header does.
fn is_supported(figure: &Figure, known: &[Figure], evidence: &[&str]) -> bool {
    known.iter().any(|other| {
        other.agrees(figure)
            || match (figure, other) {
                (Figure::Number(number), Figure::Money { amount, .. } | Figure::Quantity { amount, .. }) => {
                    number == amount
                }
                (Figure::Money { amount, currency }, Figure::Number(number)) => {
                    amount == number
                        && evidence.iter().flat_map(|text| currencies(text)).any(|named| named.agrees(*currency))
                }
                _ => false,
            }
    })
}

fn worded_values(text: &str) -> Vec<Figure> {
    Language::ALL.iter().flat_map(|language| values(&with_digits(text, lexicon(*language)))).collect()
}

/// The text folded, with the language's words for two to twelve as digits.
fn with_digits(text: &str, lexicon: &Lexicon) -> String {
    let text = Text::new(text);
    let mut words: Vec<(std::ops::Range<usize>, usize)> = lexicon
        .numbers
        .iter()
        .zip(1..)
        .skip(1)
        .flat_map(|(patterns, number)| patterns.find(&text).into_iter().map(move |range| (range, number)))
        .collect();
    words.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let (mut digits, mut end) = (String::new(), 0);
    for (range, number) in words {
        if range.start >= end {
            digits.push_str(&text.folded[end..range.start]);
            digits.push_str(&number.to_string());
            end = range.end;
        }
    }
    digits.push_str(&text.folded[end..]);
    digits
}

/// Whether a sentence of the reply repeats one of the evidence but for its negation.
fn is_turned_around(reply: &str, evidence: &[&str]) -> bool {
    let known: Vec<Sentence> = evidence.iter().flat_map(|text| sentences(text)).collect();
    sentences(reply).iter().any(|sentence| {
        let mut alike = known.iter().filter(|other| sentence.is_like(other)).peekable();
        alike.peek().is_some() && !alike.any(|other| other.is_negated == sentence.is_negated)
    })
}

/// A sentence's words without its negations, which are noted apart.
struct Sentence {
    words: Vec<String>,
    is_negated: bool,
}

fn sentences(text: &str) -> Vec<Sentence> {
    text.unicode_sentences().map(Sentence::new).filter(|sentence| sentence.words.len() >= 3).collect()
}

impl Sentence {
    fn new(text: &str) -> Self {
        let text = Text::new(text);
        let negations: Vec<_> = Language::ALL.iter().flat_map(|language| lexicon(*language).not.find(&text)).collect();
        let is_negation = |at: &std::ops::Range<usize>| negations.iter().any(|range| range.contains(&at.start));
        let words = text.tokens.iter().filter(|token| !is_negation(&token.range));
        let words = words.map(|token| text.folded_token(token).to_owned()).collect();
        Sentence { words, is_negated: !negations.is_empty() }
    }

    fn is_like(&self, other: &Sentence) -> bool {
        let shared = self.words.iter().filter(|word| other.words.contains(word)).count();
        shared * 10 >= self.words.len().max(other.words.len()) * 8
    }
}
