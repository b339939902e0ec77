//! The pieces of a SentencePiece vocabulary, laid out for finding all that a text begins with.
//!
//! A quarter of a million pieces in a trie of hash maps would take more memory than the model; sorted in one string they
//! take eight megabytes, and a binary search per byte finds them.

use std::cmp::Ordering;
use std::ops::Range;

/// Sorted pieces with their ids and scores.
#[derive(Debug)]
pub(super) struct Pieces {
    text: Vec<u8>,
    /// Where each piece ends in `text`, in sorted order.
    ends: Vec<u32>,
    ids: Vec<u32>,
    scores: Vec<f32>,
}

impl Pieces {
    /// Sorts `pieces`: text, id, score. Empty ones and the second of two equal ones are left out.
    pub(super) fn new(mut pieces: Vec<(String, u32, f32)>) -> Self {
        pieces.sort_unstable_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        pieces.dedup_by(|later, first| later.0 == first.0);
        pieces.retain(|(piece, ..)| !piece.is_empty());
        let mut sorted = Pieces { text: Vec::new(), ends: Vec::new(), ids: Vec::new(), scores: Vec::new() };
        for (piece, id, score) in pieces {
            sorted.text.extend_from_slice(piece.as_bytes());
            sorted.ends.push(u32::try_from(sorted.text.len()).unwrap_or(u32::MAX));
            sorted.ids.push(id);
            sorted.scores.push(score);
        }
        sorted
    }

    /// The lowest score; 0 without pieces.
    pub(super) fn lowest_score(&self) -> f32 {
        self.scores.iter().copied().min_by(f32::total_cmp).unwrap_or(0.0)
    }

    /// Every piece that `text` begins with, shortest first: its length in bytes, id, score.
    pub(super) fn beginnings<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, u32, f32)> + 'a {
        let mut range = 0..self.ids.len();
        text.iter()
            .enumerate()
            .map_while(move |(depth, &byte)| {
                range = self.narrow(range.clone(), depth, byte);
                (!range.is_empty()).then_some((depth + 1, range.start))
            })
            .filter(|(length, first)| self.piece(*first).len() == *length)
            .map(|(length, first)| (length, self.ids[first], self.scores[first]))
    }

    /// The part of `range`, whose pieces agree in their first `depth` bytes, that goes on with `byte`.
    fn narrow(&self, range: Range<usize>, depth: usize, byte: u8) -> Range<usize> {
        let compare = |index: usize| self.piece(index).get(depth).map_or(Ordering::Less, |other| other.cmp(&byte));
        let start = first(range.clone(), |index| compare(index) != Ordering::Less);
        let end = first(start..range.end, |index| compare(index) == Ordering::Greater);
        start..end
    }

    fn piece(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text[start..self.ends[index] as usize]
    }
}

/// The first index of `range` for which `holds`, which must stay true from there on; else its end.
fn first(range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_nothing_in_an_empty_vocabulary() {
        assert_eq!(Pieces::new(Vec::new()).beginnings(b"abc").count(), 0);
    }

    proptest! {
        #[test]
        fn finds_exactly_the_pieces_that_a_text_begins_with(
            pieces in prop::collection::btree_set("[abé中]{1,4}", 0..40), text in "[abé中]{0,6}"
        ) {
            let all = pieces.iter().zip(0_u32..).map(|(piece, id)| (piece.clone(), id, -(id as f32))).collect();
            let found: Vec<_> = Pieces::new(all).beginnings(text.as_bytes()).collect();
            let mut expected: Vec<_> = pieces.iter().zip(0_u32..).filter(|(piece, _)| text.starts_with(piece.as_str()))
                .map(|(piece, id)| (piece.len(), id, -(id as f32))).collect();
            expected.sort_by_key(|(length, ..)| *length);
            prop_assert_eq!(found, expected);
        }
    }
}
