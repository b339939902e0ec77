//! The turn, top to bottom: understand, look up, draft, decide, put into words.
//!
//! Reads a snapshot and makes a value; changes nothing and sends nothing.

mod assembling;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::answer::finding::{Finding, Subject};
use crate::answer::ladder::Rung;
use crate::answer::lookup::Lookup;
use crate::answer::model::ModelUse;
use crate::answer::quote::asks;
use crate::answer::words::content_words;
use crate::channel::whatsapp::window;
use crate::decide::{Action, Decision, Features, MessageKind, OnOffer, Reason, Thresholds, decide, needs_evidence};
use crate::desk::hours::Hours;
use crate::domain::{ConversationId, Language};
use crate::knowledge::Knowledge;
use crate::llm::slot::ModelSlot;
use crate::prompts::Prompts;
use crate::store::{Store, StoreError};
use crate::understand::{Intent, Sentiment, Understander, Understanding};

use super::burst::{Attachment, Burst};
use super::hear::hear;
use super::offer::{Offer, Picked, picked};
use super::say::PERSON_BUTTON;
use super::snapshot::{Pending, Snapshot};
use super::summary;
use super::turn::{Timings, Turn};

/// From which score on an intent counts as meant.
const SURE: f32 = 0.5;

/// What the owner decides about the bot.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The business's name.
    pub business: String,
    /// The language while a customer has not shown one.
    pub default_language: Language,
    /// When a person answers.
    pub hours: Hours,
    /// When to answer, ask again, or call a person.
    pub thresholds: Thresholds,
    /// After this much silence a conversation counts as new, and the bot says again that it is one.
    pub new_conversation_after: SignedDuration,
    /// How long one turn may take.
    pub patience: Duration,
    /// How long a reply may be, in characters.
    pub max_reply_chars: usize,
    /// How far down the ladder of translations an answer may go.
    pub furthest_rung: Rung,
    /// How many earlier messages may reach a prompt.
    pub history_turns: usize,
    /// Facts that replies may state although no passage holds them: the business's own phone, address, links.
    pub own_facts: Vec<String>,
}

/// Everything that a turn needs.
pub struct Assistant {
    /// The texts.
    pub prompts: Arc<Prompts>,
    /// Reads words.
    pub understander: Arc<Understander>,
    /// Finds passages.
    pub knowledge: Knowledge,
    /// Judges and translates.
    pub model: ModelSlot,
    /// What the owner decides.
    pub settings: Settings,
}

/// What a turn has gathered before it decides.
struct Gathered<'a> {
    snapshot: &'a Snapshot,
    burst: Burst,
    understanding: Understanding,
    /// What was chosen of the subjects that were offered.
    picked: Option<Picked>,
    features: Features,
}

impl Gathered<'_> {
    /// The words that ask: for who says something to the subjects that were offered, those that were asked before.
    fn asked(&self) -> &[String] {
        let before = &self.snapshot.asked_before_offer;
        let is_offered = |subject: &Subject| {
            let offered = self.snapshot.offer().map_or(&[][..], |offer| &offer.subjects);
            offered.iter().any(|offered| offered.passage == subject.passage)
        };
        let is_about_offer = match &self.picked {
            Some(Picked::Subject(subject)) => is_offered(subject),
            Some(Picked::Person | Picked::Neither | Picked::OneOfThem) => true,
            None => false,
        };
        if is_about_offer && !before.is_empty() { before } else { &self.burst.texts }
    }

    /// What the bot waits for after its reply.
    fn pending(&self, decision: &Decision, finding: Option<&Finding>) -> Option<Pending> {
        match (decision.action, decision.reason) {
            (Action::Reply, Reason::DeleteData) => Some(Pending::DeleteConfirmation),
            (Action::Decline, _) => Some(Pending::PersonOffered),
            // They are shown again; and thanks or a greeting in between change nothing.
            (Action::Clarify, _) if self.picked == Some(Picked::OneOfThem) => self.snapshot.pending.clone(),
            (Action::Reply, Reason::Thanks | Reason::Greeting | Reason::SmallTalk)
                if self.snapshot.offer().is_some() =>
            {
                self.snapshot.pending.clone()
            }
            (Action::Clarify, Reason::Ambiguous | Reason::LowConfidence) => {
                let asked = self.snapshot.waiting.iter().filter(|message| message.content.words().is_some());
                let asked = asked.map(|message| message.message).collect();
                // A single subject is shown where it may be meant, and not where several tie.
                let enough = if decision.reason == Reason::Ambiguous { 2 } else { 1 };
                let shown = finding?.subjects.len() >= enough;
                let subjects = if shown { finding?.subjects.clone() } else { Vec::new() };
                Some(Pending::SubjectsOffered(Offer { subjects, asked, is_answered: false }))
            }
            // Who looked into one subject may want the next.
            (Action::Reply, Reason::Answered) if matches!(self.picked, Some(Picked::Subject(_))) => {
                let offer = self.snapshot.offer().filter(|offer| offer.subjects.len() > 1)?;
                Some(Pending::SubjectsOffered(Offer { is_answered: true, ..offer.clone() }))
            }
            _ => None,
        }
    }
}

