//! The vectors of passages, of pairs of neighbouring sentences, and of single ones as answers with their tokens, kept so
//! that only what changed is embedded again.
//!
//! Exact search: every passage is compared. Names no model; the [`Embedder`] is handed in.

mod shelf;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use atiende_kernels::{Probe, dot_of_rows};
use sha2::{Digest, Sha256};

use self::shelf::{Entry, Key, Packed, Shelf};
use super::embedder::{DIMENSION, EmbedError, Embedder};
use super::late::{Answer, Asked, AskedTokens, MOST_ANSWER, WIDTH};
use super::passage::Passage;

/// Texts handed to the embedder at once.
const BATCH: usize = 16;

/// What is embedded is saved when there is as much new as this, ...
const SAVE_EVERY: usize = 512;
/// ... and as one of so many that are kept already: saving writes all of them.
const SAVE_SHARE: usize = 4;

/// The vectors of one passage, where they are kept.
#[derive(Clone)]
pub struct PassageVectors {
    shelf: Arc<Shelf>,
    whole: u32,
    windows: Box<[u32]>,
    /// Each unit as an answer, in order.
    answers: Box<[u32]>,
}

/// A question as the embedder was taught to hear it, ready to be compared with many answers.
pub struct Heard {
    vector: Probe,
    tokens: Option<AskedTokens>,
}

impl From<Asked> for Heard {
    fn from(asked: Asked) -> Self {
        Heard { vector: Probe::new(&asked.vector), tokens: asked.tokens }
    }
}

/// Every vector that is known, with the file that keeps them.
pub struct VectorStore {
    path: Option<PathBuf>,
    fingerprint: String,
    shelf: Arc<Shelf>,
    /// What was embedded since.
    fresh: HashMap<Key, Packed>,
}

impl PassageVectors {
    /// The cosine of the whole passage with a question, averaged with that of its best pair of sentences.
    pub fn similarity(&self, question: &Probe) -> f32 {
        let whole = self.dot(question, self.whole);
        let best = self.windows.iter().map(|window| self.dot(question, *window)).fold(f32::MIN, f32::max);
        if self.windows.is_empty() { whole } else { f32::midpoint(whole, best) }
    }

    /// The cosine of each unit, as an answer, with a question as it is asked, in order.
    pub fn answers(&self, asked: &Heard) -> impl Iterator<Item = f32> {
        self.answers.iter().map(|unit| self.dot(&asked.vector, *unit))
    }

    /// The log-odds of each unit to answer a question, token by token; nothing where one of both has no tokens.
    pub fn log_odds(&self, asked: &Heard) -> Option<Vec<f32>> {
        let tokens = asked.tokens.as_ref()?;
        let odds = |(unit, cosine): (&u32, f32)| {
            tokens.log_odds(self.shelf.tokens(*unit).iter().map(|byte| byte.cast_signed()), cosine)
        };
        self.answers.iter().zip(self.answers(asked)).map(odds).collect()
    }

    /// The cosine of two whole passages.
    pub fn likeness(&self, other: &PassageVectors) -> f32 {
        dot_of_rows(self.shelf.row(self.whole), other.shelf.row(other.whole))
    }

    fn dot(&self, question: &Probe, place: u32) -> f32 {
        let (row, scale) = self.shelf.row(place);
        question.dot(row, scale)
    }
}

/// The texts that stand for a passage: the whole with its headings, then each pair of neighbouring units.
pub fn texts(passage: &Passage) -> Vec<String> {
    let heading = passage.headings.join(" – ");
    let near = passage.headings.last().map_or(String::new(), |heading| format!("{heading}: "));
    let units = passage.units();
    let whole = if heading.is_empty() { passage.text() } else { format!("{heading}\n{}", passage.text()) };
    let mut texts = vec![whole];
    if units.len() > 2 {
        texts.extend(units.windows(2).map(|pair| format!("{near}{} {}", pair[0], pair[1])));
    }
    texts
}

/// Each unit below the last of the headings.
pub fn answers(passage: &Passage) -> Vec<String> {
    let near = passage.headings.last().map_or(String::new(), |heading| format!("{heading}: "));
    passage.units().iter().map(|unit| format!("{near}{unit}")).collect()
}

/// A text that is to be embedded, and whether as an answer.
struct Wanted {
    key: Key,
    text: String,
    is_answer: bool,
}

impl Wanted {
    fn new(text: String, is_answer: bool) -> Wanted {
        Wanted { key: key(&text, is_answer), text, is_answer }
    }

    fn of(passage: &Passage) -> Vec<Wanted> {
        let texts = texts(passage).into_iter().map(|text| Wanted::new(text, false));
        texts.chain(answers(passage).into_iter().map(|text| Wanted::new(text, true))).collect()
    }
}

