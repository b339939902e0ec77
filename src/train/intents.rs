//! Sentences with the kind of message that each is: those that the kinds are trained on, and those that hold them.
//!
//! Reads only the paths it is given.

use std::path::Path;

use serde::Deserialize;

use super::data::{self, DataError};
use crate::domain::Language;
use crate::prompts::Prompts;
use crate::understand::Intent;
use crate::understand::kinds::Kind;

/// A sentence and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The kind.
    pub kind: Kind,
    /// The words.
    pub text: String,
    /// How much it counts in training.
    pub weight: f32,
}

/// How much a customer's whole sentence counts beside an example of the words, which is often one word.
const SENTENCE: f32 = 3.0;

/// The examples of the intents in every language; yes and no are one kind, and whoever opts in says so in fixed words.
pub fn examples(prompts: &Prompts) -> Vec<Sample> {
    let mut samples = Vec::new();
    for &language in Language::ALL {
        for &intent in Intent::ALL.iter().filter(|intent| **intent != Intent::OptIn) {
            let kind = match intent {
                Intent::Yes | Intent::No => Kind::Acknowledgement,
                intent => Kind::Wants(intent),
            };
            let weight = if is_by_meaning(intent) { SENTENCE } else { 1.0 };
            let all = prompts.examples(intent, language).iter();
            samples.extend(all.map(|text| Sample { kind, text: text.clone(), weight }));
        }
    }
    samples
}

/// Intents whose examples are sentences.
fn is_by_meaning(intent: Intent) -> bool {
    matches!(intent, Intent::Complaint | Intent::SmallTalk | Intent::OffTopic)
}

/// The sentences of a file with `language<TAB>kind<TAB>sentence` a line. Kinds are the keys of the intents, `ordinary`,
/// `calm` and `angry`.
///
/// # Errors
/// When the file cannot be read or a line is wrong.
pub fn sentences(path: &Path) -> Result<Vec<Sample>, DataError> {
    let text = data::read(path)?;
    let wrong = |index: usize| DataError::Line { path: path.to_owned(), line: index + 1 };
    text.lines().enumerate().map(|(index, line)| sentence(line).ok_or_else(|| wrong(index))).collect()
}

/// One line of such a file.
pub fn sentence(line: &str) -> Option<Sample> {
    let mut fields = line.splitn(3, '\t');
    let (_, kind, text) = (fields.next()?, fields.next()?, fields.next()?);
    let kind = serde_json::from_value(serde_json::Value::from(kind)).ok()?;
    Some(Sample { kind, text: text.to_owned(), weight: SENTENCE })
}

/// A case with a known answer, as far as it tells what a message is.
#[derive(Deserialize)]
struct Case {
    kind: String,
    customer: Vec<String>,
}

/// The customers' messages of a file of cases: questions, wishes for a person, and what is nobody's business.
///
/// # Errors
/// When the file cannot be read or a line is wrong.
pub fn cases(path: &Path) -> Result<Vec<Sample>, DataError> {
    let text = data::read(path)?;
    let mut samples = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |_| DataError::Line { path: path.to_owned(), line: index + 1 };
        let case: Case = serde_json::from_str(line).map_err(wrong)?;
        let kind = match case.kind.as_str() {
            "answer" | "confusable" | "typo" | "follow_up" | "burst" | "unanswerable" => Kind::Ordinary,
            "person" => Kind::Wants(Intent::Person),
            "off_topic" => Kind::Wants(Intent::OffTopic),
            _ => continue,
        };
        let weight = SENTENCE;
        samples.extend(case.customer.into_iter().map(|text| Sample { kind, text: text.replace('\n', " "), weight }));
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_repositorys_own_sentences_are_sound_and_none_is_held_out_as_well() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let learnt = sentences(&root.join("prompts/feeling/intents.tsv")).expect("every line is sound");
        let held_out = sentences(&root.join("tests/embedder/intents.tsv")).expect("every line is sound");
        let fold =
            |sample: &Sample| sample.text.to_lowercase().trim_matches(|it: char| !it.is_alphanumeric()).to_owned();
        let learnt: HashSet<String> = learnt.iter().map(fold).collect();
        let both: Vec<String> = held_out.iter().map(fold).filter(|text| learnt.contains(text)).collect();
        assert!(both.is_empty(), "{both:?}");
    }

    #[test]
    fn a_kind_is_an_intents_key_or_one_of_a_few() {
        let kind = |name: &str| sentence(&format!("en\t{name}\thello")).map(|sample| sample.kind);
        assert_eq!(kind("small_talk"), Some(Kind::Wants(Intent::SmallTalk)));
        assert_eq!(kind("ordinary"), Some(Kind::Ordinary));
        assert_eq!(kind("weather"), None);
        assert!(sentence("en\tperson").is_none());
    }
}
