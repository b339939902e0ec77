//! The real search model: that its vectors mean what they should. Fetch the models before running these.

mod feeling;
mod intents;

use std::sync::LazyLock;
use std::thread;

use atiende::domain::Language;
use atiende::gaps::group::group;
use atiende::gaps::likeness::{Likeness, Text};
use atiende::knowledge::embed::E5;
use atiende::knowledge::embedder::{DIMENSION, Embedder};
use atiende::models::cache_folder;
use atiende::prompts::Prompts;
use atiende::understand::Understander;

static MODEL: LazyLock<E5> = LazyLock::new(|| {
    let folder = cache_folder(|name| std::env::var_os(name)).expect("a home folder");
    let path = folder.join("multilingual-e5-small-q4_0.gguf");
    E5::open(&path).unwrap_or_else(|error| panic!("{error}"))
});

fn queries(texts: &[&str]) -> Vec<Vec<f32>> {
    MODEL.embed_queries(&owned(texts)).expect("vectors")
}

fn passages(texts: &[&str]) -> Vec<Vec<f32>> {
    MODEL.embed_passages(&owned(texts)).expect("vectors")
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

const KNOWLEDGE: [&str; 4] = [
    "Abrimos de lunes a sábado de 8:00 a 20:00. Los domingos cerramos.",
    "Las tortas de cumpleaños se encargan con dos días de anticipación. Una torta de 1 kg cuesta 25 €.",
    "Hacemos entregas a domicilio en el centro por 3 €.",
    "Todos nuestros panes se hornean con masa madre; el pan de arroz no lleva gluten.",
];

#[test]
fn questions_in_many_languages_find_the_passage_that_answers_them() {
    let knowledge = passages(&KNOWLEDGE);
    let cases = [
        ("¿a qué hora abren el domingo?", 0),
        ("Are you open on Sundays?", 0),
        ("Habt ihr am Sonntag geöffnet?", 0),
        ("هل تفتحون يوم الأحد؟", 0),
        ("How much is a birthday cake?", 1),
        ("生日蛋糕多少钱？", 1),
        ("Vocês entregam em casa?", 2),
        ("Доставляете на дом?", 2),
        ("Do you have gluten free bread?", 3),
        ("グルテンフリーのパンはありますか？", 3),
    ];
    for (question, answer) in cases {
        let vector = &queries(&[question])[0];
        let scores: Vec<f32> = knowledge.iter().map(|passage| dot(vector, passage)).collect();
        let best = (0..scores.len()).max_by(|one, other| scores[*one].total_cmp(&scores[*other]));
        assert_eq!(best, Some(answer), "{question}: {scores:?}");
    }
}

#[test]
fn vectors_have_length_one_whatever_the_text() {
    let long = "Abrimos de lunes a sábado. ".repeat(400);
    for vector in passages(&["", " ", "🙂", "中国", "a\u{301}", &long]) {
        assert_eq!(vector.len(), DIMENSION);
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-4);
    }
}

#[test]
fn a_text_gets_the_same_vector_alone_and_among_others() {
    let together = passages(&KNOWLEDGE);
    for (text, vector) in KNOWLEDGE.iter().zip(&together) {
        assert!(dot(&passages(&[text])[0], vector) > 0.9999, "{text}");
    }
}

#[test]
fn questions_and_passages_are_told_apart() {
    let text = KNOWLEDGE[0];
    assert!(dot(&queries(&[text])[0], &passages(&[text])[0]) < 0.999);
}

#[test]
fn several_askers_get_their_own_answers() {
    let expected = queries(&KNOWLEDGE);
    thread::scope(|scope| {
        for (text, vector) in KNOWLEDGE.iter().zip(&expected) {
            scope.spawn(move || {
                for _ in 0..5 {
                    assert!(dot(&queries(&[text])[0], vector) > 0.9999, "{text}");
                }
            });
        }
    });
}

#[test]
fn the_fingerprint_is_that_of_the_file_and_stays_the_same() {
    assert_eq!(MODEL.fingerprint(), MODEL.fingerprint());
    assert!(MODEL.fingerprint().starts_with("e5-1-"));
}

/// Questions as customers put them, a group a line: what is asked in vain is counted by these.
const ASKED: [&[&str]; 14] = [
    &["do you have vegan cake", "¿tenéis tarta vegana?", "haben Sie vegane Torten?", "avez-vous des gâteaux végans ?"],
    &["Do you have parking?", "¿hay parking cerca?", "dónde puedo aparcar", "Gibt es Parkplätze?"],
    &["do you sell gift cards?", "¿vendéis tarjetas regalo?", "Vendeis cheques regalo?", "gift voucher available?"],
    &["¿tenéis trona para bebés?", "do you have high chairs for babies"],
    &["se puede entrar con silla de ruedas?", "is the shop wheelchair accessible?"],
    &["how many calories has a croissant?", "cuántas calorías tiene un cruasán"],
    &["is breakfast included?", "¿el desayuno está incluido?", "o café da manhã está incluído?"],
    &["do you have a pool", "tem piscina?", "¿hay piscina?", "Gibt es einen Pool?"],
    &["can I rent bikes", "alugam bicicletas?", "¿alquiláis bicis?"],
    &["do you pick up guests from the airport", "vocês buscam no aeroporto?", "¿recogéis en el aeropuerto?"],
    &["do you have a washing machine", "¿hay lavadora?"],
    &["charging station for electric cars?", "¿se puede cargar un coche eléctrico?"],
    &["how far is the beach", "qual a distância da praia?", "¿a cuánto está la playa?"],
    &["do you open on 6 December?", "abrís el día 6 de diciembre?"],
];

#[test]
fn the_same_question_in_several_languages_is_one_gap_and_others_are_others() {
    let prompts = Prompts::load(None).expect("the texts are sound");
    let understander = Understander::new(&prompts);
    let language = |words: &str| understander.understand(&[words], None, Language::Es, &[]).language;
    let asked: Vec<(usize, &str)> =
        ASKED.iter().enumerate().flat_map(|(group, texts)| texts.iter().map(move |text| (group, *text))).collect();
    let texts: Vec<Text> =
        asked.iter().map(|(_, words)| Text { words: (*words).to_owned(), language: language(words) }).collect();
    let likeness = Likeness::of_meaning(&texts, &*MODEL, &prompts).expect("vectors");
    let found = group(&likeness.vectors, likeness.threshold);
    let told = |members: &Vec<usize>| members.iter().map(|index| asked[*index].1).collect::<Vec<_>>();
    let mixed: Vec<_> = found
        .iter()
        .filter(|members| members.iter().any(|one| asked[*one].0 != asked[members[0]].0))
        .map(told)
        .collect();
    assert!(mixed.is_empty(), "{mixed:?}");
    let split: Vec<_> = found.iter().map(told).collect();
    assert!(found.len() <= ASKED.len() + 2, "{split:?}");
    let holds = |wanted: &str| found.iter().position(|members| told(members).contains(&wanted));
    assert_eq!(holds("do you have vegan cake"), holds("¿tenéis tarta vegana?"), "{split:?}");
}
