//! Finding fixed strings in text, the longest first.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, Input, MatchKind};

/// A set of strings that each stand for one token.
pub(super) struct Literals {
    automaton: Option<AhoCorasick>,
    ids: Vec<u32>,
}

/// A stretch of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'t> {
    /// One of the strings, as its token.
    Literal(u32),
    /// Text between them, never empty.
    Text(&'t str),
}

impl Literals {
    /// A set of strings with their tokens; empty strings are left out.
    pub(super) fn new(literals: impl Iterator<Item = (String, u32)>) -> Result<Self, String> {
        let (texts, ids): (Vec<String>, Vec<u32>) = literals.filter(|(text, _)| !text.is_empty()).unzip();
        let automaton = if texts.is_empty() {
            None
        } else {
            let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&texts);
            Some(automaton.map_err(|error| format!("its special tokens cannot be searched for: {error}"))?)
        };
        Ok(Literals { automaton, ids })
    }

    /// Cuts a text at every one of the strings, the leftmost and there the longest first.
    pub(super) fn split<'t>(&self, text: &'t str) -> Vec<Part<'t>> {
        let mut parts = Vec::new();
        let mut done = 0;
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_iter(text)) {
            if done < found.start() {
                parts.push(Part::Text(&text[done..found.start()]));
            }
            parts.push(Part::Literal(self.ids[found.pattern().as_usize()]));
            done = found.end();
        }
        if done < text.len() {
            parts.push(Part::Text(&text[done..]));
        }
        parts
    }

    /// Puts `marker` after the first character of every one of the strings, overlapping ones too, so that none is left.
    pub(super) fn break_up<'t>(&self, text: &'t str, marker: char) -> Cow<'t, str> {
        let Some(automaton) = &self.automaton else { return text.into() };
        let mut broken = String::new();
        let mut done = 0;
        while let Some(found) = automaton.find(Input::new(text).range(done..)) {
            let first = text[found.start()..].chars().next().map_or(1, char::len_utf8);
            broken.push_str(&text[done..found.start() + first]);
            broken.push(marker);
            done = found.start() + first;
        }
        if done == 0 {
            return text.into();
        }
        broken.push_str(&text[done..]);
        broken.into()
    }
}
