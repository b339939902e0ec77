//! When a person answers. Pure: the time is given, nothing is promised that was not configured.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::config::HourSpan;

/// How far ahead the next opening is looked for.
const HORIZON_DAYS: i32 = 14;

/// The hours in which a person answers.
#[derive(Clone, Debug)]
pub struct Hours {
    /// Where the business is.
    pub timezone: TimeZone,
    /// Spans by day, Monday first; all empty means that the hours are not known.
    pub week: [Vec<HourSpan>; 7],
    /// Days on which nobody answers.
    pub holidays: Vec<Date>,
}

/// Whether a person answers now.
#[derive(Clone, Debug, PartialEq)]
pub enum Attendance {
    /// The hours are not known: nothing may be promised.
    Unknown,
    /// Somebody is there until then.
    Open {
        /// The end of the span.
        until: Zoned,
    },
    /// Nobody is there.
    Closed {
        /// When somebody is there again, if within two weeks.
        next: Option<Zoned>,
    },
}

impl Hours {
    /// Hours that are not known.
    pub fn unknown(timezone: TimeZone) -> Self {
        Hours { timezone, week: Default::default(), holidays: Vec::new() }
    }

    /// Whether a person answers at `now`, and when that changes.
    pub fn attendance(&self, now: Timestamp) -> Attendance {
        if self.week.iter().all(Vec::is_empty) {
            return Attendance::Unknown;
        }
        let here = now.to_zoned(self.timezone.clone());
        let minute = u16::from(here.hour().unsigned_abs()) * 60 + u16::from(here.minute().unsigned_abs());
        let holds = |span: &&HourSpan| (span.from_minute()..span.to_minute()).contains(&minute);
        if let Some(span) = self.spans(here.date()).iter().find(holds)
            && let Some(until) = self.at(here.date(), span.to_minute())
        {
            return Attendance::Open { until };
        }
        Attendance::Closed { next: self.next_opening(&here) }
    }

    fn next_opening(&self, here: &Zoned) -> Option<Zoned> {
        (0..=HORIZON_DAYS)
            .filter_map(|days| here.date().checked_add(days.days()).ok())
            .flat_map(|date| self.spans(date).iter().filter_map(move |span| self.at(date, span.from_minute())))
            .filter(|opening| opening > here)
            .min()
    }

    fn spans(&self, date: Date) -> &[HourSpan] {
        if self.holidays.contains(&date) {
            return &[];
        }
        &self.week[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]
    }

    /// The time so many minutes after midnight; 1440 is the midnight that follows.
    fn at(&self, date: Date, minute: u16) -> Option<Zoned> {
        let local = date.to_datetime(jiff::civil::Time::midnight()).checked_add(i64::from(minute).minutes()).ok()?;
        local.to_zoned(self.timezone.clone()).ok()
    }

    /// The day of the week at the business.
    pub fn weekday(&self, now: Timestamp) -> Weekday {
        now.to_zoned(self.timezone.clone()).weekday()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> Hours {
        let span = |text: &str| HourSpan::parse(text).expect("a span");
        let mut hours = Hours::unknown(TimeZone::get("Europe/Madrid").expect("bundled"));
        for day in 0..5 {
            hours.week[day] = vec![span("09:00-14:00"), span("17:00-20:00")];
        }
        hours.week[6] = vec![span("22:00-24:00")];
        hours.holidays = vec!["2026-12-25".parse().expect("a date")];
        hours
    }

    /// Local time in, what a customer would be told out.
    fn check(local: &str, expected: &str) {
        let now = local.parse::<jiff::civil::DateTime>().expect("a time").in_tz("Europe/Madrid").expect("a zone");
        let told = match hours().attendance(now.timestamp()) {
            Attendance::Unknown => "unknown".to_owned(),
            Attendance::Open { until } => format!("open until {}", until.strftime("%a %H:%M")),
            Attendance::Closed { next: Some(next) } => format!("closed until {}", next.strftime("%a %d %H:%M")),
            Attendance::Closed { next: None } => "closed".to_owned(),
        };
        assert_eq!(told, expected, "at {local}");
    }

    #[test]
    fn two_spans_a_day_weekends_and_holidays_are_kept() {
        check("2026-11-23T10:00", "open until Mon 14:00");
        check("2026-11-23T14:00", "closed until Mon 23 17:00");
        check("2026-11-23T21:00", "closed until Tue 24 09:00");
        check("2026-11-21T03:00", "closed until Sun 22 22:00");
        check("2026-11-22T23:59", "open until Mon 00:00");
        check("2026-12-24T20:30", "closed until Sun 27 22:00");
    }

    #[test]
    fn unknown_hours_promise_nothing() {
        let hours = Hours::unknown(TimeZone::UTC);
        assert_eq!(hours.attendance(Timestamp::UNIX_EPOCH), Attendance::Unknown);
    }
}
