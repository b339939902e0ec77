//! What can be wrong with a reply or a translation.

use std::fmt;

use crate::decide::figures::Figure;

/// One thing that is wrong. Its description holds figures, but no words of the customer or the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The reply holds a figure that the evidence does not.
    Unsupported(Figure),
    /// The translation lost a figure.
    Lost(Figure),
    /// The translation holds a figure that the original does not.
    Added(Figure),
    /// Times or prices stand in another order, so that they may belong to something else now.
    Reordered,
    /// "Per night" became "per stay", or the like.
    PerUnit(&'static str),
    /// Other days of the week are named.
    Days,
    /// A name is missing.
    Name,
    /// One says no where the other does not.
    Negation,
    /// The text is not in the script of its language.
    Script,
    /// A sentence was left in the original's language.
    Untranslated,
    /// The translation is much shorter or longer than the original.
    Length,
    /// The text holds markup or control tokens that the original does not.
    Markup,
    /// The text speaks about itself: "Here is the translation".
    Preamble,
    /// The text holds a piece of what the model was told.
    Instruction,
    /// There is no text.
    Empty,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unsupported(figure) => write!(formatter, "the evidence does not hold the {figure}"),
            Problem::Lost(figure) => write!(formatter, "the translation lost the {figure}"),
            Problem::Added(figure) => write!(formatter, "the translation added the {figure}"),
            Problem::Reordered => formatter.write_str("times or prices stand in another order"),
            Problem::PerUnit(unit) => write!(formatter, "\"per {unit}\" stands in one text only"),
            Problem::Days => formatter.write_str("other days of the week are named"),
            Problem::Name => formatter.write_str("a name is missing"),
            Problem::Negation => formatter.write_str("only one of the texts says no"),
            Problem::Script => formatter.write_str("the text is not in the script of its language"),
            Problem::Untranslated => formatter.write_str("a part is left in the original's language"),
            Problem::Length => formatter.write_str("the translation is much shorter or longer than the original"),
            Problem::Markup => formatter.write_str("the text holds markup or control tokens"),
            Problem::Preamble => formatter.write_str("the text speaks about itself"),
            Problem::Instruction => formatter.write_str("the text holds a piece of the instruction"),
            Problem::Empty => formatter.write_str("there is no text"),
        }
    }
}
