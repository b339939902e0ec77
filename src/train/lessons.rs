//! What the search model is taught, a lesson at a time: customers' questions among the sentences of two businesses, and now
//! and then questions of XQuAD among those of an encyclopedia, so that it forgets nothing of the world.
//!
//! Passages come as single sentences below their heading and as whole sections, as search has them, and now and then as
//! something between the two. Never looks at what is held out.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, ensure};

use super::businesses::{Business, Unit};
use super::chance::Chance;
use crate::domain::Language;
use crate::eval::xquad::{LANGUAGES, Side};
use crate::knowledge::embed::learn::Lesson;
use crate::knowledge::sentences::sentences;

/// Questions of each of the two businesses of a lesson.
const QUESTIONS: usize = 16;
/// Most passages of a lesson that are sentences, and that are longer.
const SENTENCES: usize = 64;
const SECTIONS: usize = 24;
/// Of so many lessons ...
const OF_LESSONS: usize = 20;
/// ... this many have sentences for passages, the others sections.
const WITH_SENTENCES: usize = 13;
/// Most neighbouring units of a piece of a section.
const PIECE: usize = 5;
/// Articles of an encyclopedia in a lesson, paragraphs of each, and questions of each paragraph.
const ARTICLES: usize = 3;
const PARAGRAPHS: usize = 4;
const OF_PARAGRAPH: usize = 4;
/// In which of them passages are written.
const WRITTEN: [Language; 6] = [Language::En, Language::Es, Language::De, Language::Ro, Language::Tr, Language::Ru];

/// XQuAD, ready to be asked about.
pub struct Encyclopedia {
    sides: Vec<Side>,
    /// The paragraphs of each article that may be learnt from.
    articles: Vec<Vec<usize>>,
}

/// A passage: a run of neighbouring units.
struct Piece {
    units: Range<usize>,
    text: String,
}

impl Encyclopedia {
    /// Reads a folder of XQuAD; of the articles only those that `is_learnt` names are asked about.
    ///
    /// # Errors
    /// When a file of the folder cannot be read, or the languages differ.
    pub fn read(folder: &Path, is_learnt: impl Fn(usize) -> bool) -> Result<Encyclopedia> {
        let sides = LANGUAGES.iter().map(|language| Side::read(folder, *language)).collect::<Result<Vec<Side>>>()?;
        let first = &sides[0];
        let is_same = |side: &Side| side.questions.len() == first.questions.len() && side.articles == first.articles;
        ensure!(sides.iter().all(is_same), "the languages of {} differ in their questions", folder.display());
        let last = first.articles.last().copied().unwrap_or_default();
        let paragraphs =
            |article| (0..first.articles.len()).filter(|place| first.articles[*place] == article).collect();
        let articles = (0..=last).filter(|article| is_learnt(*article)).map(paragraphs).collect();
        Ok(Encyclopedia { sides, articles })
    }

    /// Questions in any language about paragraphs, or their sentences, in one language an article.
    pub fn lesson(&self, chance: &mut Chance) -> Lesson {
        let by_sentence = chance.is(WITH_SENTENCES, OF_LESSONS);
        let mut lesson = Lesson::default();
        for paragraphs in chance.some(&self.articles, ARTICLES) {
            let written = LANGUAGES.iter().position(|it| *it == WRITTEN[chance.below(WRITTEN.len())]).unwrap_or(0);
            for paragraph in chance.some(paragraphs, PARAGRAPHS) {
                self.add(&mut lesson, (*paragraph, written), by_sentence, chance);
            }
        }
        lesson
    }

    fn add(&self, lesson: &mut Lesson, (paragraph, written): (usize, usize), by_sentence: bool, chance: &mut Chance) {
        let side = &self.sides[written];
        let text = &side.paragraphs[paragraph];
        let pieces = if by_sentence { places(text) } else { vec![(0..text.chars().count(), text.clone())] };
        if lesson.passages.len() + pieces.len() > if by_sentence { SENTENCES } else { SECTIONS } {
            return;
        }
        let about: Vec<usize> =
            (0..side.questions.len()).filter(|place| side.questions[*place].paragraph == paragraph).collect();
        for place in chance.some(&about, OF_PARAGRAPH) {
            let answer = &side.questions[*place].answer;
            let holds = |(range, _): &(Range<usize>, String)| range.start <= answer.start && answer.end <= range.end;
            let Some(found) = pieces.iter().position(holds) else { continue };
            let asked = if chance.is(3, 10) { written } else { chance.below(LANGUAGES.len()) };
            lesson.questions.push(self.sides[asked].questions[*place].text.clone());
            lesson.answers.push(vec![lesson.passages.len() + found]);
        }
        lesson.passages.extend(pieces.into_iter().map(|(_, text)| text));
    }
}

