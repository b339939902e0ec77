//! What the model's judgement makes of a finding: how sure it is, and across languages which passage comes first.
//!
//! Never searches and never writes.

use crate::decide::confidence::{Evidence, confidence};

use super::super::finding::Finding;
use super::super::judge::judge;
use super::super::model::ModelUse;
use super::super::nearness::nearness;
use super::super::quote::{fit, quote, quote_near};
use super::{Lookup, evidence_of};

/// Between these the model is asked to judge; outside, its word would change nothing.
pub(super) const JUDGED: std::ops::Range<f32> = 0.1..0.9;
/// The same across languages, where the words cannot confirm what the vectors say.
const JUDGED_ACROSS: std::ops::Range<f32> = 0.05..0.97;
/// Across languages nothing is looked for further from here on.
pub(super) const SURE_ACROSS: f32 = 0.85;
/// How many passages the judge looks at across languages, ...
const CANDIDATES: usize = 3;
/// ... as long as they lie this near the first one.
const NEAR_ENOUGH: f32 = 0.2;
/// Stands in for the margin of a passage that the judge puts first: neither for nor against, ...
const NO_MARGIN: f32 = 0.05;
/// ... and for each unit of probability by which the judge puts it first.
const JUDGES_MARGIN: f32 = 0.25;

impl Lookup<'_> {
    /// Asks the model where its word can change what is done.
    pub(super) async fn ask_judge(&self, finding: &mut Finding, model: &mut ModelUse<'_>) {
        let is_doubtful = if finding.is_across() { JUDGED_ACROSS } else { JUDGED }.contains(&finding.confidence);
        let is_judged = finding.evidence.is_none_or(|evidence| evidence.judge.is_some());
        if finding.is_whole_answer || is_judged || !is_doubtful || !model.is_available() {
            return;
        }
        let probability = self.judged(finding, 0, model).await;
        let Some(evidence) = &mut finding.evidence else { return };
        evidence.judge = probability;
        finding.confidence = confidence(evidence);
    }

    /// Judged is what would be said, not the passage that it is taken from: a list of prices holds much that nobody
    /// asked for.
    async fn judged(&self, finding: &mut Finding, index: usize, model: &mut ModelUse<'_>) -> Option<f32> {
        let nearness = self.nearness(finding, index).await;
        let hit = finding.hits.get(index)?;
        let quoted = quote_near(&self.question(&finding.asked), &hit.passage, self.budget_chars, nearness.as_deref());
        let passage = format!("{}\n{}", hit.passage.heading(), quoted.text);
        judge(model, &finding.asked.text, &passage, finding.asked.language, &mut finding.trail).await
    }

    /// Across languages the right passage is among the first few and often not the first: the one goes first of which
    /// the judge, and what search saw of it, is the surest.
    pub(super) async fn let_judge_choose(&self, finding: &mut Finding, model: &mut ModelUse<'_>) {
        self.ask_judge(finding, model).await;
        let Some(first) = finding.evidence.filter(|evidence| evidence.judge.is_some()) else { return };
        let mut best_judged = first.judge.unwrap_or(0.0);
        for index in 1..CANDIDATES.min(finding.hits.len()) {
            let score = finding.hits[index].score;
            if finding.confidence >= SURE_ACROSS || first.score - score > NEAR_ENOUGH {
                return;
            }
            let Some(probability) = self.judged(finding, index, model).await else { return };
            let others = best_judged;
            best_judged = others.max(probability);
            let question = self.question(&finding.asked);
            let hit = &finding.hits[index];
            let quoted = quote(&question, &hit.passage, self.budget_chars);
            let evidence = Evidence {
                // How far it lies above the others is the judge's to say.
                margin: NO_MARGIN + JUDGES_MARGIN * (probability - others).max(0.0),
                judge: Some(probability),
                ..evidence_of(hit, fit(&question, &hit.passage), &quoted)
            };
            if confidence(&evidence) > finding.confidence {
                finding.quoted = quoted.text;
                finding.confidence = confidence(&evidence);
                finding.evidence = Some(evidence);
                finding.trail.push(format!("the judge prefers number {}", index + 1));
                finding.hits[..=index].rotate_right(1);
            }
        }
    }

    /// How near a passage's units are to a question in another language.
    pub(super) async fn nearness(&self, finding: &Finding, index: usize) -> Option<Vec<f32>> {
        let passage = finding.hits.get(index).filter(|hit| !hit.same_language)?.passage.clone();
        let embedder = self.knowledge.embedder()?;
        let asked = finding.asked.text.clone();
        tokio::task::spawn_blocking(move || nearness(&embedder, &asked, &passage)).await.ok()?
    }
}