impl VectorStore {
    /// The vectors that a file holds for an embedder; none when it is missing, damaged or another embedder's.
    pub fn open(path: Option<PathBuf>, fingerprint: String) -> Self {
        let kept = path.as_deref().and_then(|path| Shelf::open(path, &fingerprint));
        let shelf = Arc::new(kept.unwrap_or_else(Shelf::empty));
        VectorStore { path, fingerprint, shelf, fresh: HashMap::new() }
    }

    /// The vectors of each passage in order. Returns how many texts had to be embedded, and what went wrong.
    ///
    /// A passage whose texts could not be embedded has none and is found by its words.
    pub fn vectors(
        &mut self,
        passages: &[Arc<Passage>],
        embedder: &dyn Embedder,
    ) -> (Vec<Option<PassageVectors>>, usize, Option<EmbedError>) {
        let wanted: Vec<Vec<Wanted>> = passages.iter().map(|passage| Wanted::of(passage)).collect();
        let (embedded, fault) = self.embed_missing(wanted.iter().flatten(), embedder);
        let used = in_order(wanted.iter().flatten());
        let known = used.iter().filter(|key| self.is_known(key)).count();
        if embedded > 0 || known < self.shelf.len() {
            self.put_away(&used);
        }
        let found = wanted.iter().map(|texts| self.passage(texts)).collect();
        (found, embedded, fault)
    }

    fn passage(&self, texts: &[Wanted]) -> Option<PassageVectors> {
        let places = |is_answer: bool| {
            let these = texts.iter().filter(move |it| it.is_answer == is_answer);
            these.map(|it| self.shelf.place(&it.key)).collect::<Option<Vec<u32>>>()
        };
        let mut whole = places(false)?;
        let windows = whole.split_off(1).into();
        Some(PassageVectors { shelf: self.shelf.clone(), whole: whole.pop()?, windows, answers: places(true)?.into() })
    }

    fn is_known(&self, key: &Key) -> bool {
        self.fresh.contains_key(key) || self.shelf.place(key).is_some()
    }

    fn embed_missing<'a>(
        &mut self,
        wanted: impl Iterator<Item = &'a Wanted>,
        embedder: &dyn Embedder,
    ) -> (usize, Option<EmbedError>) {
        let mut seen: HashSet<Key> = HashSet::new();
        let is_new = |it: &&Wanted| !self.is_known(&it.key) && seen.insert(it.key);
        let (answers, texts): (Vec<&Wanted>, Vec<&Wanted>) = wanted.filter(is_new).partition(|it| it.is_answer);
        let mut embedded = 0;
        for batch in texts.chunks(BATCH).chain(answers.chunks(BATCH)) {
            match embed(embedder, batch) {
                Ok(packed) => self.fresh.extend(batch.iter().map(|it| it.key).zip(packed)),
                Err(fault) => return (embedded, Some(fault)),
            }
            embedded += batch.len();
            // A crash on a long first run loses little.
            if self.path.is_some() && self.fresh.len() >= SAVE_EVERY.max(self.shelf.len() / SAVE_SHARE) {
                let all: Vec<Key> =
                    self.shelf.entries().map(|entry| entry.key).chain(self.fresh.keys().copied()).collect();
                self.put_away(&all);
            }
        }
        (embedded, None)
    }

    /// Puts what is known of these on another shelf, in this order, and saves it. Saving is best effort: without the file the
    /// vectors are in memory, and computed again after a restart.
    fn put_away(&mut self, keys: &[Key]) {
        let known = |key: &Key| match self.fresh.get(key) {
            Some(packed) => Some(packed.entry(*key)),
            None => Some(self.shelf.entry(*key, self.shelf.place(key)?)),
        };
        let entries: Vec<Entry<'_>> = keys.iter().filter_map(known).collect();
        let mut shelf = Shelf::of(&self.fingerprint, &entries);
        if let Some(path) = &self.path
            && let Err(fault) = shelf.move_to(path)
        {
            tracing::warn!(path = %path.display(), %fault, "the vectors of the knowledge cannot be kept on disk");
        }
        self.shelf = Arc::new(shelf);
        self.fresh.clear();
    }
}

/// The key of each text once, in the order in which they are searched: those that tell what passages are about, then
/// answers.
fn in_order<'a>(wanted: impl Iterator<Item = &'a Wanted>) -> Vec<Key> {
    let mut seen = HashSet::new();
    let (answers, texts): (Vec<&Wanted>, Vec<&Wanted>) =
        wanted.filter(|it| seen.insert(it.key)).partition(|it| it.is_answer);
    texts.into_iter().chain(answers).map(|it| it.key).collect()
}

