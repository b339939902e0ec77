//! How many tokens each text gets in the next pass.
//!
//! Whoever is being answered gets all that is to be written or verified, every time. Of prompts, a pass takes what fits
//! after those. The prompt that waited longest comes first, so that each is done some time; but a short one beside it
//! gets half of the room, so that a quick question does not wait for somebody's long story.

/// Tokens of prompts in a pass that also writes for somebody: what they wait for each other's prompts.
const BESIDE_WRITING: usize = 48;

/// What a text would have read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    /// Tokens that are to be read.
    pub(super) unread: usize,
    /// Whether they are of the prompt.
    pub(super) is_prompt: bool,
    /// Whether any of the text was read before.
    pub(super) has_begun: bool,
    /// How long the text can become.
    pub(super) length: usize,
}

/// The share of each text, in the order in which they came. A pass takes about `longest` tokens; texts begin only as
/// long as all that have begun can become together is at most `live` tokens, but the first always does.
pub(super) fn shares(wants: &[Want], longest: usize, live: usize) -> Vec<usize> {
    let begun: usize = wants.iter().filter(|want| want.has_begun).map(|want| want.length).sum();
    let mut room_to_live = live.saturating_sub(begun);
    let mut nobody = begun == 0;
    let mut may_read = |want: &Want| {
        if want.has_begun {
            return true;
        }
        let fits = nobody || want.length <= room_to_live;
        // Whoever came later waits, too: a long text would wait for ever if short ones went past it.
        room_to_live = if fits { room_to_live.saturating_sub(want.length) } else { 0 };
        nobody = false;
        fits
    };
    let allowed: Vec<bool> = wants.iter().map(&mut may_read).collect();
    let is_written = |want: &Want| !want.is_prompt;
    let mut room = if wants.iter().any(is_written) { BESIDE_WRITING.min(longest) } else { longest };
    let mut shares = vec![0; wants.len()];
    for (share, want) in shares.iter_mut().zip(wants).filter(|(_, want)| is_written(want)) {
        *share = want.unread.min(longest);
    }
    let mut prompts: Vec<usize> = (0..wants.len()).filter(|&at| wants[at].is_prompt && allowed[at]).collect();
    if let Some(&shortest) = prompts.iter().skip(1).min_by_key(|&&at| wants[at].unread) {
        shares[shortest] = wants[shortest].unread.min(room / 2);
        room -= shares[shortest];
        prompts.retain(|&at| at != shortest);
    }
    for at in prompts {
        shares[at] = wants[at].unread.min(room);
        room -= shares[at];
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BESIDE_WRITING, Want, shares};

    fn prompt(unread: usize) -> Want {
        Want { unread, is_prompt: true, has_begun: true, length: unread + 50 }
    }

    fn writing(unread: usize) -> Want {
        Want { unread, is_prompt: false, has_begun: true, length: 300 }
    }

    fn waiting(length: usize) -> Want {
        Want { unread: length, is_prompt: true, has_begun: false, length }
    }

    #[test]
    fn a_prompt_alone_gets_the_whole_pass() {
        assert_eq!(shares(&[prompt(500)], 128, 8192), [128]);
        assert_eq!(shares(&[prompt(5)], 128, 8192), [5]);
        assert!(shares(&[], 128, 8192).is_empty());
    }

    #[test]
    fn those_who_are_written_for_come_first_and_prompts_get_a_part() {
        assert_eq!(shares(&[prompt(500), writing(4), writing(1)], 128, 8192), [BESIDE_WRITING, 4, 1]);
    }

    #[test]
    fn a_short_prompt_does_not_wait_for_a_long_one_and_the_long_one_goes_on() {
        assert_eq!(shares(&[prompt(3000), prompt(900), prompt(100)], 128, 8192), [64, 0, 64]);
        assert_eq!(shares(&[prompt(3000), prompt(900), prompt(20)], 128, 8192), [108, 0, 20]);
        assert_eq!(shares(&[prompt(20), prompt(900), prompt(3000)], 128, 8192), [20, 64, 44]);
    }

    #[test]
    fn texts_wait_until_there_is_memory_for_them_and_nobody_goes_past_them() {
        assert_eq!(shares(&[waiting(5000), waiting(3000), waiting(200)], 128, 8192), [64, 64, 0]);
        assert_eq!(shares(&[waiting(5000), waiting(4000), waiting(200)], 128, 8192), [128, 0, 0]);
        assert_eq!(shares(&[waiting(9000), waiting(10)], 128, 8192), [128, 0]);
    }

    fn wants() -> impl Strategy<Value = Vec<Want>> {
        let want = (1usize..4000, any::<bool>(), any::<bool>()).prop_map(|(unread, is_prompt, has_begun)| Want {
            unread: if is_prompt { unread } else { unread % 8 + 1 },
            is_prompt,
            has_begun: has_begun || !is_prompt,
            length: unread + 100,
        });
        prop::collection::vec(want, 1..9)
    }

    proptest! {
        #[test]
        fn every_pass_does_something_for_whoever_came_first_and_none_is_too_large(wants in wants()) {
            let shares = shares(&wants, 128, 8192);
            prop_assert!(shares.iter().zip(&wants).all(|(share, want)| *share <= want.unread));
            prop_assert!(shares.iter().zip(&wants).all(|(share, want)| want.is_prompt || *share == want.unread));
            let prompts: usize = shares.iter().zip(&wants).filter(|(_, want)| want.is_prompt).map(|(share, _)| share).sum();
            prop_assert!(prompts <= 128);
            prop_assert!(shares.iter().sum::<usize>() > 0);
            if let Some(first) = wants.iter().position(|want| want.is_prompt).filter(|&at| wants[at].has_begun) {
                prop_assert!(shares[first] > 0);
            }
        }
    }
}
