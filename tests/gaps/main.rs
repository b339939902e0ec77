//! The owner's loop from end to end, with the real search model and index: asked in vain, listed, drafted, answered by a
//! person, written into the knowledge, answered by the bot, kept as a case.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atiende::app::{Brain, Folders, open_brain};
use atiende::clock::{Clock, ManualClock};
use atiende::config::Config;
use atiende::conversation::session::Session;
use atiende::decide::{Action, Reason};
use atiende::domain::{Author, Language};
use atiende::eval;
use atiende::gaps::likeness::{Likeness, Text};
use atiende::gaps::{Ending, Gap, again, cases, drafts, gaps, read};
use atiende::inbox::take_over;
use atiende::store::messages;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

const EXAMPLE: &str = "knowledge";
const CHAIR: &str = "¿Tenéis trona para bebés?";
const CHAIR_AGAIN: &str = "hay trona para bebés?";
const PIANO: &str = "¿Alquiláis el local para conciertos?";
const ANSWER: &str = "Sí, tenemos dos tronas para bebés. Pide una cuando llegues.";

/// A copy of the example bakery, so that the owner may add to it.
struct Bakery {
    folder: TempDir,
    brain: Brain,
    clock: Arc<ManualClock>,
}

impl Bakery {
    fn open() -> Bakery {
        let folder = TempDir::new().expect("a folder");
        let knowledge = folder.path().join("knowledge");
        fs::create_dir(&knowledge).expect("makes a folder");
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLE)).expect("the example") {
            let path = entry.expect("an entry").path();
            fs::copy(&path, knowledge.join(path.file_name().expect("a name"))).expect("copies");
        }
        let mut config = Config::default();
        config.business.name = "Panadería La Espiga".into();
        config.models.use_llm = false;
        // Without the model's judgement only what search is rather sure of.
        config.decide.min_confidence = 0.7;
        let brain = open_brain(&config, &Folders::only(&knowledge)).expect("opens");
        assert_eq!(brain.embedder_problem, None, "pull the models first: `atiende models pull`");
        let clock = Arc::new(ManualClock::new("2026-11-21T10:00:00Z".parse().expect("a time")));
        Bakery { folder, brain, clock }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `atiende gaps --drafts` does, up to the writing.
    async fn find(&self, session: &Session) -> (Vec<Gap>, Vec<drafts::Draft>) {
        let understander = self.brain.assistant.understander.clone();
        let read = move |connection: &_| read::asked_since(connection, Timestamp::UNIX_EPOCH, &understander);
        let asked = session.store().read(read).await.expect("reads");
        let written = drafts::read(&self.path("drafts"), Language::Es).expect("reads");
        let questions = asked.iter().map(|asked| Text { words: asked.text(), language: asked.language });
        let drafts = written.iter().map(|draft| Text { words: draft.question.clone(), language: draft.language });
        let texts: Vec<Text> = questions.chain(drafts).collect();
        let assistant = &self.brain.assistant;
        let embedder = assistant.knowledge.embedder().expect("the search model");
        let likeness = Likeness::of_meaning(&texts, &*embedder, &assistant.prompts).expect("vectors");
        let mut found = gaps(&asked, &likeness, Language::Es);
        let clock: Arc<dyn Clock> = self.clock.clone();
        for gap in &mut found {
            again::ask_again(gap, assistant, &clock).await.expect("turns");
        }
        (found, written)
    }

    async fn write_drafts(&self, session: &Session) -> drafts::Outcome {
        let (found, written) = self.find(session).await;
        let timezone = Config::default().business.timezone;
        drafts::write(&self.path("drafts"), &written, &found, &timezone).expect("writes")
    }
}

async fn in_vain(session: &mut Session, clock: &ManualClock, text: &str) {
    let turn = session.say(text).await.expect("a turn");
    assert!(matches!(turn.action, Action::Decline | Action::Escalate), "{text}: {:?} {:?}", turn.reason, turn.trail);
    assert!(Reason::WANT_OF_KNOWLEDGE.contains(&turn.reason), "{text}: {:?}", turn.trail);
    clock.advance(SignedDuration::from_mins(1));
}

