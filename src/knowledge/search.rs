//! Finds the passages that may answer a question, by words and by meaning.
//!
//! How much each of the two is trusted depends on whether question and passage share a language. Decides nothing:
//! whether a passage does answer is judged elsewhere.

use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use super::embedder::{Embedder, Odds};
use super::fold::{Token, tokens, unshouted};
use super::index::{LookUp, QueryWord};
use super::late::Asked;
use super::manner::{Manner, Manners};
use super::passage::Passage;
use super::prepare::{ear_key, hashed, stem_key};
use super::snapshot::Snapshot;
use crate::domain::Language;

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

/// What being the one thing that is meant adds to a passage's rank.
const MEANT: f32 = 0.25;

/// Keeps odds within what can be added up.
const MOST_LOG_ODDS: f32 = 30.0;

/// What being the one that reading token by token takes for the answer adds to it.
const READ: f32 = 0.1;

/// A question of at most this many content words leans on the one before it.
const ELLIPTIC: usize = 2;

/// Passages taken from each of the two searches.
const CANDIDATES: usize = 200;

/// What a misspelt word is worth against the right one.
const SLIP: f32 = 0.85;

/// A translation in the customer's language stands for another when it scores at least this share of it.
const TRANSLATION_SHARE: f32 = 0.5;

/// What BM25 keeps of a passage that holds none of the question's words by weight; the rest grows with their share.
/// Without it one word in a heading outdoes three in a body.
const UNCOVERED: f32 = 0.4;

/// What finds passages by meaning.
pub type Meaning<'a> = (&'a dyn Embedder, &'a Manners);

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Query {
    /// The customer's words.
    pub text: String,
    /// The question or questions before them, for words that lean on those: "and on Sunday?".
    pub context: Option<String>,
    /// The customer's language.
    pub language: Language,
}

/// A passage that may answer.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The passage.
    pub passage: Arc<Passage>,
    /// How well its words and its subject fit, 0 to 1; it is no probability.
    pub score: f32,
    /// How well its words fit, 0 to 1: BM25, saturated and independent of the question's length.
    pub lexical: f32,
    /// How well its meaning fits, 0 to 1: cosines rescaled; none without an embedder.
    pub dense: Option<f32>,
    /// How probable its meaning makes it that one of its units answers, 0 to 1, among all units and the chance that nothing
    /// does; none where the embedder does not tell.
    pub meant: Option<f32>,
    /// How the chance of each of its units to answer compares with that of "nothing answers", in order; none where the
    /// embedder does not tell.
    pub units: Vec<f32>,
    /// How probable reading token by token makes it that one of its units answers, 0 to 1, among those of all hits; none
    /// where the embedder does not tell.
    pub read: Option<f32>,
    /// The log-odds of each of its units to answer, token by token, against that nothing does; none where the embedder does
    /// not tell.
    pub log_odds: Vec<f32>,
    /// The share of the content words of the text (not the context) that the passage, its headings and its file's
    /// name hold, rare words counting more, 0 to 1. Means something only where `same_language` holds.
    pub coverage: f32,
    /// Whether the passage is in the customer's language.
    pub same_language: bool,
}

impl Hit {
    /// What orders the hits: how well words and subject fit, and whether this is what is meant.
    pub fn rank(&self) -> f32 {
        rank(self.score, self.meant) + READ * self.read.unwrap_or(0.0)
    }
}

fn rank(score: f32, meant: Option<f32>) -> f32 {
    score + MEANT * meant.unwrap_or(0.0)
}

/// One way of putting the question.
struct Form {
    weight: f32,
    own: Vec<QueryWord>,
    foreign: Vec<QueryWord>,
    own_measure: Measure,
    foreign_measure: Measure,
    vector: Option<Vec<f32>>,
    /// The question as the embedder was taught to hear it.
    asked: Option<Asked>,
    manner: Option<Manner>,
}

/// What one way of putting it gives a passage.
#[derive(Clone, Copy)]
struct Found {
    score: f32,
    lexical: f32,
    dense: Option<f32>,
    meant: Option<f32>,
    /// Which way of putting it found this.
    form: usize,
}

