//! The real search model: that its vectors mean what they should. Fetch the models before running these.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::thread;

use atiende::knowledge::embed::E5;
use atiende::knowledge::embedder::{DIMENSION, Embedder};

static MODEL: LazyLock<E5> = LazyLock::new(|| {
    let path = models_folder().join("multilingual-e5-small-q4_0.gguf");
    E5::open(&path).unwrap_or_else(|error| panic!("{error}"))
});

fn models_folder() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("ATIENDE_MODELS_DIR")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("atiende/models")))
        .or_else(|| Some(folder("HOME")?.join(".cache/atiende/models")))
        .expect("a home folder")
}

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
