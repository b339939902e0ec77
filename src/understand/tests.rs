use std::time::Instant;

use super::*;

fn understander() -> Understander {
    Understander::new(&Prompts::load(None).expect("the embedded texts are sound"))
}

#[test]
fn a_burst_is_understood_as_a_whole() {
    let texts = ["hola", "¿a qué hora abren?", "gracias 🙏"];
    let understanding = understander().understand(&texts, None, Language::En, &[]);
    assert_eq!((understanding.language, understanding.language_is_sure), (Language::Es, true));
    let intents: Vec<Intent> = understanding.intents.iter().map(|scored| scored.intent).collect();
    assert_eq!(intents, [Intent::Greeting, Intent::Thanks]);
    assert!(understanding.has_question);
    assert_eq!(understanding.sentiment.negativity, 0.0);
}

#[test]
fn a_burst_without_any_word_is_nothing() {
    for texts in [&[][..], &[""], &["   "], &["…"]] {
        let understanding = understander().understand(texts, None, Language::Fr, &[]);
        assert_eq!((understanding.language, understanding.language_is_sure), (Language::Fr, false));
        assert!(understanding.intents.is_empty() && !understanding.has_question);
    }
}

#[test]
fn scores_are_sorted_and_within_their_range() {
    let texts = ["hola, no quiero hablar con un robot", "borren mis datos y dejen de mandarme mensajes"];
    let intents = understander().understand(&texts, None, Language::En, &[]).intents;
    assert!(intents.len() >= 3, "{intents:?}");
    assert!(intents.is_sorted_by(|a, b| a.score >= b.score), "{intents:?}");
    assert!(intents.iter().all(|scored| (0.0..=1.0).contains(&scored.score)), "{intents:?}");
}

#[test]
fn a_burst_takes_milliseconds() {
    let understander = understander();
    let texts = [
        "hola buenas, quería saber si tienen tartas de cumpleaños sin gluten",
        "para unas 12 personas",
        "¿cuánto cuestan?",
    ];
    let once = || understander.understand(&texts, Some(Language::Es), Language::Es, &["¿hacen envíos?"]);
    once();
    let start = Instant::now();
    (0..20).for_each(|_| drop(once()));
    // Unoptimised code on a busy machine; a server's build takes a small part of it.
    assert!(start.elapsed().as_millis() < 20 * 100, "{:?} for 20 bursts", start.elapsed());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_is_understood_without_a_panic(texts in proptest::collection::vec(".{0,80}", 0..3)) {
        static UNDERSTANDER: std::sync::LazyLock<Understander> = std::sync::LazyLock::new(understander);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let understanding = UNDERSTANDER.understand(&texts, None, Language::En, &texts);
        assert!((0.0..=1.0).contains(&understanding.sentiment.negativity));
    }
}

#[test]
fn thanks_and_greetings_are_pleasantries_and_an_answer_is_none() {
    let understander = Understander::new(&Prompts::load(None).unwrap());
    for (text, language) in [("gracias", Language::Es), ("thanks!", Language::En), ("bom dia", Language::Pt)] {
        assert!(understander.is_pleasantry(text, language), "{text}");
    }
    for (text, language) in
        [("2", Language::Es), ("sí", Language::Es), ("Sin gluten", Language::Es), ("no thanks, stop", Language::En)]
    {
        assert!(!understander.is_pleasantry(text, language), "{text}");
    }
}

#[test]
fn what_only_greets_or_announces_a_question_is_left_out_of_it() {
    let understander = understander();
    let without = |texts: &[&str], language| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        understander.without_pleasantries(&texts, language)
    };
    let story = ["hiya", "quick one", "our lad has outgrown his violin\ndo we pay for the next size?\nthanks!"];
    assert_eq!(without(&story, Language::En), ["our lad has outgrown his violin\ndo we pay for the next size?"]);
    let trouble = ["ciao\nscusate il disturbo\narriviamo alle 22\ncome facciamo per le chiavi?"];
    assert_eq!(without(&trouble, Language::It), ["arriviamo alle 22\ncome facciamo per le chiavi?"]);
    assert_eq!(
        without(&["hoi", "kleine vraag", "hoe laat gaan jullie dicht?"], Language::Nl),
        ["hoe laat gaan jullie dicht?"]
    );
    assert_eq!(without(&["здравствуйте", "вопрос такой", "сколько стоит?"], Language::Ru), ["сколько стоит?"]);
    // Where there is nothing else, nothing is taken away.
    assert_eq!(without(&["hola", "gracias"], Language::Es), ["hola", "gracias"]);
    assert_eq!(without(&["y el domingo?"], Language::Es), ["y el domingo?"]);
}

#[test]
fn that_nobody_is_needed_is_left_out_of_what_is_asked_beside_it() {
    let understander = understander();
    let check = |text: &str, language, rest: &str| {
        assert_eq!(understander.without_pleasantries(&[text.to_owned()], language), [rest], "{text}");
    };
    check("no need to call me, just tell me when you close", Language::En, "just tell me when you close");
    check("no quiero hablar con nadie, a qué hora abrís? 8:30?", Language::Es, "a qué hora abrís? 8:30?");
    check("hoe laat gaan jullie dicht? ik hoef niemand te spreken", Language::Nl, "hoe laat gaan jullie dicht?");
    check("no hace falta que me llaméis", Language::Es, "no hace falta que me llaméis");
}
