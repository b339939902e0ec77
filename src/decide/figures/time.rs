//! Times of day: 9:00, 9.30, 11h00, 9 am, "a las 9 de la noche", 下午3点.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Figure;
use super::quantity::follows as unit_follows;
use super::scan::{Scan, ends_number, ends_word, starts_number, starts_word};
use super::tables::{alternation, compile, connector};

/// A number that may be a time, with what its neighbourhood says.
struct Candidate {
    range: Range<usize>,
    hour: u16,
    minutes: Option<u16>,
    part: Option<Part>,
    is_time: bool,
}

/// The part of the day that a text names beside an hour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Marked "am", where 12 is midnight.
    BeforeNoon,
    Morning,
    Afternoon,
    Night,
}

/// Takes every time of day.
pub fn take(scan: &mut Scan) {
    let text = scan.text().to_owned();
    let mut candidates = candidates(&text);
    spread_over_ranges(&text, &mut candidates);
    for candidate in candidates.into_iter().filter(|candidate| candidate.is_time) {
        let minutes = candidate.minute_of_day();
        scan.take(candidate.range, [Figure::Time { minutes }]);
    }
}

fn candidates(text: &str) -> Vec<Candidate> {
    static CLOCK: LazyLock<Regex> = LazyLock::new(|| compile(r"(\d{1,2})(?:(:|\.|h| h )(\d{2}))?"));
    let clear = CLOCK.captures_iter(text).filter_map(|captures| {
        let whole = captures.get(0)?.range();
        let hour: u16 = captures[1].parse().ok()?;
        let minutes: Option<u16> = captures.get(3).and_then(|minutes| minutes.as_str().parse().ok());
        let is_clear = starts_number(text, whole.start) && ends_number(text, whole.end);
        let is_possible = hour <= 24 && minutes.is_none_or(|minutes| minutes < 60);
        let separator = captures.get(2).map(|separator| separator.as_str());
        (is_clear && is_possible).then(|| Candidate::read(text, whole, hour, minutes, separator))
    });
    clear.collect()
}

impl Candidate {
    fn read(text: &str, range: Range<usize>, hour: u16, minutes: Option<u16>, separator: Option<&str>) -> Self {
        let (before, mut end) = (&text[..range.start], range.end);
        let says_clock = hour_word(&text[end..]);
        end += says_clock.unwrap_or(0);
        let half = minutes.is_none().then(|| half_after(&text[end..])).flatten();
        end += half.unwrap_or(0);
        let after = part_after(&text[end..]);
        end += after.map_or(0, |(_, length)| length);
        let part = after.map(|(part, _)| part).or_else(|| part_before(before));
        let is_shaped = matches!(separator, Some(":" | "h" | " h "));
        // "24h" is a day's length more often than midnight.
        let is_length = hour == 24 && minutes.is_none() && part.is_none();
        let names_hour = (part.is_some() || is_at(before)) && !unit_follows(&text[range.end..]);
        let is_named = says_clock.is_some() || names_hour;
        let is_time = !is_length && (is_shaped || is_named);
        let minutes = minutes.or(half.map(|_| 30));
        Candidate { range: range.start..if is_time { end } else { range.end }, hour, minutes, part, is_time }
    }

    fn minute_of_day(&self) -> u16 {
        let hour = match (self.part, self.hour) {
            (Some(Part::Afternoon), 1..=11) => self.hour + 12,
            (Some(Part::Night), 6..=11) => self.hour + 12,
            (Some(Part::Night | Part::BeforeNoon), 12) => 0,
            _ => self.hour,
        };
        hour * 60 + self.minutes.unwrap_or(0)
    }
}

/// The two ends of a range share what only one of them says: "5-8 pm", "9.30–14.00", "9 a 14 h".
fn spread_over_ranges(text: &str, candidates: &mut [Candidate]) {
    static CONNECTOR: LazyLock<Regex> = LazyLock::new(|| compile(&format!(r"^\s?(?:{})\s?$", connector())));
    for index in 1..candidates.len() {
        let [first, second] = &mut candidates[index - 1..=index] else { continue };
        let gap = &text[first.range.end.min(second.range.start)..second.range.start];
        if !CONNECTOR.is_match(gap) {
            continue;
        }
        let both_dotted = first.minutes.is_some() && second.minutes.is_some();
        if both_dotted || (second.is_time && first.part.is_none() && first.hour <= 24) {
            first.is_time = true;
            second.is_time = true;
        } else if first.is_time && !unit_follows(&text[second.range.end..]) {
            second.is_time = true;
        }
        let is_same_half = first.hour < second.hour && second.hour < 12;
        if first.part.is_none() && is_same_half && second.part == Some(Part::Afternoon) {
            first.part = second.part;
        }
        if second.part.is_none() && first.part == Some(Part::Afternoon) && is_same_half {
            second.part = first.part;
        }
    }
}

