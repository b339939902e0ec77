//! Turns questions into vectors that can be compared: by meaning with the search model, else by their words.

use std::collections::HashMap;

use crate::domain::Language;
use crate::knowledge::fold::{Token, tokens};
use crate::knowledge::{EmbedError, Embedder};

use super::group::dot;

const ALIKE_IN_MEANING: f32 = 0.88;
/// From which share of common words on two questions count as one, where there is no search model: two words of three.
const ALIKE_IN_WORDS: f32 = 0.6;

/// Vectors of length one, and from which mean cosine on they are about the same.
pub struct Likeness {
    /// One for each text.
    pub vectors: Vec<Vec<f32>>,
    /// Between -1 and 1.
    pub threshold: f32,
}

/// A text to be compared.
pub struct Text {
    /// The words.
    pub words: String,
    /// Their language.
    pub language: Language,
}

impl Likeness {
    /// Compares by meaning, across languages.
    pub fn of_meaning(texts: &[Text], embedder: &dyn Embedder) -> Result<Likeness, EmbedError> {
        let words: Vec<String> = texts.iter().map(|text| text.words.clone()).collect();
        Ok(Likeness { vectors: embedder.embed_queries(&words)?, threshold: ALIKE_IN_MEANING })
    }

    /// Compares by the stems of the words that carry content: only within a language, and only where words are shared.
    pub fn of_words(texts: &[Text]) -> Likeness {
        let stems: Vec<Vec<String>> = texts.iter().map(stems).collect();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for stem in stems.iter().flatten() {
            let next = places.len();
            places.entry(stem).or_insert(next);
        }
        let vectors = stems.iter().map(|stems| {
            let mut vector = vec![0.0f32; places.len()];
            stems.iter().for_each(|stem| vector[places[stem.as_str()]] = 1.0);
            normalised(vector)
        });
        Likeness { vectors: vectors.collect(), threshold: ALIKE_IN_WORDS }
    }

    /// The mean of some of the vectors.
    pub fn mean(&self, members: &[usize]) -> Vec<f32> {
        let mut mean = vec![0.0f32; members.first().map_or(0, |first| self.vectors[*first].len())];
        for member in members {
            mean.iter_mut().zip(&self.vectors[*member]).for_each(|(sum, number)| *sum += number);
        }
        mean.iter_mut().for_each(|number| *number /= members.len() as f32);
        mean
    }
}

/// The stems of the content words; of a text without any, all its words.
fn stems(text: &Text) -> Vec<String> {
    let all = tokens(&text.words, text.language);
    let is_content = |token: &&Token| !token.is_stopword;
    let content: Vec<String> = all.iter().filter(is_content).map(|token| token.stem.clone()).collect();
    if content.is_empty() { all.into_iter().map(|token| token.plain).collect() } else { content }
}

fn normalised(mut vector: Vec<f32>) -> Vec<f32> {
    let length = dot(&vector, &vector).sqrt().max(f32::EPSILON);
    vector.iter_mut().for_each(|number| *number /= length);
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &str, other: &str) -> bool {
        let text = |words: &str| Text { words: words.to_owned(), language: Language::Es };
        let likeness = Likeness::of_words(&[text(one), text(other)]);
        dot(&likeness.vectors[0], &likeness.vectors[1]) >= likeness.threshold
    }

    #[test]
    fn without_a_search_model_the_words_that_carry_content_decide() {
        assert!(alike("¿Tenéis tarta vegana?", "hola, hay tartas veganas?"));
        assert!(alike("TARTA VEGANA!!", "tarta vegana"));
        assert!(!alike("¿Tenéis tarta vegana?", "¿Tenéis pan de centeno?"));
        assert!(!alike("¿Tenéis tarta?", "???"));
    }
}
