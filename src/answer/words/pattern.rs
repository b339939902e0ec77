//! Words and phrases of a table, and where they occur in a text.
//!
//! `word` stands alone, `word*` begins a word, `*word` ends one. Scripts without word boundaries match anywhere.

use std::collections::HashSet;
use std::ops::Range;

use super::fold::{fold, is_arabic, is_hangul, is_spaceless, is_word_char};
use super::text::Text;

/// A set of words and phrases.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    words: HashSet<String>,
    phrases: Vec<Phrase>,
}

#[derive(Clone, Debug)]
struct Phrase {
    text: String,
    open_start: bool,
    open_end: bool,
}

impl Patterns {
    /// Reads a comma-separated table entry.
    pub fn read(entry: &str) -> Self {
        let mut patterns = Patterns::default();
        for item in entry.split(',').map(|item| item.trim_start()).filter(|item| !item.trim().is_empty()) {
            patterns.add(item);
        }
        patterns.phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.text.len()));
        patterns
    }

    fn add(&mut self, item: &str) {
        // A blank at the end of a Korean particle is part of the pattern; elsewhere it is layout.
        let item = if item.chars().any(is_hangul) { item } else { item.trim_end() };
        let text = fold(item.trim_matches('*'));
        let free = text.chars().any(|character| is_spaceless(character) || is_hangul(character));
        let open_start = item.starts_with('*') || free;
        let open_end = item.ends_with('*') || free;
        if !open_start && !open_end && text.chars().all(is_word_char) && !text.chars().any(is_arabic) {
            self.words.insert(text);
        } else {
            self.phrases.push(Phrase { text, open_start, open_end });
        }
    }

    /// Whether there is nothing in the table.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.phrases.is_empty()
    }

    /// Every entry, folded; the open ends are not shown.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str).chain(self.phrases.iter().map(|phrase| phrase.text.as_str()))
    }

    /// Where the table's entries occur in the folded text, in bytes, by position; the longer first at the same place.
    pub fn find(&self, text: &Text) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = text
            .tokens
            .iter()
            .filter(|token| self.words.contains(text.folded_token(token)))
            .map(|token| token.range.clone())
            .collect();
        for phrase in &self.phrases {
            found.extend(phrase.find(&text.folded));
        }
        found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        found
    }

    /// Whether any entry occurs.
    pub fn occurs(&self, text: &Text) -> bool {
        !self.find(text).is_empty()
    }

    /// Whether the text begins with an entry; marks before the first word do not count.
    pub fn begins(&self, text: &Text) -> bool {
        let Some(first) = text.tokens.first() else { return false };
        self.find(text).first().is_some_and(|range| range.start <= first.range.start)
    }
}

impl Phrase {
    fn find<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        folded.match_indices(&self.text).filter_map(move |(start, matched)| {
            let mut end = start + matched.len();
            let before = folded[..start].chars().next_back();
            let takes_clitic = self.text.starts_with("ال") || self.text.chars().count() > 3;
            let starts = self.open_start
                || !before.is_some_and(is_word_char)
                || (takes_clitic && after_clitic(&folded[..start]));
            let begins_with_mark = !self.text.starts_with(is_word_char);
            let tail: usize = folded[end..].chars().take_while(|c| is_word_char(*c)).map(char::len_utf8).sum();
            let ends = self.open_end || tail == 0 || !self.text.ends_with(is_word_char);
            let mut start = start;
            if !self.text.chars().any(|c| is_spaceless(c) || is_hangul(c)) {
                // The whole word is meant, not the part that the table spells out.
                end += if self.open_end { tail } else { 0 };
                start = if self.open_start { word_start(folded, start) } else { start };
            }
            ((starts || begins_with_mark) && ends).then_some(start..end)
        })
    }
}

/// Whether the text ends in the short words that Arabic writes onto the next one: "and", "in", "to", "the".
fn after_clitic(before: &str) -> bool {
    matches!(
        &before[word_start(before, before.len())..],
        "و" | "ب" | "ل" | "ف" | "ال" | "وال" | "بال" | "لل" | "ول" | "وب"
    )
}

/// Where the word that reaches up to `end` begins.
fn word_start(text: &str, end: usize) -> usize {
    text[..end].char_indices().rev().find(|(_, c)| !is_word_char(*c)).map_or(0, |(at, c)| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &str, text: &str) -> Vec<String> {
        let text = Text::new(text);
        Patterns::read(table).find(&text).into_iter().map(|range| text.folded[range].to_owned()).collect()
    }

    #[test]
    fn words_stand_alone_and_stars_open_them() {
        assert_eq!(found("abre", "¿Abre? abren"), ["abre"]);
        assert_eq!(found("öffnungszeit*", "Die Öffnungszeiten"), ["offnungszeiten"]);
        assert_eq!(found("*mıyor", "açılmıyor mu"), ["acilmiyor"]);
        assert_eq!(found("a qué hora", "¿A que hora abren?"), ["a que hora"]);
    }

    #[test]
    fn scripts_without_spaces_match_inside() {
        assert_eq!(found("几点", "你们几点开门"), ["几点"]);
        assert_eq!(found("일요일", "일요일에는"), ["일요일"]);
        assert_eq!(found("الأحد", "والأحد مفتوح"), ["الاحد"]);
        assert!(found("أحد", "واحد").is_empty());
    }

    #[test]
    fn a_text_begins_with_what_comes_before_every_other_word() {
        let except = Patterns::read("salvo, excepto");
        assert!(except.begins(&Text::new("(Salvo festivos)")));
        assert!(!except.begins(&Text::new("Todos los días salvo lunes")));
    }
}
