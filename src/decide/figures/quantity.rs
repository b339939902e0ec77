//! Amounts with a unit: weights, lengths, stretches of time, people.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::Figure;
use super::amount::{Amount, NUMBER};
use super::scan::{Scan, ends_word, starts_number};
use super::tables::{compile, connector, join};
use crate::answer::words::{fold, lexicon};
use crate::domain::Language;

/// A unit. Those that convert into each other share a base: weights are grams, lengths millimetres, volumes
/// millilitres, hours and minutes minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Weight.
    Gram,
    /// Length.
    Millimetre,
    /// Volume.
    Millilitre,
    /// Area.
    SquareMetre,
    /// Hours and minutes.
    Minute,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
    /// Nights.
    Night,
    /// Stays.
    Stay,
    /// People.
    Person,
    /// Children.
    Child,
    /// Rooms.
    Room,
    /// Pieces.
    Piece,
}

/// International abbreviations and words that all languages spell alike: unit, factor to its base, forms.
const COMMON: &[(Unit, i64, &str)] = &[
    (Unit::Gram, 1000, "kg|kgs|кг"),
    (
        Unit::Gram,
        1,
        "g|gr|grs|gramos|gramo|gram|grams|grammes|gramme|gramm|grammi|grammo|gramas|граммов|грамм|г|грамів|克|グラム|그램|กรัม|ग्राम|غرام|جرام|γραμμαρια|γρ",
    ),
    (
        Unit::Millimetre,
        1_000_000,
        "km|kms|kilometros|kilometers|kilometres|kilometer|chilometri|quilometros|км|公里|キロメートル|กม|كم|किमी|χλμ",
    ),
    (
        Unit::Millimetre,
        1000,
        "m|metros|metro|meters|metres|meter|metre|metri|mètres|метров|метра|метрів|м|米|メートル|미터|เมตร|متر|मीटर|μετρα",
    ),
    (Unit::Millimetre, 10, "cm|centimetros|centimeters|centimetres|см|厘米|سم|सेमी|εκ"),
    (Unit::Millimetre, 1, "mm|мм"),
    (
        Unit::Millilitre,
        1000,
        "l|litro|litros|liter|liters|litre|litres|litri|литра|литров|литр|літр|літра|літрів|升|リットル|리터|ลิตร|لتر|लीटर|λιτρα|λιτρο",
    ),
    (Unit::Millilitre, 10, "cl"),
    (Unit::Millilitre, 1, "ml|мл|毫升"),
    (Unit::SquareMetre, 1, "m2|m²|qm|mq|метров2|м2|平方米|平米"),
    (Unit::Minute, 60, "h|hs|hrs|std|ч"),
    (Unit::Minute, 1, "min|mins|мин|хв|dk"),
];

fn named(name: &str) -> Option<(Unit, i64)> {
    Some(match name {
        "minute" => (Unit::Minute, 1),
        "hour" => (Unit::Minute, 60),
        "day" => (Unit::Day, 1),
        "week" => (Unit::Week, 1),
        "month" => (Unit::Month, 1),
        "year" => (Unit::Year, 1),
        "night" => (Unit::Night, 1),
        "stay" => (Unit::Stay, 1),
        "person" => (Unit::Person, 1),
        "child" => (Unit::Child, 1),
        "room" => (Unit::Room, 1),
        "piece" => (Unit::Piece, 1),
        "kilo" => (Unit::Gram, 1000),
        _ => return None,
    })
}

/// Every written form with its unit and factor.
fn forms() -> &'static HashMap<String, (Unit, i64)> {
    static FORMS: LazyLock<HashMap<String, (Unit, i64)>> = LazyLock::new(|| {
        let common = COMMON
            .iter()
            .flat_map(|(unit, factor, forms)| forms.split('|').map(move |form| (fold(form), (*unit, *factor))));
        let mut all: HashMap<String, (Unit, i64)> = common.collect();
        for language in Language::ALL {
            for (name, patterns) in &lexicon(*language).units {
                let meaning = named(name).expect("the built-in units are known. This is a bug.");
                for form in patterns.entries() {
                    all.entry(form.trim().to_owned()).or_insert(meaning);
                }
            }
        }
        all
    });
    &FORMS
}

/// An alternation of every unit's forms, the longest first.
pub fn alternatives() -> String {
    join(forms().keys().cloned())
}

/// Whether the text begins with a unit other than hours, after at most one blank.
pub fn follows(after: &str) -> bool {
    static UNIT: LazyLock<Regex> = LazyLock::new(|| compile(&format!(r"^[\s-]?({})", alternatives())));
    UNIT.captures(after).is_some_and(|captures| {
        let unit = captures.get(1).expect("the group is not optional. This is a bug.");
        ends_word(after, unit.end()) && forms().get(unit.as_str()).is_some_and(|meaning| *meaning != (Unit::Minute, 60))
    })
}

/// Takes every amount with a unit, both ends of a range included.
pub fn take(scan: &mut Scan) {
    static QUANTITY: LazyLock<Regex> = LazyLock::new(|| {
        compile(&format!(r"(?:({NUMBER})\s?(?:{})\s?)?({NUMBER})[\s-]?({})", connector(), alternatives()))
    });
    let text = scan.text().to_owned();
    for captures in QUANTITY.captures_iter(&text) {
        let whole = captures.get(0).expect("a match has its whole. This is a bug.").range();
        let Some((unit, factor)) = captures.get(3).and_then(|form| forms().get(form.as_str())).copied() else {
            continue;
        };
        let amounts: Vec<Amount> = [1, 2]
            .into_iter()
            .filter_map(|index| captures.get(index))
            .filter_map(|amount| Amount::read(amount.as_str()))
            .collect();
        // A year is a date that a unit follows only by chance: 2026年.
        let is_year = unit == Unit::Year && amounts.iter().any(|amount| amount.whole_part() >= 1900);
        if starts_number(&text, whole.start) && ends_word(&text, whole.end) && !is_year {
            scan.take(whole, amounts.into_iter().map(|amount| Figure::Quantity { amount: amount.times(factor), unit }));
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Unit::Gram => "g",
            Unit::Millimetre => "mm",
            Unit::Millilitre => "ml",
            Unit::SquareMetre => "m²",
            Unit::Minute => "min",
            Unit::Day => "days",
            Unit::Week => "weeks",
            Unit::Month => "months",
            Unit::Year => "years",
            Unit::Night => "nights",
            Unit::Stay => "stays",
            Unit::Person => "people",
            Unit::Child => "children",
            Unit::Room => "rooms",
            Unit::Piece => "pieces",
        })
    }
}
