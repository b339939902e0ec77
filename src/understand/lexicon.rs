//! Finds the examples and listed words of `prompts/intents/` in a message, in every language at once.
//!
//! A token is compared with the whole vocabulary by hashing: exactly, by its beginning, and with one typing error. What a
//! find means is for others to decide.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::Intent;
use super::text::{Token, Tokens, fold};
use crate::domain::Language;
use crate::prompts::{Prompts, Reply, WordList};

/// From how many letters on a word may hold a typing error.
const FUZZY_FROM: usize = 5;

/// What replies and their buttons tell the customer to write.
const FIXED: [(Reply, Intent); 3] =
    [(Reply::PersonWord, Intent::Person), (Reply::PersonButton, Intent::Person), (Reply::OptInWord, Intent::OptIn)];

/// What a phrase stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An example of an intent.
    Example(Intent),
    /// The fixed word that a reply told the customer to write.
    Fixed(Intent),
    /// A word of a list.
    Listed(WordList),
}

/// A phrase to look for.
#[derive(Debug)]
struct Phrase {
    language: Language,
    role: Role,
    words: Vec<u32>,
    /// For each word, the clause in which it stands: an example may go over a comma where it has one itself.
    clauses: Vec<u32>,
    width: u32,
    content: u32,
}

/// A phrase that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// In which language's file it stands.
    pub language: Language,
    /// What it stands for.
    pub role: Role,
    /// The first token.
    pub start: usize,
    /// One past the last token.
    pub end: usize,
    /// Whether a typing error was allowed for.
    pub fuzzy: bool,
    /// How long the phrase is: see [`super::text::WORD`].
    pub width: u32,
    /// How long its words with weight are.
    pub content: u32,
}

/// Every phrase, by its first word.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    phrases: Vec<Phrase>,
    by_first: HashMap<u32, Vec<usize>>,
    languages: Vec<Language>,
    fillers: HashSet<(Language, String)>,
    words: Vec<String>,
    exact: HashMap<String, u32>,
    beginnings: HashMap<String, u32>,
    /// The hash of every word with one letter left out, and of the word itself.
    deletions: HashMap<u64, Vec<u32>>,
    hasher: RandomState,
}

impl Lexicon {
    /// Reads every example, list and fixed word.
    pub fn new(prompts: &Prompts) -> Self {
        let mut lexicon = Lexicon::default();
        for &language in Language::ALL {
            for filler in prompts.words(WordList::Filler, language) {
                lexicon.fillers.insert((language, fold(filler)));
            }
            for &intent in Intent::ALL {
                for example in prompts.examples(intent, language) {
                    lexicon.add(language, Role::Example(intent), example);
                }
            }
            for (reply, intent) in FIXED {
                if let Ok(word) = prompts.reply(reply, language, &[]) {
                    lexicon.add(language, Role::Fixed(intent), &word);
                }
            }
            for &(list, _) in WordList::ALL {
                for words in prompts.words(list, language) {
                    lexicon.add(language, Role::Listed(list), words);
                }
            }
        }
        lexicon
    }

