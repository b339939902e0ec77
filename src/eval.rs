//! Tries many questions with known answers, through the same turn that customers get.

pub mod calibrate;
pub mod case;
pub mod curve;
pub mod figures;
pub mod fit;
pub mod outcome;
pub mod remembered;
pub mod report;
pub mod retrieval;
pub mod suite;
pub mod xquad;

use std::sync::Arc;
use std::time::Instant;

use crate::clock::Clock;
use crate::conversation::say::PERSON_BUTTON;
use crate::conversation::session::Session;
use crate::conversation::{Assistant, Turn};
use crate::decide::Action;
use crate::domain::Content;
use crate::store::StoreError;

pub use case::{Case, CaseError};
pub use report::{CaseResult, Summary};

/// Runs one case as a customer who has never written before.
pub async fn run(case: &Case, assistant: Arc<Assistant>, clock: Arc<dyn Clock>) -> Result<CaseResult, StoreError> {
    let mut session = Session::new(assistant, clock)?;
    let mut last: Option<Turn> = None;
    let mut latencies = Vec::new();
    for text in &case.customer {
        let began = Instant::now();
        last = Some(session.say(text).await?);
        latencies.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let is_offered = match last.as_ref().filter(|turn| turn.action == Action::Clarify) {
        Some(turn) => some_choice_answers(case, turn, &mut session).await?,
        None => false,
    };
    Ok(CaseResult { is_offered, ..CaseResult::of(case, last, latencies) })
}

/// Whether one of the choices, tapped, brings the right answer. Each stays open after another was tapped.
async fn some_choice_answers(case: &Case, turn: &Turn, session: &mut Session) -> Result<bool, StoreError> {
    for choice in turn.choices().iter().filter(|choice| choice.id != PERSON_BUTTON) {
        let tap = Content::Choice { id: choice.id.clone(), title: choice.title.clone() };
        let answered = session.send(vec![tap]).await?.pop();
        if answered
            .is_some_and(|turn| turn.action == Action::Reply && outcome::is_right(case, turn.text()) == Some(true))
        {
            return Ok(true);
        }
    }
    Ok(false)
}
