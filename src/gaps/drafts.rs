//! A file of markdown for each gap, in the form that the knowledge folder wants, for the owner to complete.
//!
//! No draft is an answer before the owner makes it one: each says `draft: true`, which the knowledge folder passes over,
//! and a file that still holds the place for the answer is not used even without that line. A file that the owner has touched is never
//! written to again; one that nobody touched goes when nobody's question stands behind it any more.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::Gap;
use super::plain::{folded, one_line, without_contact_data};
use crate::domain::Language;
use crate::knowledge::UNWRITTEN;

/// A heading is this many characters long at most, ...
const LONGEST_HEADING: usize = 160;
/// ... and a file's name, without its ending.
const LONGEST_NAME: usize = 60;
/// The line that says what the file was when it was written.
const SEAL: &str = "untouched: ";
const SUGGESTED: &str = "<!-- This is what a person answered one customer. Make it true for everybody. -->";
const HOW_TO: &str = "# Customers are told nothing of this before you take out the line `draft: true` and put the file into\n\
                      # your knowledge folder. Once you change anything here, the file is yours and stays as it is.\n";

/// A file in the folder of drafts.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where it lies.
    pub path: PathBuf,
    /// The question in it.
    pub question: String,
    /// The question's language.
    pub language: Language,
    /// Whether it still is as it was written, so that it may be written anew or taken away.
    pub is_untouched: bool,
}

/// What was done in the folder of drafts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Files written, new or anew.
    pub written: usize,
    /// Files that the owner has touched, which were left alone.
    pub kept: usize,
    /// Files that nobody had touched and no question stood behind any more.
    pub removed: usize,
}

/// The drafts in a folder, also those that the owner wrote or rewrote; none where there is no folder. Other files are
/// passed over.
///
/// # Errors
/// When the folder or a markdown file in it cannot be read.
pub fn read(folder: &Path, usual: Language) -> anyhow::Result<Vec<Draft>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(fault) => return Err(fault).with_context(|| format!("cannot read {}", folder.display())),
    };
    let mut drafts = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "md") && path.is_file() {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            drafts.extend(understand(path, &text, usual));
        }
    }
    drafts.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(drafts)
}

/// Writes a draft for each gap that is not answered by now. `drafts` is what [`read`] found and `gaps` refer to.
///
/// # Errors
/// When the folder or a file in it cannot be written; what was written until then stays.
pub fn write(folder: &Path, drafts: &[Draft], gaps: &[Gap], timezone: &TimeZone) -> anyhow::Result<Outcome> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut outcome = Outcome::default();
    let mut in_use: Vec<PathBuf> = Vec::new();
    for gap in gaps.iter().filter(|gap| !gap.is_answered()) {
        let own = gap.drafts.iter().map(|index| &drafts[*index]);
        if own.clone().any(|draft| !draft.is_untouched) {
            outcome.kept += 1;
            continue;
        }
        let path = own.clone().next().map_or_else(|| free_path(folder, gap), |draft| draft.path.clone());
        fs::write(&path, render(gap, timezone)).with_context(|| format!("cannot write {}", path.display()))?;
        in_use.push(path);
        outcome.written += 1;
    }
    for draft in drafts.iter().filter(|draft| draft.is_untouched && !in_use.contains(&draft.path)) {
        fs::remove_file(&draft.path).with_context(|| format!("cannot delete {}", draft.path.display()))?;
        outcome.removed += 1;
    }
    Ok(outcome)
}

/// The draft of a gap.
pub fn render(gap: &Gap, timezone: &TimeZone) -> String {
    let question = gap.question();
    let date = gap.last_asked.to_zoned(timezone.clone()).date();
    let times = format!("<!-- Asked {} times by {} customers, last on {date}. -->", gap.count, gap.customers);
    let body = match &gap.answer {
        Some(answer) => format!("{SUGGESTED}\n\n{}", plain_paragraphs(answer)),
        None => UNWRITTEN.to_owned(),
    };
    let top = format!("---\n{HOW_TO}draft: true\nlanguage: {}\n", question.language);
    let rest = format!("---\n\n# {}\n\n{times}\n{body}\n", heading(&question.text()));
    let seal = seal(&format!("{top}{rest}"));
    format!("{top}{SEAL}{seal}\n{rest}")
}

fn understand(path: PathBuf, text: &str, usual: Language) -> Option<Draft> {
    let text = text.replace("\r\n", "\n");
    // What `HOW_TO` says above the settings begins with `# ` as a heading does.
    let split = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    let (settings, body) = split.unwrap_or(("", &text));
    let question = body.lines().find_map(|line| line.strip_prefix("# "))?.trim().to_owned();
    let language = settings.lines().find_map(|line| line.strip_prefix("language: ")?.trim().parse().ok());
    let sealed = settings.lines().find_map(|line| line.strip_prefix(SEAL));
    let is_draft = sealed.is_some() || settings.lines().any(|line| line.trim() == "draft: true");
    let is_as_sealed = |sealed: &str| seal(&text.replacen(&format!("{SEAL}{sealed}\n"), "", 1)) == sealed;
    let is_untouched = sealed.is_some_and(is_as_sealed);
    is_draft.then(|| Draft { path, question, language: language.unwrap_or(usual), is_untouched })
}

fn seal(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}

/// The question as a heading: no markup, no link, nobody's number.
fn heading(words: &str) -> String {
    let line = one_line(&without_contact_data(words), LONGEST_HEADING);
    let plain: String =
        line.chars().filter(|character| !matches!(character, '<' | '>' | '[' | ']' | '`' | '\\')).collect();
    plain.trim_start_matches(['#', '-', '*', ' ']).trim_end_matches(['#', ' ']).to_owned()
}

/// A person's words as paragraphs: a line that markdown would take for a heading, a ruler or HTML is a line.
fn plain_paragraphs(words: &str) -> String {
    let line = |line: &str| {
        let line = one_line(line, usize::MAX).replace('<', "\\<");
        if line.starts_with(['#', '=', '`', '~']) || line.starts_with("--") { format!("\\{line}") } else { line }
    };
    words.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A name that tells what the file is about and that no other file has.
fn free_path(folder: &Path, gap: &Gap) -> PathBuf {
    let words = folded(&heading(&gap.question().text()));
    let ascii: String = words.chars().map(|character| if character == ' ' { '-' } else { character }).collect();
    let mut name: String =
        ascii.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(LONGEST_NAME).collect();
    name = name.trim_matches('-').to_owned();
    if name.len() < 3 {
        name = format!("question-{}", seal(&words));
    }
    let candidates = (1..).map(|number| match number {
        1 => folder.join(format!("{name}.md")),
        _ => folder.join(format!("{name}-{number}.md")),
    });
    candidates.into_iter().find(|path| !path.exists()).unwrap_or_else(|| folder.join(format!("{name}.md")))
}

#[cfg(test)]
mod tests;
