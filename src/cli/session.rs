//! What the commands without a server share: opening the brain, and showing a turn.

use std::path::Path;

use serde::Serialize;

use crate::app::{Brain, Folders, open_brain};
use crate::channel::outbound::Outbound;
use crate::config::Config;
use crate::conversation::{Source, Timings, Turn};
use crate::decide::{Action, Reason};
use crate::domain::Language;
use crate::llm::TokenCounts;

/// Opens what answers, from another folder of knowledge where one is given, and says what is wrong with it.
pub fn open(config: &Config, knowledge: Option<&Path>) -> anyhow::Result<Brain> {
    let brain = open_brain(config, &Folders::given_or_configured(knowledge, config))?;
    for problem in &brain.report.problems {
        eprintln!("warning: {problem}");
    }
    if let Some(problem) = &brain.embedder_problem {
        eprintln!("warning: search works by words alone: {problem}");
    }
    Ok(brain)
}

/// A turn as `ask --json` prints it. Others call it: fields are added, never changed.
#[derive(Serialize)]
pub struct TurnView<'a> {
    action: Action,
    text: &'a str,
    /// What the customer can tap.
    choices: Vec<&'a str>,
    language: Language,
    confidence: f32,
    reason: Reason,
    sources: &'a [Source],
    timings_ms: &'a Timings,
    tokens: &'a TokenCounts,
    trail: &'a [String],
}

impl<'a> From<&'a Turn> for TurnView<'a> {
    fn from(turn: &'a Turn) -> Self {
        TurnView {
            action: turn.action,
            text: turn.text(),
            choices: turn.choices().iter().map(|choice| choice.title.as_str()).collect(),
            language: turn.language,
            confidence: turn.confidence,
            reason: turn.reason,
            sources: &turn.sources,
            timings_ms: &turn.timings,
            tokens: &turn.tokens,
            trail: &turn.trail,
        }
    }
}

/// A turn as a person reads it: the reply, then one line on how it came about.
pub fn show(turn: &Turn) -> String {
    let text = turn.reply.as_ref().map_or_else(|| "(nothing is sent)".to_owned(), Outbound::as_text);
    let sources: Vec<String> =
        turn.sources.iter().map(|source| format!("{} › {}", source.file, source.heading)).collect();
    let sources = if sources.is_empty() { String::new() } else { format!(" · {}", sources.join(" + ")) };
    format!(
        "{text}\n  [{} · {} · confidence {:.2} · {:.0} ms{sources}]",
        turn.action_name(),
        turn.reason_name(),
        turn.confidence,
        turn.timings.total
    )
}
