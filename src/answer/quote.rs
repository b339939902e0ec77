//! Chooses which of the owner's own sentences, list items and table rows answer a question.
//!
//! Never changes, cuts or reorders the owner's words, and never looks anything up.

mod choose;
mod render;
mod wanted;

#[cfg(test)]
mod tests;

use jiff::civil::Weekday;

use self::choose::Unit;
use self::wanted::{Kind, Wanted};
use crate::answer::words::days::days_of_line;
use crate::answer::words::{Bag, Text, lexicon};
use crate::domain::Language;
use crate::knowledge::Passage;

/// A passage of at most this many characters is quoted whole, unless one of its lines clearly is the answer.
const SHORT_PASSAGE_CHARS: usize = 340;

/// What the customer asks.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The customer's words.
    pub text: &'a str,
    /// The question before, when this one only makes sense after it: "¿y el domingo?".
    pub context: Option<&'a str>,
    /// The language of the customer's words.
    pub language: Language,
    /// Which day it is at the business, so that "today" and "tomorrow" can be looked up.
    pub today: Option<Weekday>,
}

/// The owner's words that answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// Ready to send: plain lines, `• ` before list items and table rows, the heading first where they need it.
    pub text: String,
    /// The chosen units verbatim, in the passage's order; at least one unless the passage is empty.
    pub units: Vec<String>,
    /// Their places in the passage, in order.
    pub chosen: Vec<usize>,
    /// Whether every unit of the passage was chosen.
    pub whole: bool,
    /// The share of the question's content words that heading and chosen units hold, 0 to 1; 1 when it has none.
    ///
    /// Words are compared literally, so that it tells little when question and passage differ in language.
    pub coverage: f32,
    /// The content words that they do not hold, as the customer wrote them.
    pub missing: Vec<String>,
    /// How many content words, cues and days the question has.
    pub asked: usize,
}

/// Chooses the units of the passage that answer the question, within `budget_chars` characters.
///
/// The best unit is chosen even when it alone is longer than the budget: half a sentence would not be the owner's.
pub fn quote(question: &Question, passage: &Passage, budget_chars: usize) -> Quote {
    quote_near(question, passage, budget_chars, Near::default())
}

/// What the search model tells of a passage's units, in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Near<'a> {
    /// How probable each is as the answer, 0 to 1, by the vectors of whole units.
    pub nearness: Option<&'a [f32]>,
    /// The log-odds of each to answer, token by token; empty where it does not tell.
    pub log_odds: &'a [f32],
}

/// The same with what the search model tells.
pub fn quote_near(question: &Question, passage: &Passage, budget_chars: usize, near: Near<'_>) -> Quote {
    let wanted = Wanted::read(question);
    let units = Unit::of(passage);
    // Within a language the words tell better, where they tell anything.
    let is_told = || question.language == passage.language && choose::is_told_by_words(&wanted, &units);
    let nearness = near.nearness.filter(|_| !is_told());
    let chosen = choose::choose(&wanted, passage, &units, budget_chars, nearness);
    let chosen = choose::with_missed(chosen, &wanted, &units, near.log_odds, budget_chars);
    let evidence = Evidence::new(passage, &units, &chosen);
    let missing = evidence.missing(&wanted);
    Quote {
        text: render::render(passage, &units, &chosen),
        units: chosen.iter().map(|index| units[*index].text.clone()).collect(),
        whole: chosen.len() == units.len(),
        coverage: coverage(wanted.asked_for(), missing.len()),
        asked: wanted.asked_for(),
        missing,
        chosen,
    }
}

/// The units at these places of a passage, as a quote shows them: for a passage that says the same unit by unit.
pub fn quote_units(passage: &Passage, chosen: &[usize]) -> String {
    render::render(passage, &Unit::of(passage), chosen)
}

/// Whether a passage shows what the question asks for beyond its words. Each is absent where nothing of it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Whether some unit, or a heading, speaks of the day that was asked for.
    pub day: Option<bool>,
    /// Whether a heading does, or a row or list item: then it is not mentioned in passing.
    pub day_is_subject: bool,
    /// Whether the headings name other days than the one that was asked for.
    pub is_of_other_day: bool,
    /// Whether some unit shows the kind of answer that was asked for (a time, a price, a place), or a heading names it.
    pub kind: Option<bool>,
    /// Whether a unit itself shows it.
    pub kind_is_shown: bool,
    /// Whether that is a place or a contact, which few passages of a business show.
    pub is_rare_kind: bool,
    /// Whether day and kind are all that is asked: "where are you?".
    pub asks_nothing_else: bool,
}

impl Fit {
    /// Whether the passage holds the one rare thing that is asked for, and nothing else is asked.
    pub fn is_whole_answer(&self) -> bool {
        self.asks_nothing_else && self.is_rare_kind && self.kind == Some(true)
    }
}

