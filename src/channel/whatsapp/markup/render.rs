//! Walks through the parsed Markdown and writes the pieces of the output.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use super::output::Output;
use super::table::{Line, Table};

/// A link or an image while its words are read.
struct Link {
    address: String,
    /// Where its words begin in the pieces.
    start: usize,
}

/// A code block while it is read.
struct Code {
    /// What stands beside the opening fence; none when there is no fence.
    info: Option<String>,
    text: String,
}

impl Code {
    fn new(kind: &CodeBlockKind<'_>) -> Self {
        let info = match kind {
            CodeBlockKind::Fenced(info) => Some(info.to_string()),
            CodeBlockKind::Indented => None,
        };
        Code { info, text: String::new() }
    }
}

/// The state of the walk.
pub(super) struct Renderer<'a> {
    source: &'a str,
    out: Output,
    /// The next number of each list around; none for bullets.
    lists: Vec<Option<u64>>,
    links: Vec<Link>,
    table: Option<(Table, usize)>,
    code: Option<Code>,
    /// Whether the next block goes on in the line, as after a bullet.
    in_line: bool,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Renderer {
            source,
            out: Output::default(),
            lists: Vec::new(),
            links: Vec::new(),
            table: None,
            code: None,
            in_line: true,
        }
    }

    pub(super) fn finish(self) -> String {
        self.out.words_from(0)
    }

    pub(super) fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, &range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.text.push_str(&text),
                None => self.lines(&text),
            },
            Event::Code(code) => self.inline_code(&code),
            Event::SoftBreak | Event::HardBreak => self.out.newline(),
            Event::Rule => {
                self.block(range.start);
                self.text("---");
            }
            Event::Html(html) | Event::InlineHtml(html) if is_line_break(&html) => self.out.newline(),
            Event::Html(html) => {
                // One event is one line of a block.
                self.block(range.start);
                self.lines(&html);
            }
            Event::InlineHtml(html) => self.lines(&html),
            // Extensions that are not switched on, written as they are.
            _ => self.text(&self.source[range]),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Paragraph => self.block(range.start),
            Tag::Heading { .. } => {
                self.block(range.start);
                self.out.open_marker('*', "");
            }
            Tag::BlockQuote(_) => self.quote(range.start),
            Tag::CodeBlock(kind) => {
                self.block(range.start);
                self.code = Some(Code::new(&kind));
            }
            Tag::List(first) => self.lists.push(first),
            Tag::Item => self.item(range.start),
            Tag::Strong => self.out.open_marker('*', self.written(range.start, 2)),
            Tag::Emphasis => self.out.open_marker('_', self.written(range.start, 1)),
            Tag::Strikethrough => {
                let written = &self.source[range.clone()];
                self.out.open_marker('~', if written.starts_with("~~") { "~~" } else { "~" });
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(Link { address: dest_url.into_string(), start: self.out.position() });
            }
            Tag::Table(_) => {
                self.block(range.start);
                self.table = Some((Table::default(), self.out.position()));
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some((table, _)) = &mut self.table {
                    table.begin_row();
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) | TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough => self.out.close_marker(),
            TagEnd::BlockQuote(_) | TagEnd::Item => {
                self.out.prefixes.pop();
                self.in_line = false;
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::TableCell => self.end_cell(),
            TagEnd::Table => self.end_table(),
            _ => {}
        }
    }

    /// The delimiter in the source.
    fn written(&self, start: usize, length: usize) -> &'a str {
        self.source.get(start..start + length).unwrap_or_default()
    }

    fn text(&mut self, text: &str) {
        self.out.raw(text);
        self.in_line = false;
    }

    /// Text that may hold line breaks.
    fn lines(&mut self, text: &str) {
        self.out.lines(text.trim_end_matches('\n'));
        self.in_line = false;
    }

    /// Starts a block: after an empty line if the source has one before `start`, else on a line of its own.
    fn block(&mut self, start: usize) {
        if std::mem::take(&mut self.in_line) {
            return;
        }
        let before = self.source[..start].trim_end_matches([' ', '\t', '>']);
        let gap = before.len() - before.trim_end_matches([' ', '\t', '>', '\n']).len();
        let is_apart = before[before.len() - gap..].matches('\n').count() > 1;
        if is_apart {
            self.out.empty_line();
        }
        self.out.newline();
    }

    fn quote(&mut self, start: usize) {
        // WhatsApp knows one level.
        if self.out.prefixes.contains(&"> ") {
            self.out.prefixes.push("");
            return;
        }
        self.block(start);
        self.out.raw("> ");
        self.out.prefixes.push("> ");
        self.in_line = true;
    }

    fn item(&mut self, start: usize) {
        self.block(start);
        let bullet = self.bullet(start);
        self.out.raw(&bullet);
        self.out.prefixes.push("  ");
        self.in_line = true;
    }

    /// Numbers go on from the one before, or from a greater one that is written; `+` may mean "plus" and is kept.
    fn bullet(&mut self, start: usize) -> String {
        let written = &self.source[start..];
        let Some(Some(next)) = self.lists.last_mut() else {
            return if written.starts_with('+') { "+ ".to_owned() } else { "- ".to_owned() };
        };
        let digits = written.len() - written.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let number = written[..digits].parse::<u64>().unwrap_or(*next).max(*next);
        *next = number.saturating_add(1);
        let delimiter = if written[digits..].starts_with(')') { ')' } else { '.' };
        format!("{number}{delimiter} ")
    }

    fn inline_code(&mut self, code: &str) {
        let fence = if code.contains('`') { "```" } else { "`" };
        self.text(&format!("{fence}{code}{fence}"));
    }

    /// Four spaces before a line are seldom meant as code in a chat, so only a fence makes code. A word beside the fence
    /// names a language and is left out; several words, or a word without code, are meant for the reader.
    fn code_block(&mut self) {
        let Some(code) = self.code.take() else { return };
        let text = code.text.trim_end_matches('\n');
        let is_empty = text.trim().is_empty();
        let Some(info) = code.info.as_deref() else { return self.end_code(text) };
        let is_for_reader = is_empty || info.trim().contains(char::is_whitespace);
        let (info, gap) = if is_for_reader { (info.trim(), "\n") } else { ("", "") };
        match is_empty {
            true => self.end_code(info),
            false => self.end_code(&format!("{info}{gap}```{text}```")),
        }
    }

    fn end_code(&mut self, text: &str) {
        if !text.is_empty() {
            self.lines(text);
        }
        self.in_line = false;
    }

    /// The words of a link, then its address unless the words are the address.
    fn end_link(&mut self) {
        let Some(link) = self.links.pop() else { return };
        let words = self.out.words_from(link.start);
        let address = link.address.trim_start_matches("mailto:").trim_start_matches("tel:");
        if words.trim().is_empty() {
            self.text(address);
        } else if !address.is_empty() && !address.starts_with('#') && bare(&words) != bare(address) {
            self.text(&format!(" ({address})"));
        }
    }

    fn end_cell(&mut self) {
        let Some((table, start)) = &mut self.table else { return };
        let cell = self.out.words_from(*start);
        self.out.cut_from(*start);
        table.cell(cell.split_whitespace().collect::<Vec<_>>().join(" "));
    }

    fn end_table(&mut self) {
        let lines = self.table.take().map(|(table, _)| table.lines()).unwrap_or_default();
        for (index, line) in lines.into_iter().enumerate() {
            if index > 0 {
                self.out.newline();
            }
            match line {
                Line::Header(words) => {
                    self.out.open_marker('*', "");
                    self.text(&words.replace('*', ""));
                    self.out.close_marker();
                }
                Line::Row(words) => self.text(&format!("- {words}")),
            }
        }
        self.in_line = false;
    }
}

/// An address without what people leave out when they write it.
fn bare(address: &str) -> &str {
    let address = address.trim().trim_matches(['*', '_', '~', '`']);
    let address = address.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    address.trim_end_matches('/')
}

fn is_line_break(html: &str) -> bool {
    ["<br>", "<br/>", "<br />"].contains(&html.trim().to_ascii_lowercase().as_str())
}
