//! What the model's judgement makes of a finding: how sure it is, and across languages which passage comes first.
//!
//! Never searches and never writes.

use super::Lookup;
use super::rating::evidence_of;
use crate::answer::finding::Finding;
use crate::answer::judge::judge;
use crate::answer::model::ModelUse;
use crate::answer::nearness::nearness;
use crate::answer::quote::{Near, Quote, fit, quote_near};
use crate::decide::confidence::{Evidence, confidence, span_of_judge};
use crate::knowledge::Passage;

/// Across languages, where the words cannot confirm what the vectors say, the model is asked between these even where
/// its word about one passage would change nothing: it chooses among several.
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
        let Some(evidence) = finding.evidence.filter(|evidence| evidence.judge.is_none()) else { return };
        let (low, high) = span_of_judge(&evidence);
        let is_doubtful = low < self.min_confidence && self.min_confidence <= high
            || finding.is_across() && JUDGED_ACROSS.contains(&finding.confidence);
        if finding.is_whole_answer || !is_doubtful || !model.is_available() {
            return;
        }
        let Some((judge, quoted)) = self.judged(finding, 0, model).await else { return };
        let evidence = Evidence { judge: Some(judge), ..evidence };
        finding.quoted = quoted.text;
        finding.evidence = Some(evidence);
        finding.confidence = confidence(&evidence);
    }

    /// Judged is what would be said, below its headings, and not the passage that it is taken from: a list of prices
    /// holds much that nobody asked for.
    async fn judged(&self, finding: &mut Finding, index: usize, model: &mut ModelUse<'_>) -> Option<(f32, Quote)> {
        let hit = finding.hits.get(index)?;
        let (passage, nearness) = (&hit.passage, nearness(&hit.units));
        let near = Near { nearness: nearness.as_deref(), log_odds: &hit.log_odds };
        let quoted = quote_near(&self.question(&finding.asked), passage, self.budget_chars, near);
        let under = below_headings(passage, &quoted.text);
        let probability = judge(model, &finding.asked.text, &under, finding.asked.language, &mut finding.trail).await?;
        Some((probability, quoted))
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
            let Some((probability, quoted)) = self.judged(finding, index, model).await else { return };
            let others = best_judged;
            best_judged = others.max(probability);
            let question = self.question(&finding.asked);
            let hit = &finding.hits[index];
            let evidence = Evidence {
                // How far it lies above the others is the judge's to say.
                margin: NO_MARGIN + JUDGES_MARGIN * (probability - others).max(0.0),
                judge: Some(probability),
                ..evidence_of(&finding.hits, index, fit(&question, &hit.passage), &quoted)
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
}

/// A quote below the path of its headings, the last of which it may begin with.
fn below_headings(passage: &Passage, quoted: &str) -> String {
    let last = passage.headings.last().map_or("", String::as_str);
    let rest = quoted.strip_prefix(last).and_then(|rest| rest.strip_prefix('\n')).unwrap_or(quoted);
    if passage.headings.is_empty() { quoted.to_owned() } else { format!("{}\n{rest}", passage.heading()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Language;
    use crate::knowledge::passage::PassageId;

    #[test]
    fn a_quote_stands_below_its_headings_each_of_them_once() {
        let passage = |headings: &[&str]| Passage {
            id: PassageId(1),
            file: "a.md".into(),
            line: 1,
            headings: headings.iter().map(|text| (*text).to_owned()).collect(),
            language: Language::Es,
            blocks: Vec::new(),
            original: None,
            is_draft: false,
        };
        let (path, two) = (passage(&["Carta", "Pan"]).heading(), passage(&["Carta", "Pan"]));
        assert_eq!(below_headings(&two, "Pan\n• Barra — 1 €"), format!("{path}\n• Barra — 1 €"));
        assert_eq!(
            below_headings(&two, "Pan de ayer a mitad de precio."),
            format!("{path}\nPan de ayer a mitad de precio.")
        );
        assert_eq!(below_headings(&passage(&[]), "Abrimos."), "Abrimos.");
    }
}
