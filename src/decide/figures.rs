//! Reads the figures of a text with what they mean: times, money, dates, phones, links, amounts with units.
//!
//! One reader for all languages, because customers and owners mix them. Never judges whether a figure is right.

mod amount;
mod contact;
mod date;
mod money;
mod quantity;
mod scan;
mod tables;
mod time;

#[cfg(test)]
mod tests;

use std::fmt;

pub use self::amount::Amount;
pub use self::money::{Currency, currencies};
pub use self::quantity::Unit;
use self::scan::Scan;

/// A figure with its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// A time of day in minutes after midnight, 0 to 1440; "9 de la noche" is 1260.
    Time {
        /// Minutes after midnight.
        minutes: u16,
    },
    /// An amount of money.
    Money {
        /// How much.
        amount: Amount,
        /// Of which currency.
        currency: Currency,
    },
    /// A percentage.
    Percent(Amount),
    /// The digits of a phone number, with the country code where it was written.
    Phone(String),
    /// A link without scheme, `www.` and final slash, in lower case.
    Link(String),
    /// An e-mail address in lower case.
    Email(String),
    /// A date.
    Date {
        /// 1 to 31; of `3/4` the first number.
        day: u8,
        /// 1 to 12; of `3/4` the second number.
        month: u8,
        /// The year as written, if it was.
        year: Option<u16>,
    },
    /// An amount with a unit.
    Quantity {
        /// How much, in the unit's base.
        amount: Amount,
        /// Of what.
        unit: Unit,
    },
    /// Any other number.
    Number(Amount),
}

/// A figure as it stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it means.
    pub figure: Figure,
    /// How it was written, folded.
    pub text: String,
}

/// Every figure of the text, in order.
pub fn figures(text: &str) -> Vec<Found> {
    let mut scan = Scan::new(text);
    // Each reader takes what it understands away from those after it, so the surest shapes come first.
    contact::take_addresses(&mut scan);
    contact::take_marked_phones(&mut scan);
    date::take(&mut scan);
    money::take(&mut scan);
    time::take(&mut scan);
    contact::take_plain_phones(&mut scan);
    quantity::take(&mut scan);
    amount::take(&mut scan);
    scan.into_found()
}

impl Figure {
    /// Whether both say the same, perhaps one of them less exactly: "9" and "9:00", `$` and `US$`, "24 h" and "24:00".
    pub fn agrees(&self, other: &Figure) -> bool {
        self == other || self.covers(other) || other.covers(self)
    }

    fn covers(&self, other: &Figure) -> bool {
        use Figure::{Date, Money, Number, Phone, Quantity, Time};
        match (self, other) {
            (Time { minutes }, Number(number)) => {
                // A bare "9", or "9.30" that nothing showed to be a time.
                *number == Amount::whole(i64::from(minutes / 60)) && minutes % 60 == 0
                    || *number == Amount::hundredths(i64::from(minutes / 60 * 100 + minutes % 60))
            }
            (Time { minutes }, Quantity { amount, unit: Unit::Minute }) => {
                *amount == Amount::whole(i64::from(*minutes))
            }
            (Money { amount, currency }, Money { amount: same, currency: near }) => {
                amount == same && currency.agrees(*near)
            }
            (Date { day, month, year }, Date { day: first, month: second, year: other }) => {
                let same_day = (day, month) == (first, second) || (day, month) == (second, first);
                same_day && (year == other || year.is_none() || other.is_none())
            }
            (Phone(long), Phone(short)) => short.len() >= 7 && long.ends_with(short.trim_start_matches('0')),
            (Phone(digits), Number(number)) => number.is_written(digits),
            _ => false,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Time { minutes } => write!(formatter, "time {:02}:{:02}", minutes / 60, minutes % 60),
            Figure::Money { amount, currency } => write!(formatter, "amount {amount} {currency}"),
            Figure::Percent(amount) => write!(formatter, "percentage {amount} %"),
            Figure::Phone(digits) => write!(formatter, "phone number {digits}"),
            Figure::Link(link) => write!(formatter, "link {link}"),
            Figure::Email(email) => write!(formatter, "e-mail address {email}"),
            Figure::Date { day, month, year: None } => write!(formatter, "date {day}/{month}"),
            Figure::Date { day, month, year: Some(year) } => write!(formatter, "date {day}/{month}/{year}"),
            Figure::Quantity { amount, unit } => write!(formatter, "quantity {amount} {unit}"),
            Figure::Number(amount) => write!(formatter, "number {amount}"),
        }
    }
}
