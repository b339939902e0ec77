//! WhatsApp's customer service window: free text may be sent for 24 hours after the customer's last message.
//!
//! Pure. Counts from Meta's timestamp of the message, never from the moment in which it arrived here.

use jiff::{SignedDuration, Timestamp};

/// How long the window stays open after the customer's last message.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// How much earlier the product treats it as closed, so that a message is not on its way when it closes.
pub const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// The time left in which free text may be sent, or nothing when the window is closed.
///
/// `last_inbound` is the greatest `sent_at` of the customer's messages. One ahead of `now` counts as sent now: clocks
/// differ by seconds, and a wrong clock must not keep the window open for longer than a day.
pub fn time_left(last_inbound: Timestamp, now: Timestamp) -> Option<SignedDuration> {
    let elapsed = now.duration_since(last_inbound).max(SignedDuration::ZERO);
    let left = WINDOW.checked_sub(MARGIN)?.checked_sub(elapsed)?;
    left.is_positive().then_some(left)
}

/// Whether free text may be sent at `now`.
pub fn is_open(last_inbound: Timestamp, now: Timestamp) -> bool {
    time_left(last_inbound, now).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_window_closes_five_minutes_before_the_day_is_over() {
        let closing = 24 * 3600 - 5 * 60;
        assert_eq!(time_left(at(0), at(0)), Some(SignedDuration::from_secs(closing)));
        assert_eq!(time_left(at(0), at(closing - 1)), Some(SignedDuration::from_secs(1)));
        assert!(!is_open(at(0), at(closing)));
        assert!(!is_open(at(0), at(30 * 24 * 3600)));
    }

    #[test]
    fn a_message_from_the_future_opens_no_more_than_a_day() {
        assert_eq!(time_left(at(9_000_000), at(0)), time_left(at(0), at(0)));
    }

    #[test]
    fn a_message_without_a_usable_time_opens_nothing() {
        assert!(!is_open(Timestamp::UNIX_EPOCH, at(0)));
        assert!(!is_open(Timestamp::MIN, Timestamp::MAX));
    }
}
