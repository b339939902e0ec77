use std::sync::Arc;

use jiff::tz::TimeZone;
use tempfile::TempDir;

use super::*;
use crate::app::settings;
use crate::clock::{Clock, ManualClock};
use crate::config::Config;
use crate::conversation::Assistant;
use crate::conversation::session::Session;
use crate::domain::Content;
use crate::inbox::take_over;
use crate::knowledge::{Knowledge, Options};
use crate::llm::slot::ModelSlot;
use crate::prompts::Prompts;
use crate::store::{conversations, erasure};

/// A customer of a shop whose knowledge is one page in Spanish, found by words alone.
struct Shop {
    session: Session,
    clock: Arc<ManualClock>,
    understander: Arc<Understander>,
    _knowledge: TempDir,
}

impl Shop {
    fn new() -> Shop {
        let folder = TempDir::new().expect("a folder");
        let text = "# Horario\n\nAbrimos de lunes a sábado de 8:00 a 20:00.\n\n\
                    # Tartas\n\nLas tartas de chocolate se encargan dos días antes.\n\n\
                    # Bicicletas\n\nLas bicicletas se quedan fuera.\n";
        std::fs::write(folder.path().join("horario.es.md"), text).expect("writes");
        let options = Options {
            dir: folder.path().to_owned(),
            translations: None,
            index_dir: None,
            embedder: None,
            examples: Default::default(),
        };
        let prompts = Arc::new(Prompts::load(None).expect("the texts are sound"));
        let understander = Arc::new(Understander::new(&prompts));
        let mut config = Config::default();
        config.business.timezone = TimeZone::UTC;
        config.decide.max_failed_turns = 3;
        config.decide.clarify_confidence = 0.42;
        let assistant = Assistant {
            prompts,
            understander: understander.clone(),
            knowledge: Knowledge::open(options).expect("opens").0,
            model: ModelSlot::switched_off(),
            settings: settings(&config),
        };
        let clock = Arc::new(ManualClock::new("2026-11-21T10:00:00Z".parse().expect("a time")));
        let session = Session::new(Arc::new(assistant), clock.clone()).expect("opens");
        Shop { session, clock, understander, _knowledge: folder }
    }

    async fn says(&mut self, texts: &[&str]) -> String {
        let contents = texts.iter().map(|body| Content::Text { body: (*body).to_owned() }).collect();
        let turns = self.session.send(contents).await.expect("turns");
        self.clock.advance(SignedDuration::from_mins(1));
        let last = turns.last().expect("a turn");
        format!("{} {}", last.action_name(), last.reason_name())
    }

    async fn person_says(&mut self, words: &'static str) {
        let (id, now) = (self.session.conversation(), self.clock.now());
        self.write(move |connection| {
            take_over(connection, id, now)?;
            messages::insert_ours(connection, id, Author::Person, "{}", Some(words), now).map(|_| ())
        })
        .await;
        self.clock.advance(SignedDuration::from_mins(1));
    }

    async fn write(&self, work: impl FnOnce(&Connection) -> Result<()> + Send + 'static) {
        self.session.store().write(work).await.expect("writes");
    }

    async fn asked_since(&self, from: Timestamp) -> Vec<Asked> {
        let understander = self.understander.clone();
        let read = move |connection: &Connection| asked_since(connection, from, &understander);
        self.session.store().read(read).await.expect("reads")
    }

    async fn asked(&self) -> Vec<Asked> {
        self.asked_since(Timestamp::UNIX_EPOCH).await
    }

    async fn words(&self) -> Vec<String> {
        self.asked().await.into_iter().map(|asked| asked.words).collect()
    }
}

const CANDLES: &str = "¿Tenéis velas con forma de número para las tartas?";
const PARKING: &str = "¿Hay aparcamiento para bicicletas eléctricas?";

#[tokio::test]
async fn only_questions_that_the_knowledge_did_not_answer_count() {
    let mut shop = Shop::new();
    assert_eq!(shop.says(&["¿Qué horario tenéis de lunes a sábado?"]).await, "reply answered");
    assert_eq!(shop.says(&["hola"]).await, "reply greeting");
    assert!(shop.says(&[CANDLES]).await.starts_with("decline "));
    assert_eq!(shop.says(&["quiero hablar con una persona"]).await, "escalate wish_for_person");
    assert_eq!(shop.says(&[PARKING]).await, "silent person_in_charge");
    let asked = shop.asked().await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        (asked[0].words.as_str(), asked[0].ending, asked[0].language),
        (CANDLES, Ending::Declined, Language::Es)
    );
}

