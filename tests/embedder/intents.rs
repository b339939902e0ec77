//! What the kinds of messages add to the words: intents in messages that nothing was trained on.

use std::sync::LazyLock;

use atiende::answer::quote::asks;
use atiende::domain::Language;
use atiende::prompts::Prompts;
use atiende::train::intents::{Sample, sentence};
use atiende::train::tally::Tally;
use atiende::understand::meaning::{Heard, Meaning};
use atiende::understand::{Intent, Understander, Understanding};

use super::queries;

/// Language, kind and message, with tabs between. Never train or choose a threshold on these.
const MESSAGES: &str = include_str!("intents.tsv");

static UNDERSTANDER: LazyLock<Understander> =
    LazyLock::new(|| Understander::new(&Prompts::load(None).expect("the texts are sound")));

fn by_words(texts: &[&str]) -> Understanding {
    UNDERSTANDER.understand(texts, None, Language::En, &[])
}

fn with_vectors(texts: &[&str]) -> Understanding {
    let mut understanding = by_words(texts);
    let language = understanding.language;
    let heard = |(vector, text): (Vec<f32>, &&str)| Heard::new(vector, text, asks(text, language));
    let burst = queries(texts).into_iter().zip(texts).map(heard).collect();
    UNDERSTANDER.add_meaning(&mut understanding, &Meaning { burst, earlier: Vec::new() });
    understanding
}

fn shows(texts: &[&str], intent: Intent) -> bool {
    with_vectors(texts).intents.iter().any(|scored| scored.intent == intent && scored.score >= 0.5)
}

/// By words, and with what the vectors add.
fn tallies(samples: &[Sample]) -> (Tally, Tally) {
    let texts: Vec<&str> = samples.iter().map(|sample| sample.text.as_str()).collect();
    let before: Vec<Understanding> = texts.iter().map(|text| by_words(&[text])).collect();
    let mut after = before.clone();
    for ((understanding, vector), text) in after.iter_mut().zip(queries(&texts)).zip(texts) {
        let heard = Heard::new(vector, text, asks(text, understanding.language));
        UNDERSTANDER.add_meaning(understanding, &Meaning { burst: vec![heard], earlier: Vec::new() });
    }
    (Tally::of(samples.iter().zip(&before)), Tally::of(samples.iter().zip(&after)))
}

#[test]
fn vectors_find_intents_that_are_put_another_way_and_hardly_any_in_ordinary_messages() {
    let samples: Vec<Sample> = MESSAGES.lines().map(|line| sentence(line).expect("every line is sound")).collect();
    let (before, after) = tallies(&samples);
    println!("by words\n{before}\nwith vectors\n{after}");
    let least = [
        (Intent::Person, 0.8),
        (Intent::NoPerson, 0.9),
        (Intent::BotQuestion, 0.9),
        (Intent::OptOut, 0.65),
        (Intent::DeleteData, 0.5),
        (Intent::ShowData, 0.6),
        (Intent::Complaint, 0.6),
        (Intent::Greeting, 0.75),
        (Intent::Thanks, 0.75),
        (Intent::Goodbye, 0.8),
        (Intent::SmallTalk, 0.5),
        (Intent::OffTopic, 0.4),
    ];
    assert_eq!(after.counts.len(), least.len(), "each intent has its bound");
    for (intent, recall) in least {
        let count = after.counts[&intent];
        assert!(count.wanted >= 15 && count.recall() >= recall, "{intent:?}: {count:?}");
        assert!(count.precision() >= 0.8 && count.wrong_in_ordinary <= 1, "{intent:?}: {count:?}");
    }
    for intent in [Intent::OptOut, Intent::DeleteData, Intent::ShowData, Intent::NoPerson] {
        assert_eq!(after.counts[&intent].wrong, 0, "{intent:?} acts on what the customer has");
    }
    let ordinary: usize = after.counts.values().map(|count| count.wrong_in_ordinary).sum();
    assert!(after.ordinary >= 200 && ordinary <= 4, "{ordinary} of {}", after.ordinary);
}

#[test]
fn a_question_beside_a_farewell_or_thanks_stays_a_question() {
    for texts in [
        &["have a nice weekend!", "do you have parking"][..],
        &["qué bien, eso quería saber", "y de la tarta de zanahoria tenéis pequeña"],
        &["okay, das beantwortet meine Frage", "ein Zimmer für zwei hätten wir auch noch gebraucht"],
    ] {
        let closes = [Intent::Goodbye, Intent::Thanks, Intent::SmallTalk].into_iter().any(|it| shows(texts, it));
        assert!(!closes && with_vectors(texts).has_question, "{texts:?}");
    }
}

#[test]
fn a_bot_question_put_another_way_leaves_nothing_else_and_one_beside_a_question_does() {
    assert!(!with_vectors(&["did a human type that or is it a computer"]).has_question);
    for text in
        ["did a human type that? and how much is the parking", "answered by a machine, right? do you deliver too"]
    {
        assert!(with_vectors(&[text]).has_question, "{text}");
    }
}
