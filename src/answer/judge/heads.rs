//! What reads the judgement off a model's state: one weighted sum for each model that the program knows.
//!
//! The weights stand in `prompts/judge/heads.json`; `atiende train-judge` makes them. Computes no state and holds no
//! words of anybody's.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::understand::heads::Head;

const FILE: &str = "prompts/judge/heads.json";
const TRAINED: &str = include_str!("../../../prompts/judge/heads.json");

static BUILT_IN: LazyLock<Heads> = LazyLock::new(|| {
    Heads::parse(TRAINED).unwrap_or_else(|error| {
        tracing::error!(%error, "The judge does without its heads and goes by what the model says");
        Heads::default()
    })
});

/// The heads of several models.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heads {
    /// One for each model.
    pub heads: Vec<JudgeHead>,
}

/// What reads the judgement off one model's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeHead {
    /// How it was made.
    pub recipe: String,
    /// The model, by the name that the engine gives it.
    pub model: String,
    /// What the model was told: another instruction makes other states.
    pub instruction: String,
    /// Which layer's state it is for, from 0.
    pub layer: usize,
    /// The weights, as many as the model is wide.
    pub head: Head,
}

/// Why a file of heads cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be used: {problem}. Make it anew with `atiende train-judge`")]
pub struct HeadsError {
    file: String,
    problem: String,
}

impl Heads {
    /// Those that the program was built with.
    pub fn built_in() -> &'static Heads {
        &BUILT_IN
    }

    /// Reads a file's text.
    pub fn parse(text: &str) -> Result<Heads, HeadsError> {
        let wrong = |problem: String| HeadsError { file: FILE.to_owned(), problem };
        let heads: Heads = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        match heads.heads.iter().find(|head| head.head.weights.is_empty()) {
            Some(empty) => Err(wrong(format!("the head for {} has no weights", empty.model))),
            None => Ok(heads),
        }
    }

    /// The head for a model that is told this.
    pub fn for_model(&self, model: &str, instruction: &str) -> Option<&JudgeHead> {
        self.heads.iter().find(|head| head.model == model && head.instruction == instruction)
    }

    /// Puts a head in the place of the one for the same model.
    pub fn put(&mut self, head: JudgeHead) {
        self.heads.retain(|other| other.model != head.model);
        self.heads.push(head);
        self.heads.sort_by(|one, other| one.model.cmp(&other.model));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Language;
    use crate::prompts::{Prompts, Task};

    #[test]
    fn the_programs_own_heads_are_sound_and_go_with_what_the_model_is_told() {
        let heads = Heads::parse(TRAINED).expect("the file is sound");
        let prompts = Prompts::load(None).expect("the texts are sound");
        let instruction = prompts.instruction(Task::Judge, Language::Es, &[]).expect("there is one");
        for head in &heads.heads {
            assert_eq!(heads.for_model(&head.model, &instruction), Some(head), "train-judge has to run again");
            assert_eq!(heads.for_model(&head.model, "Say yes."), None);
        }
        assert_eq!(heads.for_model("somebody else's", &instruction), None);
        assert!(heads.heads.len() >= 2, "there is one for the default model and one for the smaller");
    }

    #[test]
    fn a_new_head_takes_the_place_of_the_models_old_one() {
        let head = |model: &str, layer| JudgeHead {
            recipe: String::new(),
            model: model.into(),
            instruction: String::new(),
            layer,
            head: Head { bias: 0.0, weights: vec![1.0] },
        };
        let mut heads = Heads::default();
        [head("b", 1), head("a", 2), head("b", 3)].into_iter().for_each(|head| heads.put(head));
        assert_eq!(heads.heads, [head("a", 2), head("b", 3)]);
    }

    #[test]
    fn a_head_without_weights_is_refused() {
        let text = r#"{"heads":[{"recipe":"","model":"m","instruction":"","layer":1,"head":{"bias":0,"weights":[]}}]}"#;
        assert!(Heads::parse(text).expect_err("refused").to_string().contains("head for m"));
    }
}
