//! The main job with the default models: a customer's question is answered from `knowledge/`, or declined.
//!
//! What a small model writes may differ from machine to machine; what must hold is that figures and language are right.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use atiende::app::{Brain, Folders, open_brain};
use atiende::clock::SystemClock;
use atiende::config::Config;
use atiende::conversation::Turn;
use atiende::conversation::session::Session;
use atiende::decide::{Action, Reason};
use atiende::domain::Language;
use atiende::llm::slot::ModelState;

async fn brain() -> Brain {
    let mut config = Config::default();
    config.business.name = "Panadería La Espiga".into();
    // Test builds and shared machines are slow; the product's own limit is not what is tried here.
    config.conversation.deadline_ms = 180_000;
    let knowledge = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let brain = open_brain(&config, &Folders::only(&knowledge)).expect("the example business opens");
    assert_eq!(brain.embedder_problem, None, "pull the models first: `atiende models pull`");
    brain.assistant.model.get(Duration::from_secs(180)).await;
    if let ModelState::Absent(reason) = brain.assistant.model.state() {
        panic!("pull the models first: {reason}");
    }
    brain
}

async fn say(brain: &Brain, text: &str) -> Turn {
    let mut session = Session::new(brain.assistant.clone(), Arc::new(SystemClock)).expect("a session");
    session.say(text).await.expect("a turn")
}

/// One test, because loading the models is what takes the time.
#[tokio::test]
async fn the_default_models_answer_from_the_example_business_in_several_languages() {
    let brain = brain().await;

    let turn = say(&brain, "hola, a q hora abren el domingo?").await;
    assert_eq!((turn.action, turn.language), (Action::Reply, Language::Es), "{:?}", turn.trail);
    assert!(turn.text().contains("de 8:00 a 14:00"), "{}", turn.text());
    assert!(turn.text().contains("asistente automático"), "{}", turn.text());

    let turn = say(&brain, "What time do you open on Sunday?").await;
    assert_eq!((turn.action, turn.language), (Action::Reply, Language::En), "{:?}", turn.trail);
    assert!(turn.text().contains("8:00") && !turn.text().contains("7:30"), "{}", turn.text());

    let turn = say(&brain, "Wie viel kostet die Lieferung?").await;
    assert_eq!((turn.action, turn.language), (Action::Reply, Language::De), "{:?}", turn.trail);
    assert!(turn.text().contains("2,50"), "{}", turn.text());

    let turn = say(&brain, "can you write me a poem about the sea").await;
    assert_eq!(turn.action, Action::Decline, "{:?}", turn.trail);

    let turn = say(&brain, "I want to talk to a human").await;
    assert_eq!((turn.action, turn.reason), (Action::Escalate, Reason::WishForPerson), "{:?}", turn.trail);
}
