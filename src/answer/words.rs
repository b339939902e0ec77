//! Words of the 22 languages: how they are compared, which of them carry content, how they name days and questions.
//!
//! Pure tables and text functions; never decides what to quote.

pub mod content;
pub mod days;
pub mod fold;
pub mod lexicon;
pub mod pattern;
pub mod text;

pub use content::{Bag, Word, content_words};
pub use days::DaySet;
pub use fold::{fold, similar};
pub use lexicon::{Lexicon, lexicon};
pub use pattern::Patterns;
pub use text::Text;
