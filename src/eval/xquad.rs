//! XQuAD (Artetxe, Ruder, Yogatama 2020) as a knowledge base: the same paragraphs and questions in many languages, so that
//! search can be measured for each pair of them.
//!
//! Reads SQuAD's JSON from a folder given by path; the data is no part of the project.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::domain::Language;

/// The data in one language.
pub struct Side {
    /// Its paragraphs, as they come.
    pub paragraphs: Vec<String>,
    /// Each question with the place of its paragraph.
    pub questions: Vec<(String, usize)>,
}

#[derive(Deserialize)]
struct File {
    data: Vec<Article>,
}

#[derive(Deserialize)]
struct Article {
    paragraphs: Vec<Paragraph>,
}

#[derive(Deserialize)]
struct Paragraph {
    context: String,
    qas: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
}

impl Side {
    /// Reads `xquad.LANGUAGE.json` of a folder.
    pub fn read(folder: &Path, language: Language) -> Result<Side> {
        let path = folder.join(format!("xquad.{language}.json"));
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: File = serde_json::from_str(&text).with_context(|| format!("{} is no SQuAD JSON", path.display()))?;
        let mut side = Side { paragraphs: Vec::new(), questions: Vec::new() };
        for paragraph in file.data.into_iter().flat_map(|article| article.paragraphs) {
            let place = side.paragraphs.len();
            side.paragraphs.push(paragraph.context);
            side.questions.extend(paragraph.qas.into_iter().map(|asked| (asked.question, place)));
        }
        Ok(side)
    }

    /// Writes each paragraph as a file of knowledge.
    pub fn write_knowledge(&self, folder: &Path, language: Language) -> Result<()> {
        for (place, paragraph) in self.paragraphs.iter().enumerate() {
            let path = folder.join(file_of(place));
            std::fs::write(&path, format!("---\nlanguage: {language}\n---\n\n{paragraph}\n"))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// The file that holds a paragraph.
pub fn file_of(place: usize) -> PathBuf {
    PathBuf::from(format!("p{place:03}.md"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_knows_its_paragraph() {
        let folder = tempfile::tempdir().expect("a folder");
        let json = r#"{"data":[{"paragraphs":[{"context":"A","qas":[{"question":"a?"},{"question":"b?"}]},
            {"context":"B","qas":[{"question":"c?"}]}]}]}"#;
        std::fs::write(folder.path().join("xquad.es.json"), json).expect("writes");
        let side = Side::read(folder.path(), Language::Es).expect("reads");
        assert_eq!(side.paragraphs, ["A", "B"]);
        assert_eq!(side.questions.iter().map(|(_, place)| *place).collect::<Vec<_>>(), [0, 0, 1]);
        side.write_knowledge(folder.path(), Language::Es).expect("writes");
        let written = std::fs::read_to_string(folder.path().join("p001.md")).expect("reads");
        assert!(written.ends_with("\nB\n"), "{written}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Side::read(Path::new("/nowhere"), Language::Es).err().expect("refused");
        assert!(error.to_string().contains("/nowhere/xquad.es.json"), "{error}");
    }
}
