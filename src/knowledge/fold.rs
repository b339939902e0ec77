//! Turns words into what they are compared by: no case, no accents, the stem of their language.
//!
//! Scripts without spaces are cut into pairs of neighbouring characters. Never judges meaning: that is the vectors' work.

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::stopwords;
use crate::domain::Language;

/// A word, or a pair of characters, as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// The stem in the language of the text.
    pub stem: String,
    /// The folded word as it stands.
    pub plain: String,
    /// Whether it is a word that carries no content: an article, a greeting, "do you have".
    pub is_stopword: bool,
}

impl Token {
    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        self.plain.starts_with(|character: char| character.is_ascii_digit())
    }
}

/// The tokens of a text in their order.
pub fn tokens(text: &str, language: Language) -> Vec<Token> {
    let folded = fold(text);
    let stemmer = algorithm(language).map(Stemmer::new);
    let mut found = Vec::new();
    for word in words(&folded) {
        if word.starts_with(is_spaceless) {
            pairs(word, language, &mut found);
        } else if let Some(plain) = normal_word(word) {
            let is_stopword = stopwords::contains(language, &plain);
            let stem = match &stemmer {
                Some(stemmer) if !is_stopword => fold(&stemmer.stem(&with_ending(&plain, language))),
                _ => plain.clone(),
            };
            found.push(Token { stem, plain, is_stopword });
        }
    }
    found
}

/// A text in lower case without accents, with plain digits.
pub fn fold(text: &str) -> String {
    let bare = text.nfkd().filter(|character| !is_accent(*character)).flat_map(char::to_lowercase);
    // Lowering the Turkish İ leaves a dot behind, hence the second look.
    bare.filter(|character| !is_accent(*character)).nfc().flat_map(plain_letter).collect()
}

/// Accents that customers leave out. Marks without which a word cannot be read (Hindi, Thai vowels) are no accents.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{640}')
}

fn plain_letter(character: char) -> impl Iterator<Item = char> {
    let pair = match character {
        'ß' => ['s', 's'],
        'æ' => ['a', 'e'],
        'œ' => ['o', 'e'],
        other => [simple_letter(other), '\0'],
    };
    pair.into_iter().filter(|character| *character != '\0')
}

fn simple_letter(character: char) -> char {
    match character {
        'ł' => 'l',
        'ø' => 'o',
        'đ' | 'ð' => 'd',
        'ı' => 'i',
        'ς' => 'σ',
        'ة' => 'ه',
        'ى' => 'ي',
        '’' | 'ʼ' | '`' | '´' => '\'',
        _ => digit(character).unwrap_or(character),
    }
}

/// The plain digit for one of Arabic, Persian, Hindi or Thai script.
fn digit(character: char) -> Option<char> {
    const ZEROS: [u32; 4] = [0x660, 0x6f0, 0x966, 0xe50];
    let value = ZEROS.iter().map(|zero| u32::from(character).wrapping_sub(*zero)).find(|value| *value < 10)?;
    char::from_digit(value, 10)
}

/// Chinese characters, kana, Hangul, Thai: words are not parted by spaces, or not by spaces alone.
fn is_spaceless(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{e7f}' | '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}')
}

fn is_word_character(character: char) -> bool {
    // Vowel signs of Hindi are marks, not letters, and belong to their word.
    character.is_alphanumeric() || matches!(character, '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}')
}

/// Runs of word characters; a number keeps the signs between its digits, and a change of script ends a run.
fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start: Option<usize> = None;
    let mut previous = ' ';
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map_or(' ', |(_, next)| *next);
        let joins_digits = matches!(character, '.' | ',' | ':')
            && previous.is_ascii_digit()
            && next.is_ascii_digit()
            && start.is_some();
        let belongs = is_word_character(character) || joins_digits;
        let changes = start.is_some()
            && belongs
            && is_spaceless(character) != is_spaceless(previous)
            && is_word_character(previous);
        if let Some(from) = start.filter(|_| !belongs || changes) {
            found.push(&text[from..at]);
            start = None;
        }
        if belongs && start.is_none() {
            start = Some(at);
        }
        previous = character;
    }
    if let Some(from) = start {
        found.push(&text[from..]);
    }
    found
}

/// A word as it is compared: `9:00` is `9`, `1,50` is `1.50`; a lone letter is none.
fn normal_word(word: &str) -> Option<String> {
    if word.starts_with(|character: char| character.is_ascii_digit()) {
        let number = word.replace([',', ':'], ".");
        let short = number.strip_suffix(".00").unwrap_or(&number);
        let bare = short.trim_start_matches('0');
        return Some(if bare.is_empty() || bare.starts_with('.') { format!("0{bare}") } else { bare.to_owned() });
    }
    (word.chars().nth(1).is_some()).then(|| word.to_owned())
}

/// Gives a word the accented ending by which its stemmer knows it: customers and owners alike leave accents out.
fn with_ending(word: &str, language: Language) -> String {
    let endings: &[(&str, &str)] = match language {
        Language::Es => &[("cion", "ción"), ("sion", "sión"), ("eis", "éis"), ("ais", "áis"), ("is", "ís")],
        Language::Pt => &[("cao", "ção"), ("coes", "ções"), ("sao", "são")],
        Language::Ca => &[("cio", "ció"), ("sio", "sió")],
        _ => &[],
    };
    endings
        .iter()
        .find_map(|(bare, accented)| {
            word.strip_suffix(bare).filter(|stem| stem.len() >= 2).map(|stem| format!("{stem}{accented}"))
        })
        .unwrap_or_else(|| word.to_owned())
}

