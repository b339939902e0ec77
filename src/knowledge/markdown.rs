//! Reads markdown into headings and blocks, with the line at which each begins.
//!
//! Inline markup stays as the owner wrote it; images and comments are left out. Cuts nothing into passages.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

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
struct Events<'a> {
    inner: Vec<(Event<'a>, Range<usize>)>,
    at: usize,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Option<(Event<'a>, Range<usize>)> {
        let event = self.inner.get(self.at).cloned();
        self.at += 1;
        event
    }

    fn peek(&self) -> Option<&Event<'a>> {
        self.inner.get(self.at).map(|(event, _)| event)
    }
}

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

fn is_inline(event: &Event<'_>) -> bool {
    match event {
        Event::Text(_) | Event::Code(_) | Event::SoftBreak | Event::HardBreak | Event::InlineHtml(_) => true,
        Event::Start(tag) => {
            matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
        }
        Event::End(tag) => {
            matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
        }
        _ => false,
    }
}

/// Puts a run of inline events together again from the source, so that the markup between them is the owner's.
struct InlineText<'a> {
    source: &'a str,
    cursor: usize,
    text: String,
    after_break: bool,
}

impl<'a> InlineText<'a> {
    fn new(source: &'a str, cursor: usize) -> Self {
        InlineText { source, cursor, text: String::new(), after_break: false }
    }

    fn event(&mut self, event: Event<'a>, range: Range<usize>, events: &mut Events<'a>) {
        match event {
            Event::Text(text) => self.leaf(&text, range),
            Event::Code(_) => self.leaf(&self.source[range.clone()], range),
            Event::SoftBreak => self.line_break(" ", range),
            Event::HardBreak => self.line_break("\n", range),
            Event::InlineHtml(tag) => {
                let is_break = tag.to_ascii_lowercase().starts_with("<br");
                self.leaf(if is_break { "\n" } else { "" }, range);
            }
            Event::Start(Tag::Image { .. }) => {
                while let Some((event, _)) = events.next() {
                    if matches!(event, Event::End(TagEnd::Image)) {
                        break;
                    }
                }
                self.leaf("", range);
            }
            // The markup around what is emphasised or linked lies between the leaves.
            Event::End(_) => self.catch_up(range.end),
            _ => {}
        }
    }

    fn leaf(&mut self, text: &str, range: Range<usize>) {
        self.catch_up(range.start);
        self.text.push_str(text);
        self.cursor = self.cursor.max(range.end);
    }

    fn line_break(&mut self, text: &str, range: Range<usize>) {
        self.catch_up(range.start);
        self.text.truncate(self.text.trim_end().len());
        self.text.push_str(text);
        self.cursor = self.cursor.max(range.end);
        self.after_break = true;
    }

    fn catch_up(&mut self, to: usize) {
        if let Some(gap) = self.source.get(self.cursor..to) {
            // After a line break come the signs of the block around: indentation, `>` of a quotation.
            let gap = if self.after_break { gap.trim_start_matches([' ', '\t', '>']) } else { gap };
            self.text.push_str(gap);
        }
        self.after_break = false;
        self.cursor = self.cursor.max(to);
    }

    fn finish(mut self, end: Option<usize>) -> String {
        if let Some(end) = end {
            self.catch_up(end);
        }
        self.text.trim().to_owned()
    }
}

