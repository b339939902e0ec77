use super::super::heads::Head;
use super::super::kinds::Weighed;
use super::*;
use crate::domain::Language;
use crate::understand::Sentiment;

const KINDS: [Kind; 6] = [
    Kind::Ordinary,
    Kind::Wants(Intent::Person),
    Kind::Wants(Intent::Goodbye),
    Kind::Wants(Intent::OptOut),
    Kind::Wants(Intent::BotQuestion),
    Kind::Wants(Intent::NoPerson),
];

/// Weights for vectors of six numbers: each is one kind's.
fn kinds() -> Kinds {
    let weighed = |(index, kind): (usize, Kind)| {
        let weights = (0..KINDS.len()).map(|at| if at == index { 10.0 } else { 0.0 }).collect();
        Weighed { kind, head: Head { bias: 0.0, weights } }
    };
    Kinds {
        recipe: String::new(),
        embedder: String::new(),
        kinds: KINDS.into_iter().enumerate().map(weighed).collect(),
    }
}

fn vector(kind: Kind) -> Vec<f32> {
    KINDS.iter().map(|other| if *other == kind { 1.0 } else { 0.0 }).collect()
}

fn heard(intent: Intent) -> Heard {
    Heard { vector: vector(Kind::Wants(intent)), asks: false, is_one_sentence: true }
}

fn after(said: &[Intent], burst: Vec<Heard>) -> Understanding {
    let mut understanding = Understanding {
        language: Language::En,
        language_is_sure: true,
        intents: said.iter().map(|&intent| Scored { intent, score: 0.9 }).collect(),
        sentiment: Sentiment { negativity: 0.0, warmth: 0.0, signals: Vec::new() },
        has_question: true,
    };
    let wish = Head { bias: 5.0, weights: vec![-10.0, 0.0, 0.0, 0.0, 0.0, 0.0] };
    add(&mut understanding, &kinds(), &wish, &Meaning { burst, earlier: Vec::new() });
    understanding
}

fn intents(said: &[Intent], burst: Vec<Heard>) -> Vec<Intent> {
    after(said, burst).intents.iter().map(|scored| scored.intent).collect()
}

#[test]
fn a_clear_kind_shows_its_intent_and_a_doubtful_one_does_not() {
    assert_eq!(intents(&[], vec![heard(Intent::Person)]), [Intent::Person]);
    let doubtful = Heard { vector: vec![0.9, 1.0, 0.0, 0.0, 0.0, 0.0], asks: false, is_one_sentence: true };
    assert!(intents(&[], vec![doubtful]).is_empty());
}

#[test]
fn a_wish_for_a_person_needs_two_that_hear_it() {
    let wish = Head { bias: -5.0, weights: vec![0.0; KINDS.len()] };
    let mut understanding = after(&[], Vec::new());
    add(&mut understanding, &kinds(), &wish, &Meaning { burst: vec![heard(Intent::Person)], earlier: Vec::new() });
    assert!(understanding.intents.is_empty());
}

#[test]
fn what_the_words_contradict_is_never_claimed() {
    assert_eq!(intents(&[Intent::NoPerson], vec![heard(Intent::Person)]), [Intent::NoPerson]);
    assert_eq!(intents(&[Intent::OptIn], vec![heard(Intent::OptOut)]), [Intent::OptIn]);
}

#[test]
fn a_farewell_beside_a_question_ends_nothing() {
    let question = Heard { vector: vector(Kind::Ordinary), asks: false, is_one_sentence: true };
    assert!(intents(&[], vec![heard(Intent::Goodbye), question]).is_empty());
    assert_eq!(intents(&[], vec![heard(Intent::Goodbye), heard(Intent::Goodbye)]), [Intent::Goodbye]);
    assert!(intents(&[], vec![Heard { asks: true, ..heard(Intent::Goodbye) }]).is_empty());
}

#[test]
fn a_message_that_asks_is_no_opt_out() {
    assert_eq!(intents(&[], vec![heard(Intent::OptOut)]), [Intent::OptOut]);
    assert!(intents(&[], vec![Heard { asks: true, ..heard(Intent::OptOut) }]).is_empty());
}

#[test]
fn whether_this_is_a_bot_leaves_nothing_else_to_answer_where_it_is_all() {
    assert!(!after(&[], vec![heard(Intent::BotQuestion)]).has_question);
    let question = Heard { vector: vector(Kind::Ordinary), asks: true, is_one_sentence: true };
    assert!(after(&[], vec![heard(Intent::BotQuestion), question]).has_question);
}
