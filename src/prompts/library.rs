//! Reads the files of `prompts/` into one library in which a later file replaces an earlier one key by key.
//!
//! Compiles no template; it remembers the file and line of every text, so that whoever does can name them.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::PromptError;
use super::reply::{Reply, Task, WordList};
use crate::domain::Language;
use crate::understand::Intent;

/// Where a text stands, for error messages.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub value: String,
    pub file: String,
    pub line: usize,
}

/// Every text of `prompts/`, by key and language.
#[derive(Debug, Default)]
pub(super) struct Library {
    pub replies: BTreeMap<(&'static str, Language), Text>,
    pub tasks: BTreeMap<(&'static str, Language), Text>,
    /// `(which, written in)`.
    pub language_names: BTreeMap<(Language, Language), String>,
    pub examples: BTreeMap<(Intent, Language), Vec<String>>,
    pub words: BTreeMap<(WordList, Language), Vec<String>>,
}

/// The key of each intent in the files.
pub(super) const INTENTS: &[(Intent, &str)] = &[
    (Intent::Person, "person"),
    (Intent::NoPerson, "no_person"),
    (Intent::BotQuestion, "bot_question"),
    (Intent::OptOut, "opt_out"),
    (Intent::OptIn, "opt_in"),
    (Intent::DeleteData, "delete_data"),
    (Intent::ShowData, "show_data"),
    (Intent::Greeting, "greeting"),
    (Intent::Thanks, "thanks"),
    (Intent::Goodbye, "goodbye"),
    (Intent::Yes, "yes"),
    (Intent::No, "no"),
    (Intent::Complaint, "complaint"),
    (Intent::SmallTalk, "small_talk"),
    (Intent::OffTopic, "off_topic"),
];

/// One file while it is read.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
    language: Language,
}

impl Library {
    /// Adds every known file below an owner's folder; a folder that has none of them is taken for a mistyped path.
    pub fn add_folder(&mut self, folder: &Path) -> Result<(), PromptError> {
        let mut found = false;
        for kind in ["replies", "model", "intents"] {
            let below = folder.join(kind);
            if !below.is_dir() {
                continue;
            }
            found = true;
            for entry in std::fs::read_dir(&below).map_err(|source| PromptError::read(&below, source))? {
                let path = entry.map_err(|source| PromptError::read(&below, source))?.path();
                if path.extension().is_some_and(|extension| extension == "toml") {
                    let text = std::fs::read_to_string(&path).map_err(|source| PromptError::read(&path, source))?;
                    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                    self.add(kind, &stem, &path.display().to_string(), &text)?;
                }
            }
        }
        if found { Ok(()) } else { Err(PromptError::NothingFound { folder: folder.display().to_string() }) }
    }

    /// Adds one file: `kind` is its folder's name, `stem` its own without the ending.
    pub fn add(&mut self, kind: &str, stem: &str, file: &str, text: &str) -> Result<(), PromptError> {
        let language = stem.parse().map_err(|_| PromptError::UnknownLanguage { file: file.to_owned() })?;
        let source = Source { file, text, language };
        let table: Table = toml::from_str(text).map_err(|error| source.syntax(&error))?;
        table.iter().try_for_each(|(key, value)| match kind {
            "replies" if key == "language_names" => self.add_names(&source, value),
            "replies" => source.text(key, value, Reply::ALL.iter().map(|reply| reply.key())).map(|(key, text)| {
                self.replies.insert((key, language), text);
            }),
            "model" => source.text(key, value, Task::ALL.iter().map(|task| task.key())).map(|(key, text)| {
                self.tasks.insert((key, language), text);
            }),
            _ if key == "words" => self.add_words(&source, value),
            _ => self.add_examples(&source, key, value),
        })
    }

    fn add_names(&mut self, source: &Source<'_>, value: &Value) -> Result<(), PromptError> {
        for (code, name) in source.table("language_names", value)? {
            let which: Language = code.parse().map_err(|_| source.unknown(code))?;
            let name = name.as_str().ok_or_else(|| source.wrong_kind(code))?;
            self.language_names.insert((which, source.language), name.to_owned());
        }
        Ok(())
    }

    fn add_words(&mut self, source: &Source<'_>, value: &Value) -> Result<(), PromptError> {
        for (key, value) in source.table("words", value)? {
            let list = WordList::ALL.iter().find(|(_, name)| name == key).ok_or_else(|| source.unknown(key))?.0;
            self.words.insert((list, source.language), source.list(key, value, ',')?);
        }
        Ok(())
    }

    fn add_examples(&mut self, source: &Source<'_>, key: &str, value: &Value) -> Result<(), PromptError> {
        let intent = INTENTS.iter().find(|(_, name)| *name == key).ok_or_else(|| source.unknown(key))?.0;
        self.examples.insert((intent, source.language), source.list(key, value, '\n')?);
        Ok(())
    }
}

impl Source<'_> {
    /// The line of a key, 1-based; the file's first when it cannot be found, which dotted keys bring about.
    fn line(&self, key: &str) -> usize {
        let names_it = |line: &str| {
            let line = line.trim_start().trim_start_matches(['[', '"']);
            line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with(['=', ']']))
        };
        self.text.lines().position(names_it).map_or(1, |index| index + 1)
    }

    fn text(
        &self,
        key: &str,
        value: &Value,
        mut known: impl Iterator<Item = &'static str>,
    ) -> Result<(&'static str, Text), PromptError> {
        let known = known.find(|name| *name == key).ok_or_else(|| self.unknown(key))?;
        let value = value.as_str().ok_or_else(|| self.wrong_kind(key))?.trim().to_owned();
        Ok((known, Text { value, file: self.file.to_owned(), line: self.line(key) }))
    }

    fn table<'v>(&self, key: &str, value: &'v Value) -> Result<&'v Table, PromptError> {
        value.as_table().ok_or_else(|| self.wrong_kind(key))
    }

    /// A list: a TOML array of texts, or one text whose items stand apart by `separator`.
    fn list(&self, key: &str, value: &Value, separator: char) -> Result<Vec<String>, PromptError> {
        let items: Option<Vec<&str>> = match value {
            Value::String(text) => Some(text.split(separator).collect()),
            Value::Array(items) => items.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let items = items.ok_or_else(|| self.wrong_kind(key))?;
        Ok(items.into_iter().map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }

    fn syntax(&self, error: &toml::de::Error) -> PromptError {
        let before = error.span().map_or("", |span| self.text.get(..span.start).unwrap_or(self.text));
        PromptError::Text {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            problem: format!("this is not valid TOML: {}", error.message()),
        }
    }

    fn unknown(&self, key: &str) -> PromptError {
        PromptError::Text {
            file: self.file.to_owned(),
            line: self.line(key),
            problem: format!("unknown key `{key}`: prompts/README.md lists the keys"),
        }
    }

    fn wrong_kind(&self, key: &str) -> PromptError {
        PromptError::Text {
            file: self.file.to_owned(),
            line: self.line(key),
            problem: format!("`{key}` is not of the kind that prompts/README.md names for it"),
        }
    }
}
