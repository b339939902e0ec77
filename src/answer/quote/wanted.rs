//! What a question asks for: its content words, the kind of answer, the days.

use std::ops::Range;

use super::Question;
use crate::answer::words::content::words_outside;
use crate::answer::words::days::{day_words, days_of_question};
use crate::answer::words::{DaySet, Lexicon, Patterns, Text, Word, lexicon};

/// A kind of answer that can be recognised in a line without understanding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A time of day, a date, a day.
    Time,
    /// An amount of money.
    Price,
    /// A stretch of time.
    Duration,
    /// A street or a link to a map.
    Place,
    /// A phone number or an e-mail address.
    Contact,
}

impl Kind {
    /// The words that ask for it, which headings use as well: "Opening hours", "Prices".
    pub fn patterns(self, lexicon: &Lexicon) -> &Patterns {
        match self {
            Kind::Time => &lexicon.time,
            Kind::Price => &lexicon.price,
            Kind::Duration => &lexicon.duration,
            Kind::Place => &lexicon.place,
            Kind::Contact => &lexicon.contact,
        }
    }
}

/// Words that ask for a kind of answer: "a qué hora", "how much".
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    /// The kind.
    pub kind: Kind,
    /// As written.
    pub original: String,
    /// The words by themselves: a line may also repeat them instead of showing a figure.
    pub words: Vec<Word>,
}

/// What a question asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// The question's content words beside cues and days.
    pub words: Vec<Word>,
    /// The content words of the question before, which count half.
    pub context: Vec<Word>,
    /// What asks for a kind of answer, from this question alone.
    pub cues: Vec<Cue>,
    /// The kinds of answer, from this question or else from the one before.
    pub kinds: Vec<Kind>,
    /// The days, from this question or else from the one before.
    pub days: DaySet,
    /// The words that name the days, as written; none when the days come from the question before.
    pub day_words: Vec<String>,
}

impl Wanted {
    /// Reads a question together with the one before.
    pub fn read(question: &Question) -> Self {
        let mut wanted = Wanted::of_text(question.text, question);
        let Some(context) = question.context else { return wanted.or_opening_hours() };
        let before = Wanted::of_text(context, question);
        if wanted.kinds.is_empty() {
            wanted.kinds = before.kinds;
        }
        if wanted.days.is_empty() {
            wanted.days = before.days;
        }
        wanted.context = before.words.into_iter().filter(|word| !wanted.words.contains(word)).collect();
        wanted.or_opening_hours()
    }

    /// How many words and cues there are to be found in an answer.
    pub fn asked_for(&self) -> usize {
        self.words.len() + self.cues.len() + self.day_words.len()
    }

    fn of_text(text: &str, question: &Question) -> Self {
        let lexicon = lexicon(question.language);
        let text = Text::new(text);
        let day_ranges = outermost(day_words(&text, lexicon));
        let cues = cues(&text, lexicon, &day_ranges);
        let taken: Vec<Range<usize>> = [lexicon.stop.find(&text), day_ranges.clone()]
            .into_iter()
            .flatten()
            .chain(cues.iter().map(|(range, _)| range.clone()))
            .collect();
        let days = days_of_question(&text, lexicon, question.today);
        let named = if days.is_empty() { Vec::new() } else { day_ranges };
        Wanted {
            words: words_outside(&text, &taken),
            context: Vec::new(),
            kinds: kinds(&cues),
            cues: merged(&text, &cues),
            days,
            day_words: named.into_iter().map(|range| text.folded[range].to_owned()).collect(),
        }
    }

    /// A question that names a day and nothing else asks for the opening hours of that day.
    fn or_opening_hours(mut self) -> Self {
        if self.kinds.is_empty() && !self.days.is_empty() && self.words.is_empty() {
            self.kinds.push(Kind::Time);
        }
        self
    }
}

/// Every cue with its place; of overlapping ones the longest, so that "how long" is not also "how".
fn cues(text: &Text, lexicon: &Lexicon, days: &[Range<usize>]) -> Vec<(Range<usize>, Kind)> {
    let mut found: Vec<(Range<usize>, Kind)> = [
        (&lexicon.duration, Kind::Duration),
        (&lexicon.time, Kind::Time),
        (&lexicon.price, Kind::Price),
        (&lexicon.place, Kind::Place),
        (&lexicon.contact, Kind::Contact),
    ]
    .into_iter()
    .flat_map(|(patterns, kind)| patterns.find(text).into_iter().map(move |range| (range, kind)))
    .filter(|(range, _)| !days.iter().any(|day| overlap(day, range)))
    .collect();
    found.sort_by_key(|(range, _)| std::cmp::Reverse(range.len()));
    let mut kept: Vec<(Range<usize>, Kind)> = Vec::new();
    for (range, kind) in found {
        if !kept.iter().any(|(other, _)| overlap(other, &range)) {
            kept.push((range, kind));
        }
    }
    kept.sort_by_key(|(range, _)| range.start);
    kept
}

/// "¿Cuánto tarda?" asks how long, although "cuánto" by itself asks how much.
fn kinds(cues: &[(Range<usize>, Kind)]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for (_, kind) in cues {
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    if kinds.contains(&Kind::Duration) {
        kinds.retain(|kind| !matches!(kind, Kind::Price | Kind::Time));
    }
    kinds
}

/// One cue a kind: "a qué hora abren" asks one thing, not two.
fn merged(text: &Text, cues: &[(Range<usize>, Kind)]) -> Vec<Cue> {
    kinds(cues)
        .into_iter()
        .map(|kind| {
            let own: Vec<&str> =
                cues.iter().filter(|(_, of)| *of == kind).map(|(range, _)| &text.folded[range.clone()]).collect();
            let original = own.join(" ");
            let words = words_outside(&Text::new(&original), &[]);
            Cue { kind, original, words }
        })
        .collect()
}

fn outermost(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut kept: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        if kept.last().is_none_or(|last| last.end <= range.start) {
            kept.push(range);
        }
    }
    kept
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}
