use super::*;
use crate::prompts::{Prompts, Reply};
use crate::understand::{Understander, Understanding};
use ordinary::ORDINARY;
use wishes::WISHES;

mod ordinary;
mod wishes;

const SILENT_ON_ORDINARY: &[Intent] = &[
    Intent::Person,
    Intent::NoPerson,
    Intent::BotQuestion,
    Intent::OptOut,
    Intent::OptIn,
    Intent::DeleteData,
    Intent::ShowData,
];

fn prompts() -> Prompts {
    Prompts::load(None).expect("the embedded texts are sound")
}

fn sure(understander: &Understander, text: &str, language: Language) -> Vec<Intent> {
    let understanding = understander.understand(&[text], Some(language), Language::En, &[]);
    understanding.intents.iter().filter(|scored| scored.score >= SURE).map(|scored| scored.intent).collect()
}

fn is_sure(understanding: &Understanding, intent: Intent) -> bool {
    understanding.intents.iter().any(|scored| scored.intent == intent && scored.score >= SURE)
}

#[test]
fn every_wish_for_a_person_is_understood() {
    let understander = Understander::new(&prompts());
    let missed: Vec<_> = WISHES
        .iter()
        .flat_map(|(language, text)| [Some(*language), None].map(|conversation| (conversation, language, text)))
        .map(|(before, language, text)| (understander.understand(&[text], before, Language::En, &[]), language, text))
        .filter(|(understanding, ..)| !is_sure(understanding, Intent::Person))
        .map(|(understanding, language, text)| format!("{language}: {text}: {understanding:?}"))
        .collect();
    assert!(missed.is_empty(), "{} of {}: {missed:#?}", missed.len(), WISHES.len());
}

#[test]
fn ordinary_messages_are_no_wish_for_a_person_and_no_opt_out() {
    let understander = Understander::new(&prompts());
    let wrong: Vec<_> = ORDINARY
        .iter()
        .map(|(language, text)| (language, text, sure(&understander, text, *language)))
        .filter(|(.., intents)| intents.iter().any(|intent| SILENT_ON_ORDINARY.contains(intent)))
        .collect();
    assert!(
        ORDINARY.len() >= 200 && wrong.len() * 100 <= ORDINARY.len(),
        "{} of {}: {wrong:#?}",
        wrong.len(),
        ORDINARY.len()
    );
}

#[test]
fn the_words_that_replies_name_work_in_every_language() {
    let prompts = prompts();
    let understander = Understander::new(&prompts);
    for &language in Language::ALL {
        for (reply, intent) in [(Reply::PersonWord, Intent::Person), (Reply::OptInWord, Intent::OptIn)] {
            let word = prompts.reply(reply, language, &[]).expect("renders");
            for text in [word.clone(), word.to_uppercase(), format!("«{word}»."), format!(" {word}!")] {
                let intents = sure(&understander, &text, language);
                assert_eq!(intents.first(), Some(&intent), "{language}: {text}");
            }
        }
        let button = prompts.reply(Reply::PersonButton, language, &[]).expect("renders");
        assert!(sure(&understander, &button, language).contains(&Intent::Person), "{language}: {button}");
    }
}

