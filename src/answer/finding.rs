//! What looking a question up has found: passages, a draft, and how sure it is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decide::confidence::confidence_without_model;
use crate::decide::{Evidence, Features};
use crate::domain::Language;
use crate::knowledge::{Hit, PassageId};
use crate::llm::TokenCounts;

use super::ladder::Draft;

/// Between how many subjects a customer is asked to choose.
const MOST_SUBJECTS: usize = 3;
/// Two passages tie when they rank this near each other, ...
const TIE: f32 = 0.03;
/// ... and both score this much.
const TIE_SCORE: f32 = 0.35;
/// What ranks further than this below the best passage is not offered beside it.
const OFFERED: f32 = 0.3;

/// What was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked up: the customer's words, or the model's for them.
    pub asked: Asked,
    /// The passages, best first.
    pub hits: Vec<Hit>,
    /// The reply, where there is one.
    pub draft: Option<Draft>,
    /// The probability, 0 to 1, that the best passage answers.
    pub confidence: f32,
    /// Whether two passages on different subjects tie.
    pub ambiguous: bool,
    /// What the customer may have meant, best first, in words that the customer can read.
    pub subjects: Vec<Subject>,
    /// Whether nothing in the knowledge resembles the question.
    pub off_topic: bool,
    /// Whether the passage holds the one rare thing that is asked for, and nothing else is asked.
    pub is_whole_answer: bool,
    /// How many figures, links or the like of the draft are not in the evidence.
    pub problems: usize,
    /// What the model read and wrote.
    pub tokens: TokenCounts,
    /// What the confidence rests on.
    pub evidence: Option<Evidence>,
    /// The best passage's words that answer, as the owner wrote them.
    pub quoted: String,
    /// Time spent searching.
    pub searching: Duration,
    /// What happened, without any of the customer's words.
    pub trail: Vec<String>,
}

/// A question as it is searched with and matched against passages.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The words.
    pub text: String,
    /// The question before, where the words lean on it.
    pub context: Option<String>,
    /// The language of the words.
    pub language: Language,
}

/// A subject that a customer can choose: where it stands, and its heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The passage that fits best of those below the heading.
    pub passage: PassageId,
    /// The owner's heading, in the customer's language.
    pub title: String,
    /// The headings above it, outermost first, or the owner's own where the title is translated; empty where there are none.
    pub under: String,
}

impl Subject {
    /// What the passage is headed; nothing where it has no heading.
    fn of(hit: &Hit) -> Option<Subject> {
        let (title, above) = hit.passage.headings.split_last()?;
        Some(Subject { passage: hit.passage.id, title: title.clone(), under: above.join(" › ") })
    }

    /// Whether a passage stands below this heading, as it is or as it was before it was translated.
    pub(super) fn is_heading_of(&self, hit: &Hit) -> bool {
        Subject::of(hit).is_some_and(|other| {
            let is_same = other.title == self.title && (self.under.is_empty() || other.under == self.under);
            is_same || other.title == self.under
        })
    }
}

impl Finding {
    /// What a search found, before anything is made of it.
    pub(super) fn new(asked: Asked, hits: Vec<Hit>, searching: Duration) -> Finding {
        Finding {
            asked,
            hits,
            searching,
            draft: None,
            confidence: 0.0,
            ambiguous: false,
            subjects: Vec::new(),
            off_topic: false,
            is_whole_answer: false,
            problems: 0,
            evidence: None,
            quoted: String::new(),
            tokens: TokenCounts::default(),
            trail: Vec::new(),
        }
    }

    /// There is no model: what search saw has to do.
    pub(super) fn rely_on_search(&mut self) {
        if let Some(evidence) = self.evidence.filter(|evidence| evidence.judge.is_none()) {
            self.confidence = self.confidence.max(confidence_without_model(&evidence));
        }
    }

    /// Leaves only such passages, if there are any; tells whether.
    pub(super) fn keep(&mut self, wanted: impl Fn(&Hit) -> bool) -> bool {
        let is_there = self.hits.iter().any(&wanted);
        if is_there {
            self.hits.retain(wanted);
        }
        is_there
    }

