//! The ladder from evidence to words, the surest rung first:
//! the owner's own sentences; the same in the customer's language, translated under checks; the same as they stand, with one
//! honest line about the language.
//!
//! The model's free wording is not a rung: measured with the default model it is right about half of the time, while the
//! owner's sentences from the right passage nearly always are.

use crate::domain::Language;
use crate::knowledge::Hit;
use crate::prompts::Reply;

use super::model::ModelUse;
use super::quote::{Question, Quote, quote, quote_near};
use super::translate::translate;

/// From how good a second passage may add what the first one lacks.
const SECOND_PASSAGE_SCORE: f32 = 0.5;

/// What could be sent.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The words.
    pub text: String,
    /// What they rest on: every figure in the words must be found here.
    pub evidence: Vec<String>,
    /// The passages used, as indices into the hits.
    pub used: Vec<usize>,
}

/// Makes the best draft for a question from the passages found, best first, for a customer who reads the language `to`.
/// `nearness` tells the first passage's units apart where the words cannot. Nothing when there is nothing to quote.
pub async fn draft(
    model: &mut ModelUse<'_>,
    question: &Question<'_>,
    to: Language,
    hits: &[Hit],
    nearness: Option<&[f32]>,
    budget_chars: usize,
    trail: &mut Vec<String>,
) -> Option<Draft> {
    let first = hits.first()?;
    let quoted = quote_near(question, &first.passage, budget_chars, nearness);
    if quoted.text.trim().is_empty() {
        return None;
    }
    let from = first.passage.language;
    let original = match first.same_language {
        true => with_second_passage(question, hits, quoted, budget_chars, trail),
        false => Draft { text: quoted.text.clone(), evidence: vec![quoted.text], used: vec![0] },
    };
    if from == to {
        return Some(original);
    }
    trail.push(format!("the passage is in {from}, the customer writes in {to}"));
    let translated = translate(model, &original.text, from, to, trail).await;
    let text = match translated {
        Some(text) => text,
        None => in_original(model, &original.text, from, to)?,
    };
    Some(Draft { text, ..original })
}

/// Adds the quote of another passage where it covers what the first one leaves open: "hours and price of bread?".
fn with_second_passage(
    question: &Question<'_>,
    hits: &[Hit],
    first: Quote,
    budget_chars: usize,
    trail: &mut Vec<String>,
) -> Draft {
    let alone = |quote: Quote| Draft { text: quote.text.clone(), evidence: vec![quote.text], used: vec![0] };
    if first.missing.is_empty() {
        return alone(first);
    }
    let left = budget_chars.saturating_sub(first.text.chars().count());
    let open = first.missing.join(" ");
    let open = Question { text: &open, ..*question };
    let addition = hits.iter().enumerate().skip(1).take(3).find_map(|(index, hit)| {
        if !hit.same_language || hit.score < SECOND_PASSAGE_SCORE {
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
    }
}

fn in_original(model: &ModelUse<'_>, text: &str, from: Language, to: Language) -> Option<String> {
    let name = model.prompts.language_name(from, to);
    let line = model.prompts.reply(Reply::OnlyIn, to, &[("language", name)]).ok()?;
    Some(format!("{line}\n\n{text}"))
}
