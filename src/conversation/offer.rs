//! What a customer chose of the subjects that were offered: by a tap, by its number, in its own words, or with a "yes".
//!
//! Looks nothing up and decides nothing. What comes back is the customer's and can be made up: all that it can name is a
//! passage of the business's own knowledge.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::answer::finding::Subject;
use crate::answer::words::{Text, lexicon};
use crate::channel::outbound::Choice;
use crate::domain::Language;
use crate::knowledge::PassageId;
use crate::knowledge::fold::fold;
use crate::understand::{Intent, Understanding};

use super::burst::Burst;

/// What the ids of offered subjects begin with.
const SUBJECT: &str = "subject:";
/// From which score on a "yes" or a "no" counts as meant.
const SURE: f32 = 0.5;

/// What makes an emoji of a digit: "2️⃣".
const KEYCAP: [char; 2] = ['\u{fe0f}', '\u{20e3}'];

/// Subjects that were offered, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// In the order in which they were shown; after them comes the person.
    pub subjects: Vec<Subject>,
    /// The stored messages that asked.
    pub asked: Vec<i64>,
    /// Whether one of the subjects was chosen and answered: the others can still be, and a "no" is none to the offer.
    #[serde(default)]
    pub is_answered: bool,
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
    /// One of several, and not which.
    OneOfThem,
}

/// A subject as an option to tap.
pub fn choice(subject: &Subject) -> Choice {
    Choice {
        id: format!("{SUBJECT}{:x}", subject.passage.0),
        title: subject.title.clone(),
        description: Some(subject.under.clone()).filter(|under| !under.is_empty()),
    }
}

/// What was chosen, if the messages do nothing else but thank or greet, as `is_pleasantry` tells. A tap counts whenever it
/// comes; words count after an offer only. A few of them may look like another language than the one that was `spoken`.
pub fn picked(
    burst: &Burst,
    offer: Option<&Offer>,
    understanding: &Understanding,
    spoken: Language,
    is_pleasantry: impl Fn(&str) -> bool,
) -> Option<Picked> {
    let texts: Vec<&String> = match burst.texts.as_slice() {
        [text] => vec![text],
        texts => texts.iter().filter(|text| !is_pleasantry(text)).collect(),
    };
    let [text] = texts[..] else { return None };
    if let Some(tap) = &burst.tap {
        let passage = PassageId(u64::from_str_radix(tap.id.strip_prefix(SUBJECT)?, 16).ok()?);
        // The channel gives back what fitted on the button.
        let offered = offer.and_then(|offer| offer.subjects.iter().find(|subject| subject.passage == passage));
        let tapped = || Subject { passage, title: tap.title.clone(), under: String::new() };
        return Some(Picked::Subject(offered.cloned().unwrap_or_else(tapped)));
    }
    let Offer { subjects, is_answered, .. } = offer?;
    let nth = |number: usize| match subjects.get(number.checked_sub(1)?) {
        Some(subject) => Some(Picked::Subject(subject.clone())),
        None => (number == subjects.len() + 1).then_some(Picked::Person),
    };
    let words = fold(text.trim_matches(|letter: char| !letter.is_alphanumeric()));
    if let Some(named) = subjects.iter().find(|subject| fold(&subject.title) == words) {
        return Some(Picked::Subject(named.clone()));
    }
    if let Some(number) = [spoken, understanding.language].into_iter().find_map(|language| number_in(text, language)) {
        return nth(number);
    }
    // Who says "no thanks, stop writing to me" says more than that none was meant; after an answer a "no" ends it.
    if understanding.has_question || *is_answered || !says_yes_or_no_alone(understanding) {
        return None;
    }
    let says = |wanted| understanding.intents.iter().any(|it| it.intent == wanted && it.score >= SURE);
    match subjects.len() {
        _ if says(Intent::No) => Some(Picked::Neither),
        1 if says(Intent::Yes) => nth(1),
        2.. if says(Intent::Yes) => Some(Picked::OneOfThem),
        _ => None,
    }
}

/// The number that a text names, where it says nothing else: "2", "the second one please", and not "2 nights".
fn number_in(text: &str, language: Language) -> Option<usize> {
    let (read, words) = (Text::new(&text.replace(KEYCAP, "")), lexicon(language));
    let around = words.choosing.find(&read);
    let ordinal = |word: &str| words.ordinals.iter().position(|names| names.entries().any(|name| name == word));
    let mut number = None;
    for token in &read.tokens {
        let word = read.folded_token(token);
        // In Korean what stands around a number is written onto it.
        let digits = word.len() - word.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (named, rest) = match ordinal(word) {
            Some(place) => (Some(place + 1), token.range.end..token.range.end),
            None => (word[..digits].parse().ok(), token.range.start + digits..token.range.end),
        };
        if named.is_some() && number.is_some() || !is_covered(rest, &around) {
            return None;
        }
        number = number.or(named);
    }
    number
}

