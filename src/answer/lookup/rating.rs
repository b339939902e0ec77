//! How sure a finding is before the model has a word: what the question's day and kind add to the order, what stands for
//! the answer, and one probability of it.
//!
//! Never searches and never asks the model.

use crate::answer::finding::{Finding, agreement, is_tie, margin};
use crate::answer::nearness::{nearness, reading};
use crate::answer::quote::{Fit, Near, Question, Quote, fit, quote_near};
use crate::decide::confidence::{Evidence, confidence};
use crate::knowledge::Hit;

use super::{HITS, Lookup};

/// What speaking of the day that was asked for adds to a passage's score, ...
const DAY_WORTH: f32 = 0.1;
/// ... what being about that day does, ...
const DAY_SUBJECT_WORTH: f32 = 0.2;
/// ... what showing the kind of answer does, ...
const KIND_WORTH: f32 = 0.04;
/// ... and what it does where few passages show it: an address, a phone number.
const RARE_KIND_WORTH: f32 = 0.2;
/// What holding the one thing that is asked for is worth, whatever the searches say: "where are you?" shares no word with
/// an address.
const WHOLE_ANSWER: f32 = 0.6;
/// What an address itself is worth above a passage that is only headed "where".
const WHOLE_ANSWER_SHOWN: f32 = 0.1;
/// How sure such an answer is at least.
const WHOLE_ANSWER_CONFIDENCE: f32 = 0.8;
/// How sure it is that the one passage that names the one thing that is asked for answers.
const NAMED_CONFIDENCE: f32 = 0.8;
/// From which share of the words on a passage names what is asked for, and to which it does not.
const NAMED: (f32, f32) = (0.99, 0.3);
/// No search found anything that resembles the question: it is not about the business.
const OFF_TOPIC_DENSE: f32 = 0.25;
const OFF_TOPIC_COVERAGE: f32 = 0.1;
/// Stands in for the similarity of meaning where there is no embedder: neither for nor against.
const NO_DENSE: f32 = 0.45;

impl Lookup<'_> {
    /// Puts passages first that speak of the day and show the kind of answer that were asked for: to the vectors, Saturday
    /// and Sunday are nearly the same.
    fn prefer_fitting(&self, hits: &mut Vec<Hit>, question: &Question<'_>) {
        let fits: Vec<Fit> = hits.iter().map(|hit| fit(question, &hit.passage)).collect();
        move_to_the_day(hits, &fits);
        for (hit, fits) in hits.iter_mut().zip(&fits) {
            let worth = |whether: Option<bool>, worth: f32| if whether == Some(true) { worth } else { 0.0 };
            let kind_worth = if fits.is_rare_kind { RARE_KIND_WORTH } else { KIND_WORTH };
            if fits.is_whole_answer() {
                let shown = if fits.kind_is_shown { WHOLE_ANSWER_SHOWN } else { 0.0 };
                hit.score = hit.score.max(WHOLE_ANSWER + shown + hit.score / 10.0);
                // Nothing else is meant, whatever the vectors and the tokens say.
                hit.meant = hit.meant.map(|_| 1.0);
                hit.read = None;
            }
            let day_worth = if fits.day_is_subject { DAY_SUBJECT_WORTH } else { DAY_WORTH };
            hit.score = (hit.score + worth(fits.day, day_worth) + worth(fits.kind, kind_worth)).min(1.0);
        }
        hits.sort_by(|one, other| other.rank().total_cmp(&one.rank()));
        hits.truncate(HITS);
    }

    /// How sure it is that the best passage answers.
    pub(super) fn rate(&self, finding: &mut Finding) {
        let asked = finding.asked.clone();
        let question = self.question(&asked);
        self.prefer_fitting(&mut finding.hits, &question);
        if finding.hits.is_empty() {
            finding.off_topic = true;
            return;
        }
        let best = &finding.hits[0];
        let fits = fit(&question, &best.passage);
        let near = nearness(&best.units);
        let near = Near { nearness: near.as_deref(), log_odds: &best.log_odds };
        let quoted = quote_near(&question, &best.passage, self.budget_chars, near);
        let evidence = Evidence {
            margin: margin(&finding.hits),
            agreement: agreement(&finding.hits),
            ..evidence_of(&finding.hits, 0, fits, &quoted)
        };
        let is_named = is_named_here_alone(&finding.hits, &quoted);
        finding.quoted = quoted.text;
        finding.evidence = Some(evidence);
        finding.confidence = confidence(&evidence);
        if is_named {
            finding.trail.push("nothing else names what is asked for".to_owned());
            finding.confidence = finding.confidence.max(NAMED_CONFIDENCE);
            finding.is_whole_answer = true;
        }
        if fits.is_whole_answer() {
            finding.confidence = finding.confidence.max(WHOLE_ANSWER_CONFIDENCE);
            finding.is_whole_answer = true;
            return;
        }
        finding.off_topic = evidence.dense < OFF_TOPIC_DENSE && best.coverage < OFF_TOPIC_COVERAGE;
        // A customer could not choose between headings in the owner's language.
        finding.ambiguous = asked.language == self.language && is_tie(&finding.hits);
        finding.trail.extend(
            finding
                .hits
                .iter()
                .take(3)
                .map(|hit| format!("found {} › {}: {:.2}", hit.passage.file, hit.passage.heading(), hit.score)),
        );
        finding.trail.push(format!(
            "search: score {:.2}, dense {:.3}, meant {:.2}, read {:+.1}, lead {:+.1}, lexical {:.2}, coverage {:.2}, \
             margin {:.2}, confidence {:.2}",
            evidence.score,
            evidence.dense,
            evidence.meant.unwrap_or(-1.0),
            evidence.read.unwrap_or(0.0),
            evidence.lead.unwrap_or(0.0),
            evidence.lexical,
            evidence.coverage.unwrap_or(-1.0),
            evidence.margin,
            finding.confidence
        ));
    }
}

