//! The owner's words in other languages, made ahead by `atiende translate` and kept in a folder beside the knowledge:
//! one file a language and knowledge file, `en/prices.md`.
//!
//! Only reads them. A pair whose figures do not agree is not used, whoever wrote it; a file that is broken costs no
//! other file anything.

mod mirror;
pub mod pairs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::load::{self, Document, RawFile};
use super::report::Problem;
use crate::decide::grounding;
use crate::domain::Language;

pub use mirror::texts;
use pairs::{Mark, Pair};

/// A translation that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// One that the owner vouches for.
    Approved(String),
    /// One that passed the checks.
    Draft(String),
    /// One that goes behind the original, which nobody doubts.
    Beside(String),
}

/// What can be used of one file of pairs: translations by their originals.
pub type Table = BTreeMap<String, Shown>;

/// One file of pairs.
#[derive(Clone, Debug)]
pub struct Translated {
    /// Where it lies, for the owner.
    pub file: String,
    /// The knowledge file, relative to its folder, with `/`.
    pub name: String,
    /// The language of the translations.
    pub to: Language,
    /// Hash of the bytes, in hexadecimal digits.
    pub hash: String,
    /// The pairs, or what keeps the file from being read.
    pub pairs: Result<Vec<Pair>, Problem>,
}

/// Every file of pairs in a folder; none when there is no such folder.
pub fn read(folder: &Path) -> Vec<Translated> {
    let Ok(files) = load::read_folder(folder) else { return Vec::new() };
    files.into_iter().filter_map(|raw| translated(folder, raw)).collect()
}

fn translated(folder: &Path, raw: RawFile) -> Option<Translated> {
    let (code, name) = raw.name.split_once('/')?;
    let to = code.parse().ok()?;
    let file = folder.join(&raw.name).display().to_string();
    let pairs = raw
        .text
        .map_err(|problem| Problem { file: file.clone(), ..problem })
        .and_then(|text| pairs::read(&text).map_err(|fault| Problem::new(&file, fault.line, fault.message)));
    Some(Translated { file, name: name.to_owned(), to, hash: raw.hash.clone(), pairs })
}

/// What can be used of a file's translations of `document`. `problems` receives what the owner should repair.
pub fn table(document: &Document, translated: &Translated, problems: &mut Vec<Problem>) -> Table {
    match &translated.pairs {
        Ok(pairs) => usable(pairs, document.language, translated.to, &translated.file, problems),
        Err(problem) => {
            let message = format!("{}; until then it is not used", problem.message);
            problems.push(Problem { message, ..problem.clone() });
            Table::new()
        }
    }
}

/// The document that says in another language what `document` says; none where too little of it is translated.
pub fn mirrored(document: &Document, table: &Table, translated: &Translated) -> Option<Document> {
    mirror::mirror(document, table, translated.to, &mirrored_hash(document, translated))
}

/// The hash under which the mirrored document is known.
pub fn mirrored_hash(document: &Document, translated: &Translated) -> String {
    hex::encode(Sha256::digest(format!("{} {} {}", document.hash, document.language, translated.hash)))
}

/// The name under which the mirrored document is known: no file can have it.
pub fn mirrored_name(name: &str, to: Language) -> String {
    format!("{name}\0{to}")
}

fn usable(pairs: &[Pair], from: Language, to: Language, file: &str, problems: &mut Vec<Problem>) -> Table {
    let mut table = Table::new();
    for pair in pairs {
        let Some(translation) = pair.translation.clone().filter(|text| !text.is_empty()) else { continue };
        let shown = match pair.mark {
            Mark::Doubtful => continue,
            Mark::Beside => Shown::Beside(translation),
            Mark::Unread => Shown::Draft(translation),
            Mark::Approved => Shown::Approved(translation),
        };
        let (Shown::Approved(text) | Shown::Draft(text) | Shown::Beside(text)) = &shown;
        if let Some(problem) = refused(pair, from, text, to) {
            problems.push(Problem::new(
                file,
                pair.line,
                format!("{problem}: correct the translation; until then the original is used"),
            ));
            continue;
        }
        table.insert(pair.original.clone(), shown);
    }
    table
}

/// What the owner approved may differ in everything but its figures.
fn refused(pair: &Pair, from: Language, text: &str, to: Language) -> Option<grounding::Problem> {
    let mut found = grounding::translation_problems(&pair.original, from, text, to);
    if pair.mark == Mark::Approved {
        found.retain(|problem| {
            matches!(problem, grounding::Problem::Lost(_) | grounding::Problem::Added(_) | grounding::Problem::Markup)
        });
    }
    found.into_iter().next()
}
