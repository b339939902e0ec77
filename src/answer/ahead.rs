//! Has the model read what it is always told before the first customer writes.
//!
//! What was read is remembered, so that the first question after a start takes no longer than the tenth. Holds no
//! customer's words, and says so to the model: what it reads here may be written down, and is then known after a restart
//! (`llm/beginnings/file.rs`).

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

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

/// Has the model write down what lasts of what it has read: now, from time to time, and when it is told to stop.
pub async fn keep_saved(model: &dyn LanguageModel, every: Duration, stop: &CancellationToken) {
    model.save().await;
    while stop.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        model.save().await;
    }
    model.save().await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::llm::fake::FakeModel;

    #[tokio::test]
    async fn what_was_read_is_written_down_at_once_again_and_again_and_in_the_end() {
        let (model, stop) = (Arc::new(FakeModel::writing("…")), CancellationToken::new());
        let saved = || model.saved.load(Ordering::Acquire);
        stop.cancel();
        keep_saved(model.as_ref(), Duration::from_secs(600), &stop).await;
        assert_eq!(saved(), 2, "at once and in the end");
        let stop = CancellationToken::new();
        let (until, its_model) = (stop.clone(), model.clone());
        let keeping = tokio::spawn(async move { keep_saved(its_model.as_ref(), Duration::ZERO, &until).await });
        while saved() < 6 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        keeping.await.expect("it ends");
    }

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