    /// The languages of which there are any phrases.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    fn add(&mut self, language: Language, role: Role, text: &str) {
        // Only a phrase's last word may be cut short.
        let cut_short = matches!(role, Role::Listed(_)) && text.trim_end().ends_with('*');
        let tokens = Tokens::of(text).without_emoji().all;
        let last = tokens.len().saturating_sub(1);
        let width = tokens.iter().map(|token| token.width).sum();
        let weighty = tokens.iter().filter(|token| !self.fillers.contains(&(language, token.text.clone())));
        let content = weighty.map(|token| token.width).sum();
        let clauses = tokens.iter().map(|token| token.clause).collect();
        let words = tokens.iter().enumerate();
        let words: Vec<u32> = words.map(|(index, token)| self.word(&token.text, cut_short && index == last)).collect();
        if let Some(&first) = words.first() {
            self.by_first.entry(first).or_default().push(self.phrases.len());
            if self.languages.last() != Some(&language) {
                self.languages.push(language);
            }
            self.phrases.push(Phrase { language, role, words, clauses, width, content });
        }
    }

    fn word(&mut self, text: &str, cut_short: bool) -> u32 {
        let known = if cut_short { &self.beginnings } else { &self.exact };
        if let Some(&id) = known.get(text) {
            return id;
        }
        let id = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(text.to_owned());
        if cut_short {
            self.beginnings.insert(text.to_owned(), id);
        } else {
            self.exact.insert(text.to_owned(), id);
            for hash in self.deletion_hashes(text) {
                self.deletions.entry(hash).or_default().push(id);
            }
        }
        id
    }

    fn deletion_hashes(&self, text: &str) -> Vec<u64> {
        let characters: Vec<char> = text.chars().collect();
        if characters.len() + 1 < FUZZY_FROM {
            return Vec::new();
        }
        let without = |left_out: usize| {
            let rest = characters.iter().enumerate().filter(|(index, _)| *index != left_out);
            self.hasher.hash_one(rest.map(|(_, character)| *character).collect::<String>())
        };
        let mut hashes: Vec<u64> = (0..=characters.len()).map(without).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// Every phrase in the message; one with a typing error only when its language is `fuzzy_in`.
    pub fn find(&self, tokens: &Tokens, fuzzy_in: Language) -> Vec<Found> {
        let meanings: Vec<Vec<(u32, bool)>> = tokens.all.iter().map(|token| self.meanings(&token.text)).collect();
        let mut found = Vec::new();
        for start in 0..meanings.len() {
            for &(first, _) in &meanings[start] {
                for &index in self.by_first.get(&first).map_or(&[][..], Vec::as_slice) {
                    let phrase = &self.phrases[index];
                    let end = start + phrase.words.len();
                    let fuzzy = self.matches(phrase, tokens, &meanings, start);
                    if let Some(fuzzy) = fuzzy.filter(|&fuzzy| !fuzzy || phrase.language == fuzzy_in) {
                        let Phrase { language, role, width, content, .. } = *phrase;
                        found.push(Found { language, role, start, end, fuzzy, width, content });
                    }
                }
            }
        }
        found
    }

    /// Whether a phrase stands at `start`, and if so whether with a typing error.
    fn matches(&self, phrase: &Phrase, tokens: &Tokens, meanings: &[Vec<(u32, bool)>], start: usize) -> Option<bool> {
        let end = start + phrase.words.len();
        let here = tokens.all.get(start..end)?;
        let goes_over =
            |(message, example): (&[Token], &[u32])| message[0].clause != message[1].clause && example[0] == example[1];
        if here.windows(2).zip(phrase.clauses.windows(2)).any(goes_over) {
            return None;
        }
        let mut fuzzy = false;
        for (word, meanings) in phrase.words.iter().zip(&meanings[start..end]) {
            fuzzy |= meanings.iter().find(|(id, _)| id == word)?.1;
        }
        Some(fuzzy)
    }

    /// The words of the vocabulary that a token can stand for, and whether only with a typing error.
    fn meanings(&self, token: &str) -> Vec<(u32, bool)> {
        let exact = self.exact.get(token).copied();
        let ends = token.char_indices().map(|(index, _)| index).skip(1).chain([token.len()]);
        let beginnings = ends.filter_map(|end| self.beginnings.get(&token[..end])).copied();
        let mut meanings: Vec<(u32, bool)> = exact.into_iter().chain(beginnings).map(|id| (id, false)).collect();
        if meanings.is_empty() {
            let candidates = self.deletion_hashes(token).into_iter().filter_map(|hash| self.deletions.get(&hash));
            let close = candidates.flatten().filter(|&&id| is_typing_error(token, &self.words[id as usize]));
            meanings.extend(close.map(|&id| (id, true)));
            meanings.sort_unstable();
            meanings.dedup();
        }
        meanings
    }
}

/// One letter more, fewer, other or swapped; not the first or the last, where another letter makes another word
/// ("gente" for "agente") or another form of it ("personas" for "persona").
fn is_typing_error(token: &str, word: &str) -> bool {
    if word.chars().count().min(token.chars().count()) < FUZZY_FROM || strsim::osa_distance(token, word) > 1 {
        return false;
    }
    let same_ends = token.chars().next() == word.chars().next() && token.chars().last() == word.chars().last();
    let mut letters: [Vec<char>; 2] = [token.chars().collect(), word.chars().collect()];
    letters.iter_mut().for_each(|letters| letters.sort_unstable());
    same_ends || letters[0] == letters[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_neither_another_word_nor_another_form() {
        assert!(is_typing_error("persna", "persona"));
        assert!(is_typing_error("persoan", "persona"));
        assert!(is_typing_error("hummano", "humano"));
        assert!(!is_typing_error("personas", "persona"));
        assert!(!is_typing_error("gente", "agente"));
        assert!(!is_typing_error("pero", "perro"));
    }
}
