//! Writes normalisation rules as SentencePiece's precompiled map: a double-array trie over the bytes of what is
//! replaced, and the replacements, each ended by a zero byte.
//!
//! A unit of the trie holds its own label in bits 0–7, in bit 8 whether a key ends here, in bits 10–30 the exclusive-or
//! between its own place and its children's base; a unit with bit 31 holds a value: where the replacement begins.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

const IS_VALUE: u32 = 1 << 31;
const HAS_VALUE: u32 = 1 << 8;
const OFFSET_SHIFT: u32 = 10;
/// A node and its children lie in blocks of this many units, which are always whole.
const BLOCK: usize = 256;

/// The map's bytes: the trie's length in bytes, the trie, the replacements. Of two rules for a character the last counts.
pub(crate) fn build(rules: &[(char, String)]) -> Vec<u8> {
    let mut replacements = Vec::new();
    let mut keys: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    for (from, to) in rules {
        // A zero byte ends keys and replacements, so that it can be part of neither.
        if *from == '\0' || to.contains('\0') {
            continue;
        }
        let place = u32::try_from(replacements.len()).expect("65,536 short rules fit. This is a bug.");
        keys.insert(from.to_string().into_bytes(), place);
        replacements.extend_from_slice(to.as_bytes());
        replacements.push(0);
    }
    let mut trie = Trie::new(keys.into_iter().collect());
    trie.insert(0, 0..trie.keys.len(), 0);
    let length = u32::try_from(trie.units.len() * 4).expect("a few blocks. This is a bug.");
    let units = trie.units.iter().flat_map(|unit| unit.to_le_bytes());
    length.to_le_bytes().into_iter().chain(units).chain(replacements).collect()
}

struct Trie {
    /// Sorted, with their values.
    keys: Vec<(Vec<u8>, u32)>,
    units: Vec<u32>,
    taken: Vec<bool>,
    bases: HashSet<usize>,
    first_free: usize,
}

impl Trie {
    fn new(keys: Vec<(Vec<u8>, u32)>) -> Self {
        let mut taken = vec![false; BLOCK];
        // The root.
        taken[0] = true;
        Trie { keys, units: vec![0; BLOCK], taken, bases: HashSet::new(), first_free: 1 }
    }

    /// Puts the keys of `range`, which share their first `depth` bytes, below `node`.
    fn insert(&mut self, node: usize, range: Range<usize>, depth: usize) {
        let groups = self.groups(range, depth);
        if groups.is_empty() {
            return;
        }
        let base = self.place(&groups);
        let offset = u32::try_from(node ^ base).expect("65,536 keys fit in 21 bits. This is a bug.");
        self.units[node] |= offset << OFFSET_SHIFT;
        for (label, range) in &groups {
            let child = base ^ usize::from(*label);
            if *label == 0 {
                self.units[node] |= HAS_VALUE;
                self.units[child] = self.keys[range.start].1 | IS_VALUE;
            } else {
                self.units[child] = u32::from(*label);
            }
        }
        for (label, range) in groups {
            if label != 0 {
                self.insert(base ^ usize::from(label), range, depth + 1);
            }
        }
    }

    /// The keys of `range` by their byte at `depth`; 0 stands for a key that ends there.
    fn groups(&self, range: Range<usize>, depth: usize) -> Vec<(u8, Range<usize>)> {
        let mut groups: Vec<(u8, Range<usize>)> = Vec::new();
        for index in range {
            let label = self.keys[index].0.get(depth).copied().unwrap_or(0);
            match groups.last_mut() {
                Some((last, range)) if *last == label => range.end = index + 1,
                _ => groups.push((label, index..index + 1)),
            }
        }
        groups
    }

    /// Finds and takes a base of which the places of all labels are free.
    fn place(&mut self, groups: &[(u8, Range<usize>)]) -> usize {
        let places = |base: usize| groups.iter().map(move |(label, _)| base ^ usize::from(*label));
        let first = usize::from(groups[0].0);
        while self.taken.get(self.first_free).copied().unwrap_or(false) {
            self.first_free += 1;
        }
        let free = |place: usize| !self.taken.get(place).copied().unwrap_or(false);
        let base = (self.first_free..)
            .filter(|place| free(*place))
            .map(|place| place ^ first)
            .find(|base| !self.bases.contains(base) && places(*base).all(free))
            .expect("past the end everything is free. This is a bug.");
        let length = (base / BLOCK + 1) * BLOCK;
        if self.units.len() < length {
            self.units.resize(length, 0);
            self.taken.resize(length, false);
        }
        self.bases.insert(base);
        places(base).for_each(|place| self.taken[place] = true);
        base
    }
}
