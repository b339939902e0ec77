//! What a customer chose of the subjects that were offered: by a tap, by its number, in its own words, or with a "yes".
//!
//! Looks nothing up and decides nothing. What comes back is the customer's and can be made up: all that it can name is a
//! passage of the business's own knowledge.

use serde::{Deserialize, Serialize};

use crate::answer::finding::Subject;
use crate::channel::outbound::Choice;
use crate::knowledge::PassageId;
use crate::knowledge::fold::fold;
use crate::understand::{Intent, Understanding};

use super::burst::Burst;

/// What the ids of offered subjects begin with.
const SUBJECT: &str = "subject:";
/// From which score on a "yes" or a "no" counts as meant.
const SURE: f32 = 0.5;

/// Subjects that were offered, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// In the order in which they were shown; after them comes the person.
    pub subjects: Vec<Subject>,
    /// The stored messages that asked.
    pub asked: Vec<i64>,
}

/// What a customer chose.
#[derive(Clone, Debug, PartialEq)]
pub enum Picked {
    /// One of the subjects.
    Subject(Subject),
    /// The person that is offered below them.
    Person,
    /// None of them.
    Neither,
}

/// A subject as an option to tap.
pub fn choice(subject: &Subject) -> Choice {
    Choice {
        id: format!("{SUBJECT}{:x}", subject.passage.0),
        title: subject.title.clone(),
        description: Some(subject.under.clone()).filter(|under| !under.is_empty()),
    }
}

/// What was chosen, if the messages do nothing else. A tap counts whenever it comes; words count after an offer only.
pub fn picked(burst: &Burst, offer: Option<&Offer>, understanding: &Understanding) -> Option<Picked> {
    let [text] = burst.texts.as_slice() else { return None };
    if let Some(tap) = &burst.tap {
        let passage = PassageId(u64::from_str_radix(tap.id.strip_prefix(SUBJECT)?, 16).ok()?);
        return Some(Picked::Subject(Subject { passage, title: tap.title.clone(), under: String::new() }));
    }
    let subjects = &offer?.subjects;
    let nth = |number: usize| match subjects.get(number.checked_sub(1)?) {
        Some(subject) => Some(Picked::Subject(subject.clone())),
        None => (number == subjects.len() + 1).then_some(Picked::Person),
    };
    let words = fold(text.trim_matches(|letter: char| !letter.is_alphanumeric()));
    let named = || subjects.iter().find(|subject| fold(&subject.title) == words);
    let says = |wanted| understanding.intents.iter().any(|it| it.intent == wanted && it.score >= SURE);
    match words.parse() {
        Ok(number) => nth(number),
        Err(_) if named().is_some() => named().cloned().map(Picked::Subject),
        Err(_) if understanding.has_question => None,
        Err(_) if says(Intent::No) => Some(Picked::Neither),
        Err(_) if says(Intent::Yes) && subjects.len() == 1 => nth(1),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::burst::Tap;
    use super::*;
    use crate::domain::Language;
    use crate::understand::{Scored, Sentiment};

    fn offer(titles: &[&str]) -> Offer {
        let subject = |(index, title): (usize, &&str)| Subject {
            passage: PassageId(index as u64 + 0xabc),
            title: (*title).to_owned(),
            under: String::new(),
        };
        Offer { subjects: titles.iter().enumerate().map(subject).collect(), asked: vec![7] }
    }

    fn says(text: &str) -> Burst {
        Burst { texts: vec![text.to_owned()], ..Burst::default() }
    }

    fn understood(intent: Option<Intent>) -> Understanding {
        Understanding {
            language: Language::Es,
            language_is_sure: false,
            intents: intent.into_iter().map(|intent| Scored { intent, score: 0.9 }).collect(),
            sentiment: Sentiment { negativity: 0.0, warmth: 0.0, signals: Vec::new() },
            has_question: false,
        }
    }

    fn title(picked: Option<Picked>) -> Option<String> {
        match picked {
            Some(Picked::Subject(subject)) => Some(subject.title),
            _ => None,
        }
    }

    #[test]
    fn a_subject_is_chosen_by_number_in_its_words_and_with_a_yes() {
        let offer = offer(&["Horario", "Tartas por encargo"]);
        let choose = |text: &str| title(picked(&says(text), Some(&offer), &understood(None)));
        assert_eq!(choose("2."), Some("Tartas por encargo".into()));
        assert_eq!(choose("１"), Some("Horario".into()));
        assert_eq!(choose("¡horário!"), Some("Horario".into()));
        assert_eq!(choose("y el domingo?"), None);
        assert_eq!(choose("4"), None);
        let yes = understood(Some(Intent::Yes));
        assert_eq!(title(picked(&says("sí"), Some(&offer), &yes)), None);
        let one = Offer { subjects: offer.subjects[..1].to_vec(), ..offer };
        assert_eq!(title(picked(&says("sí"), Some(&one), &yes)), Some("Horario".into()));
    }

    #[test]
    fn the_person_is_the_last_choice_and_a_no_is_none() {
        let offer = offer(&["Horario", "Tartas"]);
        assert_eq!(picked(&says("3"), Some(&offer), &understood(None)), Some(Picked::Person));
        assert_eq!(picked(&says("no"), Some(&offer), &understood(Some(Intent::No))), Some(Picked::Neither));
        assert_eq!(picked(&says("3"), None, &understood(None)), None);
    }

    #[test]
    fn a_tap_names_its_passage_whenever_it_comes() {
        let offer = offer(&["Horario"]);
        let tapped = |id: &str| {
            let tap = Some(Tap { id: id.to_owned(), title: "Horario".into() });
            picked(&Burst { tap, ..says("Horario") }, None, &understood(None))
        };
        assert_eq!(tapped(&choice(&offer.subjects[0]).id), Some(Picked::Subject(offer.subjects[0].clone())));
        assert_eq!((tapped("person"), tapped("subject:"), tapped("subject:xyz")), (None, None, None));
    }

    #[test]
    fn several_messages_at_once_are_read_as_words() {
        let offer = offer(&["Horario"]);
        let burst = Burst { texts: vec!["1".into(), "y el domingo?".into()], ..Burst::default() };
        assert_eq!(picked(&burst, Some(&offer), &understood(None)), None);
    }
}
