//! How angry a customer sounds, from listed words and from the way of writing.
//!
//! A rule of thumb with named signals, not a model: its only use is to bring in a person earlier. Thanks, politeness and
//! emoji of content never raise it.

use super::Sentiment;
use super::lexicon::{Found, Role};
use super::text::{Token, Tokens, fold};
use crate::domain::Language;
use crate::prompts::WordList;

/// What the first find of a list adds, what each further one adds, the most that the list adds, and its signal.
const LISTS: &[(WordList, f32, f32, f32, &str)] = &[
    (WordList::Insult, 0.5, 0.15, 0.8, "insult"),
    (WordList::Anger, 0.4, 0.15, 0.7, "anger"),
    (WordList::Complaint, 0.2, 0.1, 0.4, "complaint"),
    (WordList::Waiting, 0.25, 0.1, 0.45, "still_waiting"),
];

const ANGRY: &[&str] = &["😡", "🤬", "😠", "😤", "👿", "💩", "🖕"];
const CONTENT: &[&str] =
    &["😀", "😃", "😄", "😁", "😊", "🙂", "😍", "🥰", "❤", "💕", "🙏", "👍", "😂", "🤣", "😘", "🎉", "👏"];

/// How much a polite word speaks against an angry tone, 0 to 1.
const WARMTH_OF_POLITENESS: f32 = 0.3;

/// How a burst sounds. `recent` are the customer's earlier messages.
pub(super) fn sentiment(
    texts: &[&str],
    tokens: &Tokens,
    found: &[Found],
    language: Language,
    recent: &[&str],
) -> Sentiment {
    let mut mood = Mood::default();
    for &(list, first, further, most, signal) in LISTS {
        let count = count(tokens.all.len(), found, list, language);
        if count > 0 {
            mood.raise(signal, (first + further * (count - 1) as f32).min(most));
        }
    }
    let angry = count_of(tokens, ANGRY);
    mood.raise_if(angry > 0, "angry_emoji", 0.25 + 0.05 * angry.min(3) as f32);
    let upset = mood.negativity > 0.0;
    mood.raise_if(texts.iter().any(|text| shouts(text)), "capitals", if upset { 0.2 } else { 0.15 });
    mood.raise_if(texts.iter().any(|text| hammers(text)), "punctuation", if upset { 0.15 } else { 0.1 });
    let repeated = repetitions(texts, recent);
    mood.raise_if(repeated > 0, "repetition", 0.25 + 0.15 * repeated.min(3).saturating_sub(1) as f32);
    let soft = count(tokens.all.len(), found, WordList::Polite, language) > 0;
    let content = count_of(tokens, CONTENT) > 0;
    // An insult stays one, however politely it is put.
    if !mood.signals.contains(&"insult") {
        mood.negativity -= if soft { 0.1 } else { 0.0 } + if content { 0.1 } else { 0.0 };
    }
    let warmth = if content {
        1.0
    } else if soft {
        WARMTH_OF_POLITENESS
    } else {
        0.0
    };
    Sentiment { negativity: mood.negativity.clamp(0.0, 1.0), warmth, signals: mood.signals }
}

#[derive(Default)]
struct Mood {
    negativity: f32,
    signals: Vec<&'static str>,
}

impl Mood {
    fn raise(&mut self, signal: &'static str, by: f32) {
        self.negativity += by;
        self.signals.push(signal);
    }

    fn raise_if(&mut self, condition: bool, signal: &'static str, by: f32) {
        if condition {
            self.raise(signal, by);
        }
    }
}

/// How often a list's words stand in a burst of `length` tokens, overlapping ones once; swearing in English is understood
/// everywhere.
fn count(length: usize, found: &[Found], list: WordList, language: Language) -> usize {
    let mut taken = vec![false; length];
    for found in found.iter().filter(|found| found.role == Role::Listed(list) && !found.fuzzy) {
        let english = list == WordList::Insult && found.language == Language::En;
        if found.language == language || english {
            taken[found.start..found.end].fill(true);
        }
    }
    taken.chunk_by(|a, b| a == b).filter(|run| run[0]).count()
}

fn count_of(tokens: &Tokens, emoji: &[&str]) -> usize {
    tokens.all.iter().filter(|token| emoji.contains(&token.text.as_str())).count()
}

/// Mostly capitals over at least two words.
fn shouts(text: &str) -> bool {
    let cased = text.chars().filter(|character| character.is_uppercase() || character.is_lowercase());
    let (letters, capitals) = cased.fold((0, 0), |(all, upper), it| (all + 1, upper + usize::from(it.is_uppercase())));
    letters >= 8 && capitals * 10 >= letters * 7 && text.split_whitespace().count() >= 2
}