impl Assistant {
    /// Lets go of what model and search keep of the words that they read: somebody's are to be erased.
    pub fn forget(&self) {
        self.model.forget();
        if let Some(embedder) = self.knowledge.embedder() {
            embedder.forget();
        }
    }

    /// Runs one turn. Cancelling ends the model's work; the turn that comes out then is not to be committed.
    pub async fn turn(&self, snapshot: &Snapshot, cancel: &CancellationToken) -> Turn {
        let began = Instant::now();
        let mut timings = Timings::default();
        let gathered = self.gather(snapshot).await;
        timings.understand = milliseconds(began.elapsed());
        let names_no_subject = matches!(gathered.features.on_offer, Some(OnOffer::Refused | OnOffer::Unsaid));
        let finding = if !names_no_subject && needs_evidence(&gathered.features, &self.settings.thresholds) {
            Some(self.look_up(&gathered, &mut timings, cancel).await)
        } else {
            None
        };
        let mut features = gathered.features.clone();
        if let Some(finding) = &finding {
            finding.add_to(&mut features);
        }
        let decision = decide(&features, &self.settings.thresholds);
        let suggestion = match (decision.action, &finding) {
            (Action::Escalate, None) if !gathered.burst.texts.is_empty() => self.lookup(&gathered).suggest().await,
            _ => None,
        };
        let mut turn = self.assemble(&gathered, finding, decision);
        if let Some(brief) = &mut turn.brief {
            brief.suggested_answer = brief.suggested_answer.take().or(suggestion);
        }
        timings.total = milliseconds(began.elapsed());
        turn.timings = timings;
        turn
    }

    /// Whether a reply of the bot may follow: only then is "typing" shown.
    pub fn may_answer(&self, snapshot: &Snapshot) -> bool {
        !snapshot.person_in_charge()
            && !Burst::gather(&snapshot.waiting).is_silent()
            && snapshot.conversation.last_inbound_at.is_some_and(|last| window::is_open(last, snapshot.now))
    }

    /// The turn for a conversation that the bot cannot deal with: a person gets it.
    ///
    /// Reads nothing of what was written: that may be what it fails over.
    pub fn trouble(&self, snapshot: &Snapshot) -> Turn {
        let language = snapshot.conversation.language.unwrap_or(self.settings.default_language);
        let sentiment = Sentiment { negativity: 0.0, warmth: 0.0, signals: Vec::new() };
        let intents = Vec::new();
        let understanding =
            Understanding { language, language_is_sure: false, intents, sentiment, has_question: false };
        let (burst, features) = (Burst::default(), Features::default());
        let gathered = Gathered { snapshot, burst, understanding, picked: None, features };
        let (action, reason) = match snapshot.person_in_charge() {
            true => (Action::Silent, Reason::PersonInCharge),
            false => (Action::Escalate, Reason::Trouble),
        };
        let decision = Decision { action, reason, trail: vec!["the turn kept failing".into()] };
        self.assemble(&gathered, None, decision)
    }

    /// Brings the running summary up to date once the history outgrows the prompt.
    pub async fn summarise_if_long(
        &self,
        store: &Store,
        conversation: ConversationId,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        summary::update(self, store, conversation, cancel).await
    }

