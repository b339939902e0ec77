//! Words without content, per language: they neither find a passage nor count as missing from one.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::fold::fold;
use crate::domain::Language;

const LISTS: &str = include_str!("stopwords.txt");

type Lists = HashMap<Language, HashSet<String>>;

fn lists() -> &'static Lists {
    static PARSED: OnceLock<Lists> = OnceLock::new();
    PARSED.get_or_init(|| {
        LISTS
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter_map(|(code, words)| Some((code.parse().ok()?, words.split_whitespace().map(fold).collect())))
            .collect()
    })
}

/// Whether a folded word carries no content.
pub fn contains(language: Language, word: &str) -> bool {
    lists().get(&language).is_some_and(|list| list.contains(word))
}

/// For each sign of a run without spaces, whether a particle covers it.
pub fn covered(language: Language, signs: &[&str]) -> Vec<bool> {
    const LONGEST: usize = 6;
    let mut covered = vec![false; signs.len()];
    let mut at = 0;
    while at < signs.len() {
        let longest = LONGEST.min(signs.len() - at);
        let length = (1..=longest).rev().find(|length| contains(language, &signs[at..at + length].concat()));
        covered[at..at + length.unwrap_or(0)].fill(true);
        at += length.unwrap_or(1);
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_list() {
        for language in Language::ALL {
            assert!(lists().get(language).is_some_and(|list| list.len() > 20), "{language}");
        }
    }

    #[test]
    fn particles_cover_their_signs() {
        assert!(contains(Language::Es, "cuanto"));
        assert!(!contains(Language::Es, "pan"));
        assert_eq!(covered(Language::Zh, &["请", "问", "面", "包", "吗"]), [true, true, false, false, true]);
    }
}
