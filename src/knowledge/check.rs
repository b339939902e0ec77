//! Finds what is broken in a markdown file in a way that would silently lose what the owner wrote.
//!
//! Markdown has no errors: an unclosed fence swallows the rest of a file, a cell too many vanishes. Judges structure
//! alone, never content.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::markdown::options;

/// A fault and the line where it stands, counted from the first line of the body as 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line.
    pub line: u32,
    /// What is wrong and what to do.
    pub message: String,
}

/// The faults of a body, in order.
pub fn check(body: &str) -> Vec<Fault> {
    let mut checker = Checker { tables: table_ranges(body), ..Checker::default() };
    let mut offset = 0;
    for (index, line) in body.split_inclusive('\n').enumerate() {
        checker.line(index as u32 + 1, offset, line.trim());
        offset += line.len();
    }
    checker.finish()
}

fn table_ranges(body: &str) -> Vec<Range<usize>> {
    Parser::new_ext(body, options())
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::Start(Tag::Table(_))))
        .map(|(_, range)| range)
        .collect()
}

#[derive(Default)]
struct Checker {
    tables: Vec<Range<usize>>,
    faults: Vec<Fault>,
    fence: Option<(u32, char, usize)>,
    comment: Option<u32>,
    rows: Vec<Row>,
}

struct Row {
    line: u32,
    offset: usize,
    cells: usize,
    is_delimiter: bool,
}

impl Checker {
    fn line(&mut self, number: u32, offset: usize, line: &str) {
        if let Some((_, mark, length)) = self.fence {
            if line.len() >= length && line.chars().all(|character| character == mark) {
                self.fence = None;
            }
            return;
        }
        if self.comment.is_none() && line.starts_with('|') {
            let is_delimiter =
                line.contains('-') && line.chars().all(|character| matches!(character, '|' | '-' | ':' | ' ' | '\t'));
            self.rows.push(Row { line: number, offset, cells: cells(line), is_delimiter });
            return;
        }
        self.end_table();
        if self.comment.is_none()
            && let Some(opened) = fence(line)
        {
            self.fence = Some((number, opened.0, opened.1));
            return;
        }
        self.comments(number, line);
    }

    fn comments(&mut self, number: u32, line: &str) {
        let mut rest = line;
        loop {
            let sign = if self.comment.is_some() { "-->" } else { "<!--" };
            let Some(at) = rest.find(sign) else { break };
            self.comment = if self.comment.is_some() { None } else { Some(number) };
            rest = &rest[at + sign.len()..];
        }
    }

    fn end_table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        // One line between bars is not yet meant as a table.
        let [header, second, body @ ..] = rows.as_slice() else { return };
        if !second.is_delimiter {
            let bars = "|---".repeat(header.cells);
            self.fault(
                header.line,
                format!("the table has no line of dashes under its header: add `{bars}|` as its second line"),
            );
            return;
        }
        if second.cells != header.cells {
            self.fault(
                second.line,
                format!(
                    "the line of dashes has {} columns and the header above it {}: make them equal",
                    second.cells, header.cells
                ),
            );
            return;
        }
        if !self.tables.iter().any(|range| range.contains(&header.offset) || range.start.abs_diff(header.offset) <= 3) {
            self.fault(header.line, "the table is not recognised as one: leave an empty line above it".to_owned());
            return;
        }
        for row in body.iter().filter(|row| row.cells > header.cells) {
            self.fault(
                row.line,
                format!(
                    "this row has {} columns and its table {}: what is in the last ones would be lost",
                    row.cells, header.cells
                ),
            );
        }
    }

    fn fault(&mut self, line: u32, message: String) {
        self.faults.push(Fault { line, message });
    }

    fn finish(mut self) -> Vec<Fault> {
        self.end_table();
        if let Some((line, mark, length)) = self.fence {
            let sign: String = std::iter::repeat_n(mark, length).collect();
            self.fault(
                line,
                format!("the block that `{sign}` opens here is not closed: add a line `{sign}` where it ends"),
            );
        }
        if let Some(line) = self.comment {
            self.fault(line, "the comment that `<!--` opens here is not closed: add `-->` where it ends".to_owned());
        }
        self.faults
    }
}

fn fence(line: &str) -> Option<(char, usize)> {
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.chars().take_while(|character| *character == mark).count();
    // Backticks on one line are inline code.
    let is_inline = mark == '`' && line[length..].contains('`');
    (length >= 3 && !is_inline).then_some((mark, length))
}

/// How many cells a row has; `\|` parts nothing.
fn cells(line: &str) -> usize {
    let inner = line.strip_prefix('|').unwrap_or(line);
    let mut bars = 0;
    let mut last_is_bar = false;
    let mut escaped = false;
    for character in inner.trim_end().chars() {
        last_is_bar = character == '|' && !escaped;
        bars += usize::from(last_is_bar);
        escaped = character == '\\' && !escaped;
    }
    if last_is_bar { bars } else { bars + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(body: &str) -> Vec<u32> {
        check(body).iter().map(|fault| fault.line).collect()
    }

    #[test]
    fn sound_files_have_no_faults() {
        let body = "# Pan\n\n| a | b |\n|---|:-:|\n| 1 \\| 2 | 3 |\n| 4 |\n\n```\n| x |\n<!--\n```\n\n<!-- nota\nlarga --> ya\n\n| solo |\n";
        assert_eq!(check(body), []);
    }

    #[test]
    fn an_unclosed_fence_or_comment_is_found_where_it_opens() {
        assert_eq!(lines("a\n```\nb\n~~~\n"), [2]);
        assert_eq!(lines("a\n\nb <!-- c\n\nd"), [3]);
        assert_eq!(lines("`a` ``` b ```\n"), [] as [u32; 0]);
    }

    #[test]
    fn a_table_that_would_lose_something_is_found() {
        assert_eq!(lines("| a | b |\n| 1 | 2 |\n"), [1]);
        assert_eq!(lines("| a | b |\n|---|\n| 1 | 2 |\n"), [2]);
        assert_eq!(lines("| a | b |\n|---|---|\n| 1 | 2 | 3 |\n| 1 | 2 |\n| 1 | 2 | 3 | 4 |"), [3, 5]);
        let message = &check("| a | b |\n| 1 | 2 |\n")[0].message;
        assert!(message.contains("`|---|---|`"), "{message}");
    }

    proptest! {
        #[test]
        fn tables_written_properly_are_never_faulted(columns in 1usize..5, rows in 1usize..5, word in "[a-z]{1,5}") {
            let row = format!("|{}\n", format!(" {word} |").repeat(columns));
            let body = format!("Precios:\n\n{row}|{}\n{}", "---|".repeat(columns), row.repeat(rows));
            prop_assert_eq!(check(&body), vec![]);
        }

        #[test]
        fn faults_stand_on_lines_that_exist(body in "([|`<!~-]{0,4}[a-z ]{0,4}[|\n]{0,2}){0,16}") {
            let count = body.lines().count() as u32;
            prop_assert!(check(&body).iter().all(|fault| fault.line >= 1 && fault.line <= count));
        }
    }
}
