//! Names that a translation has to keep: a street, a person, a house.
//!
//! Only names of several words, inside a sentence: one capital alone may be any word that its language writes so. Nothing
//! is found in languages that write every noun with a capital, or that have no capitals.

use crate::answer::words::Text;
use crate::domain::Language;

/// Whether the translation lacks a name of the original.
pub fn is_lost(original: &str, from: Language, translated: &str) -> bool {
    let known = Text::new(translated);
    let is_latin = translated.chars().filter(char::is_ascii_alphabetic).count() * 2
        > translated.chars().filter(|c| c.is_alphabetic()).count();
    is_latin && names(original, from).iter().any(|name| !known.folded.contains(name.as_str()))
}

/// The words of names, folded.
fn names(text: &str, language: Language) -> Vec<String> {
    if language == Language::De {
        return Vec::new();
    }
    let read = Text::new(text);
    let is_capital = |index: usize| read.tokens[index].original.starts_with(char::is_uppercase);
    let lower = (0..read.tokens.len()).filter(|index| !is_capital(*index)).count();
    // Where most words have capitals, they are a title's.
    if lower * 2 < read.tokens.len() {
        return Vec::new();
    }
    let touches = |index: usize| read.folded[read.tokens[index].range.end..read.tokens[index + 1].range.start] == *" ";
    let begins_sentence = |index: usize| {
        index == 0
            || read.folded[..read.tokens[index].range.start]
                .trim_end()
                .ends_with(['.', '!', '?', ':', '¿', '¡', '"', '«'])
    };
    let is_pair = |index: usize| {
        is_capital(index)
            && is_capital(index + 1)
            && touches(index)
            && !begins_sentence(index)
            && !begins_sentence(index + 1)
    };
    (0..read.tokens.len().saturating_sub(1))
        .filter(|index| is_pair(*index))
        .flat_map(|index| [index, index + 1])
        .map(|index| read.folded_token(&read.tokens[index]).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_several_words_has_to_stay() {
        let original = "Estamos en la calle del Horno Inventado, 12, en Valencia.";
        assert!(is_lost(original, Language::Es, "We are at the invented oven street, 12, in Valencia."));
        assert!(!is_lost(original, Language::Es, "We are at calle del Horno Inventado, 12, in Valence."));
    }

    #[test]
    fn capitals_that_are_no_names_are_passed_over() {
        for (text, language) in [
            ("Montag Vormittag sind wir da, und am Abend auch.", Language::De),
            ("Opening Hours And Prices", Language::En),
            ("We close on Monday. Please ring.", Language::En),
            ("", Language::Fr),
        ] {
            assert_eq!(names(text, language), [""; 0], "{text}");
        }
    }
}
