//! `[people]`: when a person answers.

use jiff::civil::Date;

use super::hours::HourSpan;
use super::section::{Check, section};

section! {
    /// When a person answers, in your time zone: monday = ["09:00-14:00", "17:00-20:00"]. With no hours at all, the bot
    /// passes conversations on but promises no time.
    pub struct People in "people" {
        /// Hours on Mondays.
        monday: Vec<HourSpan> = Vec::new(),
        /// Hours on Tuesdays.
        tuesday: Vec<HourSpan> = Vec::new(),
        /// Hours on Wednesdays.
        wednesday: Vec<HourSpan> = Vec::new(),
        /// Hours on Thursdays.
        thursday: Vec<HourSpan> = Vec::new(),
        /// Hours on Fridays.
        friday: Vec<HourSpan> = Vec::new(),
        /// Hours on Saturdays.
        saturday: Vec<HourSpan> = Vec::new(),
        /// Hours on Sundays.
        sunday: Vec<HourSpan> = Vec::new(),
        /// Dates on which nobody answers: ["2026-12-25", "2027-01-01"].
        holidays: Vec<Date> = Vec::new(),
    }
}

impl People {
    /// The spans of each day, Monday first; all empty when the hours are not known.
    pub fn week(&self) -> [Vec<HourSpan>; 7] {
        let days =
            [&self.monday, &self.tuesday, &self.wednesday, &self.thursday, &self.friday, &self.saturday, &self.sunday];
        days.map(Clone::clone)
    }
}

impl Check for People {
    fn check(&self) -> Vec<(&'static str, String)> {
        let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        names
            .into_iter()
            .zip(self.week())
            .filter_map(|(name, spans)| overlap(&spans).map(|(first, second)| (name, first, second)))
            .map(|(name, first, second)| {
                (name, format!("\"{first}\" and \"{second}\" overlap; join them into one span"))
            })
            .collect()
    }
}

/// Two spans that share a minute, if any do.
fn overlap(spans: &[HourSpan]) -> Option<(HourSpan, HourSpan)> {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    spans.windows(2).find(|pair| pair[1].from_minute() < pair[0].to_minute()).map(|pair| (pair[0], pair[1]))
}
