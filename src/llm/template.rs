//! The model's chat template: a small Jinja program in its file that lays messages out the way it was trained on.
//!
//! Templates come with the file and are not trusted: they see messages and nothing else, and an error of theirs is an
//! error value.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value, context};
use serde::Serialize;

use super::request::{ChatMessage, Role};
use crate::clock::Clock;

/// For files without a template: what most instruct models understand.
const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}\
{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

const NAME: &str = "chat";

/// Spaces that a line may be indented by.
const MOST_INDENT: usize = 16;

/// Steps that a template may take: far more than laying out a long conversation needs.
const FUEL: u64 = 1_000_000;

/// A chat template, ready to use.
pub(super) struct ChatTemplate {
    environment: Environment<'static>,
    bos: String,
    eos: String,
    folds_system: bool,
}

impl ChatTemplate {
    /// Compiles a template and tries it out; `bos` and `eos` are how the model writes the ends of a text.
    pub(super) fn new(source: Option<&str>, bos: &str, eos: &str, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let mut environment = environment(clock);
        let source = source.unwrap_or(CHATML).to_owned();
        environment.add_template_owned(NAME, source).map_err(|error| describe(&error))?;
        let mut template = ChatTemplate { environment, bos: bos.to_owned(), eos: eos.to_owned(), folds_system: false };
        let probe = [ChatMessage::new(Role::System, "PROBE-SYSTEM"), ChatMessage::new(Role::User, "PROBE-USER")];
        let holds_both = |text: &str| text.contains("PROBE-SYSTEM") && text.contains("PROBE-USER");
        // Some templates refuse instructions, others drop them without a word.
        template.folds_system = !template.apply(&probe).is_ok_and(|text| holds_both(&text));
        let text = template.render(&probe)?;
        if holds_both(&text) { Ok(template) } else { Err("it leaves out what the user says".to_owned()) }
    }

    /// The prompt, up to where the model's answer begins.
    pub(super) fn render(&self, messages: &[ChatMessage]) -> Result<String, String> {
        if self.folds_system {
            return self.apply(&regular(messages)).map_err(|error| describe(&error));
        }
        // Some templates insist that user and assistant alternate.
        self.apply(messages).or_else(|_| self.apply(&regular(messages))).map_err(|error| describe(&error))
    }

    fn apply(&self, messages: &[ChatMessage]) -> Result<String, Error> {
        self.environment.get_template(NAME)?.render(context! {
            messages => messages,
            add_generation_prompt => true,
            enable_thinking => false,
            bos_token => self.bos,
            eos_token => self.eos,
        })
    }
}

/// The same conversation for a strict template: instructions stand in the user's first words, neighbours of one role
/// are one message.
fn regular(messages: &[ChatMessage]) -> Vec<ChatMessage> {
    let mut regular: Vec<ChatMessage> = Vec::new();
    for message in messages {
        let role = if message.role == Role::System { Role::User } else { message.role };
        match regular.last_mut().filter(|last| last.role == role) {
            Some(last) => {
                last.content.push_str("\n\n");
                last.content.push_str(&message.content);
            }
            None => regular.push(ChatMessage::new(role, message.content.clone())),
        }
    }
    regular
}

/// Set up the way that authors of chat templates expect.
fn environment(clock: Arc<dyn Clock>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_unknown_method_callback(method);
    environment.add_filter("tojson", tojson);
    environment.add_filter("indent", indent);
    // One step of these makes texts as long as they are told to; no chat template needs them.
    environment.remove_filter("format");
    environment.remove_filter("pprint");
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("strftime_now", move |format: String| strftime(&format, clock.as_ref()));
    environment
}

/// Python's methods, without the one that fills up with as many spaces as it is told to.
fn method(state: &State<'_, '_>, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    if name == "format" {
        return Err(Error::new(ErrorKind::UnknownMethod, "chat templates cannot format numbers"));
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, arguments)
}

/// The same as Jinja's own, with as many spaces as [`tojson`] has at most.
fn indent(text: &str, width: Option<usize>, first: Option<bool>, blank: Option<bool>) -> String {
    let spaces = " ".repeat(width.unwrap_or(4).min(MOST_INDENT));
    let line = |(number, line): (usize, &str)| {
        let is_indented = if number == 0 { first == Some(true) } else { blank == Some(true) || !line.is_empty() };
        if is_indented { format!("{spaces}{line}") } else { line.to_owned() }
    };
    text.lines().enumerate().map(line).collect::<Vec<String>>().join("\n")
}

fn strftime(format: &str, clock: &dyn Clock) -> Result<String, Error> {
    jiff::fmt::strtime::format(format, &clock.now().to_zoned(TimeZone::UTC))
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// JSON as Python writes it: nothing is escaped for HTML, a space follows `,` and `:`.
fn tojson(value: &Value, options: Kwargs) -> Result<String, Error> {
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

fn describe(error: &Error) -> String {
    error.detail().map_or_else(|| error.to_string(), str::to_owned)
}
