//! Questions that the knowledge answers by now, as cases that `atiende eval` keeps checking.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Gap;
use super::plain::{folded, without_contact_data};
use crate::domain::Language;
use crate::eval::case::{self, CaseError};

/// One line of a file of cases.
#[derive(Serialize)]
struct NewCase<'a> {
    id: String,
    customer: &'a [String],
    expect: Expected,
}

#[derive(Serialize)]
struct Expected {
    action: &'static str,
    language: Language,
}

/// Adds a case to a file for each gap that is answered by now and has none there yet. Returns how many were added.
///
/// # Errors
/// When the file cannot be read or written, or holds a line that is no case; then nothing is written.
pub fn append(path: &Path, gaps: &[Gap]) -> anyhow::Result<usize> {
    let name = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => String::new(),
        Err(fault) => return Err(fault).with_context(|| format!("cannot read {name}")),
    };
    let known = match case::read(&name, &text) {
        Ok(cases) => cases.into_iter().map(|case| case.customer).collect(),
        Err(CaseError::Empty(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let lines = new_cases(&known, gaps)?;
    if lines.is_empty() {
        return Ok(0);
    }
    let separator = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let addition = format!("{separator}{}\n", lines.join("\n"));
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(addition.as_bytes())).with_context(|| format!("cannot write {name}"))?;
    Ok(lines.len())
}

fn new_cases(known: &[Vec<String>], gaps: &[Gap]) -> anyhow::Result<Vec<String>> {
    let mut known: HashSet<String> = known.iter().map(|customer| same(customer)).collect();
    let mut lines = Vec::new();
    for gap in gaps {
        let Some(language) = gap.examples[0].answered_in.filter(|_| gap.is_answered()) else { continue };
        let wordings: Vec<Vec<String>> = gap.wordings.iter().map(|wording| cleared(wording)).collect();
        if wordings.iter().any(|wording| known.contains(&same(wording))) {
            continue;
        }
        let customer = cleared(&gap.question().messages());
        let digest = hex::encode(Sha256::digest(same(&customer)));
        let expect = Expected { action: "reply", language };
        lines.push(serde_json::to_string(&NewCase {
            id: format!("asked-in-vain-{}", &digest[..8]),
            customer: &customer,
            expect,
        })?);
        known.extend(wordings.iter().map(|wording| same(wording)));
    }
    Ok(lines)
}

fn cleared(customer: &[String]) -> Vec<String> {
    customer.iter().map(|message| without_contact_data(message)).collect()
}

/// What two cases share that ask the same in the same words.
fn same(customer: &[String]) -> String {
    folded(&customer.join("\n"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::ContactId;
    use crate::gaps::{Asked, Ending, Example};

    fn gap(wordings: &[&str], answered_in: Option<Language>) -> Gap {
        let asked = |words: &&str| Asked {
            contact: ContactId(1),
            words: (*words).to_owned(),
            context: None,
            language: Language::Es,
            at: Timestamp::UNIX_EPOCH,
            ending: Ending::Declined,
            answer: None,
        };
        let examples = wordings.iter().take(1).map(|words| Example { asked: asked(words), answered_in });
        Gap {
            examples: examples.collect(),
            count: wordings.len(),
            customers: 1,
            languages: vec![Language::Es],
            last_asked: Timestamp::UNIX_EPOCH,
            declined: wordings.len(),
            answer: None,
            wordings: wordings.iter().map(|words| vec![(*words).to_owned()]).collect(),
            drafts: Vec::new(),
        }
    }

    #[test]
    fn what_is_answered_by_now_becomes_a_case_once_however_it_is_worded_later() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("cases.jsonl");
        fs::write(&path, r#"{"id":"mine","customer":["¿Hay wifi?"]}"#).expect("writes");
        let answered = Some(Language::Es);
        let gaps = [gap(&["¿Tarta vegana?"], answered), gap(&["¿Empanadas?"], None), gap(&["hay wifi"], answered)];
        assert_eq!(append(&path, &gaps).expect("appends"), 1);
        let again = gap(&["¿Hacéis tartas veganas?", "tarta vegana"], answered);
        assert_eq!(append(&path, &[again]).expect("appends"), 0);
        let cases = case::read("cases.jsonl", &fs::read_to_string(&path).expect("reads")).expect("they are cases");
        let customers: Vec<&str> = cases.iter().map(|case| case.customer[0].as_str()).collect();
        assert_eq!(customers, ["¿Hay wifi?", "¿Tarta vegana?"]);
        assert_eq!((cases[1].actions.as_slice(), cases[1].language), (&[crate::decide::Action::Reply][..], answered));
    }

    #[test]
    fn a_file_with_a_wrong_line_is_left_as_it_is() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("cases.jsonl");
        fs::write(&path, "{\"id\":1}\n").expect("writes");
        let error = append(&path, &[gap(&["¿Tarta vegana?"], Some(Language::Es))]).expect_err("refused");
        assert!(error.to_string().contains("line 1"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("reads"), "{\"id\":1}\n");
    }

    #[test]
    fn a_case_holds_nobodys_number() {
        let lines = new_cases(&[], &[gap(&["¿Hay tarta? 600 111 222"], Some(Language::Es))]).expect("lines");
        assert!(lines[0].contains("¿Hay tarta? …"), "{}", lines[0]);
    }
}
