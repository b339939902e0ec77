//! Questions with passages that do or do not answer them: what the judge's heads are trained on.
//!
//! Some are of an encyclopedia (`xquad`), some of shops (`shops`). What is drawn depends on the seed alone.

pub mod shops;
pub mod xquad;

/// A question and a passage.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The question.
    pub question: String,
    /// One or two neighbouring sentences, or what a shop's owner wrote below a heading.
    pub passage: String,
    /// Whether they hold the answer.
    pub is_answer: bool,
    /// Whether both are in one language.
    pub is_same_language: bool,
    /// The article or business that both come from: they are held out whole.
    pub source: usize,
}
