//! Words a question anew: complete by itself, spelt right, in the language of the owner's words.
//!
//! What comes out is only searched with and matched against passages; no customer ever reads it. A wrong wording finds
//! nothing, or a passage that the judge refuses.

use crate::domain::{Author, Language, Line};
use crate::llm::{ChatMessage, GenerateRequest, Role};
use crate::prompts::Task;

use super::model::ModelUse;
use super::words::{Text, lexicon};

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

/// Whether a text is in the language that it was to be in, as its small words tell: a small model often answers in the
/// language that it was spoken to in.
pub fn reads_as(text: &str, to: Language, from: Language) -> bool {
    let read = Text::new(text);
    let small = |language: Language| {
        let words = lexicon(language);
        [&words.stop, &words.time, &words.price, &words.place].iter().map(|list| list.find(&read).len()).sum::<usize>()
    };
    from == to || small(to) > 0 && small(to) >= small(from)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_the_customers_language_is_told_from_one_in_the_owners() {
        assert!(reads_as("Was kostet es, ein Fahrrad zu mieten?", Language::De, Language::Es));
        assert!(!reads_as("Сколько стоит замена колодок?", Language::De, Language::Ru));
        assert!(!reads_as("¿Y si llego a las 11 de la noche?", Language::Pt, Language::Es));
        assert!(reads_as("¿Hasta qué hora abrís?", Language::Es, Language::Es));
    }
}