    /// Whether the best passage is in another language than what was looked up.
    pub(super) fn is_across(&self) -> bool {
        self.hits.first().is_some_and(|best| !best.same_language)
    }

    /// The headings, in the customer's language, of what may have been meant: of the passages that tie for the best, or
    /// else of those that lie near it.
    pub(super) fn subjects_in(&self, language: Language) -> Vec<Subject> {
        self.offered(|hit| hit.passage.language == language).into_iter().filter_map(Subject::of).collect()
    }

    /// The same of passages in other languages, each with its own.
    pub(super) fn subjects_across(&self, language: Language) -> Vec<(Language, Subject)> {
        let offered = self.offered(|hit| hit.passage.language != language);
        offered.into_iter().filter_map(|hit| Some((hit.passage.language, Subject::of(hit)?))).collect()
    }

    fn offered(&self, can_be: impl Fn(&Hit) -> bool) -> Vec<&Hit> {
        let Some(first) = self.hits.first() else { return Vec::new() };
        let near = if self.ambiguous { TIE } else { OFFERED };
        let mut offered: Vec<&Hit> = Vec::new();
        for hit in self.hits.iter().filter(|hit| can_be(hit) && first.rank() - hit.rank() < near) {
            let is_new = offered.iter().all(|other| is_other_subject(other, hit));
            if is_new && offered.len() < MOST_SUBJECTS {
                offered.push(hit);
            }
        }
        offered
    }

    /// Adds what was found to what is decided on.
    pub fn add_to(&self, features: &mut Features) {
        features.evidence = !self.hits.is_empty();
        features.confidence = (!self.hits.is_empty()).then_some(self.confidence);
        features.ambiguous = self.ambiguous;
        features.offers = !self.subjects.is_empty();
        features.off_topic = self.off_topic;
        features.reply_problems = self.problems;
    }

    /// This finding and that of a further question, as one: no surer than the less sure of the two.
    pub(super) fn and(mut self, mut other: Finding) -> Finding {
        let offset = self.hits.len();
        self.hits.append(&mut other.hits);
        self.trail.append(&mut other.trail);
        if let (Some(draft), Some(further)) = (&mut self.draft, other.draft) {
            draft.text = format!("{}\n\n{}", draft.text, further.text);
            draft.evidence.extend(further.evidence);
            draft.used.extend(further.used.into_iter().map(|index| index + offset));
            // Of several answers together none is measured by itself.
            draft.translation = None;
        }
        Finding {
            confidence: self.confidence.min(other.confidence),
            problems: self.problems + other.problems,
            searching: self.searching + other.searching,
            tokens: other.tokens,
            ..self
        }
    }
}

fn is_other_subject(first: &Hit, other: &Hit) -> bool {
    first.passage.file != other.passage.file || first.passage.headings != other.passage.headings
}

/// How far the best passage lies above the next one on another subject.
pub(super) fn margin(hits: &[Hit]) -> f32 {
    let Some(first) = hits.first() else { return 0.0 };
    let next = hits.iter().skip(1).find(|hit| is_other_subject(first, hit));
    next.map_or(first.rank(), |next| (first.rank() - next.rank()).max(0.0))
}

/// Whether words and meaning put the same passage first.
pub(super) fn agreement(hits: &[Hit]) -> bool {
    let Some(first) = hits.first() else { return false };
    let no_better = |of: fn(&Hit) -> f32| hits.iter().all(|hit| of(hit) <= of(first));
    no_better(|hit| hit.lexical) && no_better(|hit| hit.dense.unwrap_or_default())
}

/// Whether another subject fits as well. Across languages the customer could not choose between the owner's headings.
pub(super) fn is_tie(hits: &[Hit]) -> bool {
    let Some(first) = hits.first().filter(|first| first.same_language) else { return false };
    hits.iter()
        .skip(1)
        .any(|hit| hit.score >= TIE_SCORE && first.rank() - hit.rank() < TIE && hit.passage.file != first.passage.file)
}
