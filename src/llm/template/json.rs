//! Values as JSON, the way Python writes it, and texts that are indented.

use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind, Value};
use serde::Serialize;

/// Spaces that a line may be indented by.
const MOST_INDENT: usize = 16;

/// JSON as Python writes it: nothing is escaped for HTML, a space follows `,` and `:`.
pub(super) fn tojson(value: &Value, options: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let invalid = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    let mut json = Vec::new();
    match indent {
        Some(spaces) => {
            let spaces = " ".repeat(spaces.min(MOST_INDENT));
            let pretty = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut json, pretty)).map_err(invalid)?;
        }
        None => {
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut json, PythonFormatter)).map_err(invalid)?
        }
    }
    Ok(String::from_utf8_lossy(&json).into_owned())
}

struct PythonFormatter;

impl serde_json::ser::Formatter for PythonFormatter {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// The same as Jinja's own, with as many spaces as [`tojson`] has at most.
pub(super) fn indent(text: &str, width: Option<usize>, first: Option<bool>, blank: Option<bool>) -> String {
    let spaces = " ".repeat(width.unwrap_or(4).min(MOST_INDENT));
    let line = |(number, line): (usize, &str)| {
        let is_indented = if number == 0 { first == Some(true) } else { blank == Some(true) || !line.is_empty() };
        if is_indented { format!("{spaces}{line}") } else { line.to_owned() }
    };
    text.lines().enumerate().map(line).collect::<Vec<String>>().join("\n")
}
