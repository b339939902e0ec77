//! Tells the language of a message: first by its script, then by the words of `prompts/`, then by its letters.
//!
//! Short messages are the rule here, and n-grams of letters cannot tell "cuánto cuesta" from "quanto costa" typed without
//! accents, so the commonest words count most. What shows no language (a name, a number, "ok") stays with the
//! conversation's.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Intent;
use super::text::{fold, is_emoji};
use crate::domain::Language;
use crate::prompts::{Prompts, Reply, WordList};

/// By how much the best language must lead the second.
const LEAD: f32 = 0.22;
/// How much evidence the best language needs.
const ENOUGH: f32 = 0.75;
/// What the identification by letters weighs when it is certain; a common word weighs up to 1.
const LETTERS: f32 = 1.0;
/// What is added for the conversation's language, or for the default one where there is no conversation yet.
const CONVERSATION: f32 = 0.25;
const DEFAULT: f32 = 0.2;

/// Words that many languages share, so that they show none; folded.
const SHARED: &[&str] = &[
    "ok",
    "okay",
    "okey",
    "oki",
    "k",
    "no",
    "si",
    "stop",
    "bot",
    "menu",
    "pizza",
    "hotel",
    "bar",
    "wifi",
    "taxi",
    "info",
    "email",
    "mail",
    "whatsapp",
    "web",
    "online",
    "app",
    "super",
    "hi",
    "hey",
    "bye",
    "cafe",
    "radio",
    "total",
    "normal",
    "sms",
    "spam",
    "robot",
    "manager",
    "chat",
    "ai",
    "human",
    "computer",
    "newsletter",
    "promo",
    "ha",
    "haha",
    "hahaha",
    "lol",
    "jaja",
    "jajaja",
    "kkk",
    "instagram",
    "facebook",
    "google",
    "pdf",
    "qr",
    "visa",
    "paypal",
    "bizum",
    "pix",
];

type Weights = HashMap<String, Vec<(Language, f32)>>;

/// What a message shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    /// The likeliest language.
    pub language: Language,
    /// Whether the message itself shows it well enough.
    pub sure: bool,
}

/// Tells languages apart; built once.
#[derive(Debug)]
pub(super) struct LanguageFinder {
    /// As written, in lower case.
    written: Weights,
    /// Without accents.
    folded: Weights,
}

/// The statistics of letters, 22 languages: they are loaded at the first message that needs them, and then stay.
static LETTER_MODEL: LazyLock<lingua::LanguageDetector> = LazyLock::new(|| {
    let all = lingua::Language::all().into_iter().filter(|&language| ours(language).is_some()).collect::<Vec<_>>();
    lingua::LanguageDetectorBuilder::from_languages(&all).with_low_accuracy_mode().build()
});

fn ours(language: lingua::Language) -> Option<Language> {
    language.iso_code_639_1().to_string().parse().ok()
}

impl LanguageFinder {
    /// Gathers the words of every text in `prompts/`, each with the languages that use it.
    pub fn new(prompts: &Prompts) -> Self {
        let mut finder = LanguageFinder { written: HashMap::new(), folded: HashMap::new() };
        for &language in Language::ALL {
            prompts.words(WordList::Common, language).iter().for_each(|words| finder.add(language, words, 1.0));
            for &intent in Intent::ALL {
                prompts.examples(intent, language).iter().for_each(|example| finder.add(language, example, 0.7));
            }
            for &(list, _) in WordList::ALL {
                prompts.words(list, language).iter().for_each(|words| finder.add(language, words, 0.6));
            }
            for &reply in Reply::ALL {
                let values: Vec<_> = reply.variables().iter().map(|&variable| (variable, "")).collect();
                let text = prompts.reply(reply, language, &values).unwrap_or_default();
                finder.add(language, &text, 0.6);
            }
        }
        finder
    }

    fn add(&mut self, language: Language, text: &str, weight: f32) {
        for word in words(text) {
            for (weights, word) in [(&mut self.folded, fold(&word)), (&mut self.written, word)] {
                let known = weights.entry(word).or_default();
                match known.iter_mut().find(|(other, _)| *other == language) {
                    Some(known) => known.1 = known.1.max(weight),
                    None => known.push((language, weight)),
                }
            }
        }
    }

    /// The language of the last message that shows one, else the conversation's, else the likeliest, else the default.
    pub fn language(&self, texts: &[&str], conversation: Option<Language>, default: Language) -> Shown {
        let shown: Vec<Shown> = texts.iter().rev().filter_map(|text| self.shown(text, conversation, default)).collect();
        let sure = shown.iter().find(|shown| shown.sure);
        let doubtful = shown.first().filter(|_| conversation.is_none());
        let fallback = Shown { language: conversation.unwrap_or(default), sure: false };
        sure.or(doubtful).copied().unwrap_or(fallback)
    }

