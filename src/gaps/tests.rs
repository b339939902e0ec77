use super::*;
use likeness::Text;

/// Who asked what in which language, a minute after the other.
fn asked(list: &[(i64, &str, Language)]) -> Vec<Asked> {
    let one = |(minute, (contact, words, language)): (usize, &(i64, &str, Language))| Asked {
        contact: ContactId(*contact),
        words: (*words).to_owned(),
        context: None,
        language: *language,
        at: Timestamp::from_second(60 * minute as i64).expect("a time"),
        ending: Ending::Declined,
        answer: None,
    };
    list.iter().enumerate().map(one).collect()
}

fn by_words(asked: &[Asked], drafts: &[&str]) -> Likeness {
    let questions = asked.iter().map(|asked| Text { words: asked.text(), language: asked.language });
    let drafts = drafts.iter().map(|words| Text { words: (*words).to_owned(), language: Language::Es });
    Likeness::of_words(&questions.chain(drafts).collect::<Vec<_>>())
}

fn questions() -> Vec<Asked> {
    asked(&[
        (1, "¿Tenéis tarta vegana?", Language::Es),
        (2, "hacéis empanadas", Language::Es),
        (1, "hola, teneis tartas veganas", Language::Es),
        (3, "¿tarta vegana tenéis?", Language::Es),
    ])
}

#[test]
fn what_is_asked_most_comes_first_with_everyone_who_asked_it() {
    let mut asked = questions();
    asked[3].ending = Ending::HandedOver;
    let found = gaps(&asked, &by_words(&asked, &[]), Language::Es);
    let counts: Vec<(usize, usize, usize)> = found.iter().map(|gap| (gap.count, gap.customers, gap.declined)).collect();
    assert_eq!(counts, [(3, 2, 2), (1, 1, 1)]);
    assert_eq!(found[0].last_asked, asked[3].at);
    assert_eq!(found[1].question().words, "hacéis empanadas");
}

#[test]
fn the_wording_that_a_person_answered_stands_for_the_rest_with_the_newest_answer() {
    let mut asked = questions();
    asked[0].answer = Some("Los viernes.".into());
    asked[2].answer = Some("Los viernes y sábados.".into());
    let found = gaps(&asked, &by_words(&asked, &[]), Language::Es);
    assert_eq!(found[0].answer.as_deref(), Some("Los viernes y sábados."));
    assert_eq!(found[0].question().words, "hola, teneis tartas veganas");
}

#[test]
fn the_same_words_are_one_example_and_other_languages_come_before_more_of_the_same() {
    let same = Likeness { vectors: vec![vec![1.0]; 6], threshold: 0.9 };
    let asked = asked(&[
        (1, "Vegan cake?", Language::En),
        (2, "vegan cake", Language::En),
        (3, "any vegan cake", Language::En),
        (4, "a vegan cake please", Language::En),
        (5, "tarta vegana", Language::Es),
        (6, "Vegane Torte", Language::De),
    ]);
    let found = gaps(&asked, &same, Language::Es);
    let examples: Vec<&str> = found[0].examples.iter().map(|example| example.asked.words.as_str()).collect();
    assert_eq!(examples, ["tarta vegana", "Vegan cake?", "Vegane Torte"]);
    assert_eq!(found[0].languages[0], Language::En);
}

#[test]
fn a_draft_belongs_to_the_gap_that_it_is_about_and_to_no_other() {
    let asked = questions();
    let found = gaps(&asked, &by_words(&asked, &["Tarta vegana", "¿Abrís en Navidad?"]), Language::Es);
    assert_eq!((found[0].drafts.as_slice(), found[1].drafts.as_slice()), (&[0usize][..], &[][..]));
}

#[test]
fn what_leans_on_a_question_before_it_is_compared_together_with_that() {
    let mut asked = asked(&[(1, "¿y con nueces?", Language::Es), (2, "¿y con nueces?", Language::Es)]);
    asked[0].context = Some("¿Hacéis pan de higos?".into());
    asked[1].context = Some("¿Cuánto cuesta la tarta de queso?".into());
    assert_eq!(gaps(&asked, &by_words(&asked, &[]), Language::Es).len(), 2);
    assert_eq!(asked[0].messages(), ["¿Hacéis pan de higos?", "¿y con nueces?"]);
}

#[test]
fn where_nothing_was_asked_there_is_no_gap() {
    assert!(gaps(&[], &by_words(&[], &["Tarta vegana"]), Language::Es).is_empty());
}
