//! The words of a question as they are looked for: which of them count, how they may be written, how much of them a passage
//! holds.

use std::collections::HashSet;

use crate::domain::Language;
use crate::knowledge::fold::{Token, tokens};
use crate::knowledge::index::{LookUp, QueryWord};
use crate::knowledge::prepare::{ear_key, hashed, stem_key};
use crate::knowledge::snapshot::Snapshot;

/// What a misspelt word is worth against the right one.
const SLIP: f32 = 0.85;

/// The different content words of a text with the ways of writing them that the index knows.
pub(super) fn content_words(snapshot: &Snapshot, text: &str, language: Language) -> Vec<QueryWord> {
    let all = tokens(text, language);
    // "Who are you?" has no content words: then every word has to serve.
    let serves = |token: &&Token| !token.is_stopword || all.iter().all(|token| token.is_stopword);
    let mut seen = HashSet::new();
    all.iter()
        .filter(serves)
        .filter(|token| seen.insert(token.stem.clone()))
        .map(|token| word(snapshot, token, language))
        .collect()
}

fn word(snapshot: &Snapshot, token: &Token, language: Language) -> QueryWord {
    let stem = stem_key(language, token);
    let plain = (LookUp::Plain(token.plain.clone()), 1.0);
    let mut terms = vec![(LookUp::Stem(stem.clone()), 1.0)];
    if !snapshot.knows(&stem) && !token.is_number() {
        let by_ear = ear_key(language, token).filter(|key| snapshot.knows(key));
        match by_ear {
            Some(key) => terms.push((LookUp::Ear(key), SLIP)),
            None => terms.extend(snapshot.similar(&stem).into_iter().map(|key| (LookUp::Stem(key), SLIP))),
        }
    }
    terms.push(plain);
    QueryWord { terms, weight: 1.0 }
}

/// The same words for passages in other languages: only what is written alike everywhere.
pub(super) fn foreign_words(own: &[QueryWord]) -> Vec<QueryWord> {
    own.iter()
        .map(|word| QueryWord {
            terms: word.terms.iter().filter(|(term, _)| matches!(term, LookUp::Plain(_))).cloned().collect(),
            weight: word.weight,
        })
        .collect()
}

/// What is looked for by its stem or ear alone.
pub(super) fn without_plain(word: &QueryWord) -> QueryWord {
    let terms = word.terms.iter().filter(|(term, _)| !matches!(term, LookUp::Plain(_))).cloned().collect();
    QueryWord { terms, weight: word.weight }
}

/// How rare a word is among the passages: the rarest of its known ways of writing, the most for an unknown word.
fn rarity(snapshot: &Snapshot, word: &QueryWord) -> f32 {
    let known = word.terms.iter().filter(|(term, _)| snapshot.knows(term.key()));
    known.map(|(term, _)| snapshot.rarity(term.key())).reduce(f32::max).unwrap_or_else(|| snapshot.rarity(""))
}

/// The words of a question made ready to be looked for in many passages: their weights and their hashed keys.
pub(super) struct Measure {
    words: Vec<(f32, Vec<(u64, f32)>)>,
    /// All weights together.
    pub(super) total: f32,
}

impl Measure {
    pub(super) fn new(snapshot: &Snapshot, words: &[QueryWord]) -> Self {
        let words: Vec<(f32, Vec<(u64, f32)>)> = words
            .iter()
            .map(|word| {
                let keys = word.terms.iter().map(|(term, weight)| (hashed(term.key()), *weight)).collect();
                (word.weight * rarity(snapshot, word), keys)
            })
            .collect();
        let total = words.iter().map(|(weight, _)| weight).sum();
        Measure { words, total }
    }

    /// The share of the words, by weight, that a passage holds.
    pub(super) fn coverage(&self, snapshot: &Snapshot, index: usize) -> f32 {
        let held = self.words.iter().map(|(weight, keys)| {
            let best = keys.iter().filter(|(key, _)| snapshot.holds(index, *key)).map(|(_, share)| *share);
            weight * best.fold(0.0, f32::max)
        });
        if self.total > 0.0 { (held.sum::<f32>() / self.total).min(1.0) } else { 0.0 }
    }
}
