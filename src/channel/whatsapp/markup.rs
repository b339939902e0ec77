//! Markdown, as language models and shop owners write it, into WhatsApp's markup.
//!
//! Works on the parsed document: replacing `**` in the text breaks prices, lists and names with underscores. Words are
//! never lost, line breaks stay where they were, and no `**` is left over. Where WhatsApp would show a marker raw, as
//! beside a letter, the marker is left out or stays as it was written.

mod markers;
mod output;
mod render;
mod table;

use pulldown_cmark::{Options, Parser};

use render::Renderer;

/// Rewrites Markdown in WhatsApp's markup: `**x**` and headings become `*x*`, `*x*` becomes `_x_`, `~~x~~` becomes
/// `~x~`, `[t](u)` becomes `t (u)`, tables become lines. Plain text stays as it is.
pub fn to_whatsapp(markdown: &str) -> String {
    let source = keep_definitions(markdown.replace("\r\n", "\n"));
    let mut renderer = Renderer::new(&source);
    for (event, range) in Parser::new_ext(&source, options()).into_offset_iter() {
        renderer.take(event, range);
    }
    let text = tidy(&without_double_stars(&renderer.finish()));
    // Nothing but syntax, for example a lone `#`: better shown than an empty message.
    if text.is_empty() { tidy(&without_double_stars(&source)) } else { text }
}

/// No spaces at the ends of lines and no lines at the ends of the text.
fn tidy(text: &str) -> String {
    text.trim().split('\n').map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

/// Escapes what Markdown takes for the definition of a link, which it would hide: `[Hours]: 9 to 5`.
fn keep_definitions(mut source: String) -> String {
    // A second definition of one label shows only after the first is escaped.
    for _ in 0..64 {
        let parser = Parser::new_ext(&source, options());
        let mut starts: Vec<_> = parser.reference_definitions().iter().map(|(_, link)| link.span.start).collect();
        if starts.is_empty() {
            break;
        }
        starts.sort_unstable();
        for start in starts.into_iter().rev() {
            source.insert(start, '\\');
        }
    }
    source
}

/// Removes runs of stars, which are bold that was never closed or never opened. Between digits two are a power, and
/// four or more beside anything but letters mask something: `**** 1234`.
fn without_double_stars(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("**") {
        let run = rest[at..].len() - rest[at..].trim_start_matches('*').len();
        out.push_str(&rest[..at]);
        let after = &rest[at + run..];
        let around = (out.chars().next_back(), after.chars().next());
        let both = |is: fn(char) -> bool| around.0.is_some_and(is) && around.1.is_some_and(is);
        if run > 3 && !both(char::is_alphabetic) {
            out.extend(std::iter::repeat_n('•', run));
        } else if run == 2 && both(|letter| letter.is_ascii_digit()) {
            out.push('^');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
