//! The beginnings of prompts that were read, so that the next prompt with the same beginning goes on from there.
//!
//! Prompts are laid out so that what repeats comes first: the instructions, then passages. Each prompt that was read is
//! kept for a while; where two part, their common beginning is kept on its own, for longer. All share the pages of
//! what they have in common. Nothing is looked up by what it means, only by its tokens: when instructions or passages
//! change, what was kept of them is never found again, and goes when room is needed.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use super::decoder::Memory;

/// A common beginning shorter than this is not worth a place.
const SHORTEST: usize = 16;

/// However little room they take: each is compared with every prompt.
const MOST: usize = 256;

/// What was read, within a budget of memory.
pub(super) struct Beginnings {
    entries: Vec<Entry>,
    /// Pages that may be held.
    budget: usize,
    tick: u64,
}

struct Entry {
    memory: Memory,
    /// How many prompts parted here; 0 for a prompt itself.
    branches: u32,
    /// When it was last of use.
    used: u64,
}

impl Beginnings {
    /// Holds at most `budget` pages.
    pub(super) fn new(budget: usize) -> Self {
        Beginnings { entries: Vec::new(), budget, tick: 0 }
    }

    /// The memory that has the most in common with `prompt`, and how many tokens that is.
    pub(super) fn find(&mut self, prompt: &[u32]) -> Option<(Memory, usize)> {
        self.tick += 1;
        let entry = self.entries.iter_mut().max_by_key(|entry| shared(entry.memory.tokens(), prompt))?;
        let shared = shared(entry.memory.tokens(), prompt);
        entry.used = self.tick;
        (shared > 0).then(|| (entry.memory.clone(), shared))
    }

    /// Keeps a prompt that was read.
    pub(super) fn keep(&mut self, memory: Memory) {
        self.tick += 1;
        let common = self.entries.iter().map(|entry| shared(entry.memory.tokens(), memory.tokens())).max().unwrap_or(0);
        if (SHORTEST..memory.length()).contains(&common) {
            let mut beginning = memory.clone();
            beginning.cut(common);
            self.put(beginning, 1);
        }
        self.put(memory, 0);
        self.make_room();
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Adds an entry, or says that it was of use again.
    fn put(&mut self, memory: Memory, branches: u32) {
        let tick = self.tick;
        let known = self.entries.iter_mut().find(|entry| entry.memory.tokens() == memory.tokens());
        if let Some(entry) = known {
            entry.branches += branches;
            entry.used = tick;
        } else {
            self.entries.push(Entry { memory, branches, used: tick });
        }
    }

    /// Drops single prompts first, then common beginnings, always the one that was of no use for longest.
    fn make_room(&mut self) {
        while !self.entries.is_empty() && (self.entries.len() > MOST || self.pages() > self.budget) {
            let oldest = (0..self.entries.len()).min_by_key(|&at| {
                let entry = &self.entries[at];
                (entry.branches > 0, entry.used)
            });
            self.entries.swap_remove(oldest.expect("there are entries"));
        }
    }

    /// How many different pages are held.
    fn pages(&self) -> usize {
        let all = self.entries.iter().flat_map(|entry| entry.memory.pages());
        all.map(Arc::as_ptr).collect::<HashSet<_>>().len()
    }
}

/// How many tokens two texts have in common at their beginning.
fn shared(one: &[u32], other: &[u32]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
