//! The knowledge as it was at one moment, ready to be searched by many at once.
//!
//! Never changes: a reload builds another one and puts it in this one's place.

use std::collections::HashMap;
use std::sync::Arc;

use atiende_kernels::Probe;

use crate::domain::Language;

use super::embedder::Odds;
use super::fold::tokens;
use super::index::{QueryWord, Words};
use super::load::Document;
use super::passage::{Passage, PassageId};
use super::prepare::{Prepared, hashed};
use super::vectors::{Heard, PassageVectors};

/// Passages this alike, in two languages, with the same figures, say the same.
const SAME_CONTENT: f32 = 0.92;

/// So many units are weighed against each other, as many as the embedder was taught with: thousands of passages that are
/// far from a question do not make an answer less probable.
const WEIGHED: usize = 64;

/// All that a search needs.
pub struct Snapshot {
    /// Every passage, in the order of files and within each.
    pub passages: Vec<Arc<Passage>>,
    /// A hash of all that was read.
    pub version: String,
    files: Vec<Arc<Prepared>>,
    /// For each passage its file and its place there.
    places: Vec<(usize, usize)>,
    by_id: HashMap<PassageId, usize>,
    /// Where the translation of a passage into a language is.
    translated: HashMap<(PassageId, Language), usize>,
    /// In how many passages each key occurs.
    frequencies: HashMap<u64, u32>,
    words: Option<Words>,
    vectors: Vec<Option<PassageVectors>>,
    /// For each passage the language of those whom it is for; none where it is for all.
    readers: Vec<Option<Language>>,
}

impl Snapshot {
    /// Puts the parts together; `vectors` is empty or has one entry a passage.
    pub fn new(
        files: Vec<Arc<Prepared>>,
        words: Option<Words>,
        vectors: Vec<Option<PassageVectors>>,
        version: String,
    ) -> Self {
        let places: Vec<(usize, usize)> = files
            .iter()
            .enumerate()
            .flat_map(|(file, prepared)| (0..prepared.passages.len()).map(move |place| (file, place)))
            .collect();
        let passages: Vec<_> = files.iter().flat_map(|prepared| prepared.passages.iter().cloned()).collect();
        let by_id = passages.iter().enumerate().map(|(index, passage)| (passage.id, index)).collect();
        let with_original =
            |(index, passage): (usize, &Arc<Passage>)| Some(((passage.original.as_ref()?.id, passage.language), index));
        let translated = passages.iter().enumerate().filter_map(with_original).collect();
        let readers = passages.iter().map(|passage| passage.original.as_ref().map(|_| passage.language)).collect();
        let mut frequencies = HashMap::new();
        for key in files.iter().flat_map(|prepared| &prepared.keys).flat_map(|keys| keys.iter()) {
            *frequencies.entry(*key).or_insert(0) += 1;
        }
        Snapshot { passages, version, files, places, by_id, translated, frequencies, words, vectors, readers }
    }

    /// The owner's files.
    pub fn documents(&self) -> Vec<Document> {
        let is_own = |document: &&Document| document.passages.iter().any(|passage| passage.original.is_none());
        self.files.iter().map(|file| &file.document).filter(is_own).cloned().collect()
    }

    /// What files that say the same in several languages share.
    pub fn group(&self, index: usize) -> &str {
        &self.files[self.places[index].0].document.group
    }

    /// Whether a passage is for readers of a language: the owner's own are for all, and the best version of each is chosen
    /// later; a translation is for those who read it.
    pub fn serves(&self, index: usize, language: Language) -> bool {
        self.readers[index].is_none_or(|reader| reader == language)
    }

    /// The translation made ahead that stands for a passage.
    pub fn translation(&self, index: usize, language: Language) -> Option<usize> {
        self.translated.get(&(self.passages[index].id, language)).copied()
    }

    /// Whether any passage holds a key.
    pub fn knows(&self, key: &str) -> bool {
        self.frequencies.contains_key(&hashed(key))
    }

    /// Whether a passage, with its headings and its file's name, holds a hashed key.
    pub fn holds(&self, index: usize, key: u64) -> bool {
        let (file, place) = self.places[index];
        self.files[file].keys[place].binary_search(&key).is_ok()
    }