    async fn gather<'a>(&self, snapshot: &'a Snapshot) -> Gathered<'a> {
        let burst = Burst::gather(&snapshot.waiting);
        let texts: Vec<&str> = burst.texts.iter().map(String::as_str).collect();
        let recent = snapshot.recent_from_customer();
        let understanding = self.understander.understand(
            &texts,
            snapshot.conversation.language,
            self.settings.default_language,
            &recent,
        );
        let is_pleasantry = |text: &str| self.understander.is_pleasantry(text, understanding.language);
        let spoken = snapshot.conversation.language.unwrap_or(understanding.language);
        let picked = picked(&burst, snapshot.offer(), &understanding, spoken, is_pleasantry);
        let understanding = match picked {
            Some(_) => self.of_a_choice(snapshot, understanding),
            None => hear(self, snapshot, &burst, understanding).await,
        };
        let mut features = self.features(snapshot, &burst, &understanding);
        features.on_offer = match picked {
            Some(Picked::Subject(_)) => Some(OnOffer::Chosen),
            Some(Picked::Neither) => Some(OnOffer::Refused),
            Some(Picked::OneOfThem) => Some(OnOffer::Unsaid),
            Some(Picked::Person) | None => None,
        };
        if picked == Some(Picked::Person) {
            features.wish_for_person = 1.0;
        }
        Gathered { snapshot, burst, understanding, picked, features }
    }

    /// What a choice says: that an answer is wanted. Its words are the owner's and tell nothing of the customer.
    fn of_a_choice(&self, snapshot: &Snapshot, understanding: Understanding) -> Understanding {
        Understanding {
            language: snapshot.conversation.language.unwrap_or(self.settings.default_language),
            intents: Vec::new(),
            sentiment: Sentiment { negativity: 0.0, warmth: 0.0, signals: Vec::new() },
            has_question: true,
            ..understanding
        }
    }

    fn features(&self, snapshot: &Snapshot, burst: &Burst, understanding: &Understanding) -> Features {
        let score = |intent: Intent| {
            understanding.intents.iter().find(|scored| scored.intent == intent).map_or(0.0, |scored| scored.score)
        };
        let tapped_person = burst.tap.as_ref().is_some_and(|tap| tap.id == PERSON_BUTTON);
        let accepted_person = snapshot.pending == Some(Pending::PersonOffered) && score(Intent::Yes) >= SURE;
        let deletion = snapshot.pending == Some(Pending::DeleteConfirmation);
        let wants = |intent: Intent| score(intent) >= SURE;
        Features {
            kind: kind(burst),
            wish_for_person: if tapped_person || accepted_person { 1.0 } else { score(Intent::Person) },
            no_person: wants(Intent::NoPerson),
            // "Nobody answers" asks for an answer, not for what answers.
            bot_question: wants(Intent::BotQuestion) && !understanding.sentiment.signals.contains(&"still_waiting"),
            opt_out: wants(Intent::OptOut),
            opt_in: wants(Intent::OptIn),
            delete_data: wants(Intent::DeleteData),
            delete_confirmed: deletion && wants(Intent::Yes),
            delete_refused: deletion && !wants(Intent::Yes) && !understanding.has_question,
            show_data: wants(Intent::ShowData),
            greeting: wants(Intent::Greeting),
            thanks: wants(Intent::Thanks),
            goodbye: wants(Intent::Goodbye),
            complaint: wants(Intent::Complaint),
            small_talk: wants(Intent::SmallTalk),
            asks_elsewhere: wants(Intent::OffTopic),
            has_question: understanding.has_question,
            asks: burst.texts.iter().any(|text| asks(text, understanding.language)),
            negativity: understanding.sentiment.negativity,
            person_in_charge: snapshot.person_in_charge(),
            window_open: burst.sent_at.is_some_and(|at| window::is_open(at, snapshot.now)),
            failed_turns: snapshot.conversation.failed_turns,
            ..Features::default()
        }
    }

    async fn look_up(&self, gathered: &Gathered<'_>, timings: &mut Timings, cancel: &CancellationToken) -> Finding {
        let model = self.model.get(self.settings.patience / 2).await;
        let mut model = ModelUse::new(&self.prompts, model, self.settings.patience, cancel.clone());
        let lookup = self.lookup(gathered);
        let finding = match &gathered.picked {
            Some(Picked::Subject(subject)) => lookup.run_chosen(subject, &mut model).await,
            Some(Picked::Person | Picked::Neither | Picked::OneOfThem) | None => lookup.run(&mut model).await,
        };
        timings.retrieve = milliseconds(finding.searching);
        timings.prefill = milliseconds(model.prefill);
        timings.generate = milliseconds(model.generate);
        finding
    }

    fn lookup<'a>(&'a self, gathered: &'a Gathered<'_>) -> Lookup<'a> {
        let recent = gathered.snapshot.recent_from_customer();
        Lookup {
            knowledge: &self.knowledge,
            texts: self.understander.without_pleasantries(gathered.asked(), gathered.understanding.language),
            context: gathered
                .snapshot
                .quoted
                .as_deref()
                .or_else(|| last_subject(&recent, gathered.understanding.language)),
            summary: gathered.snapshot.conversation.summary.as_deref(),
            history: &gathered.snapshot.history,
            language: gathered.understanding.language,
            today: self.settings.hours.weekday(gathered.snapshot.now),
            min_confidence: self.settings.thresholds.min_confidence,
            clarify_confidence: self.settings.thresholds.clarify_confidence,
            budget_chars: self.settings.max_reply_chars,
            furthest_rung: self.settings.furthest_rung,
            history_turns: self.settings.history_turns,
            own_facts: &self.settings.own_facts,
        }
    }
}

/// The last of the customer's messages that names a subject: "great, thanks" in between does not change it.
pub fn last_subject<'a>(recent: &[&'a str], language: Language) -> Option<&'a str> {
    let names_one = |text: &&&str| content_words(text, language).len() >= 2;
    recent.iter().rev().take(3).find(names_one).or(recent.last()).copied()
}

fn kind(burst: &Burst) -> MessageKind {
    let has = |attachment: Attachment| burst.attachments.contains(&attachment);
    if burst.is_silent() {
        MessageKind::Event
    } else if has(Attachment::Order) || has(Attachment::Form) {
        MessageKind::ForAPerson
    } else if !burst.texts.is_empty() || burst.tap.is_some() {
        MessageKind::Words
    } else if has(Attachment::VoiceNote) {
        MessageKind::Sound
    } else if burst.attachments.iter().all(|attachment| *attachment == Attachment::Welcome) {
        MessageKind::Welcome
    } else {
        MessageKind::File
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
