//! A text made ready for comparing: folded as a whole, with its words and where they stand.

use std::ops::Range;

use super::fold::{fold, is_spaceless, is_word_char};

/// A run of word characters of one kind of script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// As written.
    pub original: String,
    /// Where it stands in [`Text::folded`], in bytes.
    pub range: Range<usize>,
    /// Whether its script writes without spaces, so that it may be a whole sentence.
    pub spaceless: bool,
}

/// A text in its folded form, cut into words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The folded text.
    pub folded: String,
    /// The words in order.
    pub tokens: Vec<Token>,
}

impl Text {
    /// Reads a text.
    pub fn new(text: &str) -> Self {
        let mut read = Text::default();
        let characters: Vec<char> = text.chars().collect();
        let mut start = 0;
        while start < characters.len() {
            let kind = Kind::at(&characters, start);
            let mut end = start + 1;
            while end < characters.len() && Kind::at(&characters, end) == kind {
                end += 1;
            }
            read.push(&characters[start..end].iter().collect::<String>(), kind);
            start = end;
        }
        read
    }

    fn push(&mut self, run: &str, kind: Kind) {
        let start = self.folded.len();
        self.folded.push_str(&fold(run));
        if kind != Kind::Gap && self.folded.len() > start {
            let range = start..self.folded.len();
            self.tokens.push(Token { original: run.to_owned(), range, spaceless: kind == Kind::Spaceless });
        }
    }

    /// The folded form of a token.
    pub fn folded_token(&self, token: &Token) -> &str {
        &self.folded[token.range.clone()]
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gap,
    Spaced,
    Spaceless,
}

impl Kind {
    fn at(characters: &[char], index: usize) -> Kind {
        let character = characters[index];
        if is_spaceless(character) {
            Kind::Spaceless
        } else if is_word_char(character) || is_inner_apostrophe(characters, index) {
            Kind::Spaced
        } else {
            Kind::Gap
        }
    }
}

/// The Ukrainian apostrophe is part of the word (п'ятниця); the French one ends an article (l'hôtel).
fn is_inner_apostrophe(characters: &[char], index: usize) -> bool {
    let is_cyrillic = |at: Option<&char>| at.is_some_and(|character| matches!(character, '\u{0400}'..='\u{04FF}'));
    matches!(characters[index], '\'' | '’' | 'ʼ' | '`')
        && index > 0
        && is_cyrillic(characters.get(index - 1))
        && is_cyrillic(characters.get(index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let text = Text::new(text);
        text.tokens.iter().map(|token| text.folded_token(token).to_owned()).collect()
    }

    #[test]
    fn scripts_are_cut_where_their_writers_would() {
        assert_eq!(words("L’hôtel, ¿abre?"), ["l", "hotel", "abre"]);
        assert_eq!(words("у п’ятницю"), ["у", "п'ятницю"]);
        assert_eq!(words("WiFi免费吗？"), ["wifi", "免费吗"]);
        assert_eq!(words("รับ ๓ คน"), ["รับ", "3", "คน"]);
        assert_eq!(words("सोमवार को"), ["सोमवार", "को"]);
    }
}
