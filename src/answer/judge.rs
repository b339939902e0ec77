//! Whether the owner's words answer what was asked, by the model: a probability, never a text.
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

/// What the model reads: an instruction, the owner's words, and the question last.
pub fn prompt(instruction: &str, passage: &str, question: &str) -> Vec<ChatMessage> {
    let passage = format!("Text:\n{passage}\n\nQuestion:");
    let asked = ChatMessage::own_and(Role::User, passage, &format!(" {question}"));
    vec![ChatMessage::own(Role::System, instruction), asked]
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
    let read = match head {
        Some(head) => read_off(model, head, &messages, trail).await,
        None => None,
    };
    let probability = match read {
        Some(probability) => probability,
        None => say(model, messages, trail).await?,
    };
    trail.push(format!("judge: {probability:.2}"));
    Some(probability)
}

/// What the model's state tells; nothing where it shows none that fits.
async fn read_off(
    model: &mut ModelUse<'_>,
    head: &JudgeHead,
    messages: &[ChatMessage],
    trail: &mut Vec<String>,
) -> Option<f32> {
    let request = StateRequest { messages: messages.to_vec(), layer: head.layer, cancel: CancellationToken::new() };
    let state = model.state(request, trail).await.filter(|state| state.len() == head.head.weights.len())?;
    Some(head.head.probability(&state))
}

/// The probability of its "Yes".
async fn say(model: &mut ModelUse<'_>, messages: Vec<ChatMessage>, trail: &mut Vec<String>) -> Option<f32> {
    let options = vec!["Yes".into(), "No".into()];
    model.probability(ScoreRequest { messages, options, cancel: CancellationToken::new() }, trail).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::llm::ModelError;
    use crate::llm::fake::FakeModel;
    use crate::prompts::Prompts;

    async fn judged(name: &str, state: Result<Option<Vec<f32>>, ModelError>) -> Option<f32> {
        let prompts = Prompts::load(None).expect("the texts are sound");
        let model = FakeModel { name: name.to_owned(), yes: 0.25, state, ..FakeModel::default() };
        let mut model =
            ModelUse::new(&prompts, Some(Arc::new(model)), Duration::from_secs(60), CancellationToken::new());
        judge(&mut model, "¿Abren?", "Abrimos.", Language::Es, &mut Vec::new()).await
    }

    #[tokio::test]
    async fn the_state_is_read_where_there_is_one_that_fits_and_else_what_the_model_says_counts() {
        let head = &Heads::built_in().heads[0];
        let for_it = head.head.weights.iter().map(|weight| weight.signum()).collect::<Vec<f32>>();
        let against: Vec<f32> = for_it.iter().map(|number| -number).collect();
        assert!(judged(&head.model, Ok(Some(for_it.clone()))).await > Some(0.9));
        assert!(judged(&head.model, Ok(Some(against))).await < Some(0.1));
        assert_eq!(judged(&head.model, Ok(None)).await, Some(0.25));
        assert_eq!(judged(&head.model, Ok(Some(for_it[1..].to_vec()))).await, Some(0.25));
        assert_eq!(judged("somebody else's", Ok(Some(for_it))).await, Some(0.25));
        assert_eq!(judged(&head.model, Err(ModelError::Failed("its state is no numbers".into()))).await, Some(0.25));
    }
}
