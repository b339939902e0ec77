//! The ladder from evidence to words, the surest rung first:
//! the owner's own sentences; the same in the customer's language from a translation made ahead, which is a passage of its
//! own; the same translated now, under checks; the same as they stand, with one honest line about the language.
//!
//! A translation that nobody has read is never alone: checks see a wrong price or day, and not that cream became nuts.
//!
//! The model's free wording is not a rung: measured with the default model it is right about half of the time, while the
//! owner's sentences from the right passage nearly always are.

use crate::domain::Language;
use crate::knowledge::{Block, Hit, Passage};
use crate::prompts::Reply;

use super::model::ModelUse;
use super::quote::{Near, Question, Quote, quote, quote_near, quote_units};
use super::translate::translate;
use super::words::{Text, lexicon};

/// From how good a second passage may add what the first one lacks.
const SECOND_PASSAGE_SCORE: f32 = 0.5;

/// A unit of at most this many words may stay as the owner calls it: an item of a price list.
const LONGEST_NAME: usize = 5;

/// What could be sent.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The words.
    pub text: String,
    /// What they rest on: every figure in the words must be found here.
    pub evidence: Vec<String>,
    /// The passages used, as indices into the hits.
    pub used: Vec<usize>,
    /// The translation in the words, without the original, and the rung that it stands on; none for the owner's own words.
    pub translation: Option<(Rung, String)>,
}

/// How far down the ladder a model's translations may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Nothing but the owner's own words.
    Original,
    /// Translations that the owner approved.
    Approved,
    /// Drafts made ahead that passed the checks, with the original below.
    Drafts,
    /// Translations made while the customer waits, under the same checks, with the original below.
    Live,
}

impl Rung {
    /// Every rung, the surest first.
    pub const ALL: [Rung; 4] = [Rung::Original, Rung::Approved, Rung::Drafts, Rung::Live];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Rung::Original => "original",
            Rung::Approved => "approved",
            Rung::Drafts => "drafts",
            Rung::Live => "live",
        }
    }
}

/// For whom an answer is written, and how.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// What was asked.
    pub question: Question<'a>,
    /// The language that the customer reads.
    pub to: Language,
    /// How long the quote may be, in characters.
    pub budget_chars: usize,
    /// How far down the ladder it may go.
    pub furthest: Rung,
}

/// Makes the best draft from the passages found, best first. `near` tells the first passage's units apart where the words
/// cannot. Nothing when there is nothing to quote.
pub async fn draft(
    model: &mut ModelUse<'_>,
    writing: Writing<'_>,
    hits: &[Hit],
    near: Near<'_>,
    trail: &mut Vec<String>,
) -> Option<Draft> {
    let first = hits.first()?;
    let quoted = quote_near(&writing.question, &first.passage, writing.budget_chars, near);
    if quoted.text.trim().is_empty() {
        return None;
    }
    if first.passage.language != writing.to {
        return translated_now(model, writing, first, quoted, trail).await;
    }
    match &first.passage.original {
        None => Some(with_second_passage(writing, hits, quoted, trail)),
        Some(original) => translated_ahead(model, writing, &first.passage, original, quoted, trail),
    }
}

/// What answers, from a translation made ahead.
fn translated_ahead(
    model: &ModelUse<'_>,
    writing: Writing<'_>,
    passage: &Passage,
    original: &Passage,
    quoted: Quote,
    trail: &mut Vec<String>,
) -> Option<Draft> {
    let words = quote_units(original, &quoted.chosen);
    let needed = if passage.is_draft { Rung::Drafts } else { Rung::Approved };
    let is_usable = needed <= writing.furthest && !is_left(&quoted, original);
    let text = match (is_usable, passage.is_draft) {
        (false, _) => {
            trail.push("no translation made ahead for what answers".into());
            in_original(model, &words, original.language, writing.to)?
        }
        (true, true) => above_original(model, &quoted.text, &words, original.language, writing.to)?,
        (true, false) => quoted.text.clone(),
    };
    let translation = is_usable.then(|| (needed, quoted.text.clone()));
    Some(Draft { text, evidence: vec![words], used: vec![0], translation })
}

