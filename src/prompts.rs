//! The texts in `prompts/`: fixed replies, examples of intents, and what the model is told.
//!
//! They are part of the binary; an owner's folder replaces them key by key. Every template is rendered once with sample
//! data while it is loaded, so that a broken one is found before a customer meets it. Nothing here decides which text to use.

mod library;
mod reply;

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::{Environment, UndefinedBehavior};
use rust_embed::Embed;

pub use reply::{Reply, Task, WordList};

use crate::domain::Language;
use crate::understand::Intent;
use library::{Library, Text};

#[derive(Embed)]
#[folder = "prompts/"]
struct Embedded;

/// Why the texts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}; check that the file exists, is UTF-8 text and may be read")]
    Read {
        /// Which.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The owner's folder holds none of the folders that it may.
    #[error("{folder} has no folder `replies`, `model` or `intents`: check the path of the prompts folder")]
    NothingFound {
        /// Which.
        folder: String,
    },
    /// A file's name is not a language.
    #[error("{file}: the name of this file is not a language: call it by a two-letter code, for example `es.toml`")]
    UnknownLanguage {
        /// Which.
        file: String,
    },
    /// A text in a file is wrong.
    #[error("{file}, line {line}: {problem}")]
    Text {
        /// Which file.
        file: String,
        /// Which line, from 1.
        line: usize,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A text exists in no language that could stand in.
    #[error("the text `{key}` for {language} is missing: the program's own files are incomplete")]
    Missing {
        /// The text's key.
        key: &'static str,
        /// For which language.
        language: Language,
    },
    /// A text cannot be rendered with the values at hand.
    #[error("the text `{key}` for {language} cannot be filled in: {problem}")]
    Render {
        /// The text's key.
        key: &'static str,
        /// In which language.
        language: Language,
        /// What is wrong.
        problem: String,
    },
}

impl PromptError {
    fn read(path: &Path, source: std::io::Error) -> Self {
        PromptError::Read { path: path.display().to_string(), source }
    }
}

/// Every text of the product, ready to be rendered.
#[derive(Debug)]
pub struct Prompts {
    templates: Environment<'static>,
    library: Library,
}

impl Prompts {
    /// The program's own texts, with those of an owner's folder in their place where it has them.
    ///
    /// # Errors
    /// When a file cannot be read or parsed, names an unknown key, variable or language, or makes a text too long; the
    /// error names file and line.
    pub fn load(folder: Option<&Path>) -> Result<Self, PromptError> {
        let mut library = Library::default();
        for path in Embedded::iter() {
            let file = format!("prompts/{path}");
            let data = Embedded::get(&path).map(|file| file.data.into_owned()).unwrap_or_default();
            let text = String::from_utf8_lossy(&data);
            if let Some((kind, name)) = path.strip_suffix(".toml").and_then(|stem| stem.split_once('/')) {
                library.add(kind, name, &file, &text)?;
            }
        }
        if let Some(folder) = folder {
            library.add_folder(folder)?;
        }
        let mut prompts = Prompts { templates: environment(), library };
        prompts.compile()?;
        Ok(prompts)
    }

    /// A fixed reply in the customer's language. `values` are the variables that [`Reply::variables`] names.
    ///
    /// # Errors
    /// When a variable that the text uses is missing from `values`.
    pub fn reply(&self, reply: Reply, language: Language, values: &[(&str, &str)]) -> Result<String, PromptError> {
        self.render("replies", reply.key(), language, language, values)
    }

    /// What the model is told for a task, in the customer's language or else in English. `language` needs no value:
    /// it is the language's name. `values` are the other variables that [`Task::variables`] names.
    ///
    /// # Errors
    /// When a variable that the text uses is missing from `values`.
    pub fn instruction(&self, task: Task, language: Language, values: &[(&str, &str)]) -> Result<String, PromptError> {
        let own = self.library.tasks.contains_key(&(task.key(), language));
        let written_in = if own { language } else { Language::En };
        let mut all = vec![("language", self.language_name(language, written_in))];
        all.extend_from_slice(values);
        self.render("model", task.key(), written_in, language, &all)
    }

    /// Everything that the model is ever told, in every language, as written in the files.
    pub fn instructions(&self) -> Vec<String> {
        self.library.tasks.values().map(|text| text.value.clone()).collect()
    }

    /// What a language is called in another: `Spanish` in English, `espagnol` in French.
    pub fn language_name(&self, which: Language, written_in: Language) -> &str {
        self.library.language_names.get(&(which, written_in)).map_or(which.english_name(), String::as_str)
    }

    /// The examples of an intent in a language, as written in the file.
    pub fn examples(&self, intent: Intent, language: Language) -> &[String] {
        self.library.examples.get(&(intent, language)).map_or(&[], Vec::as_slice)
    }

    /// A list of words in a language, as written in the file.
    pub fn words(&self, list: WordList, language: Language) -> &[String] {
        self.library.words.get(&(list, language)).map_or(&[], Vec::as_slice)
    }

    fn render(
        &self,
        kind: &str,
        key: &'static str,
        written_in: Language,
        language: Language,
        values: &[(&str, &str)],
    ) -> Result<String, PromptError> {
        let problem = |error: minijinja::Error| PromptError::Render { key, language, problem: one_line(&error) };
        let template = self.templates.get_template(&name(kind, key, written_in)).map_err(problem)?;
        template.render(self.context(written_in, values)).map_err(problem)
    }

    fn context(&self, language: Language, values: &[(&str, &str)]) -> BTreeMap<String, String> {
        let word = |key: &'static str| self.library.replies.get(&(key, language)).map(|text| text.value.clone());
        let constants = [Reply::PersonWord, Reply::OptInWord].map(|reply| (reply.key().to_owned(), word(reply.key())));
        let constants = constants.into_iter().filter_map(|(key, word)| Some((key, word?)));
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        constants.chain(values).collect()
    }

    /// Compiles every template and renders it once with sample data.
    fn compile(&mut self) -> Result<(), PromptError> {
        for &language in Language::ALL {
            for &reply in Reply::ALL {
                let text = self.library.replies.get(&(reply.key(), language)).cloned();
                let text = text.ok_or(PromptError::Missing { key: reply.key(), language })?;
                self.compile_one("replies", reply.key(), language, &text, reply.variables(), reply.limit())?;
            }
            for &task in Task::ALL {
                let text = self.library.tasks.get(&(task.key(), language)).cloned();
                if let Some(text) = text {
                    self.compile_one("model", task.key(), language, &text, task.variables(), task.limit())?;
                } else if language == Language::En {
                    return Err(PromptError::Missing { key: task.key(), language });
                }
            }
        }
        Ok(())
    }

    fn compile_one(
        &mut self,
        kind: &str,
        key: &'static str,
        language: Language,
        text: &Text,
        variables: &[&str],
        limit: usize,
    ) -> Result<(), PromptError> {
        let problem = |problem: String, offset: usize| PromptError::Text {
            file: text.file.clone(),
            line: text.line + offset,
            problem: format!("`{key}`: {problem}"),
        };
        let in_template = |error: minijinja::Error| {
            let offset = error.line().unwrap_or(1).saturating_sub(1);
            let known = variables.join("`, `");
            problem(format!("{}; the variables are `{known}`, `person_word`, `opt_in_word`", one_line(&error)), offset)
        };
        let name = name(kind, key, language);
        self.templates.add_template_owned(name.clone(), text.value.clone()).map_err(in_template)?;
        let sample: Vec<_> = variables.iter().map(|&variable| (variable, sample(variable))).collect();
        let rendered = self.templates.get_template(&name).and_then(|it| it.render(self.context(language, &sample)));
        let length = rendered.map_err(in_template)?.chars().count();
        if length == 0 || length > limit {
            return Err(problem(format!("{length} characters, but it must have 1 to {limit}"), 0));
        }
        Ok(())
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
}

fn name(kind: &str, key: &str, language: Language) -> String {
    format!("{kind}/{language}/{key}")
}

fn one_line(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}

/// A value of a plausible length for each variable.
fn sample(variable: &str) -> &'static str {
    match variable {
        "business" => "Panadería La Espiga",
        "until" => "18:00",
        "when" => "2026-11-23 09:00",
        "name" => "Ana Pérez",
        "language" => "español",
        "count" => "12",
        "since" => "2026-11-01",
        _ => "gluten-free bread",
    }
}

#[cfg(test)]
mod tests;
