use super::*;
use crate::domain::Language;
use crate::understand::heads::Head;

/// Heads for vectors of two numbers: the first says how angry, the second how much a person is wanted, 0 to 1.
fn heads() -> Heads {
    let head = |weights: [f32; 2]| Head { bias: -5.0, weights: weights.to_vec() };
    let (anger, person) = (head([10.0, 0.0]), head([0.0, 10.0]));
    Heads { recipe: String::new(), embedder: String::new(), anger, person }
}

const ANGRY: [f32; 2] = [1.0, 0.0];
const IRRITATED: [f32; 2] = [0.55, 0.0];
const CALM: [f32; 2] = [0.0, 0.0];
const WISHES: [f32; 2] = [0.0, 1.0];

fn heard(vector: [f32; 2], asks: bool) -> Heard {
    Heard { vector: vector.to_vec(), asks, is_one_sentence: true }
}

fn words(negativity: f32, warmth: f32, intents: &[Intent]) -> Understanding {
    Understanding {
        language: Language::Es,
        language_is_sure: true,
        intents: intents.iter().map(|&intent| Scored { intent, score: 0.9 }).collect(),
        sentiment: Sentiment { negativity, warmth, signals: Vec::new() },
        has_question: true,
    }
}

fn after(mut understanding: Understanding, burst: Heard, earlier: &[[f32; 2]]) -> Understanding {
    let earlier = earlier.iter().map(|vector| heard(*vector, false)).collect();
    add(&mut understanding, &heads(), &Meaning { burst: vec![burst], earlier });
    understanding
}

fn negativity(words: Understanding, burst: Heard, earlier: &[[f32; 2]]) -> f32 {
    after(words, burst, earlier).sentiment.negativity
}

#[test]
fn an_angry_tone_alone_brings_in_a_person_and_a_doubtful_one_does_not() {
    assert!(negativity(words(0.0, 0.0, &[]), heard(ANGRY, false), &[]) > 0.7);
    assert!(negativity(words(0.0, 0.0, &[]), heard(IRRITATED, false), &[]) < 0.7);
    assert_eq!(negativity(words(0.0, 0.0, &[]), heard(CALM, false), &[]), 0.0);
}

#[test]
fn a_plain_question_is_never_angry() {
    assert!(negativity(words(0.0, 0.0, &[]), heard(ANGRY, true), &[]) < 0.7);
    // "Still waiting, when does it come?"
    assert!(negativity(words(0.25, 0.0, &[]), heard(ANGRY, true), &[]) < 0.7);
}

#[test]
fn thanks_and_emoji_of_content_outweigh_any_tone_and_politeness_lowers_it() {
    assert_eq!(negativity(words(0.0, 0.0, &[Intent::Thanks]), heard(ANGRY, false), &[ANGRY]), 0.0);
    assert_eq!(negativity(words(0.0, 1.0, &[]), heard(ANGRY, false), &[ANGRY]), 0.0);
    assert!(negativity(words(0.0, 0.3, &[]), heard(ANGRY, false), &[]) < 0.7);
}

#[test]
fn a_mood_builds_up_over_messages_and_is_gone_with_a_calm_one() {
    let once = negativity(words(0.0, 0.0, &[]), heard(IRRITATED, false), &[]);
    let twice = negativity(words(0.0, 0.0, &[]), heard(IRRITATED, false), &[IRRITATED, IRRITATED]);
    let long_ago = negativity(words(0.0, 0.0, &[]), heard(IRRITATED, false), &[IRRITATED, CALM, CALM]);
    assert!(twice > long_ago && long_ago > once, "{once} {long_ago} {twice}");
    assert_eq!(negativity(words(0.0, 0.0, &[]), heard(CALM, false), &[ANGRY, ANGRY]), 0.0);
}

#[test]
fn words_are_only_ever_added_to() {
    for said in [0.0, 0.2, 0.5, 0.9] {
        for vector in [CALM, IRRITATED, ANGRY] {
            assert!(negativity(words(said, 0.0, &[]), heard(vector, true), &[]) >= said);
        }
    }
    let understanding = after(words(0.4, 0.0, &[]), heard(ANGRY, false), &[IRRITATED]);
    assert_eq!(understanding.sentiment.signals, ["tone", "earlier_tone"]);
}

#[test]
fn a_wish_for_a_person_is_heard_unless_the_words_said_something_about_it() {
    let has_person = |understanding: Understanding| {
        understanding.intents.iter().any(|scored| scored.intent == Intent::Person && scored.score >= 0.7)
    };
    assert!(has_person(after(words(0.0, 0.0, &[Intent::Greeting]), heard(WISHES, false), &[])));
    assert!(!has_person(after(words(0.0, 0.0, &[Intent::NoPerson]), heard(WISHES, false), &[])));
    assert!(!has_person(after(words(0.0, 0.0, &[Intent::BotQuestion]), heard(WISHES, true), &[])));
    assert!(!has_person(after(words(0.0, 0.0, &[]), heard(CALM, false), &[WISHES])));
}
