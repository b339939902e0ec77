//! What the customer may have meant, as headings that the customer can read: the owner's in the customer's language, or
//! translated now.
//!
//! Offers nothing where the answer is sure enough, nor what a customer could not choose between.

use crate::answer::finding::{Finding, Subject};
use crate::answer::ladder::Rung;
use crate::answer::model::ModelUse;
use crate::answer::translate::translate;

use super::Lookup;

/// A heading that takes more characters is no subject in a few words.
const LONGEST: usize = 60;

impl Lookup<'_> {
    /// Names what may have been meant. Headings are translated only where they will be offered: each takes half a second.
    pub(super) async fn offer(&self, finding: &mut Finding, model: &mut ModelUse<'_>) {
        finding.subjects = finding.subjects_in(self.language);
        let is_offered = (self.clarify_confidence..self.min_confidence).contains(&finding.confidence);
        if finding.subjects.is_empty() && is_offered && self.furthest_rung == Rung::Live {
            finding.subjects = self.translated(finding, model).await;
        }
    }

    /// The headings that can be translated under the checks that answers have to pass, with the owner's words below.
    async fn translated(&self, finding: &mut Finding, model: &mut ModelUse<'_>) -> Vec<Subject> {
        let mut subjects: Vec<Subject> = Vec::new();
        for (from, subject) in finding.subjects_across(self.language) {
            if subject.title.chars().count() > LONGEST {
                continue;
            }
            let translated = translate(model, &subject.title, from, self.language, &mut finding.trail).await;
            let title = translated.map(|title| title.trim().trim_end_matches('.').to_owned());
            let is_new = |title: &String| !title.is_empty() && subjects.iter().all(|other| other.title != *title);
            let title =
                title.filter(is_new).filter(|title| title.lines().count() == 1 && title.chars().count() <= LONGEST);
            if let Some(title) = title {
                subjects.push(Subject { passage: subject.passage, title, under: subject.title });
            }
        }
        subjects
    }
}
