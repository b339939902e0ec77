//! A case: what a customer writes, and what the last reply must be like.

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::decide::Action;
use crate::domain::Language;

/// One case of a file of cases, one JSON object a line.
#[derive(Debug)]
pub struct Case {
    /// Its name in reports.
    pub id: String,
    /// The customer's messages, one after another.
    pub customer: Vec<String>,
    /// What may be done; empty when anything may.
    pub actions: Vec<Action>,
    /// What the reply must match, each of them.
    pub all: Vec<Regex>,
    /// What the reply must not match, none of them.
    pub none: Vec<Regex>,
    /// The language of the reply.
    pub language: Option<Language>,
    /// What the case tries, for figures by kind.
    pub kind: Option<Kind>,
    /// The file of the knowledge that holds the answer.
    pub file: Option<String>,
}

/// What a case tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A question that the knowledge answers.
    Answer,
    /// One whose neighbour in the knowledge is easily mistaken for the answer.
    Confusable,
    /// One with slips of the keyboard, without accents, in slang or in two languages.
    Typo,
    /// One that only makes sense after what was said before.
    FollowUp,
    /// One in several fragments.
    Burst,
    /// A question of the trade that the knowledge does not answer.
    Unanswerable,
    /// Nothing of the business's.
    OffTopic,
    /// A wish for a person.
    Person,
    /// Speaks of persons and wants none.
    NotPerson,
    /// Anger or frustration.
    Anger,
    /// Looks like anger and is none.
    NotAnger,
    /// Gives the bot orders.
    Injection,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 12] = [
        Kind::Answer,
        Kind::Confusable,
        Kind::Typo,
        Kind::FollowUp,
        Kind::Burst,
        Kind::Unanswerable,
        Kind::OffTopic,
        Kind::Person,
        Kind::NotPerson,
        Kind::Anger,
        Kind::NotAnger,
        Kind::Injection,
    ];

    /// Whether the knowledge holds the answer.
    pub fn is_answerable(self) -> bool {
        matches!(self, Kind::Answer | Kind::Confusable | Kind::Typo | Kind::FollowUp | Kind::Burst)
    }

    /// Whether there is a question and the knowledge does not hold the answer.
    pub fn is_unanswerable(self) -> bool {
        matches!(self, Kind::Unanswerable | Kind::OffTopic)
    }

    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Answer => "answer",
            Kind::Confusable => "confusable",
            Kind::Typo => "typo",
            Kind::FollowUp => "follow_up",
            Kind::Burst => "burst",
            Kind::Unanswerable => "unanswerable",
            Kind::OffTopic => "off_topic",
            Kind::Person => "person",
            Kind::NotPerson => "not_person",
            Kind::Anger => "anger",
            Kind::NotAnger => "not_anger",
            Kind::Injection => "injection",
        }
    }
}

/// Why a file of cases cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A line is wrong.
    #[error("{file}, line {line}: {problem}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The file has no case.
    #[error(
        "{0} holds no cases: write one JSON object a line, for example {{\"id\":\"hours\",\"customer\":[\"a qué hora abren?\"]}}"
    )]
    Empty(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    id: String,
    customer: Vec<String>,
    #[serde(default)]
    expect: RawExpect,
    kind: Option<Kind>,
    file: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpect {
    action: Option<OneOrMany>,
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    none: Vec<String>,
    language: Option<Language>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Action),
    Many(Vec<Action>),
}

/// Reads a file of cases. Empty lines are passed over; every other line has to be right.
pub fn read(file: &str, text: &str) -> Result<Vec<Case>, CaseError> {
    let mut cases = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let problem = |problem: String| CaseError::Line { file: file.to_owned(), line: index + 1, problem };
        let raw: RawCase = serde_json::from_str(line).map_err(|error| problem(error.to_string()))?;
        cases.push(compile(raw).map_err(problem)?);
    }
    if cases.is_empty() { Err(CaseError::Empty(file.to_owned())) } else { Ok(cases) }
}

fn compile(raw: RawCase) -> Result<Case, String> {
    if raw.customer.is_empty() {
        return Err("`customer` has no messages".into());
    }
    let patterns = |patterns: Vec<String>| -> Result<Vec<Regex>, String> {
        patterns.iter().map(|pattern| Regex::new(pattern).map_err(|error| error.to_string())).collect()
    };
    Ok(Case {
        id: raw.id,
        customer: raw.customer,
        actions: match raw.expect.action {
            Some(OneOrMany::One(action)) => vec![action],
            Some(OneOrMany::Many(actions)) => actions,
            None => Vec::new(),
        },
        all: patterns(raw.expect.all)?,
        none: patterns(raw.expect.none)?,
        language: raw.expect.language,
        kind: raw.kind,
        file: raw.file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_may_name_one_action_or_several_or_none() {
        let text = r#"{"id":"a","customer":["hola"],"expect":{"action":"reply"}}

{"id":"b","customer":["x","y"],"expect":{"action":["decline","escalate"],"all":["\\d+"],"language":"es"}}
{"id":"c","customer":["z"]}"#;
        let cases = read("cases.jsonl", text).expect("reads");
        assert_eq!(cases.iter().map(|case| case.actions.len()).collect::<Vec<_>>(), [1, 2, 0]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = read("cases.jsonl", "{\"id\":\"a\",\"customer\":[\"x\"]}\n{\"id\":\"b\"}").expect_err("refused");
        assert!(error.to_string().starts_with("cases.jsonl, line 2:"), "{error}");
        let error = read("cases.jsonl", r#"{"id":"a","customer":["x"],"expect":{"all":["("]}}"#).expect_err("refused");
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
