//! Reads markdown into headings and blocks, with the line at which each begins.
//!
//! Inline markup stays as the owner wrote it; images and comments are left out. Cuts nothing into passages.

mod inline;

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use self::inline::{Events, InlineText, is_inline, plain_lines_until, plain_until, without_tags};
use super::passage::Block;
use super::sentences::sentences;

/// A heading or a block, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// A heading without its markup.
    Heading {
        /// 1 to 6.
        level: u8,
        /// The words.
        text: String,
        /// The line, from 1.
        line: u32,
    },
    /// A part of the body.
    Body {
        /// What it says.
        block: Block,
        /// The line, from 1.
        line: u32,
    },
    /// A ruler: what follows is another matter under the same heading.
    Ruler,
}

/// The options every reader of the owner's files uses, so that all see the same structure.
pub fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

/// Reads a body whose first line is line `first_line` of its file.
pub fn read(body: &str, first_line: u32) -> Vec<Element> {
    let mut reader = Reader { source: body, lines: LineIndex::new(body, first_line), elements: Vec::new() };
    let mut events = Events { inner: Parser::new_ext(body, options()).into_offset_iter().collect(), at: 0 };
    while let Some((event, range)) = events.next() {
        reader.block(event, range, &mut events);
    }
    reader.elements
}

/// Finds the line of a position.
pub struct LineIndex {
    starts: Vec<usize>,
    first: u32,
}

impl LineIndex {
    /// An index over a text whose first line has the number `first`.
    pub fn new(text: &str, first: u32) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        LineIndex { starts, first }
    }

    /// The number of the line that holds the byte at `offset`.
    pub fn line(&self, offset: usize) -> u32 {
        self.first + self.starts.partition_point(|start| *start <= offset) as u32
    }
}

/// The parser's events with a place to stand at.
struct Reader<'a> {
    source: &'a str,
    lines: LineIndex,
    elements: Vec<Element>,
}

impl<'a> Reader<'a> {
    fn block(&mut self, event: Event<'a>, range: Range<usize>, events: &mut Events<'a>) {
        let line = self.lines.line(range.start);
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let text = plain_until(events, |end| matches!(end, TagEnd::Heading(_)));
                if !text.is_empty() {
                    self.elements.push(Element::Heading { level: level as u8, text, line });
                }
            }
            Event::Start(Tag::Paragraph) => {
                let text = self.inline(events, range, |end| matches!(end, TagEnd::Paragraph));
                self.paragraph(&text, line);
            }
            Event::Start(Tag::CodeBlock(_)) => {
                let text = plain_lines_until(events, |end| matches!(end, TagEnd::CodeBlock));
                self.paragraph(&text, line);
            }
            Event::Start(Tag::HtmlBlock) => {
                let text = plain_lines_until(events, |end| matches!(end, TagEnd::HtmlBlock));
                self.paragraph(&without_tags(&text), line);
            }
            Event::Start(Tag::List(_)) => {
                let items = self.list(events);
                self.push(Block::List { items }, line);
            }
            Event::Start(Tag::Table(_)) => {
                let block = self.table(events);
                self.push(block, line);
            }
            Event::Rule => self.elements.push(Element::Ruler),
            _ => {}
        }
    }

    fn paragraph(&mut self, text: &str, line: u32) {
        let sentences = sentences(text);
        self.push(Block::Paragraph { sentences }, line);
    }

    fn push(&mut self, block: Block, line: u32) {
        let is_empty = match &block {
            Block::Paragraph { sentences } => sentences.is_empty(),
            Block::List { items } => items.is_empty(),
            Block::Table { rows, .. } => rows.is_empty(),
        };
        if !is_empty {
            self.elements.push(Element::Body { block, line });
        }
    }

    /// The items of a list whose start was read, nested items as `parent: item`.
    fn list(&self, events: &mut Events<'a>) -> Vec<String> {
        let mut items = Vec::new();
        while let Some((event, _)) = events.next() {
            match event {
                Event::Start(Tag::Item) => items.extend(self.item(events)),
                Event::End(TagEnd::List(_)) => break,
                _ => {}
            }
        }
        items
    }

    fn item(&self, events: &mut Events<'a>) -> Vec<String> {
        let mut own = String::new();
        let mut nested = Vec::new();
        loop {
            match events.peek() {
                None => break,
                Some(Event::End(TagEnd::Item)) => {
                    events.next();
                    break;
                }
                Some(Event::Start(Tag::List(_))) => {
                    events.next();
                    nested.extend(self.list(events));
                }
                Some(Event::Start(Tag::Paragraph)) => {
                    let Some((_, range)) = events.next() else { break };
                    append(&mut own, &self.inline(events, range, |end| matches!(end, TagEnd::Paragraph)));
                }
                // A tight item holds its text without a paragraph around it.
                Some(event) if is_inline(event) => append(&mut own, &self.tight_text(events)),
                Some(_) => {
                    events.next();
                }
            }
        }
        if nested.is_empty() {
            return if own.is_empty() { Vec::new() } else { vec![own] };
        }
        let parent = own.trim_end_matches([':', '：']).trim_end();
        nested.into_iter().map(|item| if parent.is_empty() { item } else { format!("{parent}: {item}") }).collect()
    }

    /// The inline text up to the next block event, which stays unread.
    fn tight_text(&self, events: &mut Events<'a>) -> String {
        let from = events.inner.get(events.at).map_or(self.source.len(), |(_, range)| range.start);
        let mut text = InlineText::new(self.source, from);
        while let Some(event) = events.peek() {
            if !is_inline(event) {
                break;
            }
            let Some((event, range)) = events.next() else { break };
            text.event(event, range, events);
        }
        text.finish(None)
    }

    fn inline(&self, events: &mut Events<'a>, range: Range<usize>, is_end: impl Fn(&TagEnd) -> bool) -> String {
        let mut text = InlineText::new(self.source, range.start);
        while let Some((event, event_range)) = events.next() {
            match event {
                Event::End(end) if is_end(&end) => break,
                event => text.event(event, event_range, events),
            }
        }
        text.finish(Some(range.end))
    }

    fn table(&self, events: &mut Events<'a>) -> Block {
        let mut rows: Vec<Vec<String>> = Vec::new();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) => {
                    let cell = self.inline(events, range, |end| matches!(end, TagEnd::TableCell));
                    let cell =
                        cell.trim_matches(|character: char| character == '|' || character.is_whitespace()).to_owned();
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                    }
                }
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        for row in &mut rows {
            row.resize(header.len(), String::new());
        }
        rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        Block::Table { header, rows }
    }
}

fn append(own: &mut String, more: &str) {
    if !own.is_empty() && !more.is_empty() {
        own.push(' ');
    }
    own.push_str(&more.replace('\n', " "));
}

#[cfg(test)]
mod tests;
