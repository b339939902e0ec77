//! Asks the model whether a passage holds what was asked: a probability, never a text.
//!
//! What a small model says is a poor witness of what it has read. Where the program has a head for the model, the
//! answer is read off the state of one of its middle layers instead (Alain and Bengio, "Understanding intermediate
//! layers using linear classifier probes", 2016); else it is the probability of its "Yes".

mod heads;

use tokio_util::sync::CancellationToken;

use crate::domain::Language;
use crate::llm::{ChatMessage, Role, ScoreRequest, StateRequest};
use crate::prompts::Task;

pub use self::heads::{Heads, HeadsError, JudgeHead};

use super::model::ModelUse;

/// What the model reads: an instruction, a passage, and the question last, so that the passage is read once for all
/// who ask about it.
pub fn prompt(instruction: &str, passage: &str, question: &str) -> Vec<ChatMessage> {
    let asked = format!("Text:\n{passage}\n\nQuestion: {question}");
    vec![ChatMessage::new(Role::System, instruction), ChatMessage::new(Role::User, asked)]
}

/// The probability that `passage` answers `question`; nothing without a model.
pub async fn judge(
    model: &mut ModelUse<'_>,
    question: &str,
    passage: &str,
    language: Language,
    trail: &mut Vec<String>,
) -> Option<f32> {
    let instruction = model.prompts.instruction(Task::Judge, language, &[]).ok()?;
    let messages = prompt(&instruction, passage, question);
    let head = Heads::built_in().for_model(model.name(), &instruction);
    let probability = match head {
        Some(head) => {
            let request = StateRequest { messages, layer: head.layer, cancel: CancellationToken::new() };
            head.head.probability(&model.state(request, trail).await?)
        }
        None => {
            let options = vec!["Yes".into(), "No".into()];
            model.probability(ScoreRequest { messages, options, cancel: CancellationToken::new() }, trail).await?
        }
    };
    trail.push(format!("judge: {probability:.2}"));
    Some(probability)
}
