//! Dates: `25/12`, `25.12.2026`, `2026-12-25`, "25 de diciembre", "December 25", 12月25日.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Figure;
use super::scan::{Scan, ends_number, ends_word, starts_number};
use super::tables::{alternation, compile};
use crate::answer::words::{fold, lexicon};
use crate::domain::Language;

/// Takes every date.
pub fn take(scan: &mut Scan) {
    for (expression, shape) in shapes() {
        let text = scan.text().to_owned();
        for captures in expression.captures_iter(&text) {
            let whole = captures.get(0).expect("a match has its whole. This is a bug.");
            let is_clear =
                starts_number(&text, whole.start()) && ends_number(&text, whole.end()) && ends_word(&text, whole.end());
            if let Some(date) = read(&captures, *shape).filter(|_| is_clear) {
                scan.take(whole.range(), [date]);
            }
        }
    }
}

/// In which order the parts of a date stand.
#[derive(Clone, Copy)]
enum Shape {
    YearMonthDay,
    DayMonthYear,
    MonthDay,
}

fn shapes() -> &'static [(Regex, Shape)] {
    static SHAPES: LazyLock<Vec<(Regex, Shape)>> = LazyLock::new(|| {
        let month = alternation(|lexicon| lexicon.months.iter().collect());
        let of = "(?:de |d'|of |di |ngay |a )?";
        vec![
            (compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), Shape::YearMonthDay),
            (compile(r"(?:(\d{4})\s?[年년]\s?)?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일号]"), Shape::YearMonthDay),
            (compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?"), Shape::DayMonthYear),
            (compile(r"(\d{1,2})\. ?(\d{1,2})\.(?: ?(\d{4}))?"), Shape::DayMonthYear),
            (
                compile(&format!(r"(\d{{1,2}})(?:\.|st|nd|rd|th|er|o)?\s{{0,2}}{of}({month})(?: (?:de )?(\d{{4}}))?")),
                Shape::DayMonthYear,
            ),
            (compile(&format!(r"({month})\s?(\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?")), Shape::MonthDay),
        ]
    });
    &SHAPES
}

fn read(captures: &Captures, shape: Shape) -> Option<Figure> {
    let part = |index: usize| captures.get(index).map(|part| part.as_str());
    let (day, month, year) = match shape {
        Shape::YearMonthDay => (part(3), part(2), part(1)),
        Shape::DayMonthYear => (part(1), part(2), part(3)),
        Shape::MonthDay => (part(2), part(1), part(3)),
    };
    let (day, month) = (day?.parse().ok()?, month_number(month?)?);
    let year = match year {
        Some(year) => Some(year.parse::<u16>().ok().map(|year| if year < 100 { year + 2000 } else { year })?),
        None => None,
    };
    // Written the American way: 12/25.
    let (day, month) = if month > 12 && day <= 12 { (month, day) } else { (day, month) };
    ((1..=31).contains(&day) && (1..=12).contains(&month)).then_some(Figure::Date { day, month, year })
}

fn month_number(name: &str) -> Option<u8> {
    static NAMES: LazyLock<HashMap<String, u8>> = LazyLock::new(|| {
        let mut names = HashMap::new();
        for language in Language::ALL {
            for (month, patterns) in (1..=12).zip(&lexicon(*language).months) {
                for name in patterns.entries() {
                    names.entry(name.to_owned()).or_insert(month);
                }
            }
        }
        names
    });
    name.parse().ok().or_else(|| NAMES.get(&fold(name)).copied())
}