/// The sentences of a paragraph with their places in characters.
fn places(paragraph: &str) -> Vec<(Range<usize>, String)> {
    let mut places = Vec::new();
    let mut after = 0;
    for sentence in sentences(paragraph) {
        let Some(start) = paragraph[after..].find(&sentence).map(|found| after + found) else { continue };
        after = start + sentence.len();
        let before = paragraph[..start].chars().count();
        places.push((before..before + sentence.chars().count(), sentence));
    }
    places
}

/// Questions to a few businesses among all that these have to say.
pub fn of_businesses(businesses: &[&Business], chance: &mut Chance) -> Lesson {
    let by_sentence = chance.is(WITH_SENTENCES, OF_LESSONS);
    let mut lesson = Lesson::default();
    for business in businesses {
        let pieces = if by_sentence { sentences_of(business, chance) } else { sections_of(business, chance) };
        let first = lesson.passages.len();
        for question in chance.some(&business.questions, QUESTIONS) {
            let holds = |piece: &Piece| question.answers.iter().any(|place| piece.units.contains(place));
            let answers = pieces.iter().enumerate().filter(|(_, piece)| holds(piece));
            lesson.answers.push(answers.map(|(place, _)| first + place).collect());
            lesson.questions.push(question.text.clone());
        }
        lesson.passages.extend(pieces.into_iter().map(|piece| piece.text));
    }
    lesson
}

/// Single units below their headings, now and then two together.
fn sentences_of(business: &Business, chance: &mut Chance) -> Vec<Piece> {
    let most = if chance.is(1, 3) { 2 } else { 1 };
    pieces(business, most, chance, |units| {
        let texts: Vec<&str> = units.iter().map(|unit| unit.text.as_str()).collect();
        format!("{}: {}", units[0].heading, texts.join(" "))
    })
}

/// Sections, whole or in pieces, as search has them.
fn sections_of(business: &Business, chance: &mut Chance) -> Vec<Piece> {
    let most = if chance.is(1, 2) { usize::MAX } else { PIECE };
    let bullet = if chance.is(1, 2) { "- " } else { "" };
    pieces(business, most, chance, |units| {
        let lines: Vec<String> = units.iter().map(|unit| format!("{bullet}{}", unit.text)).collect();
        format!("{}\n{}", units[0].heading, lines.join("\n"))
    })
}

/// Cuts each section into runs of at most `most` units; `usize::MAX` leaves it whole.
fn pieces(business: &Business, most: usize, chance: &mut Chance, write: impl Fn(&[Unit]) -> String) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < business.units.len() {
        let section = business.units[start].section;
        let length = business.units[start..].iter().take_while(|unit| unit.section == section).count();
        let length = if most == usize::MAX { length } else { length.min(1 + chance.below(most)) };
        let units = start..start + length;
        pieces.push(Piece { text: write(&business.units[units.clone()]), units });
        start += length;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::businesses::Question;
    use super::*;

    fn business() -> Business {
        let unit = |section: usize, text: &str| Unit { section, heading: format!("H{section}"), text: text.into() };
        let question = |answers: &[usize]| Question {
            language: "en".into(),
            answers: answers.to_vec(),
            text: format!("{answers:?}?"),
        };
        Business {
            name: "demo".into(),
            language: "en".into(),
            units: vec![unit(0, "a."), unit(0, "b."), unit(0, "c."), unit(1, "d.")],
            questions: vec![question(&[1]), question(&[0, 3]), question(&[])],
        }
    }

    #[test]
    fn a_question_finds_its_answer_however_the_passages_are_cut() {
        let business = business();
        for seed in 0..50 {
            let lesson = of_businesses(&[&business, &business], &mut Chance::new(seed));
            assert_eq!((lesson.questions.len(), lesson.answers.len()), (6, 6));
            for (question, answers) in lesson.questions.iter().zip(&lesson.answers) {
                let texts: String = answers.iter().map(|place| lesson.passages[*place].as_str()).collect();
                let holds = |wanted: &[&str]| wanted.iter().all(|it| texts.contains(it));
                match question.as_str() {
                    "[1]?" => assert!(holds(&["H0", "b."]) && !holds(&["d."]), "{texts}"),
                    "[0, 3]?" => assert!(holds(&["a.", "d."]), "{texts}"),
                    _ => assert!(answers.is_empty()),
                }
            }
        }
    }

    #[test]
    fn no_piece_crosses_a_heading() {
        for seed in 0..50 {
            let lesson = of_businesses(&[&business()], &mut Chance::new(seed));
            assert!(lesson.passages.iter().all(|text| !(text.contains("c.") && text.contains("d."))), "{lesson:?}");
        }
    }

    #[test]
    fn sentences_know_their_place_in_characters() {
        let found = places("Año uno. Día dos.");
        assert_eq!(found, [(0..8, "Año uno.".to_owned()), (9..17, "Día dos.".to_owned())]);
    }
}