async fn person_says(session: &Session, clock: &ManualClock, words: &'static str) {
    let (id, now) = (session.conversation(), clock.now());
    let write = move |connection: &_| {
        take_over(connection, id, now)?;
        messages::insert_ours(connection, id, Author::Person, "{}", Some(words), now).map(|_| ())
    };
    session.store().write(write).await.expect("writes");
}

#[tokio::test]
async fn a_question_asked_in_vain_becomes_knowledge_and_then_a_case() {
    let bakery = Bakery::open();
    let mut session = Session::new(bakery.brain.assistant.clone(), bakery.clock.clone()).expect("opens");
    in_vain(&mut session, &bakery.clock, CHAIR_AGAIN).await;
    in_vain(&mut session, &bakery.clock, CHAIR).await;
    person_says(&session, &bakery.clock, ANSWER).await;

    let (found, _) = bakery.find(&session).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let gap = &found[0];
    assert_eq!((gap.count, gap.customers, gap.declined), (2, 1, 1));
    assert_eq!((gap.question().words.as_str(), gap.question().ending), (CHAIR, Ending::HandedOver));
    assert_eq!((gap.answer.as_deref(), gap.is_answered()), (Some(ANSWER), false));
    assert_eq!(cases::append(&bakery.path("cases.jsonl"), &found).expect("appends"), 0);

    // The draft holds the person's answer; untouched it answers nobody, even in the knowledge folder.
    assert_eq!(bakery.write_drafts(&session).await, drafts::Outcome { written: 1, ..Default::default() });
    let draft = drafts::read(&bakery.path("drafts"), Language::Es).expect("reads").remove(0);
    let text = fs::read_to_string(&draft.path).expect("reads");
    assert!(text.contains(ANSWER), "{text}");
    let place = bakery.path("knowledge").join("tronas.md");
    fs::write(&place, &text).expect("writes");
    bakery.brain.assistant.knowledge.reload();
    assert!(!bakery.find(&session).await.0[0].is_answered());

    // The owner makes it knowledge.
    fs::write(&place, text.replace("draft: true\n", "")).expect("writes");
    bakery.brain.assistant.knowledge.reload();
    let (found, _) = bakery.find(&session).await;
    assert!(found[0].is_answered(), "{found:?}");
    assert_eq!(cases::append(&bakery.path("cases.jsonl"), &found).expect("appends"), 1);
    assert_eq!(cases::append(&bakery.path("cases.jsonl"), &found).expect("appends"), 0);
    assert_eq!(bakery.write_drafts(&session).await, drafts::Outcome { removed: 1, ..Default::default() });

    // From now on `atiende eval` checks it.
    let file = fs::read_to_string(bakery.path("cases.jsonl")).expect("reads");
    for case in eval::case::read("cases.jsonl", &file).expect("they are cases") {
        let result = eval::run(&case, bakery.brain.assistant.clone(), bakery.clock.clone()).await.expect("runs");
        assert!(result.passed(), "{:?}", result.problems);
    }
}

#[tokio::test]
async fn a_draft_that_the_owner_works_on_stays_with_its_question_and_erased_words_leave_no_draft() {
    let bakery = Bakery::open();
    let mut session = Session::new(bakery.brain.assistant.clone(), bakery.clock.clone()).expect("opens");
    in_vain(&mut session, &bakery.clock, CHAIR).await;
    in_vain(&mut session, &bakery.clock, PIANO).await;
    assert_eq!(bakery.write_drafts(&session).await, drafts::Outcome { written: 2, ..Default::default() });
    let draft = drafts::read(&bakery.path("drafts"), Language::Es).expect("reads").remove(0);
    let text = fs::read_to_string(&draft.path).expect("reads");
    fs::write(&draft.path, text.replace("# ", "# Pregunta: ")).expect("writes");
    assert_eq!(bakery.write_drafts(&session).await, drafts::Outcome { written: 1, kept: 1, removed: 0 });

    session
        .store()
        .write(|connection| {
            atiende::store::erasure::forget(connection, atiende::domain::ContactId(1), Timestamp::UNIX_EPOCH)
        })
        .await
        .expect("erases");
    assert!(bakery.find(&session).await.0.is_empty());
    assert_eq!(bakery.write_drafts(&session).await, drafts::Outcome { removed: 1, ..Default::default() });
}
