//! Whether a text holds a piece of what the model was told.

use unicode_segmentation::UnicodeSegmentation;

/// So many words in a row are no chance any more, ...
const WORDS: usize = 4;
/// ... unless they are as short as "in the of a": so many letters with the spaces around them at least.
const LETTERS: usize = 12;

/// Whether a piece of an instruction stands in the text that does not stand in the original. Capitals and marks do not
/// matter.
pub fn leaks(text: &str, original: &str, instructions: &[String]) -> bool {
    let (text, original) = (words(text), joined(&words(original)));
    let pieces = text.windows(WORDS).map(joined).filter(|piece| piece.chars().count() >= LETTERS);
    let pieces: Vec<String> = pieces.filter(|piece| !original.contains(piece.as_str())).collect();
    instructions.iter().map(|instruction| joined(&words(instruction))).any(|told| {
        // A short instruction that is repeated whole is a piece of it as well.
        let is_whole = !told.trim().is_empty() && joined(&text).contains(told.as_str()) && !original.contains(&told);
        is_whole || pieces.iter().any(|piece| told.contains(piece.as_str()))
    })
}

fn words(text: &str) -> Vec<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// Set apart by spaces, and one at each end, so that only whole words are found.
fn joined(words: &[String]) -> String {
    format!(" {} ", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "Translate the shop's text into French. Keep every number. Write only the translation.";

    #[test]
    fn a_piece_of_what_the_model_was_told_is_seen_and_the_owners_own_words_are_not() {
        let check = |text: &str, original: &str| leaks(text, original, &[TOLD.to_owned()]);
        assert!(check("My task: TRANSLATE the shop's text - into French!", "Abrimos a las 8."));
        assert!(check("keep every number, write...", "Abrimos a las 8."));
        assert!(!check("Keep every receipt. We open at 8.", "Abrimos a las 8."));
        assert!(!check("Keep every number. Write to us.", "Keep every number. Write us."));
        assert!(!leaks("We open at 8.", "", &[String::new()]));
    }
}