/// What answers, from a passage in another language than the customer's.
async fn translated_now(
    model: &mut ModelUse<'_>,
    writing: Writing<'_>,
    hit: &Hit,
    quoted: Quote,
    trail: &mut Vec<String>,
) -> Option<Draft> {
    let (from, to) = (hit.passage.language, writing.to);
    trail.push(format!("the passage is in {from}, the customer writes in {to}"));
    let translated = match writing.furthest {
        Rung::Live => translate(model, &quoted.text, from, to, trail).await,
        _ => None,
    };
    let text = match &translated {
        Some(text) => above_original(model, text, &quoted.text, from, to)?,
        None => in_original(model, &quoted.text, from, to)?,
    };
    let translation = translated.map(|text| (Rung::Live, text));
    Some(Draft { text, evidence: vec![quoted.text], used: vec![0], translation })
}

/// Adds the quote of another passage where it covers what the first one leaves open: "hours and price of bread?".
fn with_second_passage(writing: Writing<'_>, hits: &[Hit], first: Quote, trail: &mut Vec<String>) -> Draft {
    let alone =
        |quote: Quote| Draft { text: quote.text.clone(), evidence: vec![quote.text], used: vec![0], translation: None };
    if first.missing.is_empty() {
        return alone(first);
    }
    let left = writing.budget_chars.saturating_sub(first.text.chars().count());
    let open = first.missing.join(" ");
    let open = Question { text: &open, ..writing.question };
    let addition = hits.iter().enumerate().skip(1).take(3).find_map(|(index, hit)| {
        if !hit.same_language || hit.passage.original.is_some() || hit.score < SECOND_PASSAGE_SCORE {
            return None;
        }
        let second = quote(&open, &hit.passage, left);
        let adds = second.missing.is_empty() && second.coverage >= 0.99 && !second.text.trim().is_empty();
        (adds && !first.text.contains(second.text.trim())).then_some((index, second))
    });
    let Some((index, second)) = addition else { return alone(first) };
    trail.push("a second passage covers what the first one leaves open".into());
    Draft {
        text: format!("{}\n\n{}", first.text, second.text),
        evidence: vec![first.text, second.text],
        used: vec![0, index],
        translation: None,
    }
}

/// A translation that nobody has read, with the owner's words below: whoever doubts it can look.
fn above_original(model: &ModelUse<'_>, text: &str, original: &str, from: Language, to: Language) -> Option<String> {
    if text.trim() == original.trim() {
        return Some(text.to_owned());
    }
    let name = model.prompts.language_name(from, to);
    let line = model.prompts.reply(Reply::Translated, to, &[("language", name)]).ok()?;
    Some(format!("{text}\n\n{line}\n{original}"))
}

/// Whether a part of the quote that says more than what something is called stands as in the original.
fn is_left(quoted: &Quote, original: &Passage) -> bool {
    let known: Vec<(String, bool)> = original.blocks.iter().flat_map(units_of).collect();
    quoted.chosen.iter().zip(&quoted.units).any(|(place, unit)| {
        known.get(*place).is_some_and(|(original, may_be_name)| original == unit && !(*may_be_name && is_name(unit)))
    })
}

/// The units of a block, and whether they may be names: a sentence is none, however short.
fn units_of(block: &Block) -> Vec<(String, bool)> {
    let may_be_names = !matches!(block, Block::Paragraph { .. });
    block.units().into_iter().map(|unit| (unit, may_be_names)).collect()
}

fn is_name(unit: &str) -> bool {
    let words = unit.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    let says_no = Language::ALL.iter().any(|language| lexicon(*language).not.occurs(&Text::new(unit)));
    words <= LONGEST_NAME && !says_no
}

fn in_original(model: &ModelUse<'_>, text: &str, from: Language, to: Language) -> Option<String> {
    let name = model.prompts.language_name(from, to);
    let line = model.prompts.reply(Reply::OnlyIn, to, &[("language", name)]).ok()?;
    Some(format!("{line}\n\n{text}"))
}
