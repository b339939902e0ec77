//! Turns questions into vectors that can be compared: by meaning with the search model, else by their words.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::domain::Language;
use crate::knowledge::dot::dot;
use crate::knowledge::fold::{Token, tokens};
use crate::knowledge::{EmbedError, Embedder};
use crate::prompts::Prompts;
use crate::understand::Intent;

/// From which mean cosine on questions count as one, once what their languages have in common is taken off. Measured on
/// about a hundred questions to a bakery and to a guest house in six languages: with both, pairs were told apart best
/// between 0.37 and 0.44. Of plain cosines no threshold served: "do you have vegan cake?" is nearer to "do you make wedding
/// cakes?" than to the same in Spanish.
const ALIKE_IN_MEANING: f32 = 0.4;
/// How many examples of each intent stand for a language. They say the same in every language, so that what differs
/// between their means is the language.
const EXAMPLES: usize = 4;
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
    /// Compares by meaning, across languages. The vectors of the search model tell languages apart before they tell
    /// meanings, so that each loses the mean of its language.
    pub fn of_meaning(texts: &[Text], embedder: &dyn Embedder, prompts: &Prompts) -> Result<Likeness, EmbedError> {
        let words: Vec<String> = texts.iter().map(|text| text.words.clone()).collect();
        let mut vectors = embedder.embed_queries(&words)?;
        let mut means: BTreeMap<Language, Vec<f32>> = BTreeMap::new();
        for (vector, text) in vectors.iter_mut().zip(texts) {
            if let Entry::Vacant(place) = means.entry(text.language) {
                place.insert(mean(&embedder.embed_queries(&examples(prompts, text.language))?));
            }
            vector.iter_mut().zip(&means[&text.language]).for_each(|(number, usual)| *number -= usual);
            normalise(vector);
        }
        Ok(Likeness { vectors, threshold: ALIKE_IN_MEANING })
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
            normalise(&mut vector);
            vector
        });
        Likeness { vectors: vectors.collect(), threshold: ALIKE_IN_WORDS }
    }

    /// The mean of some of the vectors.
    pub fn mean(&self, members: &[usize]) -> Vec<f32> {
        mean(&members.iter().map(|member| self.vectors[*member].clone()).collect::<Vec<_>>())
    }
}

/// What customers write in a language, whatever it is about.
fn examples(prompts: &Prompts, language: Language) -> Vec<String> {
    Intent::ALL.iter().flat_map(|intent| prompts.examples(*intent, language).iter().take(EXAMPLES).cloned()).collect()
}

fn mean(vectors: &[Vec<f32>]) -> Vec<f32> {
    let mut mean = vec![0.0f32; vectors.first().map_or(0, Vec::len)];
    for vector in vectors {
        mean.iter_mut().zip(vector).for_each(|(sum, number)| *sum += number / vectors.len() as f32);
    }
    mean
}

/// The stems of the content words; of a text without any, all its words.
fn stems(text: &Text) -> Vec<String> {
    let all = tokens(&text.words, text.language);
    let is_content = |token: &&Token| !token.is_stopword;
    let content: Vec<String> = all.iter().filter(is_content).map(|token| token.stem.clone()).collect();
    if content.is_empty() { all.into_iter().map(|token| token.plain).collect() } else { content }
}

fn normalise(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt().max(f32::EPSILON);
    vector.iter_mut().for_each(|number| *number /= length);
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
