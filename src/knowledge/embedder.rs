//! The seam between search and whatever turns text into vectors.
//!
//! Holds no model: search works without one, by words alone.

use super::late::{Answer, Asked};

/// The length of every vector.
pub const DIMENSION: usize = 384;

/// How cosines are turned into chances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// How much a cosine counts.
    pub sharpness: f32,
    /// The cosine at which a unit is as probable as that nothing answers.
    pub nothing: f32,
}

impl Odds {
    /// How a unit's chance to answer compares with that of "nothing here answers".
    pub fn of(&self, cosine: f32) -> f32 {
        (self.sharpness * (cosine - self.nothing)).exp()
    }
}

/// Turns texts into vectors whose dot product tells how near their meanings are, across languages.
pub trait Embedder: Send + Sync {
    /// One L2-normalised vector of [`DIMENSION`] numbers for each question, in order.
    fn embed_queries(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError>;

    /// One L2-normalised vector of [`DIMENSION`] numbers for each part of the knowledge, in order.
    fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError>;

    /// The same for each question as the model was taught to hear it: near to what answers. To be compared with
    /// [`Embedder::embed_answers`] alone.
    fn embed_asked(&self, texts: &[String]) -> Result<Vec<Asked>, EmbedError> {
        let vectors = self.embed_queries(texts)?;
        Ok(vectors.into_iter().map(|vector| Asked { vector, tokens: None }).collect())
    }

    /// Both of each question, for the price of one reading where the model can: [`Embedder::embed_queries`] and
    /// [`Embedder::embed_asked`].
    fn embed_both(&self, texts: &[String]) -> Result<Vec<(Vec<f32>, Asked)>, EmbedError> {
        Ok(self.embed_queries(texts)?.into_iter().zip(self.embed_asked(texts)?).collect())
    }

    /// The same for each sentence, item or row below its heading.
    fn embed_answers(&self, texts: &[String]) -> Result<Vec<Answer>, EmbedError> {
        let vectors = self.embed_passages(texts)?;
        Ok(vectors.into_iter().map(|vector| Answer { vector: vector.into(), tokens: [].into() }).collect())
    }

    /// What the cosine of a question as asked with an answer tells; nothing where the model was not taught to tell.
    fn odds(&self) -> Option<Odds> {
        None
    }

    /// Lets go of all that is kept of questions.
    fn forget(&self) {}

    /// Names the model and how it is used: vectors of different fingerprints must not be compared.
    fn fingerprint(&self) -> String;

    /// The same for all that is kept of the knowledge, with what the model was taught.
    fn search_fingerprint(&self) -> String {
        self.fingerprint()
    }
}

/// Why there are no vectors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// The model cannot be used; the text says why and what to do.
    #[error("the search model is not available: {0}")]
    Unavailable(String),
    /// The model failed while it worked.
    #[error("the search model failed: {0}")]
    Failed(String),
}
