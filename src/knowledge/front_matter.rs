//! The few settings an owner can put above a file: language, title, draft, topics, translates.
//!
//! Reads the simple half of YAML between `---` lines, or TOML between `+++` lines; keys of other tools are left alone.

use crate::domain::Language;

/// What a file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// The language the file is written in.
    pub language: Option<Language>,
    /// The title, where the first heading is not enough.
    pub title: Option<String>,
    /// Not to be used yet.
    pub draft: bool,
    /// Further words that customers use for what the file says.
    pub topics: Vec<String>,
    /// The file, relative to the knowledge folder, whose content this one repeats in another language.
    pub translates: Option<String>,
}

/// What is wrong with the front matter, at a line counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontMatterError {
    /// The line.
    pub line: u32,
    /// What is wrong and what to do.
    pub message: String,
}

/// Splits a file into its front matter, its body, and the number of lines above the body.
pub fn split(text: &str) -> Result<(FrontMatter, &str, u32), FrontMatterError> {
    let fence = match text.lines().next().map(str::trim_end) {
        Some("---") => "---",
        Some("+++") => "+++",
        _ => return Ok((FrontMatter::default(), text, 0)),
    };
    let mut offset = text.find('\n').map_or(text.len(), |end| end + 1);
    let start = offset;
    for (index, line) in text[start..].split_inclusive('\n').enumerate() {
        let next = offset + line.len();
        if line.trim_end() == fence {
            let inner = &text[start..offset];
            let front = if fence == "+++" { read_toml(inner)? } else { read_yaml(inner)? };
            return Ok((front, &text[next..], index as u32 + 2));
        }
        offset = next;
    }
    // A lone line of dashes is a ruler in markdown: only what looks like settings is held to be unclosed ones.
    let second = text[start..].lines().next().unwrap_or_default();
    if fence == "---" && !looks_like_setting(second) {
        return Ok((FrontMatter::default(), text, 0));
    }
    Err(error(1, format!("the settings at the top are not closed: add a line `{fence}` after the last of them")))
}

fn looks_like_setting(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, _)| !key.is_empty() && key.chars().all(is_key_character))
}

fn is_key_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '-'
}

fn error(line: u32, message: impl Into<String>) -> FrontMatterError {
    FrontMatterError { line, message: message.into() }
}

fn read_yaml(inner: &str) -> Result<FrontMatter, FrontMatterError> {
    let mut front = FrontMatter::default();
    let mut list_key: Option<String> = None;
    for (index, raw) in inner.lines().enumerate() {
        let number = index as u32 + 2;
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let (Some(key), Some(item)) = (&list_key, line.strip_prefix("- ").or((line == "-").then_some(""))) {
            if key == "topics" && !item.trim().is_empty() {
                front.topics.push(unquote(item).to_owned());
            }
            continue;
        }
        // What is indented below a key of another tool is that tool's business.
        if raw.starts_with([' ', '\t']) && list_key.is_some() {
            continue;
        }
        let Some((key, value)) = line.split_once(':').filter(|(key, _)| key.chars().all(is_key_character)) else {
            return Err(error(
                number,
                format!("`{line}` is not a setting: write `name: value`, for example `language: es`"),
            ));
        };
        let value = without_comment(value.trim());
        list_key = value.is_empty().then(|| key.to_ascii_lowercase());
        set(&mut front, &key.to_ascii_lowercase(), value, number)?;
    }
    Ok(front)
}

fn without_comment(value: &str) -> &str {
    if value.starts_with(['"', '\'']) {
        return value;
    }
    value.split(" #").next().unwrap_or_default().trim_end()
}

fn set(front: &mut FrontMatter, key: &str, value: &str, line: u32) -> Result<(), FrontMatterError> {
    let text = unquote(value);
    match key {
        "language" | "lang" if !text.is_empty() => front.language = Some(parse_language(text, line)?),
        "title" if !text.is_empty() => front.title = Some(text.to_owned()),
        "translates" if !text.is_empty() => front.translates = Some(text.to_owned()),
        "draft" => front.draft = parse_draft(text, line)?,
        "topics" => front.topics = inline_list(value),
        _ => {}
    }
    Ok(())
}

fn parse_language(text: &str, line: u32) -> Result<Language, FrontMatterError> {
    text.parse().map_err(|unknown| error(line, format!("{unknown}")))
}

fn parse_draft(text: &str, line: u32) -> Result<bool, FrontMatterError> {
    match text {
        "true" | "yes" => Ok(true),
        "false" | "no" | "" => Ok(false),
        other => Err(error(line, format!("`draft: {other}` is neither `true` nor `false`"))),
    }
}

