//! The text between two block events: runs of inline markup as the owner wrote them, and plain text without any.
//!
//! Knows nothing of headings, lists or tables.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

pub(super) struct Events<'a> {
    pub(super) inner: Vec<(Event<'a>, Range<usize>)>,
    pub(super) at: usize,
}

impl<'a> Events<'a> {
    pub(super) fn next(&mut self) -> Option<(Event<'a>, Range<usize>)> {
        let event = self.inner.get(self.at).cloned();
        self.at += 1;
        event
    }

    pub(super) fn peek(&self) -> Option<&Event<'a>> {
        self.inner.get(self.at).map(|(event, _)| event)
    }
}

pub(super) fn is_inline(event: &Event<'_>) -> bool {
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
pub(super) struct InlineText<'a> {
    source: &'a str,
    cursor: usize,
    text: String,
    after_break: bool,
}

impl<'a> InlineText<'a> {
    pub(super) fn new(source: &'a str, cursor: usize) -> Self {
        InlineText { source, cursor, text: String::new(), after_break: false }
    }

    pub(super) fn event(&mut self, event: Event<'a>, range: Range<usize>, events: &mut Events<'a>) {
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

    pub(super) fn finish(mut self, end: Option<usize>) -> String {
        if let Some(end) = end {
            self.catch_up(end);
        }
        self.text.trim().to_owned()
    }
}

pub(super) fn plain_until(events: &mut Events<'_>, is_end: impl Fn(&TagEnd) -> bool) -> String {
    let text = plain_lines_until(events, is_end);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn plain_lines_until(events: &mut Events<'_>, is_end: impl Fn(&TagEnd) -> bool) -> String {
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
pub(super) fn without_tags(html: &str) -> String {
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
