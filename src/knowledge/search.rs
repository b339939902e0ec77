//! Finds the passages that may answer a question, by words and by meaning.
//!
//! How much each of the two is trusted depends on whether question and passage share a language. Decides nothing:
//! whether a passage does answer is judged elsewhere.

mod form;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use self::form::forms;
use super::embedder::Embedder;
use super::manner::Manners;
use super::passage::Passage;
use super::snapshot::Snapshot;
use crate::domain::Language;

/// What being the one thing that is meant adds to a passage's rank.
const MEANT: f32 = 0.25;

/// Keeps odds within what can be added up.
const MOST_LOG_ODDS: f32 = 30.0;

/// What being the one that reading token by token takes for the answer adds to it.
const READ: f32 = 0.1;

/// A translation in the customer's language stands for another when it scores at least this share of it.
const TRANSLATION_SHARE: f32 = 0.5;

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
            coverage: forms[0].own_measure.coverage(snapshot, index),
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
