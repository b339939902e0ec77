//! What each token stands for, in bytes: decoding is nothing but looking this up.

use super::byte_level::byte_of;
use super::vocabulary::{Kind, Vocabulary};

/// The bytes of every token, laid end to end.
pub(super) struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Pieces {
    pub(super) fn new(vocabulary: &Vocabulary) -> Self {
        let mut pieces = Pieces { bytes: Vec::new(), ends: Vec::with_capacity(vocabulary.tokens.len()) };
        let byte_level = vocabulary.model == "gpt2";
        for (token, kind) in vocabulary.tokens.iter().zip(&vocabulary.kinds) {
            match kind {
                Kind::Normal if byte_level => pieces.bytes.extend(token.chars().filter_map(byte_of)),
                Kind::UserDefined if byte_level => pieces.bytes.extend(token.as_bytes()),
                Kind::Normal | Kind::UserDefined => pieces.bytes.extend(token.replace('▁', " ").into_bytes()),
                Kind::Byte => pieces.bytes.extend(byte_token(token)),
                Kind::Control | Kind::Unknown | Kind::Unused => {}
            }
            pieces.ends.push(pieces.bytes.len());
        }
        pieces
    }

    /// The bytes of a token; none when there is no such token.
    pub(super) fn get(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let Some(&end) = self.ends.get(id) else { return &[] };
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..end]
    }
}

/// `<0x0A>` is a line feed.
fn byte_token(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}
