//! Has the model read what it is always told before the first customer writes.
//!
//! What was read is remembered, so that the first question after a start takes no longer than the tenth. Holds no
//! customer's words, and says so to the model: what it reads here may be written down, and is then known after a restart
//! (`llm/beginnings/file.rs`).

use std::time::Instant;

use crate::domain::Language;
use crate::llm::{ChatMessage, GenerateRequest, LanguageModel, Role, TokenCounts};
use crate::prompts::{Prompts, Task};

/// Reads the instructions for questions about knowledge in these languages. What fails is read when it is needed.
pub async fn read_ahead(model: &dyn LanguageModel, prompts: &Prompts, languages: &[Language]) {
    if !model.remembers() {
        return;
    }
    let tasks = languages.iter().flat_map(|language| [(Task::Judge, *language), (Task::RewriteQuery, *language)]);
    let mut read: Vec<String> = Vec::new();
    let (began, mut tokens) = (Instant::now(), TokenCounts::default());
    for (task, language) in tasks {
        let Ok(instruction) = prompts.instruction(task, language, &[]) else { continue };
        if read.contains(&instruction) {
            continue;
        }
        let messages = vec![ChatMessage::own(Role::System, instruction.clone()), ChatMessage::new(Role::User, "…")];
        match model.generate(GenerateRequest::new(messages, 1)).await {
            Ok(generated) => tokens += generated.tokens,
            Err(error) => {
                tracing::debug!(%error, "instructions were not read ahead");
                return;
            }
        }
        read.push(instruction);
    }
    let (prompt, known, seconds) = (tokens.prompt, tokens.cached, began.elapsed().as_secs_f32());
    tracing::debug!(instructions = read.len(), tokens = prompt, known, seconds, "the model has read its instructions");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::fake::FakeModel;

    #[tokio::test]
    async fn each_instruction_is_read_once() {
        let (model, prompts) = (FakeModel::writing("…"), Prompts::load(None).expect("the texts are sound"));
        read_ahead(&model, &prompts, &[Language::Es, Language::Es, Language::De]).await;
        let read: Vec<String> =
            model.asked.into_inner().expect("no panic").into_iter().map(|prompt| prompt[0].content.clone()).collect();
        assert_eq!(read.len(), 3, "one judge for all, and a wording for each language");
        assert!(read[1].contains("en español") && read[2].contains("auf Deutsch"), "{read:?}");
    }
}
