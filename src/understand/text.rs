//! Cuts a message into folded tokens: no accents, no capitals, no stretched letters, an emoji a token of its own.
//!
//! Knows no language: scripts that leave no space between words become one token a character, with a smaller width, so
//! that distances mean about the same in every script.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The width of a word of a script that separates words by spaces; other tokens are a fraction of it.
pub(super) const WORD: u32 = 12;

/// One word, one character of a script without spaces, or one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The folded text.
    pub text: String,
    /// How much of a word it is, in units of which a word has [`WORD`]; 0 for an emoji.
    pub width: u32,
    /// Which part between commas, full stops and emoji it stands in; phrases do not cross its borders.
    pub clause: u32,
}

/// A message as tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    /// In the order of the message.
    pub all: Vec<Token>,
}

impl Tokens {
    /// Cuts a message.
    pub fn of(message: &str) -> Self {
        let mut cutter = Cutter::default();
        let folded: Vec<char> = fold(message).chars().collect();
        for (index, &character) in folded.iter().enumerate() {
            cutter.take(character, &folded[index + 1..]);
        }
        cutter.end_word();
        Tokens { all: cutter.tokens }
    }

    /// The same without emoji, unless nothing else is there.
    pub fn without_emoji(mut self) -> Self {
        if self.all.iter().any(|token| token.width > 0) {
            self.all.retain(|token| token.width > 0);
        }
        self
    }

    /// How many units of width stand from one token to before another.
    pub fn width(&self, from: usize, to: usize) -> u32 {
        self.all.get(from..to).map_or(0, |tokens| tokens.iter().map(|token| token.width).sum())
    }
}

#[derive(Default)]
struct Cutter {
    tokens: Vec<Token>,
    word: String,
    clause: u32,
}

impl Cutter {
    fn take(&mut self, character: char, next: &[char]) {
        let width = width_of(character);
        if matches!(character, '\'' | '’' | '‘' | '`' | '´') {
            if !joins(next) {
                self.end_word();
            }
        } else if is_combining_mark(character) && self.word.is_empty() && self.tokens.last().is_some_and(is_symbol) {
            if let Some(last) = self.tokens.last_mut() {
                last.text.push(character);
            }
        } else if is_emoji(character) {
            self.end_word();
            self.clause += 1;
            self.push(character.to_string(), 0);
            self.clause += 1;
        } else if width < WORD && (character.is_alphanumeric() || is_combining_mark(character)) {
            self.end_word();
            self.push(character.to_string(), width);
        } else if character.is_alphanumeric() || is_combining_mark(character) {
            self.word.push(character);
        } else if !is_invisible(character) && character != '·' {
            self.end_word();
            self.clause += u32::from(!character.is_whitespace() && !matches!(character, '-' | '_' | '*' | '"' | '~'));
        }
    }

    fn end_word(&mut self) {
        if !self.word.is_empty() {
            let word = squeeze(&self.word);
            self.word.clear();
            self.push(word, WORD);
        }
    }

    fn push(&mut self, text: String, width: u32) {
        self.tokens.push(Token { text, width, clause: self.clause });
    }
}

fn is_symbol(token: &Token) -> bool {
    (1..WORD).contains(&token.width)
}

/// Whether what follows an apostrophe belongs to the word before it, as in "don't"; in "l'agent" it does not.
fn joins(next: &[char]) -> bool {
    let suffix: String = next.iter().take_while(|character| character.is_alphanumeric()).take(4).collect();
    matches!(suffix.as_str(), "t" | "s" | "m" | "re" | "ve" | "ll" | "d")
}

/// Lower case, compatibility forms unified, marks of accent off; vowel signs of Indic scripts and Thai stay.
pub(super) fn fold(text: &str) -> String {
    let bare = text.nfkd().flat_map(char::to_lowercase).filter(|&character| !is_accent(character));
    bare.nfc().flat_map(plain).collect()
}

fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{652}' | '\u{640}' | '\u{670}')
}

/// The letters that look like another with a mark but do not decompose, as people without the key type them.
fn plain(character: char) -> impl Iterator<Item = char> {
    let (first, second) = match character {
        'ß' => ('s', Some('s')),
        'œ' => ('o', Some('e')),
        'æ' => ('a', Some('e')),
        'ł' => ('l', None),
        'đ' | 'ð' => ('d', None),
        'ø' => ('o', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        'ة' => ('ه', None),
        'ى' | 'ی' => ('ي', None),
        'ک' => ('ك', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// Letters written three times or more become one: "holaaaa".
fn squeeze(word: &str) -> String {
    let characters: Vec<char> = word.chars().collect();
    let runs = characters.chunk_by(|a, b| a == b && a.is_alphabetic());
    runs.flat_map(|run| if run.len() > 2 { &run[..1] } else { run }).collect()
}

fn width_of(character: char) -> u32 {
    match character {
        '\u{e00}'..='\u{e7f}' => WORD / 4,
        '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => WORD / 3,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{3005}' => WORD / 2,
        _ => WORD,
    }
}

pub(super) fn is_emoji(character: char) -> bool {
    matches!(character, '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}'
        | '\u{2b00}'..='\u{2bff}' | '\u{1f1e6}'..='\u{1f1ff}')
}

/// Skin tones, joiners, variation and direction marks.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{1f3fb}'..='\u{1f3ff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(message: &str) -> Vec<String> {
        Tokens::of(message).all.into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn accents_capitals_and_stretched_letters_are_folded() {
        assert_eq!(texts("¡¡HOLAAAA!! ¿Qué tal, señor?"), ["hola", "que", "tal", "senor"]);
        assert_eq!(texts("Đăng ký, Straße, ŁÓDŹ, İstanbul"), ["dang", "ky", "strasse", "lodz", "istanbul"]);
        assert_eq!(texts("I don't, l'agent, quelqu’un"), ["i", "dont", "l", "agent", "quelqu", "un"]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_by_character() {
        assert_eq!(texts("转人工"), ["转", "人", "工"]);
        assert_eq!(texts("だ です"), ["だ", "で", "す"]);
        assert_eq!(texts("ที่"), ["ที่"]);
        assert_eq!(texts("상담원과 대화"), ["상담원과", "대화"]);
        assert_eq!(texts("नमस्ते जी"), ["नमस्ते", "जी"]);
    }

    #[test]
    fn an_emoji_stands_alone_whatever_its_skin_tone() {
        assert_eq!(texts("vale👍🏽"), ["vale", "👍"]);
        assert_eq!(Tokens::of("vale 👍").without_emoji().all.len(), 1);
        assert_eq!(Tokens::of("👍").without_emoji().all.len(), 1);
    }

    #[test]
    fn commas_and_full_stops_end_a_clause() {
        let clauses: Vec<u32> = Tokens::of("no, quiero pan").all.iter().map(|token| token.clause).collect();
        assert_eq!(clauses, [0, 1, 1]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_without_a_panic_and_into_no_empty_token(text in ".*") {
            assert!(Tokens::of(&text).all.iter().all(|token| !token.text.is_empty()));
        }
    }
}