    /// What one message shows; nothing when there is no word in it that tells anything.
    fn shown(&self, text: &str, conversation: Option<Language>, default: Language) -> Option<Shown> {
        let words: Vec<String> =
            words(text).into_iter().filter(|word| !SHARED.contains(&fold(word).as_str())).collect();
        if words.is_empty() {
            return None;
        }
        let candidates = by_script(&words.concat(), conversation);
        if let [language] = candidates[..] {
            return Some(Shown { language, sure: true });
        }
        let (mut scores, supported) = self.by_words(&words, &candidates);
        for (language, confidence) in by_letters(&words) {
            if let Some(score) = scores.iter_mut().find(|(other, _)| *other == language) {
                // Without any known word the letters alone must speak very clearly: names do not.
                score.1 += if supported { LETTERS * confidence } else { LETTERS * confidence.powi(2) };
            }
        }
        let evidence =
            |language: Language| scores.iter().find(|(other, _)| *other == language).map_or(0.0, |(_, score)| *score);
        let bonus = |language: Language| match conversation {
            Some(held) if held == language => CONVERSATION,
            None if language == default => DEFAULT,
            _ => 0.0,
        };
        let ranked = ranked(scores.iter().map(|&(language, score)| (language, score + bonus(language))));
        let (best, score) = *ranked.first()?;
        let second = ranked.get(1).map_or(0.0, |(_, score)| *score);
        let needed = if supported { ENOUGH } else { ENOUGH + 0.15 };
        let named = !supported && (words.len() == 1 || is_name(text));
        let sure = !named && evidence(best) >= needed && score - second >= LEAD;
        (supported || sure).then_some(Shown { language: best, sure })
    }

    /// The weight of known words in each language, and whether any was known. A word that several share weighs less.
    fn by_words(&self, words: &[String], candidates: &[Language]) -> (Vec<(Language, f32)>, bool) {
        let mut scores: Vec<(Language, f32)> = candidates.iter().map(|&language| (language, 0.0)).collect();
        let mut supported = false;
        for word in words {
            let known = self.written.get(word).or_else(|| self.folded.get(&fold(word)));
            let known = known.map_or(&[][..], Vec::as_slice);
            let sharing = known.iter().filter(|(language, _)| candidates.contains(language)).count();
            for score in &mut scores {
                if let Some((_, weight)) = known.iter().find(|(language, _)| *language == score.0) {
                    supported = true;
                    score.1 += weight / (sharing.max(1) as f32).sqrt();
                }
            }
        }
        (scores, supported)
    }
}

fn ranked(scores: impl Iterator<Item = (Language, f32)>) -> Vec<(Language, f32)> {
    let mut ranked: Vec<_> = scores.collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

fn by_letters(words: &[String]) -> Vec<(Language, f32)> {
    let values = LETTER_MODEL.compute_language_confidence_values(words.join(" "));
    values.into_iter().filter_map(|(language, value)| Some((ours(language)?, value as f32))).collect()
}

/// Words in lower case without addresses, numbers and emoji.
fn words(text: &str) -> Vec<String> {
    let plain = text.split_whitespace().filter(|piece| !piece.contains("://") && !piece.contains(['@', '{', '}']));
    let pieces = plain.flat_map(|piece| {
        piece.split(|character: char| {
            is_emoji(character) || !(character.is_alphanumeric() || is_mark(character) || is_apostrophe(character))
        })
    });
    let pieces = pieces.map(|piece| piece.trim_matches(is_apostrophe).replace('’', "'").to_lowercase());
    let pieces = pieces.map(|piece| if has_no_spaces(&piece) { piece.replace(char::is_numeric, "") } else { piece });
    pieces.filter(|piece| piece.chars().any(char::is_alphabetic) && !piece.chars().any(char::is_numeric)).collect()
}

/// Whether it is of a script that is written without spaces, or joins particles to numbers: then a number in it is no part
/// of a word.
fn has_no_spaces(piece: &str) -> bool {
    piece.chars().filter_map(script).any(|script| matches!(script, "kana" | "han" | "thai" | "hangul"))
}

fn is_mark(character: char) -> bool {
    unicode_normalization::char::is_combining_mark(character)
}

fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '’')
}

/// Whether every word begins with a capital and goes on without: "Ana Pérez".
fn is_name(text: &str) -> bool {
    text.split_whitespace().all(|word| {
        let mut characters = word.chars();
        characters.next().is_some_and(char::is_uppercase) && characters.all(|rest| !rest.is_uppercase())
    })
}

/// The languages that the letters allow: the script in which most of them are written decides.
fn by_script(letters: &str, conversation: Option<Language>) -> Vec<Language> {
    use Language::{Ar, El, Hi, Ja, Ko, Ru, Th, Uk, Zh};
    let mut counts: HashMap<&'static str, usize> = HashMap::new();
    letters.chars().filter_map(script).for_each(|script| *counts.entry(script).or_default() += 1);
    let most = counts.iter().max_by_key(|(script, count)| (**count, **script)).map_or("latin", |(script, _)| script);
    match most {
        "greek" => vec![El],
        "thai" => vec![Th],
        "hangul" => vec![Ko],
        "devanagari" => vec![Hi],
        "arabic" => vec![Ar],
        "kana" => vec![Ja],
        "han" if counts.contains_key("kana") || conversation == Some(Ja) => vec![Ja],
        "han" => vec![Zh],
        "cyrillic" if letters.contains(['і', 'ї', 'є', 'ґ']) => vec![Uk],
        "cyrillic" if letters.contains(['ы', 'э', 'ё', 'ъ']) => vec![Ru],
        "cyrillic" => vec![Ru, Uk],
        _ => Language::ALL.iter().copied().filter(|it| ![Ar, El, Hi, Ja, Ko, Ru, Th, Uk, Zh].contains(it)).collect(),
    }
}

fn script(character: char) -> Option<&'static str> {
    match character {
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some("greek"),
        '\u{400}'..='\u{52f}' => Some("cyrillic"),
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' => {
            Some("arabic")
        }
        '\u{900}'..='\u{97f}' => Some("devanagari"),
        '\u{e00}'..='\u{e7f}' => Some("thai"),
        '\u{3040}'..='\u{30ff}' => Some("kana"),
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => Some("han"),
        '\u{ac00}'..='\u{d7af}' | '\u{1100}'..='\u{11ff}' => Some("hangul"),
        character if character.is_alphabetic() => Some("latin"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
