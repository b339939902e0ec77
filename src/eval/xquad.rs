//! XQuAD (Artetxe, Ruder, Yogatama 2020) as a knowledge base: the same paragraphs and questions in many languages, so that
//! search can be measured for each pair of them.
//!
//! Reads SQuAD's JSON from a folder given by path; the data is no part of the project.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::domain::Language;

/// The languages of the data.
pub const LANGUAGES: [Language; 12] = [
    Language::Ar,
    Language::De,
    Language::El,
    Language::En,
    Language::Es,
    Language::Hi,
    Language::Ro,
    Language::Ru,
    Language::Th,
    Language::Tr,
    Language::Vi,
    Language::Zh,
];

/// The data in one language.
pub struct Side {
    /// Its paragraphs, as they come.
    pub paragraphs: Vec<String>,
    /// The article of each paragraph, counted from 0.
    pub articles: Vec<usize>,
    /// The questions, as they come.
    pub questions: Vec<Asked>,
}

/// A question with its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The question.
    pub text: String,
    /// The place of its paragraph.
    pub paragraph: usize,
    /// Which characters of the paragraph answer.
    pub answer: Range<usize>,
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
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    answer_start: usize,
}

impl Question {
    fn asked_of(self, paragraph: usize) -> Option<Asked> {
        let answer = self.answers.into_iter().next()?;
        let end = answer.answer_start + answer.text.chars().count();
        Some(Asked { text: self.question, paragraph, answer: answer.answer_start..end })
    }
}

impl Side {
    /// Reads `xquad.LANGUAGE.json` of a folder.
    pub fn read(folder: &Path, language: Language) -> Result<Side> {
        let path = folder.join(format!("xquad.{language}.json"));
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: File = serde_json::from_str(&text).with_context(|| format!("{} is no SQuAD JSON", path.display()))?;
        let mut side = Side { paragraphs: Vec::new(), articles: Vec::new(), questions: Vec::new() };
        for (number, article) in file.data.into_iter().enumerate() {
            for paragraph in article.paragraphs {
                let place = side.paragraphs.len();
                side.paragraphs.push(paragraph.context);
                side.articles.push(number);
                side.questions.extend(paragraph.qas.into_iter().filter_map(|question| question.asked_of(place)));
            }
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
        let json = r#"{"data":[{"paragraphs":[{"context":"A","qas":[
            {"question":"a?","answers":[{"text":"A","answer_start":0}]},
            {"question":"b?","answers":[{"text":"A","answer_start":0}]}]},
            {"context":"B","qas":[{"question":"c?","answers":[{"text":"B","answer_start":0}]}]}]}]}"#;
        std::fs::write(folder.path().join("xquad.es.json"), json).expect("writes");
        let side = Side::read(folder.path(), Language::Es).expect("reads");
        assert_eq!(side.paragraphs, ["A", "B"]);
        assert_eq!(side.questions.iter().map(|asked| asked.paragraph).collect::<Vec<_>>(), [0, 0, 1]);
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
