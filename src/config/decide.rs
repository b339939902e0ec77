//! `[decide]`: when the bot answers, asks back, or brings in a person.

use crate::answer::ladder::Rung;

use super::section::{Check, require, section};
use super::setting::{Raw, Setting, quoted};

impl Setting for Rung {
    fn read(raw: &Raw) -> Result<Self, String> {
        let name = String::read(raw)?;
        Rung::ALL
            .into_iter()
            .find(|rung| rung.name() == name)
            .ok_or_else(|| format!("expected \"original\", \"approved\", \"drafts\" or \"live\", found `{name}`"))
    }

    fn to_toml(&self) -> String {
        quoted(self.name())
    }
}

section! {
    /// When the bot answers, asks back, or brings in a person. The numbers run from 0 to 1 unless said otherwise.
    pub struct Decide in "decide" {
        /// How sure the bot must be to answer. Raise it if it answers wrongly, lower it if it passes on too much.
        min_confidence: f32 = 0.72,
        /// How sure it must be to ask back which of a few subjects is meant, instead of offering a person alone.
        clarify_confidence: f32 = 0.35,
        /// How upset a customer may sound before a person is brought in; half as upset where nothing can be answered. With
        /// 1 none is for that.
        max_negativity: f32 = 0.7,
        /// What customers may read who write in another language than yours: "original" (only your own words, below one
        /// line that says so), "approved" (translations too that you approved), "drafts" (those too that passed the
        /// checks, with your words below) or "live" (those too that are made while the customer waits).
        /// `atiende calibrate` finds out how far your model may go.
        translations: Rung = Rung::Live,
        /// After how many questions in a row without an answer a person is brought in. A count.
        max_failed_turns: u32 = 2,
    }
}

impl Check for Decide {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let shares = [
            ("min_confidence", self.min_confidence),
            ("clarify_confidence", self.clarify_confidence),
            ("max_negativity", self.max_negativity),
        ];
        for (key, value) in shares {
            require(&mut problems, key, (0.0..=1.0).contains(&value), "expected a number from 0 to 1");
        }
        let order = self.clarify_confidence <= self.min_confidence;
        require(&mut problems, "clarify_confidence", order, "expected at most as much as min_confidence");
        require(&mut problems, "max_failed_turns", self.max_failed_turns >= 1, "expected at least 1");
        problems
    }
}
