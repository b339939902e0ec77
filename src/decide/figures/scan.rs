//! The text while it is read: what a reader took is blanked out, so that nothing is read twice.

use std::ops::Range;

use super::{Figure, Found};
use crate::answer::words::{fold, fold::is_word_char};

/// Fills the place of what was taken. It is no digit, no letter and no space.
const TAKEN: char = '\u{1}';

/// A folded text and what was found in it so far.
pub struct Scan {
    text: String,
    found: Vec<(usize, Found)>,
}

impl Scan {
    pub fn new(text: &str) -> Self {
        let text = fold(text).chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
        Scan { text, found: Vec::new() }
    }

    /// What is left, with blanks of the same length for what was taken.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Records figures and takes their place away.
    pub fn take(&mut self, range: Range<usize>, figures: impl IntoIterator<Item = Figure>) {
        let text = self.text[range.clone()].to_owned();
        self.found.extend(figures.into_iter().map(|figure| (range.start, Found { figure, text: text.clone() })));
        let blank: String = std::iter::repeat_n(TAKEN, range.len()).collect();
        self.text.replace_range(range, &blank);
    }

    /// The figures in the order of the text.
    pub fn into_found(mut self) -> Vec<Found> {
        self.found.sort_by_key(|(start, _)| *start);
        self.found.into_iter().map(|(_, found)| found).collect()
    }
}

/// Whether a number that begins here is not the tail of a longer one.
pub fn starts_number(text: &str, start: usize) -> bool {
    let mut before = text[..start].chars().rev();
    match before.next() {
        Some(last) if last.is_ascii_digit() => false,
        Some('.' | ',' | ':') => !before.next().is_some_and(|character| character.is_ascii_digit()),
        _ => true,
    }
}

/// Whether a number that ends here does not go on.
pub fn ends_number(text: &str, end: usize) -> bool {
    let mut after = text[end..].chars();
    match after.next() {
        Some(next) if next.is_ascii_digit() => false,
        Some('.' | ',' | ':') => !after.next().is_some_and(|character| character.is_ascii_digit()),
        _ => true,
    }
}

/// Whether a word that ends here does not go on; scripts without spaces never go on in this sense.
pub fn ends_word(text: &str, end: usize) -> bool {
    use crate::answer::words::fold::{is_hangul, is_spaceless};
    let last = text[..end].chars().next_back();
    if last.is_none_or(|last| !is_word_char(last) || is_spaceless(last) || is_hangul(last)) {
        return true;
    }
    !text[end..].chars().next().is_some_and(|next| is_word_char(next) && !is_spaceless(next))
}

/// Whether a word that begins here is not the tail of a longer one.
pub fn starts_word(text: &str, start: usize) -> bool {
    use crate::answer::words::fold::{is_hangul, is_spaceless};
    let first = text[start..].chars().next();
    if first.is_none_or(|first| !is_word_char(first) || is_spaceless(first) || is_hangul(first)) {
        return true;
    }
    !text[..start].chars().next_back().is_some_and(|last| is_word_char(last) && !is_spaceless(last))
}
