//! A file of translations as the owner reads and corrects it: a list of originals, each with its translation below.
//!
//! ```text
//! - [ ] Abrimos los martes.
//!   → We open on Tuesdays.
//! ```
//!
//! Reads and writes the form; judges no translation.

use std::fmt::Write;

/// What stands before a translation, ...
const ARROW: &str = "→";
/// ... before what was found wrong with it, ...
const REMARK: &str = "!";
/// ... and for a line break inside a text.
const BREAK: &str = " ⏎ ";

/// What a file of pairs begins with.
const LEGEND: &str =
    "<!-- Written by `atiende translate`, yours to correct: change what is wrong after the →, and put an x between the brackets of what is right.
[x] you read it and it is right: used, and never changed again
[ ] passed the checks: used
[?] a short text that could not be made sure of: shown in brackets behind the original
[!] did not pass, for the reason below it: not used; the original is shown -->";

/// How far a translation is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It passed the checks.
    Unread,
    /// The owner vouches for it.
    Approved,
    /// It may stand beside the original, and not in its place.
    Beside,
    /// It did not pass.
    Doubtful,
}

impl Mark {
    fn letter(self) -> char {
        match self {
            Mark::Unread => ' ',
            Mark::Approved => 'x',
            Mark::Beside => '?',
            Mark::Doubtful => '!',
        }
    }

    fn of(letter: &str) -> Option<Mark> {
        match letter.trim() {
            "" => Some(Mark::Unread),
            "x" | "X" | "✓" | "✔" => Some(Mark::Approved),
            "?" => Some(Mark::Beside),
            "!" => Some(Mark::Doubtful),
            _ => None,
        }
    }
}

/// A text of the owner and its translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// How far the translation is trusted.
    pub mark: Mark,
    /// The text as it stands in the knowledge.
    pub original: String,
    /// The translation, if there is one.
    pub translation: Option<String>,
    /// What was found wrong with it.
    pub remarks: Vec<String>,
    /// The line of the file, from 1; 0 for a pair that was not read from one.
    pub line: u32,
}

/// What is wrong at a line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairError {
    /// The line.
    pub line: u32,
    /// What is wrong, and the remedy.
    pub message: String,
}

/// Reads a file. What is above the first pair, headings and comments are passed over.
///
/// # Errors
/// At the first line that is neither part of a pair nor of what stands around.
pub fn read(text: &str) -> Result<Vec<Pair>, PairError> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut in_comment = false;
    let mut comment_at = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let bare = line.trim();
        if in_comment || bare.starts_with("<!--") {
            comment_at = if in_comment { comment_at } else { number };
            in_comment = !bare.contains("-->");
            continue;
        }
        if bare.is_empty() || bare.starts_with('#') && !line.starts_with(' ') {
            continue;
        }
        let understood = match bracket(bare) {
            Some((letter, original)) => begin(&mut pairs, letter, original, number),
            None => go_on(&mut pairs, bare),
        };
        if !understood {
            let message = format!(
                "this is neither `- [ ] original` nor `{ARROW} translation`: begin a translation with {ARROW} and write it on one line"
            );
            return Err(PairError { line: number, message });
        }
    }
    if in_comment {
        let message = "this comment never ends: put --> after it".to_owned();
        return Err(PairError { line: comment_at, message });
    }
    Ok(pairs)
}

/// What stands between the brackets that begin a pair, and after them. Editors write `*` or `+` for `-`.
fn bracket(bare: &str) -> Option<(&str, &str)> {
    bare.strip_prefix(['-', '*', '+'])?.trim_start().strip_prefix('[')?.split_once(']')
}

fn begin(pairs: &mut Vec<Pair>, letter: &str, original: &str, line: u32) -> bool {
    let Some(mark) = Mark::of(letter) else { return false };
    pairs.push(Pair { mark, original: joined(original), translation: None, remarks: Vec::new(), line });
    true
}

fn go_on(pairs: &mut [Pair], bare: &str) -> bool {
    let arrow = bare.strip_prefix(ARROW).or_else(|| bare.strip_prefix("->"));
    // Notes may stand above the first pair, but no translation of nothing.
    let Some(pair) = pairs.last_mut() else { return arrow.is_none() };
    if let Some(translation) = arrow.filter(|_| pair.translation.is_none()) {
        pair.translation = Some(joined(translation));
        return true;
    }
    let remark = bare.strip_prefix(REMARK);
    pair.remarks.extend(remark.map(|remark| remark.trim().to_owned()));
    remark.is_some()
}

