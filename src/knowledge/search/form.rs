//! One way of putting a question, and what it finds: words and meaning, weighed by the pair of languages.
//!
//! Compares with every passage. What becomes of several ways of putting it, and of versions of a passage, is not known here.

use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;
use std::thread;

use atiende_kernels::Probe;

use super::words::{Measure, content_words, foreign_words, without_plain};
use super::{Found, Meaning, Query};
use crate::domain::Language;
use crate::knowledge::embedder::{EmbedError, Embedder, Odds};
use crate::knowledge::fold::unshouted;
use crate::knowledge::index::{LookUp, QueryWord};
use crate::knowledge::late::Asked;
use crate::knowledge::manner::Manner;
use crate::knowledge::snapshot::Snapshot;
use crate::knowledge::vectors::Heard;

/// What BM25 counts for against the vectors where question and passage share a language.
const LEXICAL_SHARE: f32 = 0.5;

/// What shared names, numbers and loan words add at most across languages.
const LEXICAL_ACROSS: f32 = 0.15;

/// What words alone are worth across languages when there are no vectors.
const LEXICAL_ACROSS_ALONE: f32 = 0.5;

/// The cosines between which questions and passages lie with the default embedder: unrelated, and as near as it gets.
const COSINES: (f32, f32) = (0.75, 0.95);

/// The same across languages: there all cosines lie lower by about 0.05, and without this every passage in the
/// customer's language would outdo the right one in another.
const COSINES_ACROSS: (f32, f32) = (0.70, 0.90);

/// A question of at most this many content words leans on the one before it.
const ELLIPTIC: usize = 2;

/// Passages taken from each of the two searches.
const CANDIDATES: usize = 200;

/// What BM25 keeps of a passage that holds none of the question's words by weight; the rest grows with their share.
/// Without it one word in a heading outdoes three in a body.
const UNCOVERED: f32 = 0.4;

/// One way of putting the question.
pub(super) struct Form {
    weight: f32,
    own: Vec<QueryWord>,
    foreign: Vec<QueryWord>,
    /// Of its content words in the customer's language; the first form is the text by itself.
    pub(super) own_measure: Measure,
    foreign_measure: Measure,
    vector: Option<Probe>,
    /// The question as the embedder was taught to hear it.
    pub(super) asked: Option<Heard>,
    manner: Option<Manner>,
}

/// The question as it stands, and together with what it leans on.
pub(super) fn forms(snapshot: &Snapshot, meaning: Option<Meaning<'_>>, query: &Query) -> Vec<Form> {
    let own = content_words(snapshot, &query.text, query.language);
    let is_elliptic = own.len() <= ELLIPTIC;
    let context = query.context.as_deref().map(str::trim).filter(|context| !context.is_empty());
    let mut texts = vec![query.text.clone()];
    let mut forms = vec![form(snapshot, own, if context.is_some() && is_elliptic { 0.8 } else { 1.0 })];
    if let Some(context) = context {
        let joint = format!("{context} {}", query.text);
        let mut words = content_words(snapshot, &joint, query.language);
        // The new words say what changed and count more than those they lean on.
        let new: HashSet<LookUp> =
            forms[0].own.iter().flat_map(|word| word.terms.iter().map(|(term, _)| term.clone())).collect();
        for word in &mut words {
            if !word.terms.iter().any(|(term, _)| new.contains(term)) {
                word.weight *= 0.7;
            }
        }
        forms.push(form(snapshot, words, if is_elliptic { 1.0 } else { 0.85 }));
        texts.push(joint);
    }
    let Some((embedder, manners)) = meaning.filter(|_| snapshot.has_vectors()) else { return forms };
    let texts: Vec<String> = texts.iter().map(|text| unshouted(text)).collect();
    match read(embedder, &texts) {
        Ok(read) => forms.iter_mut().zip(read).for_each(|(form, (vector, asked))| {
            if snapshot.has_other_than(query.language) {
                form.manner = manners.of(embedder, query.language, &vector);
            }
            form.vector = Some(Probe::new(&vector));
            form.asked = asked.map(Heard::from);
        }),
        Err(fault) => tracing::warn!(%fault, "a question is looked up by its words alone"),
    }
    forms
}

/// A text as what it is about, and as it is asked where the embedder was taught to tell what that finds.
type Read = (Vec<f32>, Option<Asked>);

fn read(embedder: &dyn Embedder, texts: &[String]) -> Result<Vec<Read>, EmbedError> {
    if embedder.odds().is_none() {
        return Ok(embedder.embed_queries(texts)?.into_iter().map(|vector| (vector, None)).collect());
    }
    Ok(embedder.embed_both(texts)?.into_iter().map(|(vector, asked)| (vector, Some(asked))).collect())
}

