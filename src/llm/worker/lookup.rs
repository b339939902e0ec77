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

/// What followed when the last tokens of `text` last stood together before.
pub(super) fn guess(text: &[u32], most: usize) -> Vec<u32> {
    for run in (SHORTEST_RUN..=LONGEST_RUN.min(text.len().saturating_sub(1))).rev() {
        let (before, last) = (&text[..text.len() - 1], &text[text.len() - run..]);
        if let Some(at) = before.windows(run).rposition(|window| window == last) {
            let follow = &text[at + run..];
            return follow[..most.min(follow.len())].to_vec();
        }
    }
    Vec::new()
}

/// How much of what was measured last counts.
const RECENT: f32 = 0.2;

/// Tokens that are written without guesses before they are tried again.
const PAUSE: u32 = 24;

/// Whether guessing pays, from what was measured.
#[derive(Clone, Debug)]
pub(super) struct Payoff {
    /// How many tokens a pass with guesses has brought.
    tokens: f32,
    /// Seconds of a pass with guesses and of one without, once there was one.
    guessing: Option<f32>,
    plain: Option<f32>,
    /// Tokens to be written before the next guess.
    pause: u32,
}

impl Payoff {
    pub(super) fn new() -> Self {
        Payoff { tokens: 2.0, guessing: None, plain: None, pause: 0 }
    }

    /// Whether the next pass should have guesses.
    pub(super) fn pays(&mut self) -> bool {
        if self.pause > 0 {
            self.pause -= 1;
            return false;
        }
        let cost = self.guessing.zip(self.plain).map_or(1.0, |(guessing, plain)| guessing / plain);
        // A little more than even, for a guess that fails is also a token that comes later.
        if self.tokens > 1.05 * cost {
            return true;
        }
        // The next try starts with a chance, and with what time the passes really took.
        self.pause = PAUSE;
        self.tokens = 1.06 * cost;
        false
    }

    /// Learns from a pass of one text that took `seconds` and brought `tokens`.
    pub(super) fn learn(&mut self, guessed: bool, tokens: usize, seconds: f32) {
        let slot = if guessed { &mut self.guessing } else { &mut self.plain };
        *slot = Some(slot.map_or(seconds, |known| known + RECENT * (seconds - known)));
        if guessed {
            #[expect(clippy::cast_precision_loss, reason = "a pass brings a few tokens")]
            let tokens = tokens as f32;
            self.tokens += RECENT * (tokens - self.tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, PAUSE, Payoff, guess};

    #[test]
    fn what_followed_the_last_time_is_guessed() {
        assert_eq!(guess(&[1, 2, 3, 4, 5, 9, 2, 3], MOST), [4, 5, 9, 2, 3]);
        assert_eq!(guess(&[1, 2, 3, 4, 5, 9, 2, 3], 2), [4, 5]);
        // A longer run is better than a nearer one.
        assert_eq!(guess(&[1, 2, 3, 7, 8, 2, 3, 6, 1, 2, 3], 1), [7]);
        assert_eq!(guess(&[1, 2, 7, 1, 2, 8, 1, 2], 1), [8]);
        assert_eq!(guess(&[5, 5, 5, 5], 3), [5]);
        for text in [&[][..], &[1], &[1, 2], &[1, 2, 3]] {
            assert!(guess(text, MOST).is_empty());
        }
    }

    #[test]
    fn guessing_stops_where_it_does_not_pay_and_is_tried_again() {
        let mut payoff = Payoff::new();
        payoff.learn(false, 1, 0.02);
        let mut tries = 0;
        for _ in 0..200 {
            let guessed = payoff.pays();
            tries += u32::from(guessed);
            payoff.learn(guessed, 1, if guessed { 0.05 } else { 0.02 });
        }
        assert!((1..=2 + 200 / PAUSE).contains(&tries), "{tries}");
    }

    #[test]
    fn guessing_goes_on_where_it_pays() {
        let mut payoff = Payoff::new();
        payoff.learn(false, 1, 0.02);
        for _ in 0..200 {
            assert!(payoff.pays());
            payoff.learn(true, 3, 0.03);
        }
    }
}