fn joined(line: &str) -> String {
    line.trim().replace(BREAK, "\n")
}

fn on_one_line(text: &str) -> String {
    text.trim().replace('\n', BREAK)
}

/// What stands above the first pair: the heading, the legend, an owner's notes. Nothing where there is no pair.
pub fn above(text: &str) -> Option<&str> {
    let begins_pair = |line: &str| bracket(line.trim()).is_some_and(|(letter, _)| Mark::of(letter).is_some());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if begins_pair(line) {
            return Some(text[..start].trim_end());
        }
        start += line.len();
    }
    None
}

/// What stands above the pairs of a new file.
pub fn legend(heading: &str) -> String {
    format!("# {heading}\n\n{LEGEND}")
}

/// Writes a file: what stands above, and the pairs.
pub fn write(above: &str, pairs: &[Pair]) -> String {
    let mut text = if above.is_empty() { String::new() } else { format!("{above}\n") };
    for pair in pairs {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n- [{}] {}\n", pair.mark.letter(), on_one_line(&pair.original));
        if let Some(translation) = &pair.translation {
            let _ = writeln!(text, "  {ARROW} {}", on_one_line(translation));
        }
        for remark in &pair.remarks {
            let _ = writeln!(text, "  {REMARK} {}", on_one_line(remark));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(mark: Mark, original: &str, translation: Option<&str>) -> Pair {
        let (original, translation) = (original.to_owned(), translation.map(str::to_owned));
        Pair { mark, original, translation, remarks: Vec::new(), line: 0 }
    }

    #[test]
    fn an_owner_s_file_is_read() {
        let text = "# horario.md → English\n\nA note of mine.\n\n- [x] Abrimos los martes.\n  → We open on Tuesdays.\n\n- [!] Cerrado.\n-> Open.\n! only one of the texts says no\n- [ ] Pan\n";
        let read = read(text).unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!((read[0].mark, read[0].line), (Mark::Approved, 5));
        assert_eq!(read[0].translation.as_deref(), Some("We open on Tuesdays."));
        assert_eq!(read[1].remarks, ["only one of the texts says no"]);
        assert_eq!(read[2].translation, None);
    }

    #[test]
    fn what_an_editor_makes_of_a_file_is_still_read() {
        let text = "<!-- Ana read this --> ok\n* [x] Pan\n  → Bread\n-[x] Barra\n  -> Loaf\n+ [ ] Torta\n  → Cake\n";
        assert_eq!(read(text).unwrap().len(), 3);
        assert_eq!(read("# a\n<!-- never ended\n- [x] Pan\n").unwrap_err().line, 2);
        assert_eq!(read("1. Pan\n  → Bread\n").unwrap_err().line, 2);
    }

    #[test]
    fn a_remark_of_two_lines_does_not_break_the_file() {
        let remarks = vec!["translated back it reads: Café\n(nota)".to_owned()];
        let pair = Pair { remarks, ..pair(Mark::Beside, "Pan", Some("Bread")) };
        assert_eq!(read(&write("", &[pair])).unwrap().len(), 1);
    }

    #[test]
    fn an_owner_s_notes_above_the_pairs_are_known() {
        assert_eq!(above("# a.md\n\nMy note.\n\n- [ ] Pan\n"), Some("# a.md\n\nMy note."));
        assert_eq!(above("- [ ] Pan\n"), Some(""));
        assert_eq!(above("nothing yet\n"), None);
    }

    #[test]
    fn a_line_that_belongs_nowhere_is_named() {
        let fault = read("- [ ] Pan\n  → Bread\n  and more\n").unwrap_err();
        assert_eq!(fault.line, 3);
        assert!(fault.message.contains('→'));
        assert_eq!(read("- [yes] Pan\n").unwrap_err().line, 1);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            texts in prop::collection::vec(("[^\\pC\\pZ][^\\r\\t\u{0}-\u{8}\u{b}\u{c}\u{85}\u{2028}\u{2029}]{0,40}", 0u8..4), 0..6),
        ) {
            let marks = [Mark::Unread, Mark::Approved, Mark::Beside, Mark::Doubtful];
            let pairs: Vec<Pair> = texts
                .iter()
                .map(|(text, mark)| {
                    let text = text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
                    pair(marks[usize::from(*mark)], &text, Some(&text))
                })
                .collect();
            let again: Vec<Pair> = read(&write(&legend("a.md"), &pairs)).unwrap().into_iter().map(|pair| Pair { line: 0, ..pair }).collect();
            prop_assert_eq!(again, pairs);
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = read(&text);
        }
    }
}
