//! What WhatsApp accepts: lengths, counts, and what must be unique. Checked before sending, because Meta refuses the
//! whole message otherwise.
//!
//! Lengths are in Unicode scalar values: Meta does not say what it counts.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

use crate::channel::outbound::{Choice, Outbound};

/// The longest text message.
pub const TEXT: usize = 4096;
/// The longest text above buttons or a list.
pub const INTERACTIVE_BODY: usize = 1024;
/// The most buttons in one message.
pub const BUTTONS: usize = 3;
/// The longest words on a button, and on what opens a list.
pub const BUTTON_TITLE: usize = 20;
/// The longest id of a button.
pub const BUTTON_ID: usize = 256;
/// The most rows in one list, over all its sections.
pub const ROWS: usize = 10;
/// The longest words on a row.
pub const ROW_TITLE: usize = 24;
/// The longest line under a row's title.
pub const ROW_DESCRIPTION: usize = 72;
/// The longest id of a row.
pub const ROW_ID: usize = 200;
/// The longest `biz_opaque_callback_data`.
pub const CALLBACK: usize = 512;

/// Why a message cannot be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There is nothing to send.
    #[error("the message is empty: there is nothing to send")]
    Empty,
    /// The text is too long.
    #[error("the message has {length} characters and WhatsApp takes {TEXT}: split it into several messages")]
    TextTooLong {
        /// In characters.
        length: usize,
    },
    /// The callback data is too long.
    #[error("the callback data has {length} characters and WhatsApp takes {CALLBACK}: shorten it")]
    CallbackTooLong {
        /// In characters.
        length: usize,
    },
}

/// Why options cannot be shown as options; they are sent as numbered text instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTappable {
    /// None, or more than a list holds.
    Count,
    /// The text above them is empty or longer than [`INTERACTIVE_BODY`].
    Body,
    /// An id is empty, too long, used twice, or has spaces around it.
    Id,
    /// An option, or what opens the list, has no words.
    Title,
}

/// How options are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Up to three buttons under the text.
    Buttons,
    /// Up to ten rows behind one button.
    List,
}

/// The length of `text` as limits count it.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// Checks that a text can be sent as one message.
///
/// # Errors
///
/// [`LimitError::Empty`] and [`LimitError::TextTooLong`].
pub fn check_text(text: &str) -> Result<(), LimitError> {
    match length(text) {
        _ if text.trim().is_empty() => Err(LimitError::Empty),
        length if length > TEXT => Err(LimitError::TextTooLong { length }),
        _ => Ok(()),
    }
}

/// Checks that a message can be sent, as options or else as numbered text.
///
/// # Errors
///
/// [`LimitError::Empty`] and [`LimitError::TextTooLong`].
pub fn check(message: &Outbound) -> Result<(), LimitError> {
    match message {
        Outbound::Choices { body, choices, button_label } if shape(body, choices, button_label).is_ok() => Ok(()),
        _ => check_text(&message.as_text()),
    }
}

/// How these options can be shown.
///
/// # Errors
///
/// [`NotTappable`]: send [`Outbound::as_text`] instead.
pub fn shape(body: &str, choices: &[Choice], button_label: &str) -> Result<Shape, NotTappable> {
    let (shape, id_limit) = match choices.len() {
        0 => return Err(NotTappable::Count),
        1..=BUTTONS if !needs_rows(choices, button_label) => (Shape::Buttons, BUTTON_ID),
        count if count <= ROWS => (Shape::List, ROW_ID),
        _ => return Err(NotTappable::Count),
    };
    let mut ids = HashSet::new();
    let valid = |id: &str| !id.is_empty() && id.trim() == id && length(id) <= id_limit;
    if body.trim().is_empty() || length(body) > INTERACTIVE_BODY {
        Err(NotTappable::Body)
    } else if !choices.iter().all(|choice| valid(&choice.id) && ids.insert(&choice.id)) {
        Err(NotTappable::Id)
    } else if choices.iter().any(|choice| plain(&choice.title).is_empty())
        || (shape == Shape::List && plain(button_label).is_empty())
    {
        Err(NotTappable::Title)
    } else {
        Ok(shape)
    }
}

/// Whether buttons would leave out what tells the options apart, and a list can be opened.
fn needs_rows(choices: &[Choice], button_label: &str) -> bool {
    let is_more = |choice: &Choice| choice.description.is_some() || length(&plain(&choice.title)) > BUTTON_TITLE;
    choices.len() > 1 && choices.iter().any(is_more) && !plain(button_label).is_empty()
}

/// Titles that fit into `max` characters: without markup, cut between words, and no two alike.
///
/// Two titles that are alike after the cut get a number at the end.
pub fn titles<'a>(titles: impl IntoIterator<Item = &'a str>, max: usize) -> Vec<String> {
    let mut used = HashSet::new();
    let unique = |title: &str| {
        let plain = plain(title);
        let numbers = std::iter::once(String::new()).chain((2..).map(|number: usize| format!(" {number}")));
        numbers
            .map(|suffix| truncate(&plain, max.saturating_sub(length(&suffix))) + &suffix)
            .find(|candidate| used.insert(candidate.to_lowercase()))
            .expect("numbers never run out. This is a bug.")
    };
    titles.into_iter().map(unique).collect()
}

/// Cuts `text` to `max` characters between words where it can, and marks the cut with `…`.
pub fn truncate(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(1);
    let end = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    let cut_in_word = text[end..].chars().next().is_some_and(|next| !next.is_whitespace());
    // A cut that would take more than half away is made inside the word.
    let kept = match text[..end].rfind(char::is_whitespace) {
        Some(space) if cut_in_word && length(&text[..space]) * 2 >= room => &text[..space],
        _ => &text[..grapheme_floor(text, end)],
    };
    let ellipsis = if max == 0 { "" } else { "…" };
    kept.trim_end_matches(|last: char| last.is_whitespace() || ",;:-–".contains(last)).to_owned() + ellipsis
}

/// The greatest position up to `end` that is not inside a visible character, or `end` when that would be the start.
fn grapheme_floor(text: &str, end: usize) -> usize {
    // Looking a little past `end` is enough to see whether it lies inside a character.
    let border = text.grapheme_indices(true).map(|(at, _)| at).take_while(|at| *at <= end).last().unwrap_or(0);
    if border == 0 || end >= text.len() { end } else { border }
}

/// One line without the characters that WhatsApp refuses or shows raw in titles.
fn plain(title: &str) -> String {
    let without_markup: String = title.chars().filter(|letter| !"*~`".contains(*letter)).collect();
    without_markup.split_whitespace().map(|word| word.trim_matches('_')).collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests;
