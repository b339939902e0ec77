//! Drafts one translation with the model, and puts it back into the original's language where it is too short for
//! other checks.
//!
//! Greedy, so that the same model gives the same draft. Writes no file.

use std::sync::Arc;

use crate::decide::grounding;
use crate::knowledge::Embedder;
use crate::knowledge::translations::pairs::{Mark, Pair};
use crate::llm::{ChatMessage, FinishReason, GenerateRequest, LanguageModel, ModelError, Role};
use crate::prompts::{Prompts, Task};

use super::Direction;
use super::verdict::{Evidence, verdict};

/// A translation takes at most this many tokens for each token of the original, and a few more.
const TOKENS_PER_TOKEN: usize = 3;
const SPARE_TOKENS: usize = 24;
/// A text of at most this many words is translated back: no figure or negation would tell that it is wrong.
const SHORT: usize = 6;

/// What drafts need.
pub struct Drafter {
    /// Writes them.
    pub model: Arc<dyn LanguageModel>,
    /// What the model is told.
    pub prompts: Arc<Prompts>,
    /// Compares the meanings; without one more is left to the owner.
    pub embedder: Option<Arc<dyn Embedder>>,
}

impl Drafter {
    /// Translates one text of the owner and says how far the translation can be trusted.
    ///
    /// # Errors
    /// When the model fails; what it writes badly is a mark and a remark.
    pub async fn pair(&self, original: &str, direction: Direction) -> Result<Pair, ModelError> {
        let Some(translation) = self.translated(original, direction).await? else {
            return Ok(pair(original, None, Mark::Doubtful, vec!["the model found no end".to_owned()]));
        };
        let is_short = original.split_whitespace().count() <= SHORT;
        let back = match is_short {
            true => self.translated(&translation, direction.back()).await?,
            false => None,
        };
        let evidence = Evidence {
            original,
            translation: &translation,
            back: back.as_deref(),
            likeness: self.likeness(original, &translation),
            likeness_back: back.as_deref().and_then(|back| self.likeness(original, back)),
        };
        let (mark, remarks) = match grounding::leaks(&translation, original, &self.prompts.instructions()) {
            true => (Mark::Doubtful, vec!["it holds a piece of what the model was told".to_owned()]),
            false => verdict(&evidence, direction),
        };
        Ok(pair(original, Some(translation), mark, remarks))
    }

    async fn translated(&self, text: &str, direction: Direction) -> Result<Option<String>, ModelError> {
        let instruction = self.prompts.instruction(Task::Translate, direction.to, &[]);
        let instruction = instruction.map_err(|error| ModelError::Failed(error.to_string()))?;
        let messages = vec![ChatMessage::own(Role::System, instruction), ChatMessage::new(Role::User, text)];
        let budget = self.model.count_tokens(text) * TOKENS_PER_TOKEN + SPARE_TOKENS;
        let generated = self.model.generate(GenerateRequest::new(messages, budget)).await?;
        let is_whole = matches!(generated.finish, FinishReason::End | FinishReason::Stop);
        let text = generated.text.trim();
        Ok((is_whole && !text.is_empty()).then(|| text.to_owned()))
    }

    /// How near two texts are in meaning, as a cosine.
    fn likeness(&self, one: &str, other: &str) -> Option<f32> {
        let vectors = self.embedder.as_ref()?.embed_queries(&[one.to_owned(), other.to_owned()]).ok()?;
        let (one, other) = (vectors.first()?, vectors.get(1)?);
        Some(one.iter().zip(other).map(|(one, other)| one * other).sum())
    }
}

fn pair(original: &str, translation: Option<String>, mark: Mark, remarks: Vec<String>) -> Pair {
    Pair { mark, original: original.to_owned(), translation, remarks, line: 0 }
}
