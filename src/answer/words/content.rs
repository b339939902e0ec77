//! The words of a text that carry content, and whether another text holds them.

use std::collections::HashSet;
use std::ops::Range;

use super::fold::similar;
use super::lexicon::lexicon;
use super::text::{Text, Token};
use crate::domain::Language;

/// A word that carries content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As written.
    pub original: String,
    /// Folded.
    pub folded: String,
    /// How it is compared.
    pub form: Form,
}

/// How a word is compared with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A word between blanks: inflections and slips are tolerated.
    Plain,
    /// Two words joined by a hyphen (`check-in`, folded `checkin`): only exactly, but with or without the hyphen.
    Compound,
    /// A piece of a script without spaces, perhaps a whole phrase.
    Spaceless,
}

/// What makes a compound with another meaning than its first part: a check-in is no check-out.
const PARTICLES: &[&str] = &["in", "out", "up", "off", "fi"];

/// The words of a text that carry content, each once, in order.
///
/// Scripts without spaces are cut at their small words; what is left between them counts as a word.
pub fn content_words(text: &str, language: Language) -> Vec<Word> {
    let text = Text::new(text);
    words_outside(&text, &lexicon(language).stop.find(&text))
}

/// The words that lie outside the given ranges of the folded text, each once, in order. Single letters are left out.
pub fn words_outside(text: &Text, ranges: &[Range<usize>]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (index, token) in text.tokens.iter().enumerate() {
        let found = match compound(text, index) {
            Some(Compound::Head(word)) => vec![word],
            Some(Compound::Particle) => Vec::new(),
            None if token.spaceless => pieces(text, token, ranges),
            None => whole(text, token, ranges),
        };
        for word in found {
            if !words.iter().any(|known| known.folded == word.folded) {
                words.push(word);
            }
        }
    }
    words
}

enum Compound {
    Head(Word),
    Particle,
}

/// Whether the token is a part of a compound with a particle.
fn compound(text: &Text, index: usize) -> Option<Compound> {
    let joined = |first: usize| {
        let (head, particle) = (text.tokens.get(first)?, text.tokens.get(first + 1)?);
        let is_compound = &text.folded[head.range.end..particle.range.start] == "-"
            && PARTICLES.contains(&text.folded_token(particle));
        is_compound.then_some((head, particle))
    };
    if let Some((head, particle)) = joined(index) {
        let original = format!("{}-{}", head.original, particle.original);
        let folded = format!("{}{}", text.folded_token(head), text.folded_token(particle));
        return Some(Compound::Head(Word { original, folded, form: Form::Compound }));
    }
    index.checked_sub(1).and_then(joined).map(|_| Compound::Particle)
}

fn whole(text: &Text, token: &Token, ranges: &[Range<usize>]) -> Vec<Word> {
    let folded = text.folded_token(token);
    let is_covered = ranges.iter().any(|range| range.start <= token.range.start && token.range.end <= range.end);
    let is_letter = folded.chars().count() < 2 && !folded.starts_with(|c: char| c.is_ascii_digit());
    if is_covered || is_letter {
        return Vec::new();
    }
    vec![Word { original: token.original.clone(), folded: folded.to_owned(), form: Form::Plain }]
}

fn pieces(text: &Text, token: &Token, ranges: &[Range<usize>]) -> Vec<Word> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for (offset, character) in text.folded_token(token).char_indices() {
        let at = token.range.start + offset;
        if ranges.iter().any(|range| range.contains(&at)) {
            pieces.extend(piece_word(&mut piece));
        } else {
            piece.push(character);
        }
    }
    pieces.extend(piece_word(&mut piece));
    pieces
}

fn piece_word(piece: &mut String) -> Option<Word> {
    let folded = std::mem::take(piece);
    (!folded.is_empty()).then(|| Word { original: folded.clone(), folded, form: Form::Spaceless })
}

/// The words of a text, made for asking whether a [`Word`] is among them.
#[derive(Clone, Debug, Default)]
pub struct Bag {
    words: Vec<String>,
    joined: HashSet<String>,
    letters: HashSet<char>,
    pairs: HashSet<(char, char)>,
}

impl Bag {
    /// The bag of a text.
    pub fn new(text: &Text) -> Self {
        let mut bag = Bag::default();
        for pair in text.tokens.windows(2) {
            if matches!(&text.folded[pair[0].range.end..pair[1].range.start], "-" | " ") {
                bag.joined.insert(format!("{}{}", text.folded_token(&pair[0]), text.folded_token(&pair[1])));
            }
        }
        for token in &text.tokens {
            let folded = text.folded_token(token);
            if token.spaceless {
                bag.letters.extend(folded.chars());
                bag.pairs.extend(folded.chars().zip(folded.chars().skip(1)));
            } else {
                bag.words.push(folded.to_owned());
            }
        }
        bag
    }

    /// Whether the word occurs, inflected or misspelt; of a phrase without spaces at least half its pairs of letters.
    pub fn holds(&self, word: &Word) -> bool {
        match word.form {
            Form::Plain => self.words.iter().any(|known| similar(known, &word.folded)),
            Form::Compound => self.joined.contains(&word.folded) || self.words.contains(&word.folded),
            Form::Spaceless => self.holds_phrase(word),
        }
    }

    fn holds_phrase(&self, word: &Word) -> bool {
        let pairs: Vec<(char, char)> = word.folded.chars().zip(word.folded.chars().skip(1)).collect();
        if pairs.is_empty() {
            return word.folded.chars().all(|letter| self.letters.contains(&letter));
        }
        pairs.iter().filter(|pair| self.pairs.contains(pair)).count() * 2 >= pairs.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, language: Language) -> Vec<String> {
        content_words(text, language).into_iter().map(|word| word.original).collect()
    }

    #[test]
    fn courtesies_and_small_words_carry_nothing() {
        assert_eq!(words("Hola, buenas, ¿tienen pan sin gluten por favor?", Language::Es), ["pan", "sin", "gluten"]);
        assert_eq!(words("Do you have a parking lot?", Language::En), ["parking", "lot"]);
        assert_eq!(words("Haben Sie einen Parkplatz?", Language::De), ["Parkplatz"]);
        assert_eq!(words("Est-ce que l’hôtel a une piscine ?", Language::Fr), ["hôtel", "piscine"]);
        assert_eq!(words("请问有停车场吗", Language::Zh), ["停车场"]);
        assert_eq!(words("駐車場はありますか", Language::Ja), ["駐車場"]);
        assert_eq!(words("มีที่จอดรถไหมครับ", Language::Th), ["จอดรถ"]);
    }

    #[test]
    fn a_compound_is_one_word_however_the_text_writes_it() {
        assert_eq!(words("When is check-out?", Language::En), ["check-out"]);
        let word = &content_words("check-in?", Language::En)[0];
        for (text, holds) in [("Check-in from 15:00", true), ("check in here", true), ("Check-out", false)] {
            assert_eq!(Bag::new(&Text::new(text)).holds(word), holds, "{text}");
        }
    }

    #[test]
    fn a_bag_holds_inflected_words_and_most_of_a_phrase() {
        let bag = Bag::new(&Text::new("Los panes y las tartas se encargan con 2 días. 免费停车"));
        let holds = |text: &str, language| bag.holds(&content_words(text, language)[0]);
        assert!(holds("tarta", Language::Es));
        assert!(holds("停车场", Language::Zh));
        assert!(!holds("早餐", Language::Zh));
        assert!(!holds("grabado", Language::Es));
    }
}
