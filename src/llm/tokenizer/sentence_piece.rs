//! SentencePiece's byte-pair encoding by scores: Gemma, Llama 2, Phi 3.
//!
//! Of all neighbours that together make a known piece, those with the best score are joined first, the leftmost at a
//! draw. What is left over and unknown is spelt in bytes.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use super::vocabulary::{Kind, Vocabulary};

/// An encoder that knows text and bytes only.
pub(super) struct SentencePiece {
    pieces: HashMap<String, (u32, f32)>,
    bytes: HashMap<u8, u32>,
    unknown: Option<u32>,
    adds_space: bool,
}

/// Two neighbours that could be joined.
struct Candidate {
    score: f32,
    left: usize,
    right: usize,
    /// The length in bytes that both had together, by which a candidate that has been overtaken is known.
    length: usize,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.left.cmp(&self.left))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

/// A stretch of the text, in a list that is linked by index.
struct Symbol {
    start: usize,
    length: usize,
    previous: Option<usize>,
    next: Option<usize>,
}

impl SentencePiece {
    pub(super) fn new(vocabulary: Vocabulary) -> Result<Self, String> {
        if vocabulary.scores.len() != vocabulary.tokens.len() {
            return Err("its scores and its tokens are not equally many".to_owned());
        }
        let mut encoder = SentencePiece {
            pieces: HashMap::new(),
            bytes: HashMap::new(),
            unknown: vocabulary.unknown,
            adds_space: vocabulary.adds_space,
        };
        let rows = vocabulary.tokens.into_iter().zip(vocabulary.kinds).zip(vocabulary.scores).zip(0u32..);
        for (((token, kind), score), id) in rows {
            match kind {
                Kind::Byte => {
                    let digits = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
                    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                    encoder.bytes.extend(byte.map(|byte| (byte, id)));
                }
                Kind::Normal => {
                    encoder.pieces.insert(token, (id, score));
                }
                Kind::Unknown | Kind::Control | Kind::UserDefined | Kind::Unused => {}
            }
        }
        Ok(encoder)
    }

    /// Appends the tokens of a text; `first` when nothing or a special token stands before it.
    pub(super) fn encode(&self, text: &str, first: bool, ids: &mut Vec<u32>) {
        let space = if self.adds_space && first { "▁" } else { "" };
        let text = format!("{space}{}", text.replace(' ', "▁"));
        let symbols = self.join(&text);
        let mut at = (!symbols.is_empty()).then_some(0);
        while let Some(index) = at {
            let symbol = &symbols[index];
            self.append(&text[symbol.start..symbol.start + symbol.length], ids);
            at = symbol.next;
        }
    }

    fn join(&self, text: &str) -> Vec<Symbol> {
        let mut symbols = characters(text);
        let mut candidates = BinaryHeap::new();
        for right in 1..symbols.len() {
            candidates.extend(self.candidate(text, &symbols, right - 1, right));
        }
        while let Some(best) = candidates.pop() {
            let (left, right) = (&symbols[best.left], &symbols[best.right]);
            let overtaken = left.length == 0 || right.length == 0 || left.length + right.length != best.length;
            if overtaken {
                continue;
            }
            let next = right.next;
            symbols[best.right].length = 0;
            symbols[best.left].length = best.length;
            symbols[best.left].next = next;
            if let Some(next) = next {
                symbols[next].previous = Some(best.left);
                candidates.extend(self.candidate(text, &symbols, best.left, next));
            }
            if let Some(previous) = symbols[best.left].previous {
                candidates.extend(self.candidate(text, &symbols, previous, best.left));
            }
        }
        symbols
    }

    fn candidate(&self, text: &str, symbols: &[Symbol], left: usize, right: usize) -> Option<Candidate> {
        let start = symbols[left].start;
        let length = symbols[left].length + symbols[right].length;
        let (_, score) = *self.pieces.get(&text[start..start + length])?;
        Some(Candidate { score, left, right, length })
    }

    fn append(&self, piece: &str, ids: &mut Vec<u32>) {
        if let Some((id, _)) = self.pieces.get(piece) {
            ids.push(*id);
            return;
        }
        ids.extend(piece.bytes().filter_map(|byte| self.bytes.get(&byte).copied().or(self.unknown)));
    }
}

fn characters(text: &str) -> Vec<Symbol> {
    let count = text.chars().count();
    text.char_indices()
        .enumerate()
        .map(|(index, (start, character))| Symbol {
            start,
            length: character.len_utf8(),
            previous: index.checked_sub(1),
            next: (index + 1 < count).then_some(index + 1),
        })
        .collect()
}