#[test]
fn every_example_shows_its_own_intent() {
    let prompts = prompts();
    let understander = Understander::new(&prompts);
    let mut wrong = Vec::new();
    for &language in Language::ALL {
        for &intent in Intent::ALL {
            for example in prompts.examples(intent, language) {
                let intents = sure(&understander, example, language);
                if !intents.contains(&intent) {
                    wrong.push(format!("{language} {intent:?}: {example}: {intents:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

#[test]
fn intents_are_told_apart() {
    let understander = Understander::new(&prompts());
    use Intent::*;
    let cases: &[(Language, &str, &[Intent])] = &[
        (Language::Es, "no quiero hablar con una persona", &[NoPerson]),
        (Language::Es, "no quiero hablar con una persona, solo dime el horario", &[NoPerson]),
        (Language::Es, "no, quiero hablar con una persona", &[Person]),
        (Language::Es, "no quiero hablar con un robot", &[Person]),
        (Language::En, "I don't want a human, just the hours", &[NoPerson]),
        (Language::En, "no need to call me, thanks", &[NoPerson, Thanks]),
        (Language::De, "ich will nicht mit einem menschen sprechen", &[NoPerson]),
        (Language::Pt, "não quero falar com ninguém não", &[NoPerson]),
        (Language::En, "stop", &[OptOut]),
        (Language::Es, "STOP", &[OptOut]),
        (Language::En, "Stop!!", &[OptOut]),
        (Language::Es, "no quiero recibir más mensajes", &[OptOut]),
        (Language::Es, "por favor dejen de mandarme publicidad", &[OptOut]),
        (Language::En, "pls stop sending me these promo messages", &[OptOut]),
        (Language::Pt, "parem de mandar propaganda", &[OptOut]),
        (Language::Fr, "arrêtez de m'envoyer vos pubs", &[OptOut]),
        (Language::De, "ich möchte keine Werbung mehr von euch", &[OptOut]),
        (Language::It, "basta, non mandatemi altre offerte", &[OptOut]),
        (Language::Es, "ya no me escriban", &[OptOut]),
        (Language::En, "dont contact me", &[OptOut]),
        (Language::Es, "quiten mi numero de su lista", &[OptOut]),
        (Language::De, "keine Nachrichten bitte", &[OptOut]),
        (Language::It, "basta mandarmi messaggi", &[OptOut]),
        (Language::Es, "borra todo sobre mi", &[DeleteData]),
        (Language::Pt, "apaguem todos os meus dados", &[DeleteData]),
        (Language::Es, "quiero darme de alta", &[OptIn]),
        (Language::Es, "¿eres un bot?", &[BotQuestion]),
        (Language::Es, "oye estoy hablando con una maquina o que", &[BotQuestion]),
        (Language::En, "am I talking to a real human?", &[BotQuestion]),
        (Language::Pt, "vc é um robô?", &[BotQuestion]),
        (Language::Fr, "vous êtes un robot ou quoi ?", &[BotQuestion]),
        (Language::De, "bist du eigentlich ein Roboter?", &[BotQuestion]),
        (Language::It, "ma sei un bot?", &[BotQuestion]),
        (Language::Es, "quiero que eliminen todos mis datos personales", &[DeleteData]),
        (Language::En, "please erase all my personal data", &[DeleteData]),
        (Language::Fr, "je veux supprimer mes données personnelles", &[DeleteData]),
        (Language::Es, "¿qué sabes de mí?", &[ShowData]),
        (Language::Es, "holaaaa", &[Greeting]),
        (Language::Es, "hola 👋", &[Greeting]),
        (Language::Es, "hola, gracias", &[Greeting, Thanks]),
        (Language::Es, "no gracias", &[Thanks, No]),
        (Language::Es, "vale 👍", &[Yes]),
        (Language::En, "nope", &[No]),
        (Language::Es, "adios", &[Goodbye]),
        (Language::Es, "la si no claro que pan", &[]),
    ];
    let mut wrong = Vec::new();
    for (language, text, expected) in cases {
        let mut intents = sure(&understander, text, *language);
        intents.sort();
        if intents != *expected {
            wrong.push(format!("{text}: {intents:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_left_beside_the_intents_is_a_question() {
    let understander = Understander::new(&prompts());
    let cases = [
        ("hola, ¿a qué hora abren?", true),
        ("hola a que hora abren", true),
        ("hola buenas", false),
        ("hola", false),
        ("gracias!", false),
        ("muchas gracias por todo 🙏", false),
        ("quiero hablar con una persona", false),
        ("quiero hablar con una persona. ¿tienen pan?", true),
        ("vale 👍", false),
        ("👍", false),
        ("pan", true),
        ("¿y mañana?", true),
        ("no quiero recibir más mensajes", false),
        ("¿eres un bot?", false),
        ("¿eres un bot? ¿cuánto cuesta el pan?", true),
        ("2", true),
        ("", false),
    ];
    for (text, expected) in cases {
        let understanding = understander.understand(&[text], Some(Language::Es), Language::Es, &[]);
        assert_eq!(understanding.has_question, expected, "{text}: {:?}", understanding.intents);
    }
}
