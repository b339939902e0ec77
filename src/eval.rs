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
use crate::conversation::session::Session;
use crate::conversation::{Assistant, Turn};
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
    Ok(CaseResult::of(case, last, latencies))
}