/// The length of a word for "o'clock" right after the number.
fn hour_word(after: &str) -> Option<usize> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        compile(r"^\s?(?:uhr|uur|o'clock|oclock|h00|h\.|h|hs|hrs|godz|点钟|点|點|時|시|बजे|นาฬิกา|น\.|โมง|ทุ่ม|gio)")
    });
    let found = WORD.find(after)?;
    let rest = &after[found.end()..];
    // 時間 and 시간 are hours that pass, not hours on the clock.
    (ends_word(after, found.end()) && !rest.starts_with(['間', '间', '간'])).then_some(found.end())
}

fn half_after(after: &str) -> Option<usize> {
    static HALF: LazyLock<Regex> =
        LazyLock::new(|| compile(&format!(r"^\s?(?:{})", alternation(|lexicon| vec![&lexicon.half]))));
    HALF.find(after).map(|found| found.end()).filter(|end| ends_word(after, *end))
}

/// The part of the day after an hour and how far it reaches; "8 heures du soir" has a word between them.
fn part_after(after: &str) -> Option<(Part, usize)> {
    static HOURS: LazyLock<Regex> =
        LazyLock::new(|| compile(r"^\s?(?:heures?|horas?|hores?|ore|hours?|godzin\w*|час\w*|годин\w*)\b"));
    let skipped = HOURS.find(after).map_or(0, |hours| hours.end());
    let (part, length) = part_right_after(&after[skipped..])?;
    Some((part, skipped + length))
}

fn part_right_after(after: &str) -> Option<(Part, usize)> {
    static HALVES: LazyLock<Regex> = LazyLock::new(|| compile(r"^\s?([ap])\.?\s?m\b\.?"));
    if let Some(captures) = HALVES.captures(after) {
        let part = if &captures[1] == "a" { Part::BeforeNoon } else { Part::Afternoon };
        return Some((part, captures[0].len()));
    }
    parts().iter().find_map(|(part, start, _)| {
        let found = start.find(after)?;
        ends_word(after, found.end()).then_some((*part, found.end()))
    })
}

fn part_before(before: &str) -> Option<Part> {
    // Only what stands right before the number: "8 de la mañana a 5" says nothing about the 5.
    let found = parts().iter().filter_map(|(part, _, end)| end.find(before).map(|found| (*part, found.start())));
    found.filter(|(_, start)| starts_word(before, *start)).min_by_key(|(_, start)| *start).map(|(part, _)| part)
}

fn parts() -> &'static [(Part, Regex, Regex)] {
    static PARTS: LazyLock<Vec<(Part, Regex, Regex)>> = LazyLock::new(|| {
        let tables = [
            (Part::Morning, alternation(|lexicon| vec![&lexicon.morning])),
            (Part::Afternoon, alternation(|lexicon| vec![&lexicon.afternoon])),
            (Part::Night, alternation(|lexicon| vec![&lexicon.night])),
        ];
        let shapes = tables.map(|(part, words)| {
            (part, compile(&format!(r"^,?\s?(?:{words})")), compile(&format!(r"(?:{words}):?\s?(?:de |from )?$")))
        });
        shapes.into()
    });
    &PARTS
}

/// Whether a word for "at" stands right before the number. Single letters are too common in other uses.
fn is_at(before: &str) -> bool {
    static AT: LazyLock<Regex> = LazyLock::new(|| {
        let words = alternation(|lexicon| vec![&lexicon.at]);
        let long: Vec<&str> = words.split('|').filter(|word| word.chars().count() > 1).collect();
        compile(&format!(r"(?:{})\s?$", long.join("|")))
    });
    AT.find(before).is_some_and(|found| starts_word(before, found.start()))
}
