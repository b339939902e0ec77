//! The configuration: one TOML file, each key also from the environment, secrets also from files.
//!
//! Each section is one struct in a file of its own, and its doc comments and defaults are also the example file.
//! What is unknown or of the wrong type is an error that names the key, the place and the remedy.
//! It never shows a secret, and it never reads the environment by itself: the variables are passed in.

mod business;
mod conversation;
mod decide;
mod handoff;
mod hours;
mod knowledge;
mod log;
mod models;
mod people;
mod prompts;
mod server;
mod storage;
mod whatsapp;

mod error;
mod example;
mod section;
mod setting;
mod source;
mod suggest;

use std::collections::BTreeMap;
use std::path::Path;

pub use business::Business;
pub use conversation::Conversation;
pub use decide::Decide;
pub use error::{ConfigError, Place, Problem};
pub use example::{Answers, RandomBytes};
pub use handoff::Handoff;
pub use hours::HourSpan;
pub use knowledge::Knowledge;
pub use log::{Log, LogFormat};
pub use models::Models;
pub use people::People;
pub use prompts::Prompts;
pub use server::Server;
pub use setting::HttpUrl;
pub use storage::Storage;
pub use whatsapp::WhatsApp;

pub(crate) use suggest::nearest;

use section::{Check, Section, SectionInfo};
use setting::Raw;
use source::{Assignment, Layer};

/// The file that is read when none is named and it exists.
pub const DEFAULT_FILE: &str = "atiende.toml";

macro_rules! config {
    ($($(#[doc = $doc:literal])* $field:ident: $type:ty,)*) => {
        /// Every setting. Its `Debug` form hides the secrets.
        #[derive(Clone, Debug, Default)]
        pub struct Config {
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl Config {
            /// Every section with its present values, in the order of the example file.
            fn sections(&self) -> Vec<SectionInfo> {
                vec![$(self.$field.info(),)*]
            }

            /// Sets one key of one section.
            fn set(&mut self, section: &str, key: &str, raw: &Raw) -> Result<(), String> {
                match section {
                    $(stringify!($field) => self.$field.set(key, raw),)*
                    other => Err(format!("unknown section [{other}]")),
                }
            }

            /// What no single value's type can know: section, key, sentence.
            fn check(&self) -> Vec<(&'static str, &'static str, String)> {
                let mut found = Vec::new();
                $(found.extend(self.$field.check().into_iter().map(|(key, text)| (stringify!($field), key, text)));)*
                found
            }
        }
    };
}

config! {
    /// Who the business is.
    business: Business,
    /// When a person answers.
    people: People,
    /// The connection to WhatsApp.
    whatsapp: WhatsApp,
    /// Where the program listens.
    server: Server,
    /// Where data is kept.
    storage: Storage,
    /// Which models run.
    models: Models,
    /// What the bot answers from.
    knowledge: Knowledge,
    /// The owner's own wording.
    prompts: Prompts,
    /// The rhythm of a conversation.
    conversation: Conversation,
    /// When the bot answers.
    decide: Decide,
    /// Where a conversation goes when a person takes over.
    handoff: Handoff,
    /// What the program says about itself.
    log: Log,
}

impl Config {
    /// Reads the file at `path`, else `atiende.toml` if it exists, and then the environment, which wins.
    ///
    /// `environment` holds every variable of the process; those that are not the configuration's are passed over.
    /// The error lists every problem that was found.
    pub fn load(
        path: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let default = Path::new(DEFAULT_FILE);
        let path = path.or_else(|| default.exists().then_some(default));
        let text = path.map(read_text).transpose()?;
        let file = path.zip(text.as_deref()).map(|(path, text)| (path.to_string_lossy(), text));
        Config::from_sources(file.as_ref().map(|(name, text)| (name.as_ref(), *text)), environment)
    }

    /// As [`Config::load`], with the file as its name and its text.
    fn from_sources(
        file: Option<(&str, &str)>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        let schema = config.sections();
        let file = file.map(|(name, text)| Layer::from_file(&schema, name, text));
        let layers = file.into_iter().chain([Layer::from_environment(&schema, environment)]);
        let (assignments, problems): (Vec<_>, Vec<_>) = layers.map(Layer::finish).unzip();
        let mut problems: Vec<Problem> = problems.into_iter().flatten().collect();
        let places = config.apply(assignments.into_iter().flatten(), &mut problems);
        if problems.is_empty() {
            problems = config.broken_rules(&places);
        }
        if problems.is_empty() { Ok(config) } else { Err(ConfigError::Invalid(problems)) }
    }

    /// Applies the assignments in order and remembers where each key was set last.
    fn apply(&mut self, assignments: impl Iterator<Item = Assignment>, problems: &mut Vec<Problem>) -> Places {
        let mut places = Places::new();
        for Assignment { section, key, raw, place } in assignments {
            if let Err(text) = self.set(section, key, &raw) {
                problems.push(Problem { place: place.clone(), text: format!("`{key}` in [{section}]: {text}") });
            }
            places.insert((section, key), place);
        }
        places
    }

    fn broken_rules(&self, places: &Places) -> Vec<Problem> {
        let problem = |(section, key, text)| Problem {
            place: places.get(&(section, key)).cloned().unwrap_or(Place::Default),
            text: format!("`{key}` in [{section}]: {text}"),
        };
        self.check().into_iter().map(problem).collect()
    }
}

/// Where each key was set last.
type Places = BTreeMap<(&'static str, &'static str), Place>;

fn read_text(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    std::fs::read_to_string(path).map_err(unreadable)
}

#[cfg(test)]
mod tests;
