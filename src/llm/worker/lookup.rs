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

/// So much more than even guesses have to bring, for one that fails is also a token that comes later.
const WORTH: f32 = 1.05;

/// Sizes of passes that are told apart: 1, 2, up to 4, up to 8 tokens and so on, as the kernels take them.
const SIZES: usize = 6;

/// What passes have taken, in seconds, in which nothing but what was being written was read: by their size, once there was
/// one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Costs([Option<f32>; SIZES]);

impl Costs {
    /// Learns from a pass of so many tokens.
    pub(super) fn learn(&mut self, tokens: usize, seconds: f32) {
        let slot = &mut self.0[size(tokens)];
        *slot = Some(slot.map_or(seconds, |known| known + RECENT * (seconds - known)));
    }

    /// How many passes of `few` tokens one of `many` takes: one, as long as nobody knows.
    fn ratio(&self, many: usize, few: usize) -> f32 {
        let known = self.0[size(many)].zip(self.0[size(few)]);
        known.map_or(1.0, |(many, few)| many / few.max(1e-6))
    }
}

fn size(tokens: usize) -> usize {
    (tokens.max(1).next_power_of_two().ilog2() as usize).min(SIZES - 1)
}

/// Whether guessing pays for one answer, from how it went so far.
#[derive(Clone, Debug)]
pub(super) struct Luck {
    /// The probability that a guess is right whose forerunners are.
    chance: f32,
    /// Tokens to be written before the next guess.
    pause: u32,
}

impl Luck {
    pub(super) fn new() -> Self {
        Luck { chance: 0.6, pause: 0 }
    }

    /// How many tokens the next pass should have guessed, at most `most`, if each of so many `writers` has as many.
    pub(super) fn guesses(&mut self, most: usize, writers: usize, costs: &Costs) -> usize {
        if most == 0 || self.pause > 0 {
            self.pause = self.pause.saturating_sub(1);
            return 0;
        }
        let price = |guesses: usize| WORTH * costs.ratio(writers * (1 + guesses), writers);
        let fewer = [most, most / 2, most / 4].into_iter().filter(|guesses| *guesses > 0);
        if let Some(guesses) = fewer.clone().find(|guesses| tokens(self.chance, *guesses) > price(*guesses)) {
            return guesses;
        }
        self.pause = PAUSE;
        // The next try starts with a chance that is just enough, and with what time the passes really took.
        let enough = |chance: &f32| fewer.clone().any(|guesses| tokens(*chance, guesses) > price(guesses));
        self.chance = (1..20u8).map(|step| f32::from(step) / 20.0).find(enough).unwrap_or(0.95);
        0
    }

    /// Learns from a pass in which `right` of `guessed` tokens were right.
    pub(super) fn learn(&mut self, guessed: usize, right: usize) {
        #[expect(clippy::cast_precision_loss, reason = "a few tokens are guessed")]
        let share = right as f32 / (right + 1).min(guessed).max(1) as f32;
        self.chance += RECENT * (share - self.chance);
    }
}

/// How many tokens a pass brings with so many guesses, each of which is right with this probability if those before it are.
fn tokens(chance: f32, guesses: usize) -> f32 {
    (0..=guesses).map(|before| chance.powi(i32::try_from(before).unwrap_or(i32::MAX))).sum()
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

    /// Of a processor on which a pass of eight tokens takes so many times as long as one of a single token.
    fn costs(eight: f32) -> Costs {
        let mut costs = Costs::default();
        let times = |share: f32| 0.02 * (1.0 + share * (eight - 1.0));
        for (tokens, seconds) in [(1, 0.02), (2, times(0.4)), (4, times(0.6)), (8, times(1.0))] {
            costs.learn(tokens, seconds);
        }
        costs
    }

    #[test]
    fn guessing_stops_where_it_does_not_pay_and_is_tried_again() {
        let mut luck = Luck::new();
        let mut tries = 0;
        for _ in 0..200 {
            let guesses = luck.guesses(MOST, 1, &costs(1.5));
            if guesses > 0 {
                tries += 1;
                luck.learn(guesses, 0);
            }
        }
        assert!((2..=8 + 200 / PAUSE).contains(&tries), "{tries}");
    }

    #[test]
    fn guessing_goes_on_where_it_pays() {
        let mut luck = Luck::new();
        for _ in 0..200 {
            let guesses = luck.guesses(MOST, 1, &costs(1.5));
            assert_eq!(guesses, MOST);
            luck.learn(guesses, 3);
        }
    }

    #[test]
    fn before_anything_was_measured_guessing_costs_nothing() {
        assert_eq!(Luck::new().guesses(MOST, 1, &Costs::default()), MOST);
    }

    #[test]
    fn where_many_tokens_at_once_take_long_those_who_write_beside_others_guess_fewer() {
        let mut costs = Costs::default();
        costs.learn(4, 0.06);
        costs.learn(8, 0.065);
        costs.learn(16, 0.065);
        assert_eq!(Luck::new().guesses(3, 4, &costs), 3);
        (0..20).for_each(|_| costs.learn(16, 0.15));
        assert_eq!(Luck::new().guesses(3, 4, &costs), 1);
        (0..20).for_each(|_| costs.learn(8, 0.15));
        assert_eq!(Luck::new().guesses(3, 4, &costs), 0);
    }

    #[test]
    fn nothing_is_guessed_where_there_is_no_room() {
        assert_eq!(Luck::new().guesses(0, 1, &Costs::default()), 0);
    }
}
