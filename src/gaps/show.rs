//! Gaps as a person reads them, and as a program does.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::plain::one_line;
use super::{Ending, Example, Gap};
use crate::domain::Language;

/// How much of a customer's or a person's words is shown, in characters.
const SHOWN: usize = 240;

/// A gap as `gaps --json` prints it. Others read it: fields are added, never changed.
#[derive(Serialize)]
pub struct GapView<'a> {
    count: usize,
    customers: usize,
    languages: &'a [Language],
    examples: Vec<ExampleView<'a>>,
    last_asked: Timestamp,
    declined: usize,
    handed_over: usize,
    suggested_answer: Option<&'a str>,
    answered_by_now: bool,
}

#[derive(Serialize)]
struct ExampleView<'a> {
    before: Option<&'a str>,
    text: &'a str,
    language: Language,
    asked_at: Timestamp,
    ended: &'static str,
    answered_by_now: bool,
}

impl<'a> From<&'a Gap> for GapView<'a> {
    fn from(gap: &'a Gap) -> Self {
        GapView {
            count: gap.count,
            customers: gap.customers,
            languages: &gap.languages,
            examples: gap.examples.iter().map(ExampleView::from).collect(),
            last_asked: gap.last_asked,
            declined: gap.declined,
            handed_over: gap.count - gap.declined,
            suggested_answer: gap.answer.as_deref(),
            answered_by_now: gap.is_answered(),
        }
    }
}

impl<'a> From<&'a Example> for ExampleView<'a> {
    fn from(example: &'a Example) -> Self {
        ExampleView {
            before: example.asked.context.as_deref(),
            text: &example.asked.words,
            language: example.asked.language,
            asked_at: example.asked.at,
            ended: match example.asked.ending {
                Ending::Declined => "declined",
                Ending::HandedOver => "handed_over",
            },
            answered_by_now: example.answered_in.is_some(),
        }
    }
}

/// One gap in a few lines, with times as the business's clock showed them.
pub fn text(gap: &Gap, timezone: &TimeZone) -> String {
    let languages: Vec<&str> = gap.languages.iter().map(|language| language.english_name()).collect();
    let last = gap.last_asked.to_zoned(timezone.clone());
    let mut text = format!(
        "{} by {}, in {}, last on {} at {}{}\n",
        times("asked", gap.count),
        if gap.customers == 1 { "1 customer".to_owned() } else { format!("{} customers", gap.customers) },
        enumerated(&languages),
        last.date(),
        last.strftime("%H:%M"),
        if gap.is_answered() { " – answered by now" } else { "" },
    );
    for example in &gap.examples {
        let before = example
            .asked
            .context
            .as_deref()
            .map_or(String::new(), |context| format!(" (after “{}”)", one_line(context, SHOWN)));
        let answered = if example.answered_in.is_some() && !gap.is_answered() { " – answered by now" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  “{}”{before}{answered}", one_line(&example.asked.words, SHOWN));
    }
    let _ = writeln!(text, "  {}", endings(gap));
    if let Some(answer) = &gap.answer {
        let _ = writeln!(text, "  a person then answered: “{}”", one_line(answer, SHOWN));
    }
    text
}

fn endings(gap: &Gap) -> String {
    let handed_over = gap.count - gap.declined;
    let parts = [("declined", gap.declined), ("handed over to a person", handed_over)];
    let parts: Vec<String> =
        parts.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| times(what, count)).collect();
    parts.join(", ")
}

fn times(what: &str, count: usize) -> String {
    match count {
        1 => format!("{what} once"),
        2 => format!("{what} twice"),
        _ => format!("{what} {count} times"),
    }
}

fn enumerated(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ContactId;
    use crate::gaps::Asked;

    fn gap() -> Gap {
        let asked = Asked {
            contact: ContactId(1),
            words: "¿y con\nnueces?".into(),
            context: Some("¿Hacéis pan de higos?".into()),
            language: Language::Es,
            at: "2026-11-21T23:30:00Z".parse().expect("a time"),
            ending: Ending::HandedOver,
            answer: None,
        };
        Gap {
            wordings: vec![asked.messages()],
            last_asked: asked.at,
            examples: vec![Example { asked, answered_in: None }],
            count: 5,
            customers: 1,
            languages: vec![Language::Es, Language::En],
            declined: 1,
            answer: Some("Sí, los viernes.".into()),
            drafts: Vec::new(),
        }
    }

    #[test]
    fn a_person_reads_plain_words_and_the_business_s_own_time() {
        let timezone = TimeZone::get("Europe/Madrid").expect("the time zones are bundled");
        let expected = "asked 5 times by 1 customer, in Spanish and English, last on 2026-11-22 at 00:30\n  \
                        “¿y con nueces?” (after “¿Hacéis pan de higos?”)\n  \
                        declined once, handed over to a person 4 times\n  \
                        a person then answered: “Sí, los viernes.”\n";
        assert_eq!(text(&gap(), &timezone), expected);
    }

    #[test]
    fn a_program_reads_one_line() {
        let line = serde_json::to_string(&GapView::from(&gap())).expect("JSON");
        assert!(!line.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((value["handed_over"].as_u64(), value["answered_by_now"].as_bool()), (Some(4), Some(false)));
        assert_eq!(value["last_asked"], "2026-11-21T23:30:00Z");
    }
}
