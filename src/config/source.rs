//! Turns the file and the environment into assignments of known keys, and everything else into problems.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Place, Problem};
use super::section::{Key, SectionInfo};
use super::setting::Raw;
use super::suggest::nearest;

/// What every environment variable of the configuration begins with.
const PREFIX: &str = "ATIENDE_";

/// One value for one key.
pub struct Assignment {
    /// The section's name.
    pub section: &'static str,
    /// The key's name.
    pub key: &'static str,
    /// The value.
    pub raw: Raw,
    /// Where it was written.
    pub place: Place,
}

/// The assignments of one layer, the file or the environment.
pub struct Layer<'a> {
    schema: &'a [SectionInfo],
    assignments: BTreeMap<(&'static str, &'static str), Assignment>,
    problems: Vec<Problem>,
}

impl<'a> Layer<'a> {
    /// Reads the text of a file, which errors call `name`.
    pub fn from_file(schema: &'a [SectionInfo], name: &str, text: &str) -> Self {
        let mut layer = Layer { schema, assignments: BTreeMap::new(), problems: Vec::new() };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let place = |offset: usize| Place::File { path: name.to_owned(), line: line_of(text, offset) };
        match DeTable::parse(text) {
            Ok(table) => {
                for (section, value) in table.get_ref() {
                    layer.read_section(section, value, &place);
                }
            }
            // The parser's own display would quote the line, which may hold a secret.
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                let text = format!("this is not valid TOML: {}", error.message().trim().replace('\n', ", "));
                layer.problems.push(Problem { place: place(offset), text });
            }
        }
        layer
    }

    /// Reads the variables that begin with `ATIENDE_`.
    pub fn from_environment(schema: &'a [SectionInfo], variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut layer = Layer { schema, assignments: BTreeMap::new(), problems: Vec::new() };
        for (name, value) in variables.filter(|(name, _)| name.starts_with(PREFIX)) {
            layer.read_variable(&name, value);
        }
        layer
    }

    /// The assignments, and what could not become one.
    pub fn finish(self) -> (Vec<Assignment>, Vec<Problem>) {
        (self.assignments.into_values().collect(), self.problems)
    }

    fn read_section(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        place: &dyn Fn(usize) -> Place,
    ) {
        let here = place(name.span().start);
        let DeValue::Table(table) = value.get_ref() else {
            let text = outside_any_section(self.schema, name.get_ref());
            self.problems.push(Problem { place: here, text });
            return;
        };
        let schema = self.schema;
        let Some(section) = schema.iter().find(|section| section.name == name.get_ref()) else {
            let hint = hint(nearest(name.get_ref(), schema.iter().map(|section| section.name)));
            self.problems.push(Problem { place: here, text: format!("unknown section [{}]{hint}", name.get_ref()) });
            return;
        };
        for (key, value) in table {
            let place = place(key.span().start);
            match find_key(section, key.get_ref()) {
                Some((found, from_file)) => self.assign(section, found, raw(value.get_ref()), from_file, place),
                None => {
                    let text = unknown_key(schema, section, key.get_ref());
                    self.problems.push(Problem { place, text });
                }
            }
        }
    }

    fn read_variable(&mut self, name: &str, value: String) {
        let place = Place::Environment(name.to_owned());
        let schema = self.schema;
        let rest = name[PREFIX.len()..].to_ascii_lowercase();
        let found = rest.split_once("__").and_then(|(section, key)| {
            let section = schema.iter().find(|known| known.name == section)?;
            find_key(section, key).map(|(key, from_file)| (section, key, from_file))
        });
        match found {
            Some((section, key, from_file)) => self.assign(section, key, Raw::Outside(value), from_file, place),
            None => {
                if let Some(text) = unknown_variable(schema, name) {
                    self.problems.push(Problem { place, text });
                }
            }
        }
    }

    fn assign(&mut self, section: &'a SectionInfo, key: &'a Key, raw: Raw, from_file: bool, place: Place) {
        let raw = match (from_file, raw) {
            (false, raw) => Ok(raw),
            (true, Raw::Text(path) | Raw::Outside(path)) => read_secret(Path::new(path.trim())),
            (true, _) => Err("expected a path in quotes".to_owned()),
        };
        match raw {
            Err(text) => {
                let text = format!("`{}_file` in [{}]: {text}", key.name, section.name);
                self.problems.push(Problem { place, text });
            }
            Ok(raw) => {
                let assignment = Assignment { section: section.name, key: key.name, raw, place };
                if let Some(earlier) = self.assignments.insert((section.name, key.name), assignment) {
                    let text = format!("both `{0}` and `{0}_file` are set in [{1}]; keep one", key.name, section.name);
                    self.problems.push(Problem { place: earlier.place, text });
                }
            }
        }
    }
}

