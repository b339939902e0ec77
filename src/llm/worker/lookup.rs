//! Guessing the next tokens by looking them up in the text itself: answers copy what the prompt says.
//!
//! Guesses are verified in one pass, and only what the model would have written anyway is kept, so that they change
//! the time and never the answer (Saxena, "Prompt Lookup Decoding", 2023). They cost time where the processor and not
//! its memory is the limit; what they bring and cost is measured as it goes, and where they do not pay they stop.

/// The longest run of tokens that is looked for, and the shortest.
const LONGEST_RUN: usize = 4;
const SHORTEST_RUN: usize = 2;

/// At most this many tokens are guessed at once: with the one before them, they fill a tile of the kernels.
pub(super) const MOST: usize = 7;

const AFTER_SHORTEST_RUN: usize = 3;

/// What followed when the last tokens of `text` last stood together before.
pub(super) fn guess(text: &[u32], most: usize) -> Vec<u32> {
    for run in (SHORTEST_RUN..=LONGEST_RUN.min(text.len().saturating_sub(1))).rev() {
        let (before, last) = (&text[..text.len() - 1], &text[text.len() - run..]);
        if let Some(at) = before.windows(run).rposition(|window| window == last) {
            let follow = &text[at + run..];
            // What only two tokens speak for is often wrong.
            let most = if run == SHORTEST_RUN { most.min(AFTER_SHORTEST_RUN) } else { most };
            return follow[..most.min(follow.len())].to_vec();
        }
    }
    Vec::new()
}

/// How much of what was measured last counts.
const RECENT: f32 = 0.25;

/// Tokens that are written without guesses before they are tried again.
const PAUSE: u32 = 24;

/// What passes for one text alone have taken, in seconds, once there was one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Costs {
    guessing: Option<f32>,
    plain: Option<f32>,
}

impl Costs {
    /// Learns from a pass with guesses or without.
    pub(super) fn learn(&mut self, guessed: bool, seconds: f32) {
        let slot = if guessed { &mut self.guessing } else { &mut self.plain };
        *slot = Some(slot.map_or(seconds, |known| known + RECENT * (seconds - known)));
    }

    /// How many plain passes one with guesses takes.
    fn ratio(self) -> f32 {
        self.guessing.zip(self.plain).map_or(1.0, |(guessing, plain)| guessing / plain.max(1e-6))
    }
}

/// Whether guessing pays for one answer, from how it went so far.
#[derive(Clone, Debug)]
pub(super) struct Luck {
    /// How many tokens a pass with guesses has brought.
    tokens: f32,
    /// Tokens to be written before the next guess.
    pause: u32,
}

impl Luck {
    pub(super) fn new() -> Self {
        Luck { tokens: 2.5, pause: 0 }
    }

    /// Whether the next pass should have guesses.
    pub(super) fn pays(&mut self, costs: Costs) -> bool {
        if self.pause > 0 {
            self.pause -= 1;
            return false;
        }
        // A little more than even, for a guess that fails is also a token that comes later.
        if self.tokens > 1.05 * costs.ratio() {
            return true;
        }
        // The next try starts with a chance, and with what time the passes really took.
        self.pause = PAUSE;
        self.tokens = 1.06 * costs.ratio();
        false
    }

    /// Learns from a pass with guesses that brought so many tokens.
    pub(super) fn learn(&mut self, tokens: usize) {
        #[expect(clippy::cast_precision_loss, reason = "a pass brings a few tokens")]
        let tokens = tokens as f32;
        self.tokens += RECENT * (tokens - self.tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::{Costs, Luck, MOST, PAUSE, guess};

    #[test]
    fn what_followed_the_last_time_is_guessed() {
        assert_eq!(guess(&[1, 2, 3, 4, 5, 9, 1, 2, 3], MOST), [4, 5, 9, 1, 2, 3]);
        assert_eq!(guess(&[1, 2, 3, 4, 5, 9, 2, 3], MOST), [4, 5, 9]);
        assert_eq!(guess(&[1, 2, 3, 4, 5, 9, 2, 3], 2), [4, 5]);
        // A longer run is better than a nearer one.
        assert_eq!(guess(&[1, 2, 3, 7, 8, 2, 3, 6, 1, 2, 3], 1), [7]);
        assert_eq!(guess(&[1, 2, 7, 1, 2, 8, 1, 2], 1), [8]);
        assert_eq!(guess(&[5, 5, 5, 5], 3), [5]);
        for text in [&[][..], &[1], &[1, 2], &[1, 2, 3]] {
            assert!(guess(text, MOST).is_empty());
        }
    }

    fn costs(guessing: f32) -> Costs {
        let mut costs = Costs::default();
        costs.learn(false, 0.02);
        costs.learn(true, guessing);
        costs
    }

    #[test]
    fn guessing_stops_where_it_does_not_pay_and_is_tried_again() {
        let mut luck = Luck::new();
        let mut tries = 0;
        for _ in 0..200 {
            if luck.pays(costs(0.03)) {
                tries += 1;
                luck.learn(1);
            }
        }
        assert!((1..=6 + 200 / PAUSE).contains(&tries), "{tries}");
    }

    #[test]
    fn guessing_goes_on_where_it_pays() {
        let mut luck = Luck::new();
        for _ in 0..200 {
            assert!(luck.pays(costs(0.03)));
            luck.learn(3);
        }
    }

    #[test]
    fn before_anything_was_measured_guessing_costs_nothing() {
        assert!(Luck::new().pays(Costs::default()));
    }
}
