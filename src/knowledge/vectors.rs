//! The vectors of passages, of pairs of neighbouring sentences, and of single ones as answers with their tokens, kept so
//! that only what changed is embedded again.
//!
//! Exact search: every passage is compared. Names no model; the [`Embedder`] is handed in.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::embedder::{DIMENSION, EmbedError, Embedder};
use super::late::{Answer, Asked, MOST_ANSWER, WIDTH, dot};
use super::passage::Passage;

/// The first bytes of the file; the number changes with its layout or with what is embedded.
const MAGIC: &[u8; 8] = b"ATVEC\x00\x03\n";

/// Texts handed to the embedder at once.
const BATCH: usize = 16;

/// What is embedded is saved this often, so that a crash on a long first run loses little.
const SAVE_EVERY: usize = 512;

type Key = [u8; 16];

/// The vectors of one passage.
#[derive(Clone, Debug)]
pub struct PassageVectors {
    whole: Arc<[f32]>,
    windows: Vec<Arc<[f32]>>,
    /// Each unit as an answer, in order.
    answers: Vec<Answer>,
}

/// Every vector that is known, with the file that keeps them.
pub struct VectorStore {
    path: Option<PathBuf>,
    fingerprint: String,
    known: HashMap<Key, Answer>,
}

impl PassageVectors {
    /// The cosine of the whole passage with a question, averaged with that of its best pair of sentences.
    pub fn similarity(&self, question: &[f32]) -> f32 {
        let whole = dot(&self.whole, question);
        let best = self.windows.iter().map(|window| dot(window, question)).fold(f32::MIN, f32::max);
        if self.windows.is_empty() { whole } else { f32::midpoint(whole, best) }
    }

    /// The cosine of each unit, as an answer, with a question as it is asked, in order.
    pub fn answers(&self, asked: &Asked) -> Vec<f32> {
        self.answers.iter().map(|unit| dot(&unit.vector, &asked.vector)).collect()
    }

    /// The log-odds of each unit to answer a question, token by token; nothing where one of both has no tokens.
    pub fn log_odds(&self, asked: &Asked) -> Option<Vec<f32>> {
        let tokens = asked.tokens.as_ref()?;
        let odds = |unit: &Answer| tokens.log_odds(&unit.tokens, dot(&unit.vector, &asked.vector));
        self.answers.iter().map(odds).collect()
    }

    /// The cosine of two whole passages.
    pub fn likeness(&self, other: &PassageVectors) -> f32 {
        dot(&self.whole, &other.whole)
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
        let known = path.as_deref().and_then(|path| read(path, &fingerprint)).unwrap_or_default();
        VectorStore { path, fingerprint, known }
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
        let found = wanted.iter().map(|texts| self.passage(texts)).collect();
        let used: HashMap<Key, Answer> =
            wanted.iter().flatten().filter_map(|it| Some((it.key, self.known.get(&it.key)?.clone()))).collect();
        let has_leftovers = used.len() < self.known.len();
        self.known = used;
        if embedded > 0 || has_leftovers {
            self.save();
        }
        (found, embedded, fault)
    }

    fn passage(&self, texts: &[Wanted]) -> Option<PassageVectors> {
        let known = |is_answer: bool| {
            let these = texts.iter().filter(move |it| it.is_answer == is_answer);
            these.map(|it| self.known.get(&it.key).cloned()).collect::<Option<Vec<_>>>()
        };
        let mut vectors: Vec<Arc<[f32]>> = known(false)?.into_iter().map(|text| text.vector).collect();
        let windows = vectors.split_off(1);
        Some(PassageVectors { whole: vectors.pop()?, windows, answers: known(true)? })
    }