fn pairs(run: &str, language: Language, found: &mut Vec<Token>) {
    let signs: Vec<&str> = run.graphemes(true).collect();
    let empty = stopwords::covered(language, &signs);
    let mut push = |range: std::ops::Range<usize>| {
        let plain = signs[range.clone()].concat();
        // A pair that touches a particle says nothing by itself.
        let is_stopword = range.into_iter().any(|at| empty[at]);
        found.push(Token { stem: plain.clone(), plain, is_stopword });
    };
    if signs.len() == 1 {
        push(0..1);
    }
    for at in 1..signs.len() {
        push(at - 1..at + 1);
    }
}

fn algorithm(language: Language) -> Option<Algorithm> {
    Some(match language {
        Language::Ar => Algorithm::Arabic,
        Language::Ca => Algorithm::Catalan,
        Language::De => Algorithm::German,
        Language::El => Algorithm::Greek,
        Language::En => Algorithm::English,
        Language::Es => Algorithm::Spanish,
        Language::Fr => Algorithm::French,
        Language::Hi => Algorithm::Hindi,
        Language::Id => Algorithm::Indonesian,
        Language::It => Algorithm::Italian,
        Language::Nl => Algorithm::Dutch,
        Language::Pl => Algorithm::Polish,
        Language::Pt => Algorithm::Portuguese,
        Language::Ro => Algorithm::Romanian,
        Language::Ru => Algorithm::Russian,
        Language::Tr => Algorithm::Turkish,
        Language::Ja | Language::Ko | Language::Th | Language::Uk | Language::Vi | Language::Zh => return None,
    })
}

/// A text as it would be said calmly: to the search model, words in capitals are other words.
pub fn unshouted(text: &str) -> String {
    let count = |is: fn(char) -> bool| text.chars().filter(|letter| is(*letter)).count();
    let is_shouted = count(char::is_uppercase) > 2 * count(char::is_lowercase).max(1);
    if is_shouted { text.to_lowercase() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_shouted_is_said_calmly() {
        assert_eq!(unshouted("CUANTO VALE LA HOGAZA?"), "cuanto vale la hogaza?");
        assert_eq!(unshouted("ЕСТЬ ХЛЕБ"), "есть хлеб");
        for calm in ["How much is it at the NHS?", "OK", "星期天几点开门？", ""] {
            assert_eq!(unshouted(calm), calm);
        }
    }

    fn stems(text: &str, language: Language) -> Vec<String> {
        tokens(text, language).into_iter().filter(|token| !token.is_stopword).map(|token| token.stem).collect()
    }

    #[test]
    fn case_accents_and_inflection_make_no_difference() {
        assert_eq!(stems("¿Tienen PANADERÍAS?", Language::Es), stems("panaderia", Language::Es));
        assert_eq!(stems("devolucion", Language::Es), stems("devoluciones", Language::Es));
        assert_eq!(stems("reclamação", Language::Pt), stems("reclamacoes", Language::Pt));
        assert_eq!(stems("croissants", Language::Fr), stems("Croissant", Language::Fr));
        assert_eq!(stems("Öffnungszeiten", Language::De), stems("offnungszeiten", Language::De));
        assert_eq!(stems("cakes", Language::En), stems("cake", Language::En));
        assert_eq!(stems("İSTANBUL", Language::Tr), stems("istanbul", Language::Tr));
        assert_eq!(stems("ёлка", Language::Ru), stems("елка", Language::Ru));
        assert_eq!(stems("الأحد", Language::Ar), stems("الاحد", Language::Ar));
    }

    #[test]
    fn numbers_are_written_in_one_way() {
        let plain = |text: &str| tokens(text, Language::Es).into_iter().map(|token| token.plain).collect::<Vec<_>>();
        assert_eq!(
            plain("09:00 1,50 1.50 2,00€ ٣٫ 0,80 9.30-14:00"),
            ["9", "1.50", "1.50", "2", "3", "0.80", "9.30", "14"]
        );
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        let pairs =
            |text: &str, language| tokens(text, language).into_iter().map(|token| token.plain).collect::<Vec<_>>();
        assert_eq!(pairs("星期天", Language::Zh), ["星期", "期天"]);
        assert_eq!(pairs("영업시간", Language::Ko), ["영업", "업시", "시간"]);
        assert_eq!(pairs("wifi有吗", Language::Zh)[0], "wifi");
        assert!(pairs("ขนมปัง", Language::Th).len() >= 3);
    }

    #[test]
    fn vowel_signs_stay_in_their_word() {
        assert_eq!(tokens("रविवार को", Language::Hi).len(), 2);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_more(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn tokens_are_never_empty(text in "\\PC{0,60}", index in 0usize..22) {
            for token in tokens(&text, Language::ALL[index]) {
                prop_assert!(!token.plain.is_empty() && !token.stem.is_empty());
            }
        }
    }
}