/// Whether some ranges, sorted by where they begin, leave nothing out of another.
fn is_covered(range: Range<usize>, by: &[Range<usize>]) -> bool {
    let reached = |at: usize, next: &Range<usize>| if next.start <= at { at.max(next.end) } else { at };
    by.iter().fold(range.start, reached) >= range.end
}

/// Whether nothing is wished for beside an answer to what was asked back, however kindly. Who takes leave has let go of it.
fn says_yes_or_no_alone(understanding: &Understanding) -> bool {
    let polite = [Intent::Yes, Intent::No, Intent::Thanks, Intent::Greeting];
    understanding.intents.iter().all(|it| it.score < SURE || polite.contains(&it.intent))
}

#[cfg(test)]
mod tests {
    use super::super::burst::Tap;
    use super::*;
    use crate::domain::Language;
    use crate::understand::{Scored, Sentiment};

    fn picked(burst: &Burst, offer: Option<&Offer>, understanding: &Understanding) -> Option<Picked> {
        super::picked(burst, offer, understanding, Language::Es, |text| text == "gracias")
    }

    fn offer(titles: &[&str]) -> Offer {
        let subject = |(index, title): (usize, &&str)| Subject {
            passage: PassageId(index as u64 + 0xabc),
            title: (*title).to_owned(),
            under: String::new(),
        };
        Offer { subjects: titles.iter().enumerate().map(subject).collect(), asked: vec![7], is_answered: false }
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
        assert_eq!(picked(&says("sí"), Some(&offer), &yes), Some(Picked::OneOfThem));
        let one = Offer { subjects: offer.subjects[..1].to_vec(), ..offer };
        assert_eq!(title(picked(&says("sí"), Some(&one), &yes)), Some("Horario".into()));
    }

    #[test]
    fn a_number_may_have_courtesies_and_articles_around_it() {
        let check = |text: &str, language: Language, number: Option<usize>| {
            assert_eq!(number_in(text, language), number, "{text}");
        };
        check("2 por favor", Language::Es, Some(2));
        check("la 2", Language::Es, Some(2));
        check("la opción 2, gracias", Language::Es, Some(2));
        check("2️⃣", Language::Es, Some(2));
        check("la segunda", Language::Es, Some(2));
        check("the first one please", Language::En, Some(1));
        check("s'il vous plaît le 3", Language::Fr, Some(3));
        check("第2个", Language::Zh, Some(2));
        check("2番でお願いします", Language::Ja, Some(2));
        check("2번이요", Language::Ko, Some(2));
        check("рдруйте 2", Language::Ru, None);
        check("2 noches", Language::Es, None);
        check("a las 2", Language::Es, None);
        check("1 o 2", Language::Es, None);
        check("gracias", Language::Es, None);
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
    fn thanks_beside_a_choice_change_nothing() {
        let offer = offer(&["Horario", "Tartas"]);
        let tap = Some(Tap { id: choice(&offer.subjects[1]).id, title: "Tar…".into() });
        let tapped = Burst { tap, texts: vec!["Tar…".into(), "gracias".into()], ..Burst::default() };
        let thanks = understood(Some(Intent::Thanks));
        assert_eq!(title(picked(&tapped, Some(&offer), &thanks)), Some("Tartas".into()));
        let typed = Burst { texts: vec!["1".into(), "gracias".into()], ..Burst::default() };
        assert_eq!(title(picked(&typed, Some(&offer), &thanks)), Some("Horario".into()));
    }

    #[test]
    fn a_no_with_another_wish_is_that_wish() {
        let offer = offer(&["Horario"]);
        let mut both = understood(Some(Intent::No));
        both.intents.push(Scored { intent: Intent::OptOut, score: 0.9 });
        assert_eq!(picked(&says("no gracias, dame de baja"), Some(&offer), &both), None);
    }

    #[test]
    fn after_an_answer_the_other_options_can_be_chosen_and_a_no_is_none_to_them() {
        let offer = Offer { is_answered: true, ..offer(&["Horario", "Tartas"]) };
        assert_eq!(title(picked(&says("2"), Some(&offer), &understood(None))), Some("Tartas".into()));
        assert_eq!(picked(&says("3"), Some(&offer), &understood(None)), Some(Picked::Person));
        assert_eq!(picked(&says("no gracias"), Some(&offer), &understood(Some(Intent::No))), None);
    }

    #[test]
    fn several_messages_at_once_are_read_as_words() {
        let offer = offer(&["Horario"]);
        let burst = Burst { texts: vec!["1".into(), "y el domingo?".into()], ..Burst::default() };
        assert_eq!(picked(&burst, Some(&offer), &understood(None)), None);
    }
}