/// Whether one thing is asked for by name ("do you have fartons?"), what would be quoted names it, and no other passage does.
fn is_named_here_alone(hits: &[Hit], quoted: &Quote) -> bool {
    let Some((best, others)) = hits.split_first() else { return false };
    let is_named = quoted.asked == 1 && quoted.missing.is_empty() && best.same_language && best.coverage >= NAMED.0;
    is_named && others.iter().all(|other| !other.same_language || other.coverage <= NAMED.1)
}

/// What passages headed by other days share in what is meant belongs to the one about the day that was asked for.
fn move_to_the_day(hits: &mut [Hit], fits: &[Fit]) {
    let about_it = |(_, fits): &(&mut Hit, &Fit)| fits.day_is_subject;
    let of_others: f32 = hits
        .iter_mut()
        .zip(fits)
        .filter(|(_, fits)| fits.is_of_other_day)
        .filter_map(|(hit, _)| Some(std::mem::take(hit.meant.as_mut()?)))
        .sum();
    let best =
        hits.iter_mut().zip(fits).filter(about_it).max_by(|(one, _), (other, _)| one.score.total_cmp(&other.score));
    if let Some(meant) = best.and_then(|(hit, _)| hit.meant.as_mut()) {
        *meant = (*meant + of_others).min(1.0);
    }
}

/// What a passage shows, before its rank is compared with that of the others.
pub(super) fn evidence_of(hits: &[Hit], index: usize, fits: Fit, quoted: &Quote) -> Evidence {
    let hit = &hits[index];
    let read = reading(hits, index, &quoted.chosen);
    Evidence {
        read: read.map(|read| read.quoted),
        lead: read.map(|read| read.lead),
        score: hit.score,
        dense: hit.dense.unwrap_or(NO_DENSE),
        meant: hit.meant,
        lexical: hit.lexical,
        coverage: coverage(hit, quoted),
        margin: 0.0,
        agreement: false,
        day: fits.day,
        kind: fits.kind,
        judge: None,
    }
}

/// The share of what is asked that the passage holds; a text that asks for nothing is confirmed by nothing.
fn coverage(best: &Hit, quoted: &Quote) -> Option<f32> {
    match (best.same_language, quoted.asked) {
        (false, _) => None,
        (true, 0) => Some(0.0),
        (true, _) => Some((best.coverage + quoted.coverage) / 2.0),
    }
}
