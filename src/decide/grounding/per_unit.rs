//! What an amount is for: per night, per person, per kilo.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::answer::words::{Lexicon, Text};
use crate::decide::figures::currencies;

/// The names of the units in the tables.
const UNITS: [&str; 12] =
    ["minute", "hour", "day", "week", "month", "year", "night", "stay", "person", "child", "room", "piece"];

/// The units that the text says "per" of.
pub fn per_units(text: &str, lexicon: &Lexicon) -> BTreeSet<&'static str> {
    let text = Text::new(text);
    let marks = Marks {
        before: lexicon.per.find(&text),
        before_after_price: lexicon.per_price.find(&text),
        after: lexicon.per_after.find(&text),
    };
    let names = UNITS.into_iter().chain(["kilo"]);
    names
        .filter(|name| lexicon.units[*name].find(&text).iter().any(|unit| marks.stand_at(&text.folded, unit)))
        .collect()
}

struct Marks {
    before: Vec<Range<usize>>,
    before_after_price: Vec<Range<usize>>,
    after: Vec<Range<usize>>,
}

impl Marks {
    fn stand_at(&self, folded: &str, unit: &Range<usize>) -> bool {
        let touches = |left: usize, right: usize| left <= right && folded[left..right].trim().is_empty();
        self.before.iter().any(|mark| touches(mark.end, unit.start))
            || folded[..unit.start].trim_end().ends_with('/')
            || self.after.iter().any(|mark| touches(unit.end, mark.start))
            || self
                .before_after_price
                .iter()
                .any(|mark| touches(mark.end, unit.start) && ends_in_price(&folded[..mark.start]))
    }
}

/// Whether a price stands right before: "80 € la noche", and not "9 de la noche".
fn ends_in_price(before: &str) -> bool {
    let after_digits = before.rfind(|character: char| character.is_ascii_digit()).map(|at| before[at + 1..].trim());
    after_digits.is_some_and(|rest| rest.is_empty() || !currencies(rest).is_empty())
}