/// The key of that name, and whether the name was that of its file (`token_file`).
fn find_key<'a>(section: &'a SectionInfo, name: &str) -> Option<(&'a Key, bool)> {
    let named = |name: &str| section.keys.iter().find(|key| key.name == name);
    let of_file = || named(name.strip_suffix("_file")?).filter(|key| key.secret);
    named(name).map(|key| (key, false)).or_else(|| of_file().map(|key| (key, true)))
}

/// The content of a secret's file without the line end that editors add.
fn read_secret(path: &Path) -> Result<Raw, String> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Err(format!("the file {} is empty", path.display())),
        Ok(text) => Ok(Raw::Outside(text.trim().to_owned())),
        Err(error) => Err(format!("cannot read the file {}: {error}", path.display())),
    }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Boolean(value) => Raw::Bool(*value),
        // A number too large for any key is as wrong as any other that is out of range.
        DeValue::Integer(number) => {
            Raw::Integer(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX))
        }
        DeValue::Float(number) => Raw::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Datetime(date) => Raw::Date(date.to_string()),
        DeValue::Array(values) => Raw::List(values.iter().map(|value| raw(value.get_ref())).collect()),
        DeValue::Table(_) => Raw::Table,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn unknown_key(schema: &[SectionInfo], section: &SectionInfo, name: &str) -> String {
    let base = format!("unknown key `{name}` in [{}]", section.name);
    if let Some(home) = schema.iter().find(|other| find_key(other, name).is_some()) {
        return format!("{base}; it belongs under [{}]", home.name);
    }
    format!("{base}{}", hint(nearest(name, section.keys.iter().map(|key| key.name))))
}

fn outside_any_section(schema: &[SectionInfo], name: &str) -> String {
    match schema.iter().find(|section| find_key(section, name).is_some()) {
        Some(home) => format!("`{name}` stands outside of any section; put it under [{}]", home.name),
        None => format!("`{name}` stands outside of any section, and no section has a key of that name"),
    }
}

/// Every variable that the configuration knows.
fn variable_names(schema: &[SectionInfo]) -> Vec<String> {
    let name = |section: &SectionInfo, key: &str| format!("{PREFIX}{}__{key}", section.name).to_ascii_uppercase();
    let of_section = |section: &SectionInfo| -> Vec<String> {
        let plain = section.keys.iter().map(|key| name(section, key.name));
        let files =
            section.keys.iter().filter(|key| key.secret).map(|key| name(section, &format!("{}_file", key.name)));
        plain.chain(files).collect()
    };
    schema.iter().flat_map(of_section).collect()
}

/// What is wrong with a variable that no key has; nothing when it is not meant for the configuration, such as
/// `ATIENDE_MODELS_DIR`.
fn unknown_variable(schema: &[SectionInfo], name: &str) -> Option<String> {
    let known = variable_names(schema);
    if !name[PREFIX.len()..].contains("__") {
        let meant = known.iter().find(|known| known.replace("__", "_") == name)?;
        return Some(format!("the section ends in two underscores: did you mean `{meant}`?"));
    }
    Some(format!("no setting has this name{}", hint(nearest(name, known.iter().map(String::as_str)))))
}
