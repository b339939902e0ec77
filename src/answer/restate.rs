//! Words a question anew: complete by itself, spelt right, in the language of the owner's words.
//!
//! What comes out is only searched with and matched against passages; no customer ever reads it. A wrong wording finds
//! nothing, or a passage that the judge refuses.

use crate::domain::{Author, Language, Line};
use crate::llm::{ChatMessage, GenerateRequest, Role};
use crate::prompts::Task;

use super::model::ModelUse;

/// Tokens of conversation in the prompt.
const HISTORY_TOKENS: usize = 300;
/// A question takes no more.
const QUESTION_TOKENS: usize = 48;
/// Longer messages tell a story; they are searched with as they are.
const LONGEST: usize = 300;

/// What was said before, as far as a question leans on it.
pub struct Before<'a> {
    /// The conversation, oldest first.
    pub history: &'a [Line],
    /// What was said before that, in short.
    pub summary: Option<&'a str>,
}

/// The customer's last message as one complete question in the language `to`; nothing without a model or in time.
pub async fn restate(
    model: &mut ModelUse<'_>,
    text: &str,
    before: Option<Before<'_>>,
    to: Language,
    trail: &mut Vec<String>,
) -> Option<String> {
    if text.chars().count() > LONGEST {
        return None;
    }
    let instruction = model.prompts.instruction(Task::RewriteQuery, to, &[]).ok()?;
    let mut lines = before.map(|before| conversation(model, &before)).unwrap_or_default();
    lines.push(format!("Customer: {}", text.split_whitespace().collect::<Vec<_>>().join(" ")));
    let messages = vec![ChatMessage::new(Role::System, instruction), ChatMessage::new(Role::User, lines.join("\n"))];
    let mut request = GenerateRequest::new(messages, QUESTION_TOKENS);
    request.stop = vec!["\n".into()];
    let restated = model.generate(request, trail).await?;
    let restated = restated.trim().trim_start_matches("Customer:").trim();
    (!restated.is_empty()).then(|| restated.to_owned())
}

/// The newest lines that fit the budget, oldest first.
fn conversation(model: &ModelUse<'_>, before: &Before<'_>) -> Vec<String> {
    let mut left = HISTORY_TOKENS;
    let mut lines: Vec<String> = Vec::new();
    for line in before.history.iter().rev() {
        let who = if line.author == Author::Customer { "Customer" } else { "Business" };
        let line = format!("{who}: {}", line.words);
        left = left.saturating_sub(model.count_tokens(&line));
        if left == 0 {
            break;
        }
        lines.push(line);
    }
    lines.extend(before.summary.filter(|summary| model.count_tokens(summary) <= left).map(str::to_owned));
    lines.reverse();
    lines
}
