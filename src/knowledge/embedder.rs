//! The seam between search and whatever turns text into vectors.
//!
//! Holds no model: search works without one, by words alone.

/// The length of every vector.
pub const DIMENSION: usize = 384;

/// Turns texts into vectors whose dot product tells how near their meanings are, across languages.
pub trait Embedder: Send + Sync {
    /// One L2-normalised vector of [`DIMENSION`] numbers for each question, in order.
    fn embed_queries(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError>;

    /// One L2-normalised vector of [`DIMENSION`] numbers for each part of the knowledge, in order.
    fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError>;

    /// Lets go of all that is kept of questions.
    fn forget(&self) {}

    /// Names the model and how it is used: vectors of different fingerprints must not be compared.
    fn fingerprint(&self) -> String;
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
