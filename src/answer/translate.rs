//! A translation of the owner's sentences, made while the customer waits, that is used only when it passes every check.

use crate::decide::grounding::{self, Problem};
use crate::domain::Language;
use crate::llm::{ChatMessage, GenerateRequest, Role};
use crate::prompts::Task;

use super::model::ModelUse;

/// A translation takes at most this many tokens for each token of the original, and a few more.
const TOKENS_PER_TOKEN: usize = 3;
const SPARE_TOKENS: usize = 24;
/// Longer originals take the small model longer than a customer waits.
const LONGEST_ORIGINAL: usize = 300;

/// What the model reads: an instruction, and the owner's words.
pub fn prompt(instruction: &str, original: &str) -> Vec<ChatMessage> {
    vec![ChatMessage::own(Role::System, instruction), ChatMessage::new(Role::User, original)]
}

/// Translates, and checks that nothing was lost, added or changed. Nothing when it could not be done or did not pass.
///
/// `trail` receives what happened, without any words of the text.
pub async fn translate(
    model: &mut ModelUse<'_>,
    original: &str,
    from: Language,
    to: Language,
    trail: &mut Vec<String>,
) -> Option<String> {
    if original.chars().count() > LONGEST_ORIGINAL {
        trail.push("translation: the original is too long".into());
        return None;
    }
    let instruction = model.prompts.instruction(Task::Translate, to, &[]).ok()?;
    let budget = model.count_tokens(original) * TOKENS_PER_TOKEN + SPARE_TOKENS;
    let generated = model.generate(GenerateRequest::new(prompt(&instruction, original), budget), trail).await?;
    let mut problems = grounding::translation_problems(original, from, &generated, to);
    if grounding::leaks(&generated, original, &model.prompts.instructions()) {
        problems.push(Problem::Instruction);
    }
    if problems.is_empty() {
        trail.push("translation: passed the checks".into());
        return Some(generated);
    }
    trail.extend(problems.iter().map(|problem| format!("translation refused: {problem}")));
    None
}
