//! What is measured about a case beside whether it held: what the figures of quality are made of.
//!
//! Never looks at the expected action: the figures are made of what was done and of what would have been said.

use crate::answer::ladder::Rung;
use crate::answer::words::{Text, lexicon};
use crate::conversation::Turn;
use crate::decide::{Action, Evidence, Reason};
use crate::domain::Language;

use super::case::{Case, Kind};

/// What was done in the last turn of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the case tries.
    pub kind: Option<Kind>,
    /// What was done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// How probable the bot held it that the answer is right, where it looked one up.
    pub confidence: Option<f32>,
    /// Whether the answer that was looked at, sent or not, is right; nothing where the case has no question.
    pub is_right: Option<bool>,
    /// What the confidence rests on.
    pub evidence: Option<Evidence>,
    /// For a right answer that was translated: the rung of the ladder, and whether the translation alone is right too.
    pub translated: Option<(Rung, bool)>,
    /// The numbers of the answer that the owner's words do not hold, in digits or, up to twelve, in words of their language.
    /// Looks at nothing else, apart from the checks before sending: those would never find what they let through.
    pub unsupported: Vec<u64>,
}

impl Outcome {
    pub(super) fn of(case: &Case, turn: &Turn) -> Outcome {
        let considered = turn.considered.as_ref();
        let grounds: Vec<&str> = considered.iter().flat_map(|it| it.grounds.iter().map(String::as_str)).collect();
        let is_answer = turn.action == Action::Reply && turn.reason == Reason::Answered;
        Outcome {
            kind: case.kind,
            action: turn.action,
            reason: turn.reason,
            confidence: considered.map(|_| turn.confidence),
            is_right: considered.and_then(|it| is_right(case, &it.text)),
            evidence: considered.and_then(|it| it.evidence),
            translated: considered.and_then(|it| {
                let (rung, text) = it.translation.as_ref().filter(|_| is_right(case, &it.text) == Some(true))?;
                Some((*rung, is_right(case, text)?))
            }),
            unsupported: considered
                .filter(|_| is_answer)
                .map_or_else(Vec::new, |it| strange_numbers(&it.text, &grounds, it.written_in)),
        }
    }

    /// How sure the bot was of the answer that it looked at, and whether that is right; nothing where there is no question.
    pub(super) fn judged(&self) -> Option<(f64, bool)> {
        Some((f64::from(self.confidence?), self.is_right?))
    }
}

/// Those of the text's numbers that stand in none of the grounds. An hour after noon may be told by the other clock.
fn strange_numbers(text: &str, grounds: &[&str], written_in: Option<Language>) -> Vec<u64> {
    let worded = |ground: &str| written_in.map_or_else(Vec::new, |language| worded(ground, language));
    let known: Vec<u64> = grounds.iter().flat_map(|ground| numbers(ground).into_iter().chain(worded(ground))).collect();
    let is_known = |number: &u64| known.contains(number) || (1..12).contains(number) && known.contains(&(number + 12));
    numbers(text).into_iter().filter(|number| !is_known(number)).collect()
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|run| run.parse().ok()).collect()
}

/// The numbers up to twelve that a text names in words.
fn worded(text: &str, language: Language) -> Vec<u64> {
    let text = Text::new(text);
    (1..).zip(&lexicon(language).numbers).filter(|(_, names)| names.occurs(&text)).map(|(number, _)| number).collect()
}

/// Whether a text is the answer; nothing where the case has no question.
pub(super) fn is_right(case: &Case, text: &str) -> Option<bool> {
    let holds = || {
        case.all.iter().all(|pattern| pattern.is_match(text)) && !case.none.iter().any(|pattern| pattern.is_match(text))
    };
    let may_answer = case.actions.contains(&Action::Reply);
    let (answerable, unanswerable) = match case.kind {
        Some(kind) => (kind.is_answerable(), kind.is_unanswerable()),
        None => (may_answer, !case.actions.is_empty() && !may_answer),
    };
    if unanswerable {
        return Some(false);
    }
    (answerable && !case.all.is_empty()).then(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_the_owner_never_wrote_is_counted() {
        let check = |text: &str, grounds: &[&str], strange: &[u64]| {
            assert_eq!(strange_numbers(text, grounds, Some(Language::Es)), strange, "{text}");
        };
        check("2,50 € from 7 pm", &["2,50 € a partir de las 19:00"], &[]);
        check("2,60 €", &["2,50 €"], &[60]);
        check("3 hours", &["unas tres horas"], &[]);
        check("3 hours", &["unas cuatro horas", "three"], &[3]);
        check("3 €", &[], &[3]);
    }
}
