//! Cuts a long text into messages: between paragraphs, else lines, else sentences, else words.
//!
//! Never cuts inside a visible character, and inside bold, italics or code only when there is no other place.

use unicode_segmentation::UnicodeSegmentation;

const FENCE: &str = "```";

/// Splits `text` into parts of at most `max` characters, in order, without empty parts.
///
/// A code block that must be cut is closed in one part and opened again in the next. `max` below 16 counts as 16.
pub fn split(text: &str, max: usize) -> Vec<String> {
    let max = max.max(16);
    let mut parts = Vec::new();
    let mut rest = text.trim().to_owned();
    while rest.chars().count() > max {
        // Room for closing a code block.
        let cut = find_cut(&rest, max - FENCE.len());
        let (head, tail) = rest.split_at(cut);
        let in_code = head.matches(FENCE).count() % 2 == 1;
        let mut part = head.trim_end().to_owned();
        let next =
            if in_code { FENCE.to_owned() + tail.trim_start_matches('\n') } else { tail.trim_start().to_owned() };
        if in_code {
            part.push_str(FENCE);
        }
        parts.push(part);
        rest = next;
    }
    parts.push(rest);
    parts.retain(|part| !part.replace(FENCE, "").trim().is_empty());
    parts
}

/// How good a place is for a cut; the order is that of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Border {
    /// Between two words, inside bold, italics or code.
    WordInMarkup,
    Word,
    Sentence,
    Line,
    Paragraph,
}

/// The byte position of the best cut within the first `max` characters.
///
/// The best border of the second half wins over any of the first, so that parts do not become tiny.
fn find_cut(text: &str, max: usize) -> usize {
    let end = text.char_indices().nth(max).map_or(text.len(), |(at, _)| at);
    let middle = text.char_indices().nth(max / 2).map_or(0, |(at, _)| at);
    let borders = borders(&text[..end], text[end..].chars().next());
    let best = |from: usize| {
        borders.iter().filter(|(at, _)| *at >= from).max_by_key(|(at, border)| (*border, *at)).map(|(at, _)| *at)
    };
    best(middle).or_else(|| best(1)).unwrap_or_else(|| match grapheme_floor(text, end) {
        // A head that is nothing but the opening of a code block would bring the cut no further.
        floor if floor <= FENCE.len() => end,
        floor => floor,
    })
}

/// The greatest position up to `end` that is not inside a visible character, or `end` when that would be the start.
pub(super) fn grapheme_floor(text: &str, end: usize) -> usize {
    // Looking a little past `end` is enough to see whether it lies inside a character.
    let border = text.grapheme_indices(true).map(|(at, _)| at).take_while(|at| *at <= end).last().unwrap_or(0);
    if border == 0 || end >= text.len() { end } else { border }
}

/// Every place in `text` where it may be cut; `next` is the character after it.
fn borders(text: &str, next: Option<char>) -> Vec<(usize, Border)> {
    let mut found = Vec::new();
    let mut markup = Markup::default();
    let mut previous = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let following = letters.peek().map(|(_, following)| *following).or(next);
        if letter.is_whitespace() && at > 0 && following.is_some_and(|following| !following.is_whitespace()) {
            found.push((
                at + letter.len_utf8(),
                border(text[..at].trim_end(), &text[..at + letter.len_utf8()], &markup),
            ));
        }
        markup.take(letter, previous, following);
        previous = Some(letter);
    }
    found
}

/// The border after `with_space`, whose words are `words`.
fn border(words: &str, with_space: &str, markup: &Markup) -> Border {
    let newlines = with_space[words.len()..].matches('\n').count();
    match newlines {
        _ if markup.in_code => Border::WordInMarkup,
        0 if !markup.open.is_empty() => Border::WordInMarkup,
        0 if words.ends_with(['.', '!', '?', '…', '。', '！', '？', '।', '؟']) => Border::Sentence,
        0 => Border::Word,
        1 => Border::Line,
        _ => Border::Paragraph,
    }
}

/// Which of WhatsApp's markers are open at a place. They never reach over a line's end, except code blocks.
#[derive(Debug, Default)]
struct Markup {
    open: Vec<char>,
    in_code: bool,
    backticks: usize,
}

impl Markup {
    fn take(&mut self, letter: char, previous: Option<char>, next: Option<char>) {
        self.backticks = if letter == '`' { self.backticks + 1 } else { 0 };
        if self.backticks == 3 {
            self.in_code = !self.in_code;
            self.backticks = 0;
            self.open.clear();
        } else if letter == '\n' {
            self.open.clear();
        } else if "*_~`".contains(letter) {
            self.toggle(letter, previous, next);
        }
    }

    fn toggle(&mut self, marker: char, previous: Option<char>, next: Option<char>) {
        let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let is_space = |letter: Option<char>| letter.is_none_or(char::is_whitespace);
        if let Some(at) = self.open.iter().rposition(|open| *open == marker) {
            if !is_space(previous) && !is_word(next) {
                self.open.truncate(at);
            }
        } else if !is_word(previous) && !is_space(next) {
            self.open.push(marker);
        }
    }
}
