//! What was said, in short: for the person who takes over, and for prompts once the history no longer fits.

use tokio_util::sync::CancellationToken;

use crate::answer::model::ModelUse;
use crate::domain::{Author, ConversationId, Language};
use crate::llm::{ChatMessage, GenerateRequest, Role};
use crate::prompts::Task;
use crate::store::messages::StoredMessage;
use crate::store::{Store, StoreError, conversations, messages};

use super::assistant::Assistant;
use super::burst::Burst;
use super::snapshot::Snapshot;

/// How many characters of a customer's message a brief quotes.
const QUOTED: usize = 200;
/// A summary has this many sentences at most, ...
const SUMMARY_SENTENCES: usize = 3;
/// ... and is thrown away beyond so many tokens: the model has lost its way.
const SUMMARY_TOKENS: usize = 160;
/// The prompt of a summary holds this many tokens of conversation at most: the oldest are left out first.
const CONVERSATION_TOKENS: usize = 700;
/// A summary is written between two turns and given up when the customer writes; it never takes longer than this.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(8);
/// How many messages a summary reads at most.
const READ: usize = 60;

/// A brief of what the customer wants: the running summary if there is one, their own words, and what the bot last said.
/// Made without asking the model, so that it is there at once.
pub fn brief(snapshot: &Snapshot, burst: &Burst) -> String {
    let mut lines = Vec::new();
    if let Some(summary) = &snapshot.conversation.summary {
        lines.push(summary.clone());
    }
    if let Some(before) = snapshot.recent_from_customer().last() {
        lines.push(format!("Before: {}", shorten(before)));
    }
    if let Some(bot) = snapshot.history.iter().rev().find(|line| line.author == Author::Bot) {
        lines.push(format!("The bot last said: {}", shorten(&bot.words)));
    }
    let now = burst.text();
    if !now.is_empty() {
        lines.push(format!("Now: {}", shorten(&now)));
    }
    if !burst.attachments.is_empty() {
        lines.push(format!("Sent besides: {:?}", burst.attachments));
    }
    lines.join("\n")
}

fn shorten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTED {
        return line;
    }
    let cut: String = line.chars().take(QUOTED).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head))
}

/// Writes the summary anew once more messages lie outside it than a prompt takes.
///
/// Cancelling leaves the earlier summary as it is.
pub async fn update(
    assistant: &Assistant,
    store: &Store,
    id: ConversationId,
    cancel: &CancellationToken,
) -> Result<(), StoreError> {
    let found = store
        .read(move |connection| {
            let Some(conversation) = conversations::get(connection, id)? else { return Ok(None) };
            Ok(Some((conversation, messages::transcript(connection, id, READ)?)))
        })
        .await?;
    let Some((conversation, said)) = found else { return Ok(()) };
    let covered = conversation.summarised_to.unwrap_or(0);
    let open: Vec<&StoredMessage> = said.iter().filter(|message| message.id > covered).collect();
    // A turn is a message and its reply; half of what is open stays outside the summary, for the prompt.
    if open.len() <= assistant.settings.history_turns * 4 {
        return Ok(());
    }
    let (older, _) = open.split_at(open.len() - assistant.settings.history_turns * 2);
    let Some(last) = older.last().map(|message| message.id) else { return Ok(()) };
    let language = assistant.settings.default_language;
    let earlier = conversation.summary.as_deref();
    let Some(summary) = summarise(assistant, earlier, older, language, cancel).await else { return Ok(()) };
    let summarised: Vec<(i64, Option<String>)> = older.iter().map(|message| words_of(message)).collect();
    store
        .write(move |connection| {
            // A message that was taken back while the summary was being written must not live on in it.
            let now = messages::transcript(connection, id, READ)?;
            let unchanged = |(id, words): &(i64, Option<String>)| {
                now.iter().find(|message| message.id == *id).is_none_or(|message| message.words == *words)
            };
            let earlier_stands = conversations::get(connection, id)?
                .is_some_and(|conversation| conversation.summarised_to.unwrap_or(0) == covered);
            if earlier_stands && summarised.iter().all(unchanged) {
                conversations::set_summary(connection, id, &summary, last)?;
                tracing::debug!(conversation = %id, "A summary was written");
            }
            Ok(())
        })
        .await
}

fn words_of(message: &StoredMessage) -> (i64, Option<String>) {
    (message.id, message.words.clone())
}