impl Found {
    fn rank(&self) -> f32 {
        rank(self.score, self.meant)
    }

    /// The same content in two versions: as good as the better one.
    fn or_its_version(self, other: Found) -> Found {
        let of_both = |of: fn(&Found) -> Option<f32>| of(&self).into_iter().chain(of(&other));
        Found {
            score: self.score.max(other.score),
            lexical: self.lexical.max(other.lexical),
            dense: of_both(|found| found.dense).reduce(f32::max),
            // What one says the other says as well: they share what is one chance.
            meant: of_both(|found| found.meant).reduce(|one, other| (one + other).min(1.0)),
            form: if other.score > self.score { other.form } else { self.form },
        }
    }
}

/// The best passages, best first, each content once.
pub fn search(snapshot: &Snapshot, meaning: Option<Meaning<'_>>, query: &Query, limit: usize) -> Vec<Hit> {
    let forms = forms(snapshot, meaning, query);
    let mut best: HashMap<usize, Found> = HashMap::new();
    let odds = meaning.and_then(|(embedder, _)| embedder.odds());
    for (place, form) in forms.iter().enumerate() {
        for (index, found) in form.find(snapshot, odds, query.language) {
            let found = Found { form: place, ..found };
            let entry = best.entry(index).or_insert(found);
            if found.rank() > entry.rank() {
                *entry = found;
            }
        }
    }
    let best = with_translations(snapshot, query.language, best);
    let mut ranked: Vec<(usize, Found)> = best.into_iter().filter(|(_, found)| found.score > 0.0).collect();
    ranked.sort_by(|left, right| right.1.rank().total_cmp(&left.1.rank()).then(left.0.cmp(&right.0)));
    let kept = once_each(snapshot, query.language, ranked, limit);
    let asked = Measure::new(snapshot, &content_words(snapshot, &query.text, query.language));
    let units = |found: &Found, index: usize| match (odds, &forms[found.form].asked) {
        (Some(odds), Some(asked)) => snapshot.answers(index, asked).into_iter().map(|cosine| odds.of(cosine)).collect(),
        _ => Vec::new(),
    };
    let hits = kept
        .into_iter()
        .map(|(index, found)| Hit {
            passage: snapshot.passages[index].clone(),
            score: found.score,
            lexical: found.lexical,
            dense: found.dense,
            meant: found.meant,
            units: units(&found, index),
            read: None,
            log_odds: forms[found.form].asked.as_ref().map_or_else(Vec::new, |asked| snapshot.log_odds(index, asked)),
            coverage: asked.coverage(snapshot, index),
            same_language: snapshot.passages[index].language == query.language,
        })
        .collect();
    with_reading(hits)
}

/// What reading token by token makes of the order: each hit's share in all that it takes for an answer.
fn with_reading(mut hits: Vec<Hit>) -> Vec<Hit> {
    let odds = |hit: &Hit| hit.log_odds.iter().map(|odds| odds.min(MOST_LOG_ODDS).exp()).sum::<f32>();
    let all: f32 = hits.iter().map(odds).sum();
    if all <= 0.0 {
        return hits;
    }
    for hit in &mut hits {
        hit.read = Some(odds(hit) / all);
    }
    hits.sort_by(|one, other| other.rank().total_cmp(&one.rank()));
    hits
}

/// Puts translations made ahead in the place of their originals. Each is as good as the better of the two: the translation
/// holds the customer's words, and the original those that a poor translation lost.
fn with_translations(snapshot: &Snapshot, language: Language, found: HashMap<usize, Found>) -> HashMap<usize, Found> {
    let mut all: HashMap<usize, Found> = HashMap::new();
    for (index, found) in found {
        let index = snapshot.translation(index, language).unwrap_or(index);
        all.entry(index).and_modify(|known| *known = known.or_its_version(found)).or_insert(found);
    }
    all
}