#[tokio::test]
async fn a_question_that_was_asked_back_counts_unless_a_choice_answered_it() {
    let mut shop = Shop::new();
    assert_eq!(shop.says(&[PARKING]).await, "clarify low_confidence");
    assert_eq!(shop.asked().await[0].ending, Ending::Declined);
    assert_eq!(shop.says(&["no"]).await, "decline no_subject");
    shop.person_says("En el patio.").await;
    let asked = shop.asked().await;
    assert_eq!((asked.len(), asked[0].ending), (1, Ending::HandedOver));
    assert_eq!(asked[0].answer.as_deref(), Some("En el patio."));

    let mut shop = Shop::new();
    shop.says(&[PARKING]).await;
    assert_eq!(shop.says(&["1"]).await, "reply answered");
    assert_eq!(shop.words().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_reaction_between_a_question_and_the_choice_that_answers_it_changes_nothing() {
    let mut shop = Shop::new();
    shop.says(&[PARKING]).await;
    let reaction = Content::Reaction { message_id: "sent-1".into(), emoji: Some("👍".into()) };
    shop.session.send(vec![reaction]).await.expect("a turn");
    assert_eq!(shop.says(&["1"]).await, "reply answered");
    assert_eq!(shop.words().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_offered_expires_with_the_question() {
    let mut shop = Shop::new();
    assert_eq!(shop.says(&[PARKING]).await, "clarify low_confidence");
    let now = shop.clock.now();
    shop.write(move |connection| erasure::expire(connection, now).map(|_| ())).await;
    assert_ne!(shop.says(&["1"]).await, "reply answered");
}

#[tokio::test]
async fn anger_does_not_count() {
    let mut shop = Shop::new();
    assert_eq!(shop.says(&["SOIS UNOS INÚTILES DE MIERDA, ESTAFADORES!!!"]).await, "escalate negative_mood");
    assert_eq!(shop.words().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_question_that_brought_in_a_person_counts_as_handed_over_with_the_first_answer() {
    let mut shop = Shop::new();
    for _ in 0..2 {
        shop.says(&[PARKING]).await;
    }
    assert!(shop.says(&["hola", CANDLES, "gracias"]).await.starts_with("escalate "));
    shop.person_says("Sí, los viernes.").await;
    shop.person_says("Cuesta 24 €.").await;
    shop.says(&["¿y los sábados?"]).await;
    shop.person_says("También.").await;
    let asked = shop.asked().await;
    let last = asked.last().expect("a question");
    assert_eq!((last.words.as_str(), last.ending), (CANDLES, Ending::HandedOver));
    assert_eq!(last.answer.as_deref(), Some("Sí, los viernes.\nCuesta 24 €."));
    // What was asked before has no share in that answer.
    assert!(asked[..2].iter().all(|asked| asked.words == PARKING && asked.answer.is_none()), "{asked:?}");
}

#[tokio::test]
async fn a_wish_for_a_person_in_between_leads_from_a_question_to_its_answer() {
    let mut shop = Shop::new();
    shop.says(&[CANDLES]).await;
    shop.says(&["quiero hablar con una persona"]).await;
    shop.person_says("Sí, los viernes.").await;
    assert_eq!(shop.asked().await[0].answer.as_deref(), Some("Sí, los viernes."));
}

#[tokio::test]
async fn what_a_person_says_a_week_later_is_no_answer() {
    let mut shop = Shop::new();
    shop.says(&[CANDLES]).await;
    shop.clock.advance(SignedDuration::from_hours(8 * 24));
    shop.person_says("¡Feliz Navidad!").await;
    assert_eq!(shop.asked().await[0].answer, None);
}

#[tokio::test]
async fn words_that_were_taken_back_never_show_in_any_version() {
    let mut shop = Shop::new();
    shop.says(&["¿Tenéis tarta vegana para Rosa?"]).await;
    let edit = Content::Edit { message_id: "message-1".into(), body: Some("¿Tenéis tarta vegana para Ana?".into()) };
    shop.session.send(vec![edit]).await.expect("a turn");
    assert_eq!(shop.words().await.len(), 2);
    shop.session.send(vec![Content::Revoke { message_id: "message-1".into() }]).await.expect("a turn");
    assert_eq!(shop.words().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_question_that_was_taken_back_is_no_context_either() {
    let mut shop = Shop::new();
    shop.says(&[CANDLES]).await;
    shop.says(&["¿y con nueces?"]).await;
    let context = |asked: Vec<Asked>| asked.last().and_then(|asked| asked.context.clone());
    assert_eq!(context(shop.asked().await).as_deref(), Some(CANDLES));
    shop.session.send(vec![Content::Revoke { message_id: "message-1".into() }]).await.expect("a turn");
    assert_eq!(context(shop.asked().await), None);
}

#[tokio::test]
async fn erased_and_expired_words_never_show() {
    let mut shop = Shop::new();
    shop.says(&[CANDLES]).await;
    let (id, now) = (shop.session.conversation(), shop.clock.now());
    shop.write(move |connection| {
        let contact = conversations::require(connection, id)?.contact;
        erasure::forget(connection, contact, now)
    })
    .await;
    assert_eq!(shop.words().await, Vec::<String>::new());

    shop.says(&[PARKING]).await;
    assert_eq!(shop.words().await, [PARKING]);
    let now = shop.clock.now();
    shop.write(move |connection| erasure::expire(connection, now).map(|_| ())).await;
    assert_eq!(shop.words().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_asked_before_the_time_does_not_count() {
    let mut shop = Shop::new();
    shop.says(&[CANDLES]).await;
    shop.clock.advance(SignedDuration::from_hours(24));
    let from = shop.clock.now() - SignedDuration::from_hours(1);
    shop.says(&[PARKING]).await;
    let words: Vec<String> = shop.asked_since(from).await.into_iter().map(|asked| asked.words).collect();
    assert_eq!(words, [PARKING]);
}