    /// The inverse document frequency of a key, as BM25 has it: above 0, the most for one that no passage holds.
    pub fn rarity(&self, key: &str) -> f32 {
        let all = self.passages.len() as f32;
        let with = self.frequencies.get(&hashed(key)).copied().unwrap_or(0) as f32;
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// The known stems that differ from a stem's key by a slip of the pen.
    pub fn similar(&self, key: &str) -> Vec<String> {
        self.words.as_ref().map(|words| words.similar(key)).unwrap_or_default()
    }

    /// The best passages by BM25 with their raw scores; none when the index fails.
    pub fn find(&self, words: &[QueryWord], limit: usize) -> HashMap<usize, f32> {
        let Some(index) = &self.words else { return HashMap::new() };
        match index.find(words, limit) {
            Ok(found) => found.into_iter().filter_map(|(id, score)| Some((*self.by_id.get(&id)?, score))).collect(),
            Err(fault) => {
                tracing::warn!(%fault, "the word index failed; a restart builds it again");
                HashMap::new()
            }
        }
    }

    /// Whether any passage has vectors.
    pub fn has_vectors(&self) -> bool {
        self.vectors.iter().any(Option::is_some)
    }

    /// The nearest passages for readers of a language to a question's vector, with their cosines.
    pub fn nearest(&self, question: &Probe, language: Language, limit: usize) -> HashMap<usize, f32> {
        let served = (0..self.vectors.len()).filter(|index| self.serves(*index, language));
        let mut all: Vec<(usize, f32)> =
            served.filter_map(|index| Some((index, self.similarity(index, question)?))).collect();
        if all.len() > limit {
            all.select_nth_unstable_by(limit, |left, right| right.1.total_cmp(&left.1));
            all.truncate(limit);
        }
        all.into_iter().collect()
    }

    /// How probable it is that a unit of a passage for readers of a language answers a question as it is asked, 0 to 1, among
    /// the nearest units and the chance that nothing does; for the most probable passages, at most `limit`.
    pub fn shares(&self, asked: &Heard, odds: Odds, language: Language, limit: usize) -> HashMap<usize, f32> {
        let mut weighed: Vec<f32> = Vec::new();
        let mut all: Vec<(usize, f32)> = Vec::new();
        for index in (0..self.vectors.len()).filter(|index| self.serves(*index, language)) {
            let Some(vectors) = &self.vectors[index] else { continue };
            let first = weighed.len();
            weighed.extend(vectors.answers(asked).map(|cosine| odds.of(cosine)));
            all.push((index, weighed[first..].iter().sum()));
        }
        let total = 1.0 + largest(&mut weighed, WEIGHED).iter().sum::<f32>();
        if all.len() > limit {
            all.select_nth_unstable_by(limit, |left, right| right.1.total_cmp(&left.1));
            all.truncate(limit);
        }
        all.into_iter().map(|(index, share)| (index, (share / total).min(1.0))).collect()
    }

    /// The cosine of each unit of a passage, as an answer, with a question as it is asked; none without vectors.
    pub fn answers(&self, index: usize, asked: &Heard) -> Vec<f32> {
        let vectors = self.vectors.get(index).and_then(Option::as_ref);
        vectors.map(|vectors| vectors.answers(asked).collect()).unwrap_or_default()
    }

    /// The log-odds of each unit of a passage to answer a question, token by token; none where they cannot be told.
    pub fn log_odds(&self, index: usize, asked: &Heard) -> Vec<f32> {
        self.vectors.get(index).and_then(|vectors| vectors.as_ref()?.log_odds(asked)).unwrap_or_default()
    }

    /// Whether some passage for readers of a language is in another.
    pub fn has_other_than(&self, language: Language) -> bool {
        let is_other = |index: usize| self.passages[index].language != language && self.serves(index, language);
        (0..self.passages.len()).any(|index| is_other(index) && self.translation(index, language).is_none())
    }

    /// The cosine of a passage with a question's vector.
    pub fn similarity(&self, index: usize, question: &Probe) -> Option<f32> {
        Some(self.vectors.get(index)?.as_ref()?.similarity(question))
    }

    /// Whether two passages say the same: word for word, or as translations with the same figures.
    pub fn say_the_same(&self, left: usize, right: usize) -> bool {
        let (one, other) = (&self.passages[left], &self.passages[right]);
        if one.language == other.language {
            return one.blocks == other.blocks && one.headings.last() == other.headings.last();
        }
        let likeness =
            self.vectors.get(left).and_then(Option::as_ref).zip(self.vectors.get(right).and_then(Option::as_ref));
        // Reading the figures takes long and is asked of many pairs, nearly all of which are not alike.
        if !likeness.is_some_and(|(one, other)| one.likeness(other) >= SAME_CONTENT) {
            return false;
        }
        let figures = figures(one);
        !figures.is_empty() && figures == self::figures(other)
    }
}

/// The largest numbers, at most `count`, in no order.
fn largest(numbers: &mut [f32], count: usize) -> &[f32] {
    if numbers.len() <= count {
        return numbers;
    }
    numbers.select_nth_unstable_by(count, |left, right| right.total_cmp(left));
    &numbers[..count]
}

fn figures(passage: &Passage) -> Vec<String> {
    let mut figures: Vec<String> = tokens(&passage.text(), passage.language)
        .into_iter()
        .filter(|token| token.is_number())
        .map(|token| token.plain)
        .collect();
    figures.sort_unstable();
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_taken_and_all_where_there_are_few() {
        let mut numbers = [1.0, 5.0, 3.0, 4.0];
        let mut two = largest(&mut numbers, 2).to_vec();
        two.sort_by(f32::total_cmp);
        assert_eq!(two, [4.0, 5.0]);
        assert_eq!(largest(&mut [2.0], 2), [2.0]);
        assert!(largest(&mut [], 2).is_empty());
    }
}