fn forms(snapshot: &Snapshot, meaning: Option<Meaning<'_>>, query: &Query) -> Vec<Form> {
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
    let asked = if embedder.odds().is_some() { embedder.embed_asked(&texts).ok() } else { None };
    for (form, asked) in forms.iter_mut().zip(asked.into_iter().flatten()) {
        form.asked = Some(asked);
    }
    match embedder.embed_queries(&texts) {
        Ok(vectors) => forms.iter_mut().zip(vectors).for_each(|(form, vector)| {
            if snapshot.has_other_than(query.language) {
                form.manner = manners.of(embedder, query.language, &vector);
            }
            form.vector = Some(vector);
        }),
        Err(fault) => tracing::warn!(%fault, "a question is looked up by its words alone"),
    }
    forms
}

fn form(snapshot: &Snapshot, own: Vec<QueryWord>, weight: f32) -> Form {
    let foreign = foreign_words(&own);
    let (own_measure, foreign_measure) = (Measure::new(snapshot, &own), Measure::new(snapshot, &foreign));
    Form { weight, own, foreign, own_measure, foreign_measure, vector: None, asked: None, manner: None }
}

/// The different content words of a text with the ways of writing them that the index knows.
fn content_words(snapshot: &Snapshot, text: &str, language: Language) -> Vec<QueryWord> {
    let all = tokens(text, language);
    // "Who are you?" has no content words: then every word has to serve.
    let serves = |token: &&Token| !token.is_stopword || all.iter().all(|token| token.is_stopword);
    let mut seen = HashSet::new();
    all.iter()
        .filter(serves)
        .filter(|token| seen.insert(token.stem.clone()))
        .map(|token| word(snapshot, token, language))
        .collect()
}

fn word(snapshot: &Snapshot, token: &Token, language: Language) -> QueryWord {
    let stem = stem_key(language, token);
    let plain = (LookUp::Plain(token.plain.clone()), 1.0);
    let mut terms = vec![(LookUp::Stem(stem.clone()), 1.0)];
    if !snapshot.knows(&stem) && !token.is_number() {
        let by_ear = ear_key(language, token).filter(|key| snapshot.knows(key));
        match by_ear {
            Some(key) => terms.push((LookUp::Ear(key), SLIP)),
            None => terms.extend(snapshot.similar(&stem).into_iter().map(|key| (LookUp::Stem(key), SLIP))),
        }
    }
    terms.push(plain);
    QueryWord { terms, weight: 1.0 }
}

/// The same words for passages in other languages: only what is written alike everywhere.
fn foreign_words(own: &[QueryWord]) -> Vec<QueryWord> {
    own.iter()
        .map(|word| QueryWord {
            terms: word.terms.iter().filter(|(term, _)| matches!(term, LookUp::Plain(_))).cloned().collect(),
            weight: word.weight,
        })
        .collect()
}

/// How rare a word is among the passages: the rarest of its known ways of writing, the most for an unknown word.
fn rarity(snapshot: &Snapshot, word: &QueryWord) -> f32 {
    let known = word.terms.iter().filter(|(term, _)| snapshot.knows(term.key()));
    known.map(|(term, _)| snapshot.rarity(term.key())).reduce(f32::max).unwrap_or_else(|| snapshot.rarity(""))
}

/// The words of a question made ready to be looked for in many passages: their weights and their hashed keys.
struct Measure {
    words: Vec<(f32, Vec<(u64, f32)>)>,
    total: f32,
}

impl Measure {
    fn new(snapshot: &Snapshot, words: &[QueryWord]) -> Self {
        let words: Vec<(f32, Vec<(u64, f32)>)> = words
            .iter()
            .map(|word| {
                let keys = word.terms.iter().map(|(term, weight)| (hashed(term.key()), *weight)).collect();
                (word.weight * rarity(snapshot, word), keys)
            })
            .collect();
        let total = words.iter().map(|(weight, _)| weight).sum();
        Measure { words, total }
    }

