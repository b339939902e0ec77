//! Numbers as people write them: 1.200, 1,200, 1 200, 2,50, 2.50.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::Figure;
use super::scan::Scan;
use super::tables::compile;

/// A number as an expression for use inside others: grouped by blanks, dots, commas or apostrophes, or plain.
pub const NUMBER: &str = r"(?:\d{1,3}(?:[ .,']\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?)";

/// Ten-thousandths are the smallest part that is kept.
const SCALE: i64 = 10_000;

/// An exact decimal number, in ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Amount(i64);

impl Amount {
    /// A whole number.
    pub fn whole(value: i64) -> Self {
        Amount(value.saturating_mul(SCALE))
    }

    /// A number of hundredths.
    pub fn hundredths(value: i64) -> Self {
        Amount(value.saturating_mul(SCALE / 100))
    }

    /// So many times as much.
    pub fn times(self, factor: i64) -> Self {
        Amount(self.0.saturating_mul(factor))
    }

    /// Reads digits with any separators; nothing when there is no digit or more than 15.
    ///
    /// One separator before exactly three digits groups thousands, unless a lone zero stands before it.
    pub fn read(text: &str) -> Option<Self> {
        let compact: String = text.chars().filter(|character| !matches!(character, ' ' | '\'' | '\u{a0}')).collect();
        let (whole, fraction) = match decimal_point(&compact) {
            Some(at) => (&compact[..at], &compact[at + 1..]),
            None => (compact.as_str(), ""),
        };
        let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
        if whole.is_empty() || whole.len() > 15 || !fraction.chars().all(|character| character.is_ascii_digit()) {
            return None;
        }
        let parts: String = fraction.chars().chain("0000".chars()).take(4).collect();
        let value = whole.parse::<i64>().ok()?.saturating_mul(SCALE);
        Some(Amount(value.saturating_add(parts.parse().ok()?)))
    }

    /// Whether this is a whole number with exactly these digits.
    pub fn is_written(self, digits: &str) -> bool {
        digits.parse().is_ok_and(|value: i64| value.checked_mul(SCALE) == Some(self.0))
    }

    /// The whole part.
    pub fn whole_part(self) -> i64 {
        self.0 / SCALE
    }
}

fn decimal_point(text: &str) -> Option<usize> {
    let last = text.rfind(['.', ','])?;
    let separator = text.as_bytes()[last];
    let other = if separator == b'.' { ',' } else { '.' };
    if text.contains(other) {
        return Some(last);
    }
    let is_repeated = text.bytes().filter(|byte| *byte == separator).count() > 1;
    let groups_thousands = text.len() - last == 4 && (1..=3).contains(&last) && !text.starts_with('0');
    (!is_repeated && !groups_thousands).then_some(last)
}

/// Takes every number that is left.
pub fn take(scan: &mut Scan) {
    static NUMBERS: LazyLock<Regex> = LazyLock::new(|| compile(NUMBER));
    let text = scan.text().to_owned();
    for number in NUMBERS.find_iter(&text) {
        if let Some(amount) = Amount::read(number.as_str()) {
            scan.take(number.range(), [Figure::Number(amount)]);
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / SCALE, self.0 % SCALE);
        if part == 0 {
            return write!(formatter, "{whole}");
        }
        let part = format!("{part:04}");
        let part = part.trim_end_matches('0');
        write!(formatter, "{whole}.{part:0<2}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn separators_of_any_country_read_alike() {
        for text in ["1200", "1.200", "1,200", "1 200", "1'200", "1.200,00", "1,200.00"] {
            assert_eq!(Amount::read(text), Some(Amount::whole(1200)), "{text}");
        }
        assert_eq!(Amount::read("2,50"), Amount::read("2.5"));
        assert_eq!(Amount::read("1.200.000"), Some(Amount::whole(1_200_000)));
        assert_eq!(Amount::read("0,125").map(|amount| amount.to_string()).as_deref(), Some("0.125"));
        assert_eq!(Amount::read("9999999999999999"), None);
        assert_eq!(Amount::hundredths(250).to_string(), "2.50");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(whole in 0i64..1_000_000_000, cents in 0i64..100) {
            let amount = Amount::hundredths(whole * 100 + cents);
            prop_assert_eq!(Amount::read(&amount.to_string()), Some(amount));
        }

        #[test]
        fn reading_never_panics(text in r"[0-9., ']{0,40}") {
            let _ = Amount::read(&text);
        }
    }
}
