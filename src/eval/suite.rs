//! A suite: several businesses, each with its knowledge and its cases, half of them for tuning and half for reporting.
//!
//! Only reads what the suite's file names; runs nothing.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::app::Folders;
use crate::domain::Language;

use super::case::{self, Case, CaseError};

/// The businesses, in the order of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Each with its knowledge and its cases.
    #[serde(rename = "business")]
    pub businesses: Vec<Business>,
}

/// One business. Its paths are relative to the suite's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// The name that customers read.
    pub name: String,
    /// The language of the knowledge.
    pub language: Language,
    /// The folder of the knowledge.
    pub knowledge: PathBuf,
    /// The folder with what it says in other languages, if it has one.
    pub translations: Option<PathBuf>,
    /// The cases to look at while working on the product.
    pub tuning: PathBuf,
    /// The cases for figures only.
    pub reporting: PathBuf,
}

/// Which half of the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Half {
    /// To look at while working on the product.
    Tuning,
    /// For figures only.
    Reporting,
}

/// Why a suite cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A file cannot be read.
    #[error("cannot read {file}: {error}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The suite's file is not what it has to be.
    #[error("{file}: {error}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong, with its place.
        error: toml::de::Error,
    },
    /// A file of cases is wrong.
    #[error(transparent)]
    Cases(#[from] CaseError),
}

impl Suite {
    /// Reads a suite's file and makes its paths absolute or relative to the working directory.
    pub fn read(file: &Path) -> Result<Suite, SuiteError> {
        let name = file.display().to_string();
        let text = read(file)?;
        let mut suite: Suite = toml::from_str(&text).map_err(|error| SuiteError::Malformed { file: name, error })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        for business in &mut suite.businesses {
            let paths = [&mut business.knowledge, &mut business.tuning, &mut business.reporting];
            for path in paths.into_iter().chain(&mut business.translations) {
                *path = folder.join(&*path);
            }
        }
        Ok(suite)
    }
}

impl Business {
    /// Where it answers from.
    pub fn folders(&self) -> Folders {
        Folders { translations: self.translations.clone(), ..Folders::only(&self.knowledge) }
    }

    /// The cases of one half.
    pub fn cases(&self, half: Half) -> Result<Vec<Case>, SuiteError> {
        let file = match half {
            Half::Tuning => &self.tuning,
            Half::Reporting => &self.reporting,
        };
        Ok(case::read(&file.display().to_string(), &read(file)?)?)
    }
}

fn read(file: &Path) -> Result<String, SuiteError> {
    std::fs::read_to_string(file).map_err(|error| SuiteError::Unreadable { file: file.display().to_string(), error })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn suite() -> Suite {
        Suite::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/suite.toml")).expect("reads")
    }

    #[test]
    fn the_repositorys_cases_are_many_and_have_their_own_names() {
        let mut ids = HashSet::new();
        for business in suite().businesses {
            for half in [Half::Tuning, Half::Reporting] {
                for case in business.cases(half).expect("reads") {
                    assert!(case.kind.is_some(), "{} has no kind", case.id);
                    assert!(ids.insert(case.id.clone()), "{} is there twice", case.id);
                }
            }
        }
        assert!(ids.len() >= 400, "{}", ids.len());
    }

    #[test]
    fn every_file_that_a_case_names_is_there() {
        for business in suite().businesses {
            let halves = [Half::Tuning, Half::Reporting].map(|half| business.cases(half).expect("reads"));
            for case in halves.into_iter().flatten() {
                let Some(file) = case.file else { continue };
                assert!(business.knowledge.join(&file).is_file(), "{}: {file}", case.id);
            }
        }
    }
}