    /// The share of the words, by weight, that a passage holds.
    fn coverage(&self, snapshot: &Snapshot, index: usize) -> f32 {
        let held = self.words.iter().map(|(weight, keys)| {
            let best = keys.iter().filter(|(key, _)| snapshot.holds(index, *key)).map(|(_, share)| *share);
            weight * best.fold(0.0, f32::max)
        });
        if self.total > 0.0 { (held.sum::<f32>() / self.total).min(1.0) } else { 0.0 }
    }
}

impl Form {
    fn find(&self, snapshot: &Snapshot, odds: Option<Odds>, language: Language) -> HashMap<usize, Found> {
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
}

impl Form {
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

fn without_plain(word: &QueryWord) -> QueryWord {
    let terms = word.terms.iter().filter(|(term, _)| !matches!(term, LookUp::Plain(_))).cloned().collect();
    QueryWord { terms, weight: word.weight }
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

/// Leaves out what says the same as a better hit, in the customer's language where it exists.
fn once_each(
    snapshot: &Snapshot,
    language: Language,
    ranked: Vec<(usize, Found)>,
    limit: usize,
) -> Vec<(usize, Found)> {
    let speaks = |index: usize| {
        let passage = &snapshot.passages[index];
        passage.original.as_ref().map_or(passage.language, |original| original.language)
    };
    let mut own_best: HashMap<&str, f32> = HashMap::new();
    for (index, found) in ranked.iter().filter(|(index, _)| speaks(*index) == language) {
        let best = own_best.entry(snapshot.group(*index)).or_default();
        *best = best.max(found.score);
    }
    let mut kept: Vec<(usize, Found)> = Vec::new();
    let mut left_out: Vec<(&str, Option<f32>)> = Vec::new();
    let mut spoken: HashMap<&str, Language> = HashMap::new();
    for (index, found) in ranked {
        if kept.len() >= limit {
            break;
        }
        let group = snapshot.group(index);
        let speaks = speaks(index);
        let is_own = speaks == language;
        let has_own = !is_own && own_best.get(group).is_some_and(|best| *best >= TRANSLATION_SHARE * found.score);
        let is_other_version = !is_own && *spoken.entry(group).or_insert(speaks) != speaks;
        if has_own || is_other_version || kept.iter().any(|(other, _)| snapshot.say_the_same(index, *other)) {
            left_out.push((group, found.meant));
            continue;
        }
        kept.push((index, found));
    }
    for (group, meant) in left_out {
        let of_group = |index: usize| snapshot.group(index) == group;
        // What another version says this one says as well: they share what is one chance.
        if let Some((_, found)) = kept.iter_mut().find(|(index, _)| of_group(*index)) {
            found.meant = found.meant.map(|share| (share + meant.unwrap_or(0.0)).min(1.0));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::passage::PassageId;

    fn hit(score: f32, log_odds: &[f32]) -> Hit {
        let passage = Passage {
            id: PassageId(1),
            file: "a.md".into(),
            line: 1,
            headings: Vec::new(),
            language: Language::Es,
            blocks: Vec::new(),
            original: None,
            is_draft: false,
        };
        Hit {
            passage: Arc::new(passage),
            score,
            lexical: 0.0,
            dense: None,
            meant: None,
            units: Vec::new(),
            read: None,
            log_odds: log_odds.to_vec(),
            coverage: 0.0,
            same_language: true,
        }
    }

    #[test]
    fn what_reads_as_the_answer_goes_before_what_scores_about_as_well_and_not_before_what_scores_better() {
        let scores = |hits: Vec<Hit>| with_reading(hits).iter().map(|hit| hit.score).collect::<Vec<f32>>();
        assert_eq!(scores(vec![hit(0.55, &[-2.0]), hit(0.5, &[-3.0, 4.0]), hit(0.3, &[1.0])]), [0.5, 0.55, 0.3]);
        assert_eq!(scores(vec![hit(0.7, &[-2.0]), hit(0.5, &[4.0])]), [0.7, 0.5]);
        assert_eq!(scores(vec![hit(0.5, &[]), hit(0.4, &[])]), [0.5, 0.4]);
        assert!(with_reading(vec![hit(0.5, &[900.0])])[0].read.is_some_and(|read| read <= 1.0));
    }
}
