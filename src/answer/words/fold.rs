//! Folding: one spelling for what a reader takes for the same, and a tolerant comparison of folded words.
//!
//! Language-independent on purpose: customers mix languages and leave accents out.

use unicode_normalization::UnicodeNormalization;

/// Lower case, without accents, with plain digits, dashes and apostrophes. Vowel signs of Thai and Hindi stay.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.to_lowercase().nfkd().filter(|character| !is_dropped(*character)) {
        push_plain(&mut folded, character);
    }
    // Composing again keeps a Korean syllable one character.
    folded.nfc().collect()
}

/// Whether a character belongs to a word: letters, digits and the signs that ride on letters.
pub fn is_word_char(character: char) -> bool {
    character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character)
}

/// Whether a character belongs to a script that writes without spaces: Han, kana, Thai.
pub fn is_spaceless(character: char) -> bool {
    matches!(character,
        '\u{0E00}'..='\u{0E7F}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{2FA1F}')
        // Thai digits fold to plain ones, so they must not count as Thai either.
        && !matches!(character, '\u{0E50}'..='\u{0E59}')
}

/// Whether a character is a Hangul syllable, which carries as much as two or three letters.
pub fn is_hangul(character: char) -> bool {
    matches!(character, '\u{AC00}'..='\u{D7A3}')
}

/// Whether a character is an Arabic letter.
pub fn is_arabic(character: char) -> bool {
    matches!(character, '\u{0620}'..='\u{064A}' | '\u{0671}'..='\u{06D3}')
}

fn is_dropped(character: char) -> bool {
    matches!(character,
        // Accents, Arabic vowel marks with the hamza that decomposition splits off, and the stretching mark.
        '\u{0300}'..='\u{036F}' | '\u{064B}'..='\u{0655}' | '\u{0670}' | '\u{0640}'
        // The dot under Hindi letters, which many writers leave out.
        | '\u{093C}'
        // Invisible characters: joiners, direction marks, variation selectors.
        | '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        | '\u{FE00}'..='\u{FE0F}')
}

fn push_plain(folded: &mut String, character: char) {
    if let Some(digit) = digit_value(character) {
        folded.push(char::from(b'0' + digit));
        return;
    }
    match character {
        'ß' => folded.push_str("ss"),
        'æ' => folded.push_str("ae"),
        'œ' => folded.push_str("oe"),
        'ø' => folded.push('o'),
        'ł' => folded.push('l'),
        'đ' => folded.push('d'),
        'ı' => folded.push('i'),
        'ς' => folded.push('σ'),
        'ة' => folded.push('ه'),
        'ى' => folded.push('ي'),
        '\u{066B}' => folded.push('.'),
        '\u{066C}' => folded.push(','),
        '’' | '‘' | 'ʼ' | 'ʹ' | '`' | '\u{2032}' => folded.push('\''),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => folded.push('-'),
        '〜' => folded.push('~'),
        // Fractions decompose with this slash.
        '\u{2044}' => folded.push('/'),
        other => folded.push(other),
    }
}

fn digit_value(character: char) -> Option<u8> {
    let zero = match character {
        '0'..='9' => '0',
        '\u{0660}'..='\u{0669}' => '\u{0660}',
        '\u{06F0}'..='\u{06F9}' => '\u{06F0}',
        '\u{0966}'..='\u{096F}' => '\u{0966}',
        '\u{0E50}'..='\u{0E59}' => '\u{0E50}',
        _ => return None,
    };
    u8::try_from(u32::from(character) - u32::from(zero)).ok()
}

/// Whether two folded words are the same but for inflection, a compound or one slip of the finger.
///
/// A common beginning of at least four letters and more than half of the longer word, or the whole shorter word
/// inside the longer (five letters and more), or an edit distance of one (five letters and more). Figures must be
/// equal.
pub fn similar(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    if left.bytes().chain(right.bytes()).any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (left, right) = (without_article(left), without_article(right));
    let (left_length, right_length) = (left.chars().count(), right.chars().count());
    let (shorter, longer) = (left_length.min(right_length), left_length.max(right_length));
    let common = left.chars().zip(right.chars()).take_while(|(one, other)| one == other).count();
    if left.chars().next().is_some_and(is_hangul) {
        return common >= 2;
    }
    let least = if left.chars().next().is_some_and(is_arabic) { 3 } else { 4 };
    if common >= least && common * 2 > longer {
        return true;
    }
    if shorter < 5 {
        return shorter >= 3 && (has_ending(left, right) || has_ending(right, left));
    }
    left.contains(right) || right.contains(left) || strsim::osa_distance(left, right) <= 1
}

/// Whether the longer of two short words is the shorter one with an ending of the plural or of a case.
fn has_ending(shorter: &str, longer: &str) -> bool {
    const ENDINGS: &[&str] = &["s", "es", "n", "en", "e", "er", "i", "y", "а", "и", "у", "ы", "lar", "ler"];
    longer.strip_prefix(shorter).is_some_and(|ending| ENDINGS.contains(&ending))
}

/// Arabic writes the article and short prepositions as part of the word.
fn without_article(word: &str) -> &str {
    ["وال", "بال", "لل", "ال"]
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix))
        .filter(|rest| rest.chars().count() >= 3)
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_drops_what_writers_leave_out() {
        for (text, folded) in [
            ("ÁRBOL Ñandú", "arbol nandu"),
            ("Straße ŁÓDŹ İstanbul ılık", "strasse lodz istanbul ilik"),
            ("٢٥ १२ ๓๐ ９：３０", "25 12 30 9:30"),
            ("9–14 h, l’hôtel", "9-14 h, l'hotel"),
            ("Τρίτης", "τριτησ"),
            ("الأحد", "الاحد"),
            ("한국어", "한국어"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn inflected_and_misspelt_words_are_similar() {
        for (left, right) in [
            ("desayuno", "desayunos"),
            ("abierto", "abierta"),
            ("fruhstuck", "fruhstucksbuffet"),
            ("parkplatz", "hotelparkplatz"),
            ("reserva", "reservar"),
            ("domigo", "domingo"),
            ("dog", "dogs"),
            ("panes", "pan"),
            ("주차", "주차장은"),
            ("فطور", "الفطور"),
        ] {
            assert!(similar(left, right), "{left} / {right}");
        }
    }

    #[test]
    fn different_words_are_not_similar() {
        for (left, right) in
            [("habitacion", "habitual"), ("pan", "pasta"), ("2024", "2025"), ("sol", "sal"), ("cena", "cine")]
        {
            assert!(!similar(left, right), "{left} / {right}");
        }
    }
}
