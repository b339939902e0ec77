//! What each of Meta's error codes means for the message, and what the owner can do about it.
//!
//! Decides by the code alone: titles change and the HTTP status misleads (rate limits come as 400).
//! The same codes arrive as answers to a request and, later, in statuses.

use std::ops::RangeInclusive;
use std::time::Duration;

mod table;

use table::RULES;

/// Stands for an error that carries no code.
pub const UNKNOWN_CODE: i64 = -1;

/// What to do with a message that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Try again later.
    Backoff,
    /// Too much to one customer: try again later, and hold back that customer's other messages too.
    PairBackoff,
    /// Nothing can be sent: stop sending to everyone and tell the owner.
    PauseAll,
    /// The 24-hour window is closed: only a template could be sent.
    WindowClosed,
    /// This message will never arrive; others may.
    Permanent,
    /// A setting or the request is wrong: trying again changes nothing, the owner must act.
    FixConfig,
    /// The customer wants no marketing messages: record it.
    OptedOut,
}

/// What one code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What to do with the message.
    pub policy: Policy,
    /// What the owner can do, in one sentence.
    pub remedy: &'static str,
}

struct Rule {
    codes: RangeInclusive<i64>,
    verdict: Verdict,
}

/// An unknown code is tried again a few times: the message was refused, so that nothing is sent twice.
const UNKNOWN: Verdict = Verdict {
    policy: Policy::Backoff,
    remedy: "Look the code up in Meta's list of WhatsApp error codes, and update Atiende if the error stays.",
};

/// What `code` means; codes that are not known get [`Policy::Backoff`].
pub fn verdict(code: i64) -> Verdict {
    RULES.iter().find(|rule| rule.codes.contains(&code)).map_or(UNKNOWN, |rule| rule.verdict)
}

/// How long to wait before the next try, or nothing when there is none.
///
/// `attempt` counts the tries so far, from 1. [`Policy::Backoff`] waits about 1, 4, 16 and 60 s, each shortened by up
/// to half as `jitter` (0 to 1) falls. [`Policy::PairBackoff`] waits 4^X s (1, 4, 16, 64, 256), which Meta asks for,
/// lengthened by up to a quarter. No other policy tries again.
///
/// The caller also stops when the customer's window closes.
pub fn backoff(policy: Policy, attempt: u32, jitter: f64) -> Option<Duration> {
    const TRIES: u32 = 5;
    let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
    let tried = attempt.max(1);
    let power = |exponent: u32| Duration::from_secs(4_u64.saturating_pow(exponent));
    match policy {
        Policy::Backoff if tried < TRIES => {
            let longest = power(tried - 1).min(Duration::from_secs(60));
            Some(longest.mul_f64(0.5 + jitter / 2.0))
        }
        Policy::PairBackoff if tried <= TRIES => Some(power(tried - 1).mul_f64(1.0 + jitter / 4.0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_has_its_codes() {
        let expected = [
            (Policy::Backoff, &[1, 2, 4, 80007, 130_429, 131_000, 131_016, 131_057, 133_004, 134_101][..]),
            (Policy::PairBackoff, &[131_056]),
            (Policy::PauseAll, &[0, 10, 190, 200, 250, 299, 368, 131_005, 131_031, 131_042, 131_048, 131_064]),
            (Policy::WindowClosed, &[131_047]),
            (Policy::Permanent, &[130_472, 130_497, 131_026, 131_049, 131_052, 131_063, 132_015, 132_016]),
            (Policy::FixConfig, &[3, 33, 100, 131_008, 131_009, 131_021, 131_030, 131_037, 131_045, 132_001, 133_010]),
            (Policy::OptedOut, &[131_050]),
        ];
        for (policy, codes) in expected {
            for code in codes {
                assert_eq!(verdict(*code).policy, policy, "{code}");
            }
        }
    }

    #[test]
    fn unknown_codes_are_tried_again() {
        assert_eq!(verdict(UNKNOWN_CODE), UNKNOWN);
        assert_eq!(verdict(999_999), UNKNOWN);
    }

    #[test]
    fn codes_are_listed_once_and_remedies_are_one_sentence() {
        for (index, rule) in RULES.iter().enumerate() {
            assert!(rule.codes.start() <= rule.codes.end());
            for later in &RULES[index + 1..] {
                let apart = rule.codes.end() < later.codes.start() || later.codes.end() < rule.codes.start();
                assert!(apart, "{:?} and {:?}", rule.codes, later.codes);
            }
            let remedy = rule.verdict.remedy;
            assert!(remedy.ends_with('.') && !remedy.trim_end_matches('.').contains(". "), "{remedy}");
        }
    }

    #[test]
    fn waits_grow_up_to_a_minute_and_end_after_five_tries() {
        let seconds = |policy, jitter| {
            let waits = (1..=7).map_while(move |attempt| backoff(policy, attempt, jitter));
            waits.map(|wait| wait.as_secs_f64()).collect::<Vec<_>>()
        };
        assert_eq!(seconds(Policy::Backoff, 1.0), [1.0, 4.0, 16.0, 60.0]);
        assert_eq!(seconds(Policy::Backoff, 0.0), [0.5, 2.0, 8.0, 30.0]);
        assert_eq!(seconds(Policy::PairBackoff, 0.0), [1.0, 4.0, 16.0, 64.0, 256.0]);
        assert_eq!(seconds(Policy::PairBackoff, 1.0), [1.25, 5.0, 20.0, 80.0, 320.0]);
    }

    #[test]
    fn what_cannot_succeed_is_not_tried_again() {
        for policy in [Policy::PauseAll, Policy::WindowClosed, Policy::Permanent, Policy::FixConfig, Policy::OptedOut] {
            assert_eq!(backoff(policy, 1, 0.5), None);
        }
    }

    #[test]
    fn odd_inputs_still_give_a_wait() {
        assert_eq!(backoff(Policy::Backoff, 0, f64::NAN), Some(Duration::from_millis(500)));
        assert_eq!(backoff(Policy::PairBackoff, 1, 9.0), Some(Duration::from_millis(1250)));
        assert_eq!(backoff(Policy::PairBackoff, u32::MAX, 0.0), None);
    }
}