/// A batch that is of one kind; only answers have tokens.
fn embed(embedder: &dyn Embedder, batch: &[&Wanted]) -> Result<Vec<Packed>, EmbedError> {
    let texts: Vec<String> = batch.iter().map(|it| it.text.clone()).collect();
    let is_answer = batch.first().is_some_and(|it| it.is_answer);
    let without_tokens = |vector: Vec<f32>| Answer { vector: vector.into(), tokens: [].into() };
    let embedded = match is_answer {
        true => embedder.embed_answers(&texts)?,
        false => embedder.embed_passages(&texts)?.into_iter().map(without_tokens).collect(),
    };
    let is_sound = |text: &Answer| {
        let tokens = text.tokens.len();
        text.vector.len() == DIMENSION && tokens.is_multiple_of(WIDTH) && tokens <= MOST_ANSWER * WIDTH
    };
    if embedded.len() != texts.len() || !embedded.iter().all(is_sound) {
        return Err(EmbedError::Failed(format!("it did not return {DIMENSION} numbers for each text")));
    }
    Ok(embedded.iter().map(Packed::new).collect())
}

fn key(text: &str, is_answer: bool) -> Key {
    let mut key = Key::default();
    let digest = Sha256::new().chain_update([u8::from(is_answer)]).chain_update(text).finalize();
    key.copy_from_slice(&digest[..16]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use crate::domain::Language;
    use crate::knowledge::fake::FakeEmbedder;
    use crate::knowledge::passage::{Block, PassageId};
    use tempfile::TempDir;

    fn passage(sentences: &[&str]) -> Arc<Passage> {
        Arc::new(Passage {
            id: PassageId(1),
            file: "a.md".into(),
            line: 1,
            headings: vec!["Pan".into()],
            language: Language::Es,
            blocks: vec![Block::Paragraph { sentences: sentences.iter().map(|text| (*text).to_owned()).collect() }],
            original: None,
            is_draft: false,
        })
    }

    #[test]
    fn a_passage_is_embedded_whole_and_in_pairs_of_sentences() {
        assert_eq!(texts(&passage(&["Uno.", "Dos."])), ["Pan\nUno. Dos."]);
        assert_eq!(texts(&passage(&["A.", "B.", "C."])), ["Pan\nA. B. C.", "Pan: A. B.", "Pan: B. C."]);
        assert_eq!(answers(&passage(&["A.", "B."])), ["Pan: A.", "Pan: B."]);
    }

    #[test]
    fn only_what_changed_is_embedded_again_even_after_a_restart() {
        let dir = TempDir::new().unwrap();
        let path = Some(dir.path().join("vectors.bin"));
        let embedder = FakeEmbedder::default();
        let (first, second) = (passage(&["Uno."]), passage(&["Dos."]));
        let mut store = VectorStore::open(path.clone(), embedder.fingerprint());
        // Each is embedded whole, and its one sentence as an answer.
        assert_eq!(store.vectors(std::slice::from_ref(&first), &embedder).1, 2);
        assert_eq!(store.vectors(&[first.clone(), second.clone()], &embedder).1, 2);
        let mut reopened = VectorStore::open(path.clone(), embedder.fingerprint());
        let (found, embedded, fault) = reopened.vectors(&[first.clone(), second], &embedder);
        assert_eq!((embedded, fault), (0, None));
        let question = Probe::new(&embedder.embed_queries(&["Pan\nUno.".to_owned()]).unwrap()[0]);
        let similarity = |index: usize| found[index].as_ref().unwrap().similarity(&question);
        assert!(similarity(0) > 0.99 && similarity(0) > similarity(1));
        let mut other = VectorStore::open(path, "another model".into());
        assert_eq!(other.vectors(&[first], &embedder).1, 2);
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("vectors.bin");
        let embedder = FakeEmbedder::default();
        VectorStore::open(Some(path.clone()), embedder.fingerprint()).vectors(&[passage(&["Uno."])], &embedder);
        let mut bytes = fs::read(&path).unwrap();
        bytes[100] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(VectorStore::open(Some(path.clone()), embedder.fingerprint()).shelf.len() == 0);
        fs::write(&path, b"short").unwrap();
        assert!(VectorStore::open(Some(path), embedder.fingerprint()).shelf.len() == 0);
    }

    #[test]
    fn a_failing_embedder_leaves_passages_without_vectors() {
        let embedder = FakeEmbedder::failing();
        let mut store = VectorStore::open(None, embedder.fingerprint());
        let (found, embedded, fault) = store.vectors(&[passage(&["Uno."])], &embedder);
        assert!(found[0].is_none() && embedded == 0 && fault.is_some());
    }
}
