//! Asks the model whether a passage holds what was asked: a probability, never a text.

use tokio_util::sync::CancellationToken;

use crate::domain::Language;
use crate::llm::{ChatMessage, Role, ScoreRequest};
use crate::prompts::Task;

use super::model::ModelUse;

/// The probability that `passage` answers `question`; nothing without a model.
pub async fn judge(
    model: &mut ModelUse<'_>,
    question: &str,
    passage: &str,
    language: Language,
    trail: &mut Vec<String>,
) -> Option<f32> {
    let instruction = model.prompts.instruction(Task::Judge, language, &[]).ok()?;
    let asked = format!("Text:\n{passage}\n\nQuestion: {question}");
    let request = ScoreRequest {
        messages: vec![ChatMessage::new(Role::System, instruction), ChatMessage::new(Role::User, asked)],
        options: vec!["Yes".into(), "No".into()],
        cancel: CancellationToken::new(),
    };
    let probability = model.probability(request, trail).await?;
    trail.push(format!("judge: {probability:.2}"));
    Some(probability)
}
