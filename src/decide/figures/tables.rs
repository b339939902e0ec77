//! The words of all languages joined to one regular expression each.

use std::collections::BTreeSet;

use regex::Regex;

use crate::answer::words::{Lexicon, Patterns, lexicon};
use crate::domain::Language;

/// The entries of a table in every language, the longest first, as an alternation without the parentheses.
pub fn alternation<'a>(tables: impl Fn(&'static Lexicon) -> Vec<&'a Patterns>) -> String {
    let entries: BTreeSet<String> = Language::ALL
        .iter()
        .flat_map(|language| tables(lexicon(*language)))
        .flat_map(Patterns::entries)
        .map(|entry| entry.trim().to_owned())
        .filter(|entry| !entry.is_empty())
        .collect();
    join(entries)
}

/// The words as an alternation, the longest first, because the first that matches wins.
pub fn join(entries: impl IntoIterator<Item = String>) -> String {
    let mut entries: Vec<String> = entries.into_iter().collect();
    entries.sort_by_key(|entry| (std::cmp::Reverse(entry.len()), entry.clone()));
    entries.iter().map(|entry| regex::escape(entry)).collect::<Vec<_>>().join("|")
}

/// Compiles a built-in expression.
pub fn compile(expression: &str) -> Regex {
    Regex::new(expression).expect("the built-in expressions compile. This is a bug.")
}

/// What joins the two ends of a range in every language: a dash or a word for "to".
pub fn connector() -> String {
    format!("-|~|/|{}", alternation(|lexicon| vec![&lexicon.to]))
}
