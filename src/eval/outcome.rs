//! What is measured about a case beside whether it held: what the figures of quality are made of.
//!
//! Never looks at the expected action: the figures are made of what was done and of what would have been said.

use crate::conversation::Turn;
use crate::decide::{Action, Evidence, Reason, unsupported};

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
    /// How many figures, links and the like of the reply its evidence does not hold.
    pub unsupported: usize,
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
            unsupported: if is_answer { considered.map_or(0, |it| unsupported(&it.text, &grounds).len()) } else { 0 },
        }
    }
}

fn is_right(case: &Case, text: &str) -> Option<bool> {
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
