//! Pairs of XQuAD, whose paragraphs and questions are the same in many languages: any question can be set against any
//! paragraph's sentences, in the same language or another. What is drawn depends on the seed alone.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, ensure};

use super::Pair;
use crate::domain::Language;
use crate::eval::xquad::{Asked, LANGUAGES, Side};
use crate::knowledge::sentences::sentences;
use crate::train::data::place;

/// Languages of passages, where they are not those of the question.
const WRITTEN: [Language; 4] = [Language::Es, Language::En, Language::De, Language::Ro];
/// One of so many questions is asked in the language of the passage.
const SAME: u64 = 3;
/// Longer passages than a shop's are left out, in characters.
const LONGEST: usize = 320;

/// Pairs of a folder of XQuAD, at most `count`, half of them answers or a little less. Each question comes with a
/// passage that answers it and with another of the same paragraph that does not, which is harder to tell than one from
/// elsewhere.
///
/// # Errors
/// When a file of the folder cannot be read, or the files are not those of one data set.
pub fn pairs(folder: &Path, count: usize, seed: u64) -> Result<Vec<Pair>> {
    let sides = LANGUAGES.iter().map(|language| Side::read(folder, *language)).collect::<Result<Vec<Side>>>()?;
    let questions = sides[0].questions.len();
    ensure!(sides.iter().all(|side| side.questions.len() == questions), "the languages differ in their questions");
    let mut order: Vec<usize> = (0..questions).collect();
    order.sort_by_cached_key(|number| place(&number.to_string(), seed));
    let mut pairs = Vec::new();
    for round in 0.. {
        let before = pairs.len();
        for &number in &order {
            let chance = place(&format!("{number} {round}"), seed);
            let (asked, written) = languages(chance);
            pairs.extend(pairs_of(&sides[asked], &sides[written], number, chance, asked == written));
            if pairs.len() >= count {
                pairs.truncate(count);
                return Ok(pairs);
            }
        }
        ensure!(pairs.len() > before, "there is nothing to learn from in {}", folder.display());
    }
    Ok(pairs)
}

/// The places of a question's and of a passage's language in [`LANGUAGES`].
fn languages(chance: u64) -> (usize, usize) {
    let asked = (chance % LANGUAGES.len() as u64) as usize;
    let chance = chance / LANGUAGES.len() as u64;
    if chance.is_multiple_of(SAME) {
        return (asked, asked);
    }
    let written = WRITTEN[(chance / SAME % WRITTEN.len() as u64) as usize];
    (asked, LANGUAGES.iter().position(|language| *language == written).unwrap_or(asked))
}

/// An answer and a passage that is none, as far as the paragraph has both.
fn pairs_of(asked: &Side, written: &Side, number: usize, chance: u64, is_same_language: bool) -> Vec<Pair> {
    let Asked { paragraph, answer, .. } = &written.questions[number];
    // Of its own chance: else each language would always come with passages of one length.
    let together = 1 + usize::from(place("together", chance).is_multiple_of(3));
    let windows = windows(&written.paragraphs[*paragraph], together);
    let pick = |is_answer: bool| {
        let fits = |range: &Range<usize>| match is_answer {
            true => range.start <= answer.start && answer.end <= range.end,
            false => range.end <= answer.start || answer.end <= range.start,
        };
        let fitting: Vec<&(Range<usize>, String)> = windows.iter().filter(|(range, _)| fits(range)).collect();
        let (_, passage) = fitting.get((chance / 7) as usize % fitting.len().max(1))?;
        Some(Pair {
            question: asked.questions[number].text.clone(),
            passage: passage.clone(),
            is_answer,
            is_same_language,
            source: written.articles[*paragraph],
        })
    };
    let pairs: Vec<Pair> = [true, false].into_iter().filter_map(pick).collect();
    if pairs.iter().any(|pair| pair.passage.chars().count() > LONGEST) { Vec::new() } else { pairs }
}

/// Each run of so many neighbouring sentences, with its place in characters.
fn windows(paragraph: &str, together: usize) -> Vec<(Range<usize>, String)> {
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut after = 0;
    for sentence in sentences(paragraph) {
        let Some(start) = paragraph[after..].find(&sentence).map(|found| after + found) else { continue };
        after = start + sentence.len();
        places.push(start..after);
    }
    let characters = |bytes: usize| paragraph[..bytes].chars().count();
    let window = |run: &[Range<usize>]| {
        let bytes = run[0].start..run[run.len() - 1].end;
        (characters(bytes.start)..characters(bytes.end), paragraph[bytes].to_owned())
    };
    places.windows(together).map(window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(paragraph: &str, question: &str, answer: &str) -> Side {
        let start = paragraph[..paragraph.find(answer).expect("it is there")].chars().count();
        let asked = Asked { text: question.into(), paragraph: 0, answer: start..start + answer.chars().count() };
        Side { paragraphs: vec![paragraph.into()], articles: vec![4], questions: vec![asked] }
    }

    #[test]
    fn a_question_comes_with_the_sentence_that_answers_it_and_with_one_that_does_not() {
        let asked = side("We open at 9. We close at 20. We bake.", "When do you close?", "20");
        let written = side("Abrimos a las 9 en otoño. Cerramos a las 20. Horneamos.", "¿Cuándo cierran?", "20");
        let of_one = (0..).find(|chance| !place("together", *chance).is_multiple_of(3)).expect("there is one");
        let pairs = pairs_of(&asked, &written, 0, of_one, false);
        assert_eq!(pairs.len(), 2);
        assert!(pairs.iter().all(|pair| pair.question == "When do you close?" && pair.source == 4));
        assert_eq!((pairs[0].passage.as_str(), pairs[0].is_answer), ("Cerramos a las 20.", true));
        assert!(!pairs[1].is_answer && !pairs[1].passage.contains("20"), "{pairs:?}");
    }

    #[test]
    fn windows_know_their_place_in_characters() {
        let windows = windows("Año uno. Día dos. Fin.", 2);
        assert_eq!(windows, [(0..17, "Año uno. Día dos.".to_owned()), (9..22, "Día dos. Fin.".to_owned())]);
    }

    #[test]
    fn questions_of_every_language_come_with_short_and_with_long_passages() {
        let text = "We open at 9. We close at 20. We bake. We rest.";
        let side = side(text, "When do you close?", "20");
        let mut lengths = std::collections::HashSet::new();
        for chance in (0..2_000).map(|number| place(&number.to_string(), 1)) {
            let (asked, _) = languages(chance);
            let pairs = pairs_of(&side, &side, 0, chance, false);
            lengths.extend(pairs.iter().map(|pair| (asked, pair.passage.matches('.').count())));
        }
        assert_eq!(lengths.len(), 2 * LANGUAGES.len(), "{lengths:?}");
    }

    #[test]
    fn a_folder_without_the_data_is_named() {
        let error = pairs(Path::new("/nowhere"), 10, 1).expect_err("refused");
        assert!(error.to_string().contains("/nowhere/xquad.ar.json"), "{error}");
    }
}