/// What of the question's days and kinds of answer a passage shows, whatever the languages of the two.
pub fn fit(question: &Question, passage: &Passage) -> Fit {
    let wanted = Wanted::read(question);
    let units = Unit::of(passage);
    let words = lexicon(passage.language);
    let heading = Text::new(&passage.heading());
    // A row of its own says it of the day; a sentence may mention the day in passing.
    let is_row = |unit: &Unit| !unit.is_sentence && unit.days.meets(wanted.days) && !unit.is_dated();
    let headed_days = days_of_line(&heading, words);
    let day_is_subject = headed_days.meets(wanted.days) || units.iter().any(is_row);
    let speaks_of_day = || units.iter().any(|unit| unit.days.meets(wanted.days) && !unit.is_dated());
    // "Prices" above a text without a price answers nothing; "Address" above one that names no street does.
    let is_headed = |kind: &Kind| *kind != Kind::Price && kind.patterns(words).occurs(&heading);
    let is_shown = |kind: &Kind| units.iter().any(|unit| unit.shows(*kind));
    Fit {
        day: (!wanted.days.is_empty()).then(|| day_is_subject || speaks_of_day()),
        day_is_subject,
        is_of_other_day: !wanted.days.is_empty() && !headed_days.is_empty() && !headed_days.meets(wanted.days),
        kind: (!wanted.kinds.is_empty()).then(|| wanted.kinds.iter().any(|kind| is_shown(kind) || is_headed(kind))),
        kind_is_shown: wanted.kinds.iter().any(is_shown),
        is_rare_kind: wanted.kinds.iter().any(|kind| matches!(kind, Kind::Place | Kind::Contact)),
        asks_nothing_else: wanted.words.is_empty(),
    }
}

/// Whether a text asks: it carries a question mark or a word that asks for a kind of answer.
pub fn asks(text: &str, language: crate::domain::Language) -> bool {
    let wanted = Wanted::read(&Question { text, context: None, language, today: None });
    !wanted.cues.is_empty() || text.contains(QUESTION_MARKS)
}

/// Question marks of the product's languages.
pub const QUESTION_MARKS: [char; 4] = ['?', '？', '؟', ';'];

/// What follow-ups begin with: "and on Sunday?".
const AND: &[&str] = &[
    "y", "e", "i", "and", "et", "und", "en", "ve", "peki", "ya", "si", "dar", "a", "o", "и", "а", "і", "та", "και",
    "dan", "lalu", "con", "aur", "और", "pero", "but", "mais", "mas", "aber", "ma",
];

/// Whether a text leans on the one before: it begins with "and", or names no subject of its own.
pub fn leans(text: &str, language: crate::domain::Language) -> bool {
    let wanted = Wanted::read(&Question { text, context: None, language, today: None });
    let read = Text::new(text.trim_start_matches(['¿', '¡', ' ']));
    let first = read.tokens.first().map(|token| read.folded_token(token));
    wanted.words.is_empty() || first.is_some_and(|first| AND.contains(&first)) || text.starts_with(['那', 'و'])
}

/// Whether a text can be answered by itself: it asks for a kind of answer or carries a question mark, and names a subject.
pub fn stands_alone(text: &str, language: crate::domain::Language) -> bool {
    let wanted = Wanted::read(&Question { text, context: None, language, today: None });
    (!wanted.cues.is_empty() || text.contains(QUESTION_MARKS)) && !wanted.words.is_empty()
}

fn coverage(asked: usize, missing: usize) -> f32 {
    if asked == 0 {
        return 1.0;
    }
    // Far below the number of words at which `f32` would lose precision.
    (asked - missing) as f32 / asked as f32
}

/// What the heading and the chosen units tell together.
struct Evidence<'a> {
    bag: Bag,
    chosen: Vec<&'a Unit>,
}

impl<'a> Evidence<'a> {
    fn new(passage: &Passage, units: &'a [Unit], chosen: &[usize]) -> Self {
        let chosen: Vec<&Unit> = chosen.iter().map(|index| &units[*index]).collect();
        let words: Vec<&str> = chosen.iter().flat_map(|unit| [unit.text.as_str(), unit.header.as_str()]).collect();
        let text = format!("{} {}", passage.headings.join(" "), words.join(" "));
        Evidence { bag: Bag::new(&Text::new(&text)), chosen }
    }

    fn missing(&self, wanted: &Wanted) -> Vec<String> {
        let words = wanted.words.iter().filter(|word| !self.bag.holds(word)).map(|word| word.original.clone());
        let cues = wanted.cues.iter().filter(|cue| {
            let is_shown = self.chosen.iter().any(|unit| unit.shows(cue.kind));
            !is_shown && !cue.words.iter().any(|word| self.bag.holds(word))
        });
        let days = wanted.day_words.iter().filter(|_| !self.chosen.iter().any(|unit| unit.days.meets(wanted.days)));
        words.chain(cues.map(|cue| cue.original.clone())).chain(days.cloned()).collect()
    }
}
