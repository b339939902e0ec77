use super::*;

fn embedded() -> Prompts {
    Prompts::load(None).expect("the embedded texts are sound")
}

fn folder_with(kind: &str, name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join(kind)).expect("a folder in it");
    std::fs::write(folder.path().join(kind).join(name), text).expect("a file in that");
    folder
}

fn error_of(kind: &str, name: &str, text: &str) -> String {
    Prompts::load(Some(folder_with(kind, name, text).path())).expect_err("this override is broken").to_string()
}

#[test]
fn every_reply_renders_in_every_language_within_its_limit() {
    let prompts = embedded();
    for &language in Language::ALL {
        for &reply in Reply::ALL {
            let values: Vec<_> = reply.variables().iter().map(|&variable| (variable, sample(variable))).collect();
            let text = prompts.reply(reply, language, &values).expect("renders");
            assert!((1..=reply.limit()).contains(&text.chars().count()), "{language} {reply:?}: {text}");
            assert!(!text.contains(['{', '}', '*', '`']), "{language} {reply:?}: {text}");
            for (variable, value) in values {
                assert!(text.contains(value), "{language} {reply:?} leaves {variable} out: {text}");
            }
        }
    }
}

#[test]
fn every_disclosure_says_how_to_reach_a_person_on_one_line() {
    let prompts = embedded();
    for &language in Language::ALL {
        let word = prompts.reply(Reply::PersonWord, language, &[]).expect("renders");
        for reply in [Reply::Disclosure, Reply::BotYes, Reply::VoiceNote] {
            let text = prompts.reply(reply, language, &[("business", "X")]).expect("renders");
            assert!(text.contains(&word) && !text.contains('\n'), "{language}: {text}");
        }
    }
}

#[test]
fn every_task_has_an_instruction_for_every_language() {
    let prompts = embedded();
    for &language in Language::ALL {
        for &task in Task::ALL {
            let text = prompts.instruction(task, language, &[("business", "La Espiga")]).expect("renders");
            let names_it = prompts.language_name(language, Language::En);
            let own = prompts.library.tasks.contains_key(&(task.key(), language)) && language != Language::En;
            assert!(own || task == Task::Judge || text.contains(names_it), "{language} {task:?}: {text}");
            assert!(task != Task::Judge || text.contains("Yes") && text.contains("No"), "{language}: {text}");
        }
    }
}

#[test]
fn every_language_is_named_in_every_language() {
    let prompts = embedded();
    assert_eq!(prompts.library.language_names.len(), Language::ALL.len() * Language::ALL.len());
    assert_eq!(prompts.language_name(Language::Es, Language::Fr), "espagnol");
}

#[test]
fn every_intent_has_examples_and_every_list_words_in_every_language() {
    let prompts = embedded();
    for &language in Language::ALL {
        for &(intent, key) in library::INTENTS {
            let least = if intent == Intent::Person { 12 } else { 2 };
            assert!(prompts.examples(intent, language).len() >= least, "{language}: `{key}` has too few examples");
        }
        for &(list, key) in WordList::ALL {
            assert!(!prompts.words(list, language).is_empty(), "{language}: `{key}` is empty");
        }
    }
}

#[test]
fn a_value_that_is_missing_is_an_error() {
    let error = embedded().reply(Reply::Disclosure, Language::Es, &[]).expect_err("`business` is missing");
    assert!(error.to_string().contains("disclosure"), "{error}");
}

#[test]
fn an_owners_text_replaces_one_key_and_leaves_the_others() {
    let folder = folder_with("replies", "es.toml", "greeting = \"¡Buenas! {{ business }}\"\n");
    let prompts = Prompts::load(Some(folder.path())).expect("loads");
    let business = [("business", "La Espiga")];
    assert_eq!(prompts.reply(Reply::Greeting, Language::Es, &business).expect("renders"), "¡Buenas! La Espiga");
    let before = embedded().reply(Reply::Help, Language::Es, &business).expect("renders");
    assert_eq!(prompts.reply(Reply::Help, Language::Es, &business).expect("renders"), before);
}

#[test]
fn an_owners_examples_replace_those_of_one_intent() {
    let folder = folder_with("intents", "es.toml", "person = [\"que venga la jefa\"]\n");
    let prompts = Prompts::load(Some(folder.path())).expect("loads");
    assert_eq!(prompts.examples(Intent::Person, Language::Es), ["que venga la jefa"]);
    assert!(!prompts.examples(Intent::OptOut, Language::Es).is_empty());
}

#[test]
fn a_broken_override_is_named_with_file_and_line() {
    let not_toml = error_of("replies", "es.toml", "\nthanks = \"ok\"\ngreeting = oops\n");
    assert!(not_toml.contains("es.toml, line 3: this is not valid TOML"), "{not_toml}");
    let unknown_key = error_of("replies", "es.toml", "\n\nsalute = \"hola\"\n");
    assert!(unknown_key.contains("es.toml, line 3: unknown key `salute`"), "{unknown_key}");
    let unknown_variable = error_of("replies", "es.toml", "\ngreeting = \"{{ bussines }}\"\n");
    assert!(unknown_variable.contains("es.toml, line 2: `greeting`"), "{unknown_variable}");
    let unclosed = error_of("replies", "es.toml", "greeting = \"{{ business\"\n");
    assert!(unclosed.contains("es.toml, line 1: `greeting`"), "{unclosed}");
    let too_long = error_of("replies", "es.toml", "choose = \"Toque aquí para elegir una\"\n");
    assert!(too_long.contains("line 1: `choose`: 26 characters, but it must have 1 to 20"), "{too_long}");
    let no_language = error_of("replies", "spanish.toml", "choose = \"Elegir\"\n");
    assert!(no_language.contains("spanish.toml: the name of this file is not a language"), "{no_language}");
    let wrong_kind = error_of("intents", "es.toml", "person = 3\n");
    assert!(wrong_kind.contains("line 1: `person` is not of the kind"), "{wrong_kind}");
}

#[test]
fn a_mistyped_folder_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = Prompts::load(Some(&folder.path().join("promts"))).expect_err("there is no such folder");
    assert!(error.to_string().contains("check the path"), "{error}");
}
