//! Keeps the vectors of the last questions: one message is looked at for its mood, searched for, and later read as what
//! was said before, and is computed once. The same for them as the model was taught to hear them.
//!
//! Keeps a digest of the words and never the words.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::embedder::{EmbedError, Embedder, Odds};
use super::late::{Answer, Asked};

/// How many texts of each kind are kept: about 800 KB of vectors, and less than 4 MB of tokens.
const KEPT: usize = 512;

type Key = [u8; 32];

/// An embedder that remembers the last texts.
pub struct Remembering<E> {
    embedder: E,
    questions: Mutex<Known<Vec<f32>>>,
    asked: Mutex<Known<Asked>>,
}

struct Known<T> {
    vectors: HashMap<Key, T>,
    order: VecDeque<Key>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Known { vectors: HashMap::new(), order: VecDeque::new() }
    }
}

impl<E: Embedder> Remembering<E> {
    /// Remembers what `embedder` computes.
    pub fn new(embedder: E) -> Self {
        Remembering { embedder, questions: Mutex::default(), asked: Mutex::default() }
    }
}

fn key(text: &str) -> Key {
    Sha256::digest(text).into()
}

fn lock<T>(known: &Mutex<Known<T>>) -> MutexGuard<'_, Known<T>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The vectors of texts: those that are known, and the others as `embed` computes them.
fn recall_or<T: Clone>(
    known: &Mutex<Known<T>>,
    texts: &[String],
    embed: impl FnOnce(&[String]) -> Result<Vec<T>, EmbedError>,
) -> Result<Vec<T>, EmbedError> {
    let keys: Vec<Key> = texts.iter().map(|text| key(text)).collect();
    let mut found: Vec<Option<T>> = {
        let known = lock(known);
        keys.iter().map(|key| known.vectors.get(key).cloned()).collect()
    };
    let missing: Vec<usize> = (0..texts.len()).filter(|&index| found[index].is_none()).collect();
    if !missing.is_empty() {
        let new: Vec<String> = missing.iter().map(|&index| texts[index].clone()).collect();
        let vectors = embed(&new)?;
        let mut known = lock(known);
        for (index, vector) in missing.into_iter().zip(vectors) {
            known.keep(keys[index], vector.clone());
            found[index] = Some(vector);
        }
    }
    let vectors: Option<Vec<T>> = found.into_iter().collect();
    vectors.ok_or_else(|| EmbedError::Failed("it returned too few vectors".to_owned()))
}

impl<T> Known<T> {
    fn keep(&mut self, key: Key, vector: T) {
        if self.vectors.insert(key, vector).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.vectors.remove(&oldest);
        }
    }
}

impl<E: Embedder> Embedder for Remembering<E> {
    fn embed_queries(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        recall_or(&self.questions, texts, |new| self.embedder.embed_queries(new))
    }

    fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embedder.embed_passages(texts)
    }

    fn embed_asked(&self, texts: &[String]) -> Result<Vec<Asked>, EmbedError> {
        recall_or(&self.asked, texts, |new| self.embedder.embed_asked(new))
    }

    fn embed_both(&self, texts: &[String]) -> Result<Vec<(Vec<f32>, Asked)>, EmbedError> {
        let known = |text: &String| lock(&self.questions).vectors.contains_key(&key(text));
        // What was looked at for its mood is only read as a question.
        if !texts.iter().any(known) {
            let both = self.embedder.embed_both(texts)?;
            let (mut questions, mut asked) = (lock(&self.questions), lock(&self.asked));
            for (text, (vector, heard)) in texts.iter().zip(&both) {
                questions.keep(key(text), vector.clone());
                asked.keep(key(text), heard.clone());
            }
            return Ok(both);
        }
        Ok(self.embed_queries(texts)?.into_iter().zip(self.embed_asked(texts)?).collect())
    }

    fn embed_answers(&self, texts: &[String]) -> Result<Vec<Answer>, EmbedError> {
        self.embedder.embed_answers(texts)
    }

    fn odds(&self) -> Option<Odds> {
        self.embedder.odds()
    }

    fn search_fingerprint(&self) -> String {
        self.embedder.search_fingerprint()
    }

    fn forget(&self) {
        *lock(&self.questions) = Known::default();
        *lock(&self.asked) = Known::default();
    }

    fn fingerprint(&self) -> String {
        self.embedder.fingerprint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::knowledge::fake::FakeEmbedder;

    #[derive(Default)]
    struct Counting {
        embedder: FakeEmbedder,
        computed: AtomicUsize,
    }

    impl Embedder for Counting {
        fn embed_queries(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
            self.computed.fetch_add(texts.len(), Ordering::Relaxed);
            self.embedder.embed_queries(texts)
        }

        fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
            self.computed.fetch_add(texts.len(), Ordering::Relaxed);
            self.embedder.embed_passages(texts)
        }

        fn fingerprint(&self) -> String {
            self.embedder.fingerprint()
        }
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_question_is_computed_once_and_comes_back_in_its_place() {
        let remembering = Remembering::new(Counting::default());
        let first = remembering.embed_queries(&owned(&["a qué hora abren", "dónde están"])).expect("vectors");
        let again = remembering.embed_queries(&owned(&["dónde están", "cuánto es", "a qué hora abren"]));
        let again = again.expect("vectors");
        assert_eq!((&again[0], &again[2]), (&first[1], &first[0]));
        assert_eq!(remembering.embedder.computed.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn a_text_is_one_thing_as_a_message_and_another_as_a_question_and_both_are_forgotten() {
        let remembering = Remembering::new(Counting::default());
        let text = owned(&["pan de centeno"]);
        let computed = || {
            remembering.embed_queries(&text).expect("vectors");
            remembering.embed_asked(&text).expect("vectors");
            remembering.embedder.computed.load(Ordering::Relaxed)
        };
        assert_eq!([computed(), computed()], [2, 2]);
        remembering.forget();
        assert_eq!(computed(), 4);
    }

    #[test]
    fn both_of_a_question_are_known_afterwards_and_only_what_is_missing_is_computed() {
        let remembering = Remembering::new(Counting::default());
        let computed = || remembering.embedder.computed.load(Ordering::Relaxed);
        let both = |texts: &[&str]| remembering.embed_both(&owned(texts)).expect("vectors");
        let first = both(&["pan de centeno", "y el domingo"]);
        assert_eq!(computed(), 4);
        let text = owned(&["y el domingo"]);
        assert_eq!(remembering.embed_queries(&text).expect("vectors")[0], first[1].0);
        assert_eq!(remembering.embed_asked(&text).expect("vectors")[0], first[1].1);
        assert_eq!((both(&["pan de centeno", "y el domingo"]), computed()), (first, 4));
        remembering.embed_queries(&owned(&["hola"])).expect("vectors");
        both(&["hola"]);
        assert_eq!(computed(), 6);
    }

    #[test]
    fn no_more_than_the_last_questions_are_kept() {
        let remembering = Remembering::new(FakeEmbedder::default());
        let texts: Vec<String> = (0..KEPT + 20).map(|index| format!("question {index}")).collect();
        remembering.embed_queries(&texts).expect("vectors");
        let known = remembering.questions.lock().expect("no panic");
        assert_eq!((known.vectors.len(), known.order.len()), (KEPT, KEPT));
    }

    #[test]
    fn a_failure_is_passed_on() {
        let remembering = Remembering::new(FakeEmbedder::failing());
        assert!(remembering.embed_queries(&owned(&["hola"])).is_err());
    }
}
