//! What came of the cases: a table for people, one object for programs.

use std::fmt::Write;

use serde::Serialize;

use crate::conversation::Turn;

use super::case::Case;
use super::outcome::Outcome;

/// What came of one case. A kind of expectation that the case does not have is `None`.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The case's name.
    pub id: String,
    /// Whether the right thing was done.
    pub action: Option<bool>,
    /// Whether it was said in the right language.
    pub language: Option<bool>,
    /// Whether every pattern held.
    pub content: Option<bool>,
    /// What was done and said, for the list of failures.
    pub reply: String,
    /// What was wrong.
    pub problems: Vec<String>,
    /// Milliseconds for each of the customer's messages.
    pub latencies: Vec<f64>,
    /// Whether the customer was asked back, and one of the offered subjects brings the right answer.
    pub is_offered: bool,
    /// What was measured beside.
    pub outcome: Option<Outcome>,
}

impl CaseResult {
    /// Compares the last turn of a case with what was expected.
    pub fn of(case: &Case, turn: Option<Turn>, latencies: Vec<f64>) -> CaseResult {
        let mut problems = Vec::new();
        let outcome = turn.as_ref().map(|turn| Outcome::of(case, turn));
        let text = turn.as_ref().map(|turn| turn.text().to_owned()).unwrap_or_default();
        let action = (!case.actions.is_empty()).then(|| {
            let right = turn.as_ref().is_some_and(|turn| case.actions.contains(&turn.action));
            if !right {
                let wanted: Vec<&str> = case.actions.iter().map(|action| action.name()).collect();
                problems.push(format!("expected {}", wanted.join(" or ")));
            }
            right
        });
        let language = case.language.map(|wanted| {
            let right = turn.as_ref().is_some_and(|turn| turn.language == wanted);
            if !right {
                problems.push(format!("expected the language {wanted}"));
            }
            right
        });
        let content = (!case.all.is_empty() || !case.none.is_empty()).then(|| {
            let missing = case.all.iter().filter(|pattern| !pattern.is_match(&text));
            let lacking: Vec<String> = missing.map(|pattern| format!("does not match {pattern}")).collect();
            let unwanted = case.none.iter().filter(|pattern| pattern.is_match(&text));
            let unwanted: Vec<String> = unwanted.map(|pattern| format!("matches {pattern}")).collect();
            let right = lacking.is_empty() && unwanted.is_empty();
            problems.extend(lacking);
            problems.extend(unwanted);
            right
        });
        let reply = turn.map_or_else(
            || "nothing".into(),
            |turn| {
                format!(
                    "[{} · {} · {} · {:.2}] {text}",
                    turn.action_name(),
                    turn.reason_name(),
                    turn.language,
                    turn.confidence
                )
            },
        );
        let id = case.id.clone();
        CaseResult { id, action, language, content, reply, problems, latencies, is_offered: false, outcome }
    }

    /// What went wrong, with the reply.
    pub fn failure(&self) -> String {
        format!("\nFAILED {}: {}\n  {}\n", self.id, self.problems.join("; "), self.reply.replace('\n', "\n  "))
    }

    /// Whether everything that was expected held.
    pub fn passed(&self) -> bool {
        [self.action, self.language, self.content].into_iter().flatten().all(|right| right)
    }
}

/// The figures over all cases. A share is 1 where no case expects anything of that kind.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// How many cases there were.
    pub cases: usize,
    /// How many held in everything.
    pub passed: usize,
    /// Those that did not.
    pub failed: Vec<String>,
    /// The share of right actions.
    pub action_ok: f64,
    /// The share of right languages.
    pub language_ok: f64,
    /// The share in which every pattern held.
    pub content_ok: f64,
    /// Milliseconds from a message to its committed reply.
    pub latency_ms: Latency,
}

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// Half are quicker.
    pub p50: f64,
    /// Nineteen of twenty are quicker.
    pub p95: f64,
}

impl Summary {
    /// Sums the results up.
    pub fn of(results: &[CaseResult]) -> Summary {
        let share = |of: fn(&CaseResult) -> Option<bool>| {
            let judged: Vec<bool> = results.iter().filter_map(of).collect();
            if judged.is_empty() {
                1.0
            } else {
                judged.iter().filter(|right| **right).count() as f64 / judged.len() as f64
            }
        };
        let mut latencies: Vec<f64> = results.iter().flat_map(|result| result.latencies.iter().copied()).collect();
        latencies.sort_by(f64::total_cmp);
        Summary {
            cases: results.len(),
            passed: results.iter().filter(|result| result.passed()).count(),
            failed: results.iter().filter(|result| !result.passed()).map(|result| result.id.clone()).collect(),
            action_ok: share(|result| result.action),
            language_ok: share(|result| result.language),
            content_ok: share(|result| result.content),
            latency_ms: Latency { p50: percentile(&latencies, 0.50), p95: percentile(&latencies, 0.95) },
        }
    }
}

/// The nearest-rank percentile of sorted values; 0 where there are none.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    let value = sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0);
    (value * 10.0).round() / 10.0
}

/// The table, and the failures with their replies.
pub fn table(results: &[CaseResult]) -> String {
    let summary = Summary::of(results);
    let mut out = String::new();
    let mut row = |name: &str, of: fn(&CaseResult) -> Option<bool>| {
        let judged: Vec<bool> = results.iter().filter_map(of).collect();
        let right = judged.iter().filter(|right| **right).count();
        let share = if judged.is_empty() { 1.0 } else { right as f64 / judged.len() as f64 };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:<12} {right:>5} of {:<5} {share:>6.3}", judged.len());
    };
    row("action", |result| result.action);
    row("language", |result| result.language);
    row("content", |result| result.content);
    row("all of it", |result| Some(result.passed()));
    let Latency { p50, p95 } = summary.latency_ms;
    let _ = writeln!(out, "latency      p50 {p50:.0} ms, p95 {p95:.0} ms");
    for failed in results.iter().filter(|result| !result.passed()) {
        out.push_str(&failed.failure());
    }
    out
}

#[cfg(test)]
pub(super) mod made {
    //! Results as tests need them.

    use super::super::case::Kind;
    use super::*;
    use crate::decide::{Action, Reason};

    /// A case whose answer the bot held for right with a confidence, and that held if it was.
    pub fn result(
        kind: Option<Kind>,
        (action, reason): (Action, Reason),
        confidence: f32,
        is_right: bool,
    ) -> CaseResult {
        let outcome = Outcome {
            translated: None,
            kind,
            action,
            reason,
            confidence: Some(confidence),
            is_right: Some(is_right),
            evidence: None,
            unsupported: Vec::new(),
        };
        CaseResult {
            id: "case".into(),
            action: Some(is_right),
            language: None,
            content: None,
            reply: String::new(),
            problems: Vec::new(),
            latencies: vec![10.0],
            is_offered: false,
            outcome: Some(outcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!((percentile(&values, 0.5), percentile(&values, 0.95)), (10.0, 19.0));
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}
