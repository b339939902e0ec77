//! The words of a passage in the forms by which they are indexed and looked up.
//!
//! The same function prepares passages and questions, so that both sides always agree.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::fold::{Token, tokens};
use super::load::Document;
use super::passage::Passage;
use crate::domain::Language;

/// A file with what searching needs of each of its passages.
#[derive(Debug)]
pub struct Prepared {
    /// The file.
    pub document: Document,
    /// Its passages, shared with whoever holds a search's result.
    pub passages: Vec<Arc<Passage>>,
    /// The hashed keys of each passage, sorted.
    pub keys: Vec<Box<[u64]>>,
}

/// The words of a passage, joined by spaces, for each field of the index.
#[derive(Debug, Default, PartialEq)]
pub struct Fields {
    /// Stems of the innermost heading: what the passage is about.
    pub heading: String,
    /// Stems of what all passages of a file share: outer headings, title, topics, file name.
    pub outer: String,
    /// Stems of the body.
    pub body: String,
    /// All words as they stand, whatever the language.
    pub plain: String,
    /// All words as they sound.
    pub ear: String,
}

impl Prepared {
    /// Prepares a file.
    pub fn new(document: Document) -> Self {
        let passages: Vec<Arc<Passage>> = document.passages.iter().cloned().map(Arc::new).collect();
        let keys = passages.iter().map(|passage| keys(&document, passage)).collect();
        Prepared { document, passages, keys }
    }
}

/// How a stem is written in the index: languages do not share stems.
pub fn stem_key(language: Language, token: &Token) -> String {
    format!("{language}:{}", token.stem)
}

/// How a word is written by its sound, in the languages in which customers write by ear; none for short words.
pub fn ear_key(language: Language, token: &Token) -> Option<String> {
    if !matches!(language, Language::Es | Language::Ca) || token.is_number() || token.stem.chars().count() < 3 {
        return None;
    }
    let sound = by_ear(&token.stem);
    (sound.chars().count() >= 3).then(|| format!("{language}~{sound}"))
}

/// What b and v, c, k, s and z, ll and y, g and j, and a silent h have in common.
fn by_ear(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut sound = String::new();
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied();
        let (heard, length) = match (letters[at], next) {
            ('q', Some('u')) => ('k', 2),
            ('l', Some('l')) => ('y', 2),
            ('c', Some('h')) => ('x', 2),
            ('c', Some('e' | 'i')) | ('z' | 's', _) => ('s', 1),
            ('c' | 'k', _) => ('k', 1),
            ('g', Some('e' | 'i')) => ('j', 1),
            ('v' | 'b', _) => ('b', 1),
            ('w', _) => ('u', 1),
            ('h', _) => ('\0', 1),
            (letter, _) => (letter, 1),
        };
        if heard != '\0' && !sound.ends_with(heard) {
            sound.push(heard);
        }
        at += length;
    }
    sound
}

/// A key as it is kept in memory.
pub fn hashed(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The words of a passage for the index.
pub fn fields(document: &Document, passage: &Passage) -> Fields {
    let [heading, outer, body] = words(document, passage);
    let language = passage.language;
    let stems = |tokens: &[Token]| joined(tokens.iter().map(|token| stem_key(language, token)));
    let all = || [&heading, &outer, &body].into_iter().flatten();
    Fields {
        heading: stems(&heading),
        outer: stems(&outer),
        body: stems(&body),
        plain: joined(all().map(|token| token.plain.clone())),
        ear: joined(all().filter_map(|token| ear_key(language, token))),
    }
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// The words of the innermost heading, of what stands around, and of the body.
fn words(document: &Document, passage: &Passage) -> [Vec<Token>; 3] {
    let name = document.group.rsplit('/').next().unwrap_or_default().replace(['_', '-', '.'], " ");
    let (heading, above) =
        passage.headings.split_last().map_or((String::new(), [].as_slice()), |(last, above)| (last.clone(), above));
    let outer = format!("{} {} {name}", above.join(" "), document.topics.join(" "));
    [heading, outer, passage.text()].map(|text| tokens(&text, passage.language))
}

fn keys(document: &Document, passage: &Passage) -> Box<[u64]> {
    let of = |passage: &Passage| -> Vec<u64> {
        let language = passage.language;
        words(document, passage)
            .iter()
            .flatten()
            .flat_map(|token| [Some(stem_key(language, token)), Some(token.plain.clone()), ear_key(language, token)])
            .flatten()
            .map(|key| hashed(&key))
            .collect()
    };
    let mut keys = of(passage);
    // Customers mix languages: what they call by the owner's name is found under it.
    keys.extend(passage.original.iter().flat_map(|original| of(original)));
    keys.sort_unstable();
    keys.dedup();
    keys.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_written_by_ear_sound_like_the_right_ones() {
        for (wrong, right) in [
            ("ora", "hora"),
            ("orno", "horno"),
            ("enbio", "enbio"),
            ("envio", "enbio"),
            ("qeso", "qeso"),
            ("kueso", "cueso"),
        ] {
            assert_eq!(by_ear(wrong), by_ear(right));
        }
        assert_eq!(by_ear("rekojer"), by_ear("recoger"));
        assert_eq!(by_ear("yevar"), by_ear("llevar"));
        assert_ne!(by_ear("pan"), by_ear("plan"));
    }

    #[test]
    fn languages_do_not_share_stems() {
        let token = |language| tokens("pan", language).remove(0);
        assert_ne!(stem_key(Language::Es, &token(Language::Es)), stem_key(Language::En, &token(Language::En)));
    }
}