fn form(snapshot: &Snapshot, own: Vec<QueryWord>, weight: f32) -> Form {
    let foreign = foreign_words(&own);
    let (own_measure, foreign_measure) = (Measure::new(snapshot, &own), Measure::new(snapshot, &foreign));
    Form { weight, own, foreign, own_measure, foreign_measure, vector: None, asked: None, manner: None }
}

impl Form {
    /// What it finds, by words and by meaning.
    pub(super) fn find(&self, snapshot: &Snapshot, odds: Option<Odds>, language: Language) -> HashMap<usize, Found> {
        let nearest =
            || self.vector.as_ref().map(|vector| snapshot.nearest(vector, language, CANDIDATES)).unwrap_or_default();
        let shares =
            || odds.zip(self.asked.as_ref()).map(|(odds, asked)| snapshot.shares(asked, odds, language, CANDIDATES));
        // Each reads every vector of its kind, which in a large folder is what searching takes.
        let (cosines, own, foreign, shares) = thread::scope(|scope| {
            let nearest = scope.spawn(nearest);
            let own: Vec<QueryWord> = self.own.iter().map(without_plain).collect();
            let own = saturated(snapshot.find(&own, CANDIDATES), self.own_measure.total);
            let foreign = saturated(snapshot.find(&self.foreign, CANDIDATES), self.foreign_measure.total);
            let shares = shares();
            (nearest.join().unwrap_or_else(|panic| resume_unwind(panic)), own, foreign, shares)
        });
        let common = self.common(snapshot, language, cosines.keys());
        let candidates: HashSet<usize> =
            own.keys().chain(foreign.keys()).copied().chain(cosines.keys().copied()).collect();
        candidates
            .into_iter()
            .filter(|index| snapshot.serves(*index, language))
            .map(|index| {
                let is_own = snapshot.passages[index].language == language;
                let (scores, measure) =
                    if is_own { (&own, &self.own_measure) } else { (&foreign, &self.foreign_measure) };
                let saturated = scores.get(&index).copied().unwrap_or(0.0);
                let lexical = saturated * (UNCOVERED + (1.0 - UNCOVERED) * measure.coverage(snapshot, index));
                // A passage that only its words found still has a meaning.
                let cosine = self
                    .vector
                    .as_ref()
                    .and_then(|vector| cosines.get(&index).copied().or_else(|| snapshot.similarity(index, vector)));
                let cosine = cosine.map(|cosine| cosine - common.get(&index).copied().unwrap_or(0.0));
                let dense = cosine.map(|cosine| rescaled(cosine, if is_own { COSINES } else { COSINES_ACROSS }));
                // What is not among the most probable is hardly meant.
                let meant = shares.as_ref().map(|shares| shares.get(&index).copied().unwrap_or(0.0));
                let score = self.weight * combined(is_own, lexical, dense);
                (index, Found { score, lexical, dense, meant, form: 0 })
            })
            .collect()
    }

    /// What the passages in other languages owe to the manner of the question, above and below what they all do.
    fn common<'a>(
        &self,
        snapshot: &Snapshot,
        language: Language,
        candidates: impl Iterator<Item = &'a usize>,
    ) -> HashMap<usize, f32> {
        let Some(manner) = &self.manner else { return HashMap::new() };
        let foreign = candidates.copied().filter(|index| snapshot.passages[*index].language != language);
        let near: HashMap<usize, f32> =
            foreign.filter_map(|index| Some((index, snapshot.similarity(index, &manner.mean)?))).collect();
        let usual = near.values().sum::<f32>() / near.len().max(1) as f32;
        near.into_iter().map(|(index, near)| (index, manner.weight * (near - usual))).collect()
    }
}

/// BM25 made independent of the question: a half means about every word once in a body of usual length.
fn saturated(scores: HashMap<usize, f32>, total: f32) -> HashMap<usize, f32> {
    let total = total.max(f32::EPSILON);
    scores.into_iter().map(|(index, score)| (index, score / (score + total))).collect()
}

fn rescaled(cosine: f32, (unrelated, nearest): (f32, f32)) -> f32 {
    ((cosine - unrelated) / (nearest - unrelated)).clamp(0.0, 1.0)
}

fn combined(is_own: bool, lexical: f32, dense: Option<f32>) -> f32 {
    match (is_own, dense) {
        (true, Some(dense)) => LEXICAL_SHARE * lexical + (1.0 - LEXICAL_SHARE) * dense,
        (true, None) => lexical,
        (false, Some(dense)) => dense + LEXICAL_ACROSS * lexical * (1.0 - dense),
        (false, None) => LEXICAL_ACROSS_ALONE * lexical,
    }
}