/// Three marks of question or exclamation in a row, or both kinds mixed.
fn hammers(text: &str) -> bool {
    let marks: Vec<char> = text.chars().collect();
    let mut runs = marks.chunk_by(|a, b| is_mark(*a) == is_mark(*b)).filter(|run| is_mark(run[0]));
    runs.any(|run| run.len() >= 3)
}

fn is_mark(character: char) -> bool {
    matches!(character, '!' | '?' | '！' | '？' | '؟')
}

/// How many earlier messages say nearly the same as one of these.
fn repetitions(texts: &[&str], recent: &[&str]) -> usize {
    let plain = |text: &&str| {
        let words: Vec<String> =
            Tokens::of(&fold(text)).all.into_iter().filter(is_word).map(|token| token.text).collect();
        (words.len() >= 2).then(|| words.join(" "))
    };
    let texts: Vec<String> = texts.iter().filter_map(plain).collect();
    let recent = recent.iter().filter_map(plain);
    recent.filter(|old| texts.iter().any(|new| strsim::normalized_levenshtein(old, new) >= 0.85)).count()
}

fn is_word(token: &Token) -> bool {
    token.width > 0
}

#[cfg(test)]
mod tests {
    use crate::domain::Language::{self, *};
    use crate::prompts::Prompts;
    use crate::understand::{Sentiment, Understander};

    fn moods(cases: &[(Language, &str, &[&str])]) -> Vec<(String, Sentiment)> {
        let understander = Understander::new(&Prompts::load(None).expect("the embedded texts are sound"));
        let mood = |(language, text, recent): &(Language, &str, &[&str])| {
            ((*text).to_owned(), understander.understand(&[text], Some(*language), En, recent).sentiment)
        };
        cases.iter().map(mood).collect()
    }

    #[test]
    fn insult_with_anger_brings_a_person_in() {
        let cases: &[(Language, &str, &[&str])] = &[
            (Es, "sois unos idiotas, esto es una vergüenza", &[]),
            (Es, "ESTO ES UNA MIERDA!!! QUIERO MI DINERO", &[]),
            (Es, "llevo esperando dos horas y nadie contesta, qué vergüenza", &["hola?"]),
            (En, "this is a scam you fucking thieves", &[]),
            (En, "worst service ever, you idiots", &[]),
            (Pt, "seus incompetentes, isso é um absurdo", &[]),
            (Fr, "bande d'incapables, c'est une honte", &[]),
            (De, "so eine Frechheit ihr Betrüger", &[]),
            (It, "siete dei truffatori, che vergogna", &[]),
        ];
        for (text, mood) in moods(cases) {
            assert!(mood.negativity > 0.7, "{text}: {mood:?}");
        }
    }

    #[test]
    fn a_single_mild_word_stays_below() {
        let cases: &[(Language, &str, &[&str])] = &[
            (Es, "el pan estaba malo", &[]),
            (Es, "tengo un problema con mi pedido", &[]),
            (Es, "sigo esperando", &[]),
            (Es, "QUIERO UN PASTEL DE CHOCOLATE", &[]),
            (En, "the cake was cold", &[]),
            (En, "damn, that looks good", &[]),
            (Fr, "je suis déçu", &[]),
            (De, "das Brot war kalt", &[]),
        ];
        for (text, mood) in moods(cases) {
            assert!(mood.negativity < 0.7, "{text}: {mood:?}");
        }
    }

    #[test]
    fn contentment_and_ordinary_questions_are_not_negative() {
        let cases: &[(Language, &str, &[&str])] = &[
            (Es, "gracias!! 😍😍", &[]),
            (Es, "¿a qué hora abren?", &["¿tienen pan?"]),
            (Es, "me encanta vuestro pan 😂", &[]),
            (En, "thanks a lot 🙏🙏🙏", &[]),
            (En, "ok", &["ok", "ok"]),
            (Pt, "adorei o bolo, obrigada ❤️", &[]),
        ];
        for (text, mood) in moods(cases) {
            assert!(mood.negativity < 0.05, "{text}: {mood:?}");
        }
    }

    #[test]
    fn asking_again_and_shouting_are_named() {
        let asked: &[&str] = &["¿a qué hora abren?", "a que hora abren"];
        let moods = moods(&[
            (Es, "A QUE HORA ABREN???", asked),
            (Es, "cuánto es por favor", &[]),
            (Es, "esto es malo, por favor 🙏", &[]),
        ]);
        assert_eq!(moods[0].1.signals, ["capitals", "punctuation", "repetition"]);
        assert!(moods[0].1.negativity > 0.5 && moods[0].1.negativity < 0.9, "{moods:?}");
        assert!(moods[1].1.signals.is_empty());
        assert!(moods[2].1.negativity < 0.1, "{moods:?}");
    }
}