async fn summarise(
    assistant: &Assistant,
    earlier: Option<&str>,
    said: &[&StoredMessage],
    language: Language,
    cancel: &CancellationToken,
) -> Option<String> {
    let model = assistant.model.get(std::time::Duration::ZERO).await?;
    let patience = assistant.settings.patience.min(PATIENCE);
    let mut model = ModelUse::new(&assistant.prompts, Some(model), patience, cancel.clone());
    let values = [("business", assistant.settings.business.as_str())];
    let instruction = assistant.prompts.instruction(Task::Summarise, language, &values).ok()?;
    let lines =
        said.iter().filter_map(|message| Some(format!("{}: {}", message.author.as_str(), message.words.as_deref()?)));
    let text = conversation(earlier, lines.collect(), &model);
    // From nothing the model would make something up.
    if text.trim().is_empty() {
        return None;
    }
    let messages = vec![ChatMessage::own(Role::System, instruction), ChatMessage::new(Role::User, text)];
    let request =
        GenerateRequest { sentences: Some(SUMMARY_SENTENCES), ..GenerateRequest::new(messages, SUMMARY_TOKENS) };
    model.generate(request, &mut Vec::new()).await
}

/// What was summed up before, which stays in whatever else has to go, and the last lines.
fn conversation(earlier: Option<&str>, lines: Vec<String>, model: &ModelUse<'_>) -> String {
    let earlier = earlier.map(|earlier| format!("{earlier}\n")).unwrap_or_default();
    let left = CONVERSATION_TOKENS.saturating_sub(model.count_tokens(&earlier));
    earlier + &within_budget(lines, model, left)
}

/// The last lines that fit the budget; of the very last, its beginning if need be.
fn within_budget(lines: Vec<String>, model: &ModelUse<'_>, mut left: usize) -> String {
    let mut kept: Vec<String> = Vec::new();
    for line in lines.into_iter().rev() {
        let line = if kept.is_empty() { beginning(line, model, left) } else { line };
        let tokens = model.count_tokens(&line);
        if tokens > left {
            break;
        }
        left -= tokens;
        kept.push(line);
    }
    kept.reverse();
    kept.join("\n")
}

/// As much of a line as fits.
fn beginning(mut line: String, model: &ModelUse<'_>, left: usize) -> String {
    loop {
        let (tokens, letters) = (model.count_tokens(&line), line.chars().count());
        if tokens <= left || letters == 0 {
            return line;
        }
        line = line.chars().take((letters * left / tokens).min(letters - 1)).collect();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::llm::fake::FakeModel;
    use crate::prompts::Prompts;

    /// What a prompt holds of a conversation. A token of this model is a byte.
    fn shown(earlier: Option<&str>, lines: &[String]) -> String {
        let (prompts, model) = (Prompts::load(None).unwrap(), Arc::new(FakeModel::default()));
        let using = ModelUse::new(&prompts, Some(model), Duration::from_secs(60), CancellationToken::default());
        conversation(earlier, lines.to_vec(), &using)
    }

    fn long_conversation() -> Vec<String> {
        (0..200).map(|number| format!("customer: {number:03} {}", "x".repeat(86))).collect()
    }

    #[test]
    fn of_a_long_conversation_the_oldest_lines_go_and_never_the_last() {
        let lines = long_conversation();
        assert_eq!(shown(None, &lines), lines[193..].join("\n"));
        assert_eq!(shown(None, &lines[..3]), lines[..3].join("\n"));
    }

    #[test]
    fn what_was_summed_up_before_stays_whatever_else_has_to_go() {
        let lines = long_conversation();
        let earlier = "They want a cake.";
        assert_eq!(shown(Some(earlier), &lines), format!("{earlier}\n{}", lines[194..].join("\n")));
        let endless = "e".repeat(CONVERSATION_TOKENS);
        assert_eq!(shown(Some(&endless), &lines), format!("{endless}\n"));
    }

    #[test]
    fn of_a_last_line_longer_than_the_budget_the_beginning_stays() {
        let mut lines = long_conversation();
        lines.push(format!("customer: I want {}", "ñ".repeat(5000)));
        let shown = shown(None, &lines);
        assert!(shown.starts_with("customer: I want ñ") && shown.ends_with('ñ'), "{shown}");
        assert!((CONVERSATION_TOKENS - 100..=CONVERSATION_TOKENS).contains(&shown.len()), "{}", shown.len());
    }
}
