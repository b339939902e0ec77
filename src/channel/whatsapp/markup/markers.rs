//! Places WhatsApp's markers where WhatsApp understands them.
//!
//! It does so only at the edge of a word and within one line; elsewhere it shows them raw.

/// A piece of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Words and line breaks.
    Text(String),
    /// A marker that opens, with the index of its pair.
    Open(usize),
    /// A marker that closes, with the index of its pair.
    Close(usize),
}

/// A pair of markers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// WhatsApp's marker.
    pub(super) marker: char,
    /// How the pair was written in the source, for where WhatsApp would not understand its own.
    pub(super) source: String,
}

/// Puts the pieces together.
pub(super) fn join(pieces: &[Piece], pairs: &[Pair]) -> String {
    let understood = understood(pieces, pairs.len());
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Open(pair) | Piece::Close(pair) if understood[*pair] => out.push(pairs[*pair].marker),
            Piece::Open(pair) | Piece::Close(pair) => out.push_str(&pairs[*pair].source),
        }
    }
    out
}

/// Which pairs WhatsApp understands: nothing of a word before the opening or after the closing marker, and words
/// directly inside.
fn understood(pieces: &[Piece], count: usize) -> Vec<bool> {
    let mut understood = vec![true; count];
    let mut previous = None;
    for piece in pieces {
        match piece {
            Piece::Text(text) => previous = text.chars().next_back().or(previous),
            Piece::Open(pair) => understood[*pair] &= !glues(previous),
            Piece::Close(pair) => understood[*pair] &= !is_space(previous),
        }
    }
    let mut next = None;
    for piece in pieces.iter().rev() {
        match piece {
            Piece::Text(text) => next = text.chars().next().or(next),
            Piece::Open(pair) => understood[*pair] &= !is_space(next),
            Piece::Close(pair) => understood[*pair] &= !glues(next),
        }
    }
    understood
}

/// Letters and digits, and what stands inside addresses, where a changed character would break a link.
fn glues(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| letter.is_alphanumeric() || "/=&@\\*".contains(letter))
}

fn is_space(letter: Option<char>) -> bool {
    letter.is_none_or(char::is_whitespace)
}