    fn embed_missing<'a>(
        &mut self,
        wanted: impl Iterator<Item = &'a Wanted>,
        embedder: &dyn Embedder,
    ) -> (usize, Option<EmbedError>) {
        let mut seen: HashSet<Key> = HashSet::new();
        let is_new = |it: &&Wanted| !self.known.contains_key(&it.key) && seen.insert(it.key);
        let (answers, texts): (Vec<&Wanted>, Vec<&Wanted>) = wanted.filter(is_new).partition(|it| it.is_answer);
        let all = texts.len() + answers.len();
        let mut embedded = 0;
        for batch in texts.chunks(BATCH).chain(answers.chunks(BATCH)) {
            match embed(embedder, batch) {
                Ok(vectors) => self.known.extend(batch.iter().map(|it| it.key).zip(vectors)),
                Err(fault) => return (embedded, Some(fault)),
            }
            embedded += batch.len();
            if embedded % SAVE_EVERY < BATCH && embedded < all {
                self.save();
            }
        }
        (embedded, None)
    }

    /// Saving is best effort: without the file the vectors are computed again after a restart.
    fn save(&self) {
        if let Some(path) = &self.path
            && let Err(fault) = self.write(path)
        {
            tracing::warn!(path = %path.display(), %fault, "the vectors of the knowledge cannot be kept on disk");
        }
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let tokens: usize = self.known.values().map(|text| text.tokens.len()).sum();
        let mut bytes = Vec::with_capacity(64 + self.known.len() * (17 + DIMENSION * 4) + tokens);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(self.fingerprint.len() as u32).to_le_bytes());
        bytes.extend_from_slice(self.fingerprint.as_bytes());
        for (key, text) in &self.known {
            bytes.extend_from_slice(key);
            text.vector.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
            bytes.push((text.tokens.len() / WIDTH) as u8);
            bytes.extend(text.tokens.iter().map(|number| number.to_le_bytes()[0]));
        }
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        let temporary = path.with_extension("new");
        fs::write(&temporary, bytes)?;
        fs::rename(temporary, path)
    }
}

/// A batch that is of one kind; only answers have tokens.
fn embed(embedder: &dyn Embedder, batch: &[&Wanted]) -> Result<Vec<Answer>, EmbedError> {
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
    Ok(embedded)
}

fn key(text: &str, is_answer: bool) -> Key {
    let mut key = Key::default();
    let digest = Sha256::new().chain_update([u8::from(is_answer)]).chain_update(text).finalize();
    key.copy_from_slice(&digest[..16]);
    key
}

fn read(path: &Path, fingerprint: &str) -> Option<HashMap<Key, Answer>> {
    let bytes = fs::read(path).ok()?;
    let (content, checksum) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if Sha256::digest(content)[..] != *checksum {
        return None;
    }
    let rest = content.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (name, mut rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    if name != fingerprint.as_bytes() {
        return None;
    }
    let mut known = HashMap::new();
    while !rest.is_empty() {
        let (key, text, after) = entry(rest)?;
        known.insert(key, text);
        rest = after;
    }
    Some(known)
}

/// The first entry: its key, the vector, the number of tokens and a byte for each of their numbers; and what follows.
fn entry(bytes: &[u8]) -> Option<(Key, Answer, &[u8])> {
    let (key, rest) = bytes.split_first_chunk::<16>()?;
    let (vector, rest) = rest.split_at_checked(DIMENSION * 4)?;
    let (tokens, rest) = rest.split_first()?;
    let (tokens, rest) = rest.split_at_checked(usize::from(*tokens) * WIDTH)?;
    let tokens = tokens.iter().map(|byte| i8::from_le_bytes([*byte])).collect();
    Some((*key, Answer { vector: numbers_of(vector), tokens }, rest))
}

fn numbers_of(bytes: &[u8]) -> Arc<[f32]> {
    bytes.chunks_exact(4).filter_map(|four| four.first_chunk::<4>()).map(|four| f32::from_le_bytes(*four)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let question = embedder.embed_queries(&["Pan\nUno.".to_owned()]).unwrap().remove(0);
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
        assert!(VectorStore::open(Some(path.clone()), embedder.fingerprint()).known.is_empty());
        fs::write(&path, b"short").unwrap();
        assert!(VectorStore::open(Some(path), embedder.fingerprint()).known.is_empty());
    }

    #[test]
    fn a_failing_embedder_leaves_passages_without_vectors() {
        let embedder = FakeEmbedder::failing();
        let mut store = VectorStore::open(None, embedder.fingerprint());
        let (found, embedded, fault) = store.vectors(&[passage(&["Uno."])], &embedder);
        assert!(found[0].is_none() && embedded == 0 && fault.is_some());
    }
}
