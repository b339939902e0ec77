//! A span of a day as it is written in the configuration: `09:00-14:00`.
//!
//! Knows neither the clock nor the time zone; whether somebody is there now is for the desk to say.

use super::setting::{Raw, Setting, quoted};

/// A part of a day, in minutes after midnight. `from` is before `to`, and `to` is at most 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourSpan {
    from: u16,
    to: u16,
}

impl HourSpan {
    /// Reads `09:00-14:00`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("expected hours such as \"09:00-14:00\", found `{text}`");
        let (from, to) = text.split_once(['-', '–']).ok_or_else(expected)?;
        let from = minutes(from).ok_or_else(expected)?;
        let to = minutes(to).ok_or_else(expected)?;
        if from >= to {
            return Err(format!(
                "`{text}` ends before it begins; write hours past midnight as two spans, \"22:00-24:00\" on this day \
                 and \"00:00-02:00\" on the next"
            ));
        }
        Ok(HourSpan { from, to })
    }

    /// The minute after midnight at which it begins.
    pub fn from_minute(self) -> u16 {
        self.from
    }

    /// The minute after midnight at which it ends; 1440 is midnight.
    pub fn to_minute(self) -> u16 {
        self.to
    }
}

impl std::fmt::Display for HourSpan {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(formatter, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

/// Reads `9:00` or `24:00` as minutes after midnight.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || minutes.len() != 2 || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 24 * 60).then_some(total)
}

impl Setting for HourSpan {
    fn read(raw: &Raw) -> Result<Self, String> {
        HourSpan::parse(&String::read(raw)?)
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_that_are_not_hours_are_refused_with_an_example() {
        for text in ["", "9-14", "09:00", "25:00-26:00", "09:60-10:00", "09:00-24:01", "a:00-b:00", "+9:00-10:00"] {
            let error = HourSpan::parse(text).unwrap_err();
            assert!(error.contains("09:00-14:00"), "{text}: {error}");
        }
        assert!(HourSpan::parse("22:00-02:00").unwrap_err().contains("past midnight"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_writes_back(text in "\\PC{0,14}|[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}") {
            if let Ok(span) = HourSpan::parse(&text) {
                prop_assert!(span.from_minute() < span.to_minute() && span.to_minute() <= 1440);
                prop_assert_eq!(HourSpan::parse(&span.to_string()), Ok(span));
            }
        }
    }
}