fn plain_until(events: &mut Events<'_>, is_end: impl Fn(&TagEnd) -> bool) -> String {
    let text = plain_lines_until(events, is_end);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain_lines_until(events: &mut Events<'_>, is_end: impl Fn(&TagEnd) -> bool) -> String {
    let mut text = String::new();
    let mut in_image = false;
    while let Some((event, _)) = events.next() {
        match event {
            Event::End(end) if is_end(&end) => break,
            Event::Start(Tag::Image { .. }) => in_image = true,
            Event::End(TagEnd::Image) => in_image = false,
            Event::Text(part) | Event::Code(part) | Event::Html(part) if !in_image => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            _ => {}
        }
    }
    text
}

/// HTML without its comments and tags.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let close = if rest[open..].starts_with("<!--") { "-->" } else { ">" };
        rest = rest[open..].find(close).map_or("", |end| &rest[open + end + close.len()..]);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blocks(body: &str) -> Vec<Block> {
        read(body, 1)
            .into_iter()
            .filter_map(|element| match element {
                Element::Body { block, .. } => Some(block),
                _ => None,
            })
            .collect()
    }

    fn paragraph(sentences: &[&str]) -> Block {
        Block::Paragraph { sentences: sentences.iter().map(|text| (*text).to_owned()).collect() }
    }

    fn list(items: &[&str]) -> Block {
        Block::List { items: items.iter().map(|text| (*text).to_owned()).collect() }
    }

    #[test]
    fn inline_markup_stays_and_images_and_comments_go() {
        let body = "Abre **a las 9** y _nunca_ [tarde](https://example.com). ![foto](x.png)\nDe <!-- ojo -->`verdad` &amp; ya.";
        assert_eq!(
            blocks(body),
            [paragraph(&["Abre **a las 9** y _nunca_ [tarde](https://example.com).", "De `verdad` & ya."])]
        );
        assert_eq!(blocks("<!-- nada -->\n\n<div>Hola</div>"), [paragraph(&["Hola"])]);
    }

    #[test]
    fn hard_breaks_part_sentences_and_soft_breaks_do_not() {
        assert_eq!(
            blocks("Lunes: cerrado  \nMartes: abierto\nhasta las 8"),
            [paragraph(&["Lunes: cerrado", "Martes: abierto hasta las 8"])]
        );
        assert_eq!(blocks("Lunes<br>Martes"), [paragraph(&["Lunes", "Martes"])]);
    }

    #[test]
    fn quotations_lose_their_signs() {
        assert_eq!(
            blocks("> Solo **hoy\n> y mañana**.\n> - uno"),
            [paragraph(&["Solo **hoy y mañana**."]), list(&["uno"])]
        );
    }

    #[test]
    fn nested_items_carry_their_parent() {
        let body = "- Pan\n- Tartas:\n  - de **queso**\n  - de [manzana](m)\n- Café\n\n  y té";
        assert_eq!(blocks(body), [list(&["Pan", "Tartas: de **queso**", "Tartas: de [manzana](m)", "Café y té"])]);
    }

    #[test]
    fn tables_keep_header_and_rows() {
        let body = "| Pan | Precio |\n|---|--:|\n| Barra **rústica** | 1,10 € |\n| Hogaza |\n|  |  |";
        assert_eq!(
            blocks(body),
            [Block::Table {
                header: vec!["Pan".into(), "Precio".into()],
                rows: vec![vec!["Barra **rústica**".into(), "1,10 €".into()], vec!["Hogaza".into(), String::new()]],
            }]
        );
    }

    #[test]
    fn headings_are_plain_and_know_their_line() {
        let elements = read("\n# **Horario** de `verano`\n\ntexto\n\n---\n\nmás", 5);
        assert_eq!(elements[0], Element::Heading { level: 1, text: "Horario de verano".into(), line: 6 });
        assert_eq!(elements[1], Element::Body { block: paragraph(&["texto"]), line: 8 });
        assert_eq!(elements[2], Element::Ruler);
        assert_eq!(elements[3], Element::Body { block: paragraph(&["más"]), line: 12 });
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_words_are_kept(body in "([#>*|`\\[\\]()<!~-]{0,3} ?[a-zé]{0,6}[ .\n|*]{0,3}){0,14}") {
            let elements = read(&body, 1);
            let lines = body.lines().count() as u32 + 1;
            for element in elements {
                if let Element::Body { line, .. } | Element::Heading { line, .. } = element {
                    prop_assert!(line >= 1 && line <= lines);
                }
            }
        }

        #[test]
        fn plain_words_come_back_unchanged(words in "[a-zñ]{1,8}( [a-zñ]{1,8}){0,8}") {
            prop_assert_eq!(blocks(&words), vec![paragraph(&[&words])]);
        }
    }
}
