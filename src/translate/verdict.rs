//! How far a drafted translation can be trusted: a pure function of what was measured.
//!
//! In doubt it is the owner's to decide: the original is shown until then.

use crate::answer::words::{Bag, Text, content_words, fold};
use crate::decide::grounding::translation_problems;
use crate::knowledge::identify::identify;
use crate::knowledge::translations::pairs::Mark;

use super::Direction;

/// Below this cosine a translation says something else.
const SAME_MEANING: f32 = 0.82;
/// The same for the text that was translated there and back.
const SAME_MEANING_BACK: f32 = 0.90;
/// From this many words on a text shows its language.
const SHOWS_LANGUAGE: usize = 6;

/// What is known of a translation.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The owner's text.
    pub original: &'a str,
    /// What the model made of it.
    pub translation: &'a str,
    /// What the model made of that in the owner's language; for short texts.
    pub back: Option<&'a str>,
    /// The cosine of original and translation.
    pub likeness: Option<f32>,
    /// The cosine of the original and what came back.
    pub likeness_back: Option<f32>,
}

/// The mark, and what was found wrong.
pub fn verdict(evidence: &Evidence<'_>, direction: Direction) -> (Mark, Vec<String>) {
    let mut remarks: Vec<String> =
        translation_problems(evidence.original, direction.from, evidence.translation, direction.to)
            .iter()
            .map(ToString::to_string)
            .collect();
    if is_in_another_language(evidence.translation, direction) {
        remarks.push("the text is not in its language".to_owned());
    }
    if evidence.likeness.is_some_and(|likeness| likeness < SAME_MEANING) {
        remarks.push("it may mean something else".to_owned());
    }
    if !remarks.is_empty() {
        return (Mark::Doubtful, remarks);
    }
    match evidence.back {
        None => (Mark::Unread, remarks),
        Some(back) if comes_back(evidence.original, back, direction) => (Mark::Unread, remarks),
        Some(back) if evidence.likeness_back.is_some_and(|likeness| likeness >= SAME_MEANING_BACK) => {
            (Mark::Beside, vec![format!("translated back it reads: {back}")])
        }
        Some(back) => (Mark::Doubtful, vec![format!("translated back it reads: {back}")]),
    }
}

fn is_in_another_language(text: &str, direction: Direction) -> bool {
    text.split_whitespace().count() >= SHOWS_LANGUAGE
        && identify(text).is_some_and(|language| language == direction.from && language != direction.to)
}

/// Whether every word that carries meaning came back.
fn comes_back(original: &str, back: &str, direction: Direction) -> bool {
    let words = content_words(original, direction.from);
    let known = Bag::new(&Text::new(back));
    let all_known = !words.is_empty() && words.iter().all(|word| known.holds(word));
    all_known || fold(original.trim()) == fold(back.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Language;

    const TO_ENGLISH: Direction = Direction { from: Language::Es, to: Language::En };

    fn mark(original: &str, translation: &str, back: Option<&str>, likeness: f32, likeness_back: f32) -> Mark {
        let back_likeness = back.map(|_| likeness_back);
        let evidence = Evidence { original, translation, back, likeness: Some(likeness), likeness_back: back_likeness };
        verdict(&evidence, TO_ENGLISH).0
    }

    #[test]
    fn a_sentence_has_to_keep_its_figures_its_language_and_its_meaning() {
        let original = "Abrimos de lunes a viernes de 7:00 a 14:00 sin parar.";
        let good = "We are open from Monday to Friday from 7:00 to 14:00 without a break.";
        assert_eq!(mark(original, good, None, 0.9, 0.0), Mark::Unread);
        assert_eq!(mark(original, &good.replace("14:00", "15:00"), None, 0.9, 0.0), Mark::Doubtful);
        assert_eq!(mark(original, good, None, 0.7, 0.0), Mark::Doubtful);
        assert_eq!(mark(original, original, None, 1.0, 0.0), Mark::Doubtful);
    }

    #[test]
    fn a_short_text_has_to_come_back_as_it_was() {
        assert_eq!(mark("Horchata grande", "Large horchata", Some("Horchata grande"), 0.9, 1.0), Mark::Unread);
        assert_eq!(mark("Café con leche", "Coffee with milk", Some("Latte con leche"), 0.9, 0.95), Mark::Beside);
        assert_eq!(mark("Ensaimada", "School", Some("Escuela"), 0.83, 0.8), Mark::Doubtful);
    }
}
