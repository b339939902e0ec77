//! Which beginnings are the business's own and worth keeping over a restart: what every prompt of a task begins with,
//! and passages that were asked about more than once.
//!
//! Knows tokens alone, and of a prompt no more than the business's own: not one token that a customer's words made.

use crate::llm::prompt::Own;

/// From so many prompts on, a passage is one that customers ask about.
const POPULAR: u32 = 2;

/// What was of no use from so many starts in a row to the next is left out of the file.
const PATIENCE: u8 = 3;

/// However many passages there are.
pub(super) const MOST: usize = 256;

/// A beginning of prompts that comes of the business's words alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::llm) struct OwnPart {
    pub(in crate::llm) tokens: Vec<u32>,
    /// Whether every prompt of a task begins like this.
    pub(in crate::llm) is_instruction: bool,
    /// How many prompts began like this.
    pub(in crate::llm) asked: u32,
    /// From how many starts in a row to the next it was of no use.
    pub(in crate::llm) unused: u8,
}

impl OwnPart {
    fn lasts(&self) -> bool {
        (self.is_instruction || self.asked >= POPULAR) && self.unused <= PATIENCE
    }
}

/// The business's own beginnings of the prompts that were read, the one used last at the end.
#[derive(Default)]
pub(super) struct OwnParts {
    parts: Vec<OwnPart>,
    /// Whether there is one worth keeping that was not there before.
    is_new: bool,
}

impl OwnParts {
    /// Notes a prompt that was read, of which `own` says what is the business's.
    pub(super) fn note(&mut self, tokens: &[u32], own: Own) {
        let part = |length: usize| &tokens[..length.min(tokens.len())];
        self.add(part(own.instruction), true);
        if own.all > own.instruction {
            self.add(part(own.all), false);
        }
        self.make_room();
    }

    /// Takes in what was kept over a restart, as what was used last.
    pub(super) fn restore(&mut self, part: OwnPart) {
        self.parts.push(OwnPart { unused: part.unused.saturating_add(1), ..part });
    }

    /// Those that are worth keeping, the one used last first.
    pub(super) fn lasting(&self) -> impl Iterator<Item = &OwnPart> {
        self.parts.iter().rev().filter(|part| part.lasts())
    }

    /// Whether one came to those that are worth keeping since the last time that this was asked.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// Forgets what is not worth keeping.
    pub(super) fn retain_lasting(&mut self) {
        self.parts.retain(OwnPart::lasts);
    }

    pub(super) fn clear(&mut self) {
        self.parts.clear();
    }

    fn add(&mut self, tokens: &[u32], is_instruction: bool) {
        if tokens.len() < super::SHORTEST {
            return;
        }
        let known = self.parts.iter().position(|part| part.tokens == tokens).map(|at| self.parts.remove(at));
        let lasted = known.as_ref().is_some_and(OwnPart::lasts);
        let mut part =
            known.unwrap_or_else(|| OwnPart { tokens: tokens.to_vec(), is_instruction, asked: 0, unused: 0 });
        part.is_instruction |= is_instruction;
        part.asked = part.asked.saturating_add(1);
        part.unused = 0;
        self.is_new |= !lasted && part.lasts();
        self.parts.push(part);
    }

    /// Those asked about once go first.
    fn make_room(&mut self) {
        while self.parts.len() > MOST {
            let single = self.parts.iter().position(|part| !part.lasts());
            self.parts.remove(single.unwrap_or(0));
        }
    }
}
