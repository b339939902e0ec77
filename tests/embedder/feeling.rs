//! What vectors add to the words: anger and wishes for a person in sentences that no head was trained on.

use std::sync::LazyLock;

use atiende::answer::quote::asks;
use atiende::domain::Language;
use atiende::knowledge::embedder::Embedder;
use atiende::prompts::Prompts;
use atiende::understand::meaning::{Heard, Meaning};
use atiende::understand::{Intent, Understander, Understanding};

use super::{MODEL, queries};

/// Language, what it is, and the sentence, with tabs between; `calm` and `ordinary` are neither angry nor a wish.
const SENTENCES: &str = include_str!("feeling.tsv");

static UNDERSTANDER: LazyLock<Understander> =
    LazyLock::new(|| Understander::new(&Prompts::load(None).expect("the texts are sound")));

fn by_words(text: &str) -> Understanding {
    UNDERSTANDER.understand(&[text], None, Language::En, &[])
}

fn with_vectors(text: &str, earlier: &[&str]) -> Understanding {
    let mut understanding = UNDERSTANDER.understand(&[text], None, Language::En, earlier);
    let language = understanding.language;
    let heard = |texts: &[&str]| {
        let heard = |(vector, text): (Vec<f32>, &&str)| Heard::new(vector, text, asks(text, language));
        queries(texts).into_iter().zip(texts).map(heard).collect()
    };
    UNDERSTANDER.add_meaning(&mut understanding, &Meaning { burst: heard(&[text]), earlier: heard(earlier) });
    understanding
}

fn is_angry(understanding: &Understanding) -> bool {
    understanding.sentiment.negativity > 0.7
}

fn is_wish(understanding: &Understanding) -> bool {
    understanding.intents.iter().any(|scored| scored.intent == Intent::Person && scored.score >= 0.5)
}

/// The sentences of a kind that are judged so, and how many there are.
fn found(kind: &str, judge: impl Fn(&str) -> bool) -> (Vec<&'static str>, usize) {
    let fields = SENTENCES.lines().map(|line| line.splitn(3, '\t').collect::<Vec<_>>());
    let all: Vec<&str> = fields.filter(|fields| fields[1] == kind).map(|fields| fields[2]).collect();
    (all.iter().copied().filter(|text| judge(text)).collect(), all.len())
}

#[test]
fn the_heads_fit_the_default_model() {
    assert!(UNDERSTANDER.reads_vectors_of(&MODEL.fingerprint()), "train the heads anew: {}", MODEL.fingerprint());
}

#[test]
fn vectors_find_anger_that_no_list_names() {
    let (before, all) = found("angry", |text| is_angry(&by_words(text)));
    let (after, _) = found("angry", |text| is_angry(&with_vectors(text, &[])));
    println!("anger: {} of {all} by words, {} with vectors", before.len(), after.len());
    assert!(after.len() * 2 >= all && after.len() > before.len() + all / 4, "{before:?} {after:?}");
}

#[test]
fn vectors_find_wishes_for_a_person_that_are_put_another_way() {
    let (before, all) = found("person", |text| is_wish(&by_words(text)));
    let (after, _) = found("person", |text| is_wish(&with_vectors(text, &[])));
    println!("wishes: {} of {all} by words, {} with vectors", before.len(), after.len());
    assert!(after.len() * 3 >= all * 2 && after.len() > before.len(), "{before:?} {after:?}");
}

#[test]
fn calm_reports_and_ordinary_questions_bring_nobody() {
    for kind in ["calm", "ordinary"] {
        let judge = |text: &str| {
            let understanding = with_vectors(text, &[]);
            is_angry(&understanding) || is_wish(&understanding) && !is_wish(&by_words(text))
        };
        let (wrong, all) = found(kind, judge);
        assert!(wrong.is_empty() && all > 20, "{kind}: {wrong:?}");
    }
}

#[test]
fn one_mild_reproach_brings_nobody_and_several_in_a_row_do() {
    let reproach = "ma li leggete i messaggi o no";
    let before = ["è già la seconda volta che lo chiedo", "è la terza volta che chiedo la stessa cosa"];
    let alone = with_vectors(reproach, &[]).sentiment;
    let in_a_row = with_vectors(reproach, &before).sentiment;
    assert!(in_a_row.negativity >= alone.negativity, "{alone:?} {in_a_row:?}");
    let thanks = with_vectors("perfetto, grazie mille!", &before).sentiment;
    assert!(thanks.negativity < 0.1, "{thanks:?}");
}
