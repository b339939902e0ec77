//! The model's chat template: a small Jinja program in its file that lays messages out the way it was trained on.
//!
//! Templates come with the file and are not trusted: they see messages and nothing else, what they may work on is
//! bounded in steps and in bytes, and an error of theirs is an error value.

mod budget;
mod json;
mod metered;
mod operations;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::machinery::{Vm, make_string_output};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, context};

use super::request::{ChatMessage, Role};
use crate::clock::Clock;

/// For files without a template: what most instruct models understand.
const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}\
{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

const NAME: &str = "chat";

/// Steps that a template may take: far more than laying out a long conversation needs.
const FUEL: u64 = 1_000_000;

/// Macros in macros and loops in loops, of which each takes some of the program's stack.
const DEEPEST: usize = 200;

/// A chat template, ready to use.
pub(super) struct ChatTemplate {
    source: String,
    environment: Environment<'static>,
    bos: String,
    eos: String,
    folds_system: bool,
}

impl ChatTemplate {
    /// Compiles a template and tries it out; `bos` and `eos` are how the model writes the ends of a text.
    pub(super) fn new(source: Option<&str>, bos: &str, eos: &str, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let source = source.unwrap_or(CHATML).to_owned();
        let environment = environment(clock);
        let (bos, eos) = (bos.to_owned(), eos.to_owned());
        let mut template = ChatTemplate { source, environment, bos, eos, folds_system: false };
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

    /// Compiles the template and runs it. A panic in there is an error like any other.
    fn apply(&self, messages: &[ChatMessage]) -> Result<String, Error> {
        let values = context! {
            messages => messages,
            add_generation_prompt => true,
            enable_thinking => false,
            bos_token => self.bos,
            eos_token => self.eos,
        };
        let run = AssertUnwindSafe(|| {
            let program = metered::compile(NAME, &self.source)?;
            let (mut text, blocks) = (String::new(), BTreeMap::new());
            let machine = Vm::new(&self.environment);
            machine.eval(&program, values, &blocks, &mut make_string_output(&mut text), AutoEscape::None)?;
            Ok(text)
        });
        catch_unwind(run).unwrap_or_else(|_| Err(Error::new(ErrorKind::InvalidOperation, "it makes no sense")))
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
    environment.set_recursion_limit(DEEPEST);
    environment.set_debug(false);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_formatter(write);
    operations::set_up(&mut environment);
    // It shows all that there is.
    environment.remove_global("debug");
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("strftime_now", move |format: String| strftime(&format, clock.as_ref()));
    environment
}

fn write(output: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    let value = budget::pay(state, value.clone())?;
    minijinja::escape_formatter(output, state, &value)
}

fn strftime(format: &str, clock: &dyn Clock) -> Result<String, Error> {
    jiff::fmt::strtime::format(format, &clock.now().to_zoned(TimeZone::UTC))
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

fn describe(error: &Error) -> String {
    error.detail().map_or_else(|| error.to_string(), str::to_owned)
}
