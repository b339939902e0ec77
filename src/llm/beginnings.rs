//! The beginnings of prompts that were read, so that the next prompt with the same beginning goes on from there.
//!
//! Prompts are laid out so that what repeats comes first: the instructions, then passages. Each prompt that was read is
//! kept for a while; where two part, their common beginning is kept on its own, for longer. All share the pages of
//! what they have in common. Nothing is looked up by what it means, only by its tokens: when instructions or passages
//! change, what was kept of them is never found again, and goes when room is needed.
//!
//! What comes of the business's words alone can be given out, to be kept over a restart ([`mod@file`]), and outlives an
//! erasure. Nothing that a customer's words made ever is, and none does.

pub(super) mod file;
mod own;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use atiende_kernels::{PAGE_POSITIONS, Page, PageShape};

use self::own::{OwnPart, OwnParts};
use super::decoder::Memory;
use super::prompt::Own;

/// A common beginning shorter than this is not worth a place.
const SHORTEST: usize = 16;

/// However little room they take: each is compared with every prompt.
const MOST: usize = 256;

/// What was read, within a budget of memory.
pub(super) struct Beginnings {
    entries: Vec<Kept>,
    /// What of it is the business's own.
    own: OwnParts,
    /// Pages that may be held.
    budget: usize,
    /// What they look like; nothing where the decoder keeps keys and values by itself.
    shape: Option<PageShape>,
    tick: u64,
}

struct Kept {
    memory: Memory,
    /// How many prompts parted here; 0 for a prompt itself.
    branches: u32,
    /// When it was last of use.
    used: u64,
}

/// A beginning that comes of the business's words alone, with what was read of it.
pub(super) struct Lasting {
    pub(super) part: OwnPart,
    /// As long as the part. Its last page can hold what others made, behind its own positions.
    pub(super) memory: Memory,
}

impl Beginnings {
    /// Holds at most `budget` pages.
    pub(super) fn new(budget: usize, shape: Option<PageShape>) -> Self {
        Beginnings { entries: Vec::new(), own: OwnParts::default(), budget, shape, tick: 0 }
    }

    /// Takes in what was kept over a restart, the most useful first, as far as there is room.
    pub(super) fn restore(&mut self, kept: Vec<Lasting>) {
        for Lasting { part, memory } in kept.into_iter().rev() {
            self.tick += 1;
            self.put(memory, 1);
            self.make_room();
            self.own.restore(part);
        }
    }

    /// The memory that has the most in common with `prompt`, of those that serve to read through `depth` layers (all of
    /// them where there is none), and how many tokens that is.
    pub(super) fn find(&mut self, prompt: &[u32], depth: Option<usize>) -> Option<(Memory, usize)> {
        self.tick += 1;
        let serving = self.entries.iter_mut().filter(|entry| entry.memory.serves(depth));
        let entry = serving.max_by_key(|entry| (shared(entry.memory.tokens(), prompt), entry.used))?;
        let shared = shared(entry.memory.tokens(), prompt);
        if shared < SHORTEST.min(prompt.len()) {
            return None;
        }
        entry.used = self.tick;
        Some((entry.memory.clone(), shared))
    }

    /// Keeps a prompt that was read, or as much of its beginning as may be held at all.
    pub(super) fn keep(&mut self, mut memory: Memory, own: Own) {
        self.tick += 1;
        self.own.note(memory.tokens(), own);
        if !memory.pages().is_empty() {
            memory.cut(self.budget * PAGE_POSITIONS);
        }
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
        self.own.clear();
    }

    /// Forgets everything that customers' words made: what is left comes of the business's words alone.
    pub(super) fn forget(&mut self) {
        let lasting = self.lasting();
        self.entries.clear();
        self.own.retain_lasting();
        let Some(shape) = self.shape else { return };
        for Lasting { mut memory, .. } in lasting.into_iter().rev() {
            self.tick += 1;
            memory.let_go_of_others(shape);
            self.put(memory, 1);
        }
        self.make_room();
    }

    /// What is worth keeping over a restart and still held, the most useful first; nothing where nothing came to it
    /// since the last time, unless it is wanted `anyway`.
    pub(super) fn news(&mut self, anyway: bool) -> Option<Vec<Lasting>> {
        (self.own.take_news() || anyway).then(|| self.lasting()).filter(|lasting| !lasting.is_empty())
    }

    fn lasting(&self) -> Vec<Lasting> {
        let held = |part: &OwnPart| {
            let begins =
                |entry: &&Kept| !entry.memory.pages().is_empty() && entry.memory.tokens().starts_with(&part.tokens);
            let depth = |entry: &&Kept| entry.memory.depth().unwrap_or(usize::MAX);
            let mut memory = self.entries.iter().filter(begins).max_by_key(depth)?.memory.clone();
            memory.cut(part.tokens.len());
            Some(Lasting { part: part.clone(), memory })
        };
        self.own.lasting().filter_map(held).collect()
    }

    /// Adds an entry, or says that it was of use again.
    fn put(&mut self, memory: Memory, branches: u32) {
        let tick = self.tick;
        let is_same = |other: &Memory| other.depth() == memory.depth() && other.tokens() == memory.tokens();
        let known = self.entries.iter_mut().find(|entry| is_same(&entry.memory));
        if let Some(entry) = known {
            entry.branches += branches;
            entry.used = tick;
        } else {
            self.entries.push(Kept { memory, branches, used: tick });
        }
    }

    /// Drops single prompts first, then common beginnings, always the one that was of no use for longest; what has just
    /// come goes last, or nothing new would ever get a place.
    fn make_room(&mut self) {
        let tick = self.tick;
        let mut holders = self.holders();
        self.entries.sort_by_key(|entry| Reverse((entry.used == tick, entry.branches > 0, entry.used)));
        while self.entries.len() > MOST || holders.len() > self.budget {
            let Some(oldest) = self.entries.pop() else { return };
            for page in oldest.memory.pages() {
                let Entry::Occupied(mut count) = holders.entry(Arc::as_ptr(page)) else { continue };
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }

    /// How many entries hold each page.
    fn holders(&self) -> HashMap<*const Page, usize> {
        let mut holders = HashMap::new();
        for page in self.entries.iter().flat_map(|entry| entry.memory.pages()) {
            *holders.entry(Arc::as_ptr(page)).or_default() += 1;
        }
        holders
    }
}

/// How many tokens two texts have in common at their beginning.
fn shared(one: &[u32], other: &[u32]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