fn inline_list(value: &str) -> Vec<String> {
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value);
    inner.split(',').map(|item| unquote(item).to_owned()).filter(|item| !item.is_empty()).collect()
}

fn unquote(value: &str) -> &str {
    let value = value.trim();
    ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote)))
        .unwrap_or(value)
}

fn read_toml(inner: &str) -> Result<FrontMatter, FrontMatterError> {
    let table: toml::Table = inner.parse().map_err(|fault: toml::de::Error| {
        let line = fault.span().map_or(0, |span| inner[..span.start.min(inner.len())].matches('\n').count());
        error(line as u32 + 2, format!("the settings between `+++` are not TOML: {}", fault.message()))
    })?;
    let mut front = FrontMatter::default();
    for (key, value) in &table {
        let line = toml_line(inner, key);
        match value {
            toml::Value::String(text) => set(&mut front, key, text, line)?,
            toml::Value::Boolean(flag) => set(&mut front, key, if *flag { "true" } else { "false" }, line)?,
            toml::Value::Array(items) if key == "topics" => {
                front.topics = items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
            }
            _ => {}
        }
    }
    Ok(front)
}

fn toml_line(inner: &str, key: &str) -> u32 {
    inner.lines().position(|line| line.trim_start().starts_with(key)).unwrap_or(0) as u32 + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn simple_settings_are_read_and_the_body_keeps_its_line_number() {
        let text = "---\nlanguage: es\ntitle: \"Horario: todo el año\" \ndraft: false\ntopics: [abrir, cerrar]\nauthor: Ana\n---\n# Hola\n";
        let (front, body, lines) = split(text).unwrap();
        assert_eq!(front.language, Some(Language::Es));
        assert_eq!(front.title.as_deref(), Some("Horario: todo el año"));
        assert_eq!(front.topics, ["abrir", "cerrar"]);
        assert!(!front.draft);
        assert_eq!((body, lines), ("# Hola\n", 7));
    }

    #[test]
    fn lists_one_item_a_line_and_keys_of_other_tools_are_understood() {
        let text =
            "---\naliases:\n  - uno\n  nested: x\ntopics:\n  - abrir\n  - cerrar\ndraft: true # until May\n---\nx";
        let (front, ..) = split(text).unwrap();
        assert_eq!(front.topics, ["abrir", "cerrar"]);
        assert!(front.draft);
    }

    #[test]
    fn toml_settings_are_read() {
        let (front, body, lines) =
            split("+++\nlanguage = \"ca\"\ndraft = true\ntopics = [\"pa\"]\ntranslates = \"horario.es.md\"\n+++\nbody")
                .unwrap();
        assert_eq!(front.language, Some(Language::Ca));
        assert!(front.draft);
        assert_eq!(front.topics, ["pa"]);
        assert_eq!(front.translates.as_deref(), Some("horario.es.md"));
        assert_eq!((body, lines), ("body", 6));
    }

    #[test]
    fn faults_name_their_line() {
        assert_eq!(split("---\ntitle: x\nlanguage: klingon\n---\n").unwrap_err().line, 3);
        assert_eq!(split("---\ntitle: x\nno colon here\n---\n").unwrap_err().line, 3);
        assert_eq!(split("---\ndraft: maybe\n---\n").unwrap_err().line, 2);
        assert_eq!(split("---\ntitle: x\n# Heading\n").unwrap_err().line, 1);
        assert_eq!(split("+++\ntitle = \"x\"\nlanguage = \n+++\n").unwrap_err().line, 3);
        assert_eq!(split("+++\ntitle = \"x\"\nlanguage = \"xx\"\n+++\n").unwrap_err().line, 3);
    }

    #[test]
    fn a_ruler_at_the_top_is_not_front_matter() {
        assert_eq!(split("---\nAbrimos cada día.\n").unwrap().1, "---\nAbrimos cada día.\n");
        assert_eq!(split("Sin ajustes").unwrap(), (FrontMatter::default(), "Sin ajustes", 0));
    }

    proptest! {
        #[test]
        fn any_text_is_split_at_a_line_border_or_refused(text in "(---|\\+\\+\\+|)\n?([a-z]{0,5}[:=]? ?[^\n]{0,8}\n){0,4}(---|\\+\\+\\+)?\n?.{0,20}") {
            if let Ok((_, body, lines)) = split(&text) {
                prop_assert!(text.ends_with(body));
                let above = &text[..text.len() - body.len()];
                prop_assert!(above.is_empty() || above.lines().count() as u32 == lines);
            }
        }
    }
}
