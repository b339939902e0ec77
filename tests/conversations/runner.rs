//! Plays one transcript and compares.

use std::sync::Arc;
use std::time::Duration;

use atiende::clock::{Clock, ManualClock};
use atiende::config::HourSpan;
use atiende::conversation::session::Session;
use atiende::conversation::{Assistant, Settings, Turn};
use atiende::decide::Thresholds;
use atiende::desk::hours::Hours;
use atiende::domain::{Author, Content, Language, MediaKind};
use atiende::inbox::take_over;
use atiende::llm::slot::ModelSlot;
use atiende::outbox::Sender;
use atiende::store::{conversations, handoffs, messages};
use jiff::{SignedDuration, Timestamp};

use crate::owner::Folder;
use crate::stage::{Memory, ScriptedModel, knowledge, shared};
use crate::transcript::{Person, Step, Transcript, What};

/// Plays a transcript; the error names the line and what was said instead.
pub fn run(transcript: &Transcript) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut play = Play::new(transcript)?;
        for step in &transcript.steps {
            play.step(step).await.map_err(|problem| format!("line {}: {problem}{}", step.line, play.last_words()))?;
        }
        Ok(())
    })
}

struct Play {
    session: Session,
    /// Where the owner of this transcript writes, if one does.
    folder: Option<Folder>,
    clock: Arc<ManualClock>,
    channel: Arc<Memory>,
    sender: Sender,
    /// The last turn, and what was really sent after it.
    last: Option<Turn>,
    said: Vec<String>,
}

impl Play {
    fn new(transcript: &Transcript) -> Result<Play, String> {
        let settings = settings(transcript)?;
        let local: jiff::civil::DateTime =
            transcript.time.replace(' ', "T").parse().map_err(|error: jiff::Error| error.to_string())?;
        let now = local.to_zoned(settings.hours.timezone.clone()).map_err(|error| error.to_string())?.timestamp();
        let clock = Arc::new(ManualClock::new(now));
        let model = if transcript.model.is_empty() {
            ModelSlot::absent("the transcript has none")
        } else {
            ModelSlot::ready(Arc::new(ScriptedModel { script: transcript.model.clone() }))
        };
        let owner_writes = transcript.steps.iter().any(|step| matches!(step.what, What::Owner { .. }));
        let folder = owner_writes.then(|| Folder::copy(&transcript.business));
        let known = || knowledge(&transcript.business, transcript.translations.as_deref());
        let assistant = Assistant {
            prompts: shared().prompts.clone(),
            understander: shared().understander.clone(),
            knowledge: folder.as_ref().map_or_else(known, |folder| folder.knowledge.clone()),
            model,
            settings,
        };
        let mut session = Session::new(Arc::new(assistant), clock.clone()).map_err(|error| error.to_string())?;
        if let Some(name) = &transcript.name {
            session.call_customer(name);
        }
        let channel = Arc::new(Memory::default());
        let sender = Sender::new(session.store().clone(), clock.clone(), Arc::default(), channel.clone());
        Ok(Play { session, folder, clock, channel, sender, last: None, said: Vec::new() })
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.what {
            What::Writes(texts) => {
                self.send(texts.iter().map(|body| Content::Text { body: body.clone() }).collect()).await
            }
            What::Quotes(words) => self.send_quoting(vec![Content::Text { body: words.clone() }], Some(1)).await,
            What::Sends(what) => self.send(vec![content(what, self.channel.as_ref())?]).await,
            What::Taps(words) => self.send(vec![self.tap(words)]).await,
            What::Person(person) => self.person(person).await,
            What::Owner { file, old, new } => self.folder.as_ref().ok_or("nobody writes here")?.change(file, old, new),
            What::Passes(time) => {
                self.clock.advance(duration(time)?);
                Ok(())
            }
            What::Expect { key, value } => self.expect(key, value).await,
        }
    }

    /// The option of the last reply with these words; what no reply has offered is made up, its words as its id.
    fn tap(&self, words: &str) -> Content {
        let offered = self.last.iter().flat_map(|turn| turn.choices()).find(|choice| choice.title == words);
        let id = offered.map_or_else(|| words.to_owned(), |choice| choice.id.clone());
        Content::Choice { id, title: words.to_owned() }
    }

    async fn send(&mut self, contents: Vec<Content>) -> Result<(), String> {
        self.send_quoting(contents, None).await
    }

    async fn send_quoting(&mut self, contents: Vec<Content>, quoted: Option<u64>) -> Result<(), String> {
        let turns = self.session.send_quoting(contents, quoted).await.map_err(|error| error.to_string())?;
        let before = self.channel.sent.lock().expect("not poisoned").len();
        while self.sender.send_due().await.map_err(|error| error.to_string())? > 0 {}
        let sent = self.channel.sent.lock().expect("not poisoned");
        self.said = sent[before..].iter().map(|outgoing| outgoing.body.as_text()).collect();
        self.last = turns.into_iter().last();
        Ok(())
    }

    async fn person(&mut self, person: &Person) -> Result<(), String> {
        let now: Timestamp = self.clock.now();
        let id = self.session.conversation();
        let says = match person {
            Person::Says(words) => Some(words.clone()),
            Person::Takes | Person::Returns => None,
        };
        let returns = matches!(person, Person::Returns);
        self.session
            .store()
            .write(move |connection| {
                if returns {
                    conversations::hand_back(connection, id, now)?;
                    return handoffs::close(connection, id, now);
                }
                take_over(connection, id, now)?;
                if let Some(words) = says {
                    messages::insert_ours(connection, id, Author::Person, "{}", Some(&words), now)?;
                }
                Ok(())
            })
            .await
            .map_err(|error| error.to_string())
    }

    async fn expect(&self, key: &str, value: &str) -> Result<(), String> {
        let turn = self.last.as_ref().ok_or("nothing has happened yet")?;
        let said = self.said.join("\n");
        let fold = |text: &str| text.to_lowercase();
        let holds = |wanted: &str| fold(&said).contains(&fold(wanted));
        let compare =
            |found: &str| if found == value { Ok(()) } else { Err(format!("expected {key} {value}, found {found}")) };
        match key {
            "action" => compare(turn.action_name()),
            "reason" => compare(turn.reason_name()),
            "language" => compare(turn.language.code()),
            "says" if holds(value) => Ok(()),
            "says" => Err(format!("does not say `{value}`")),
            "never says" if holds(value) => Err(format!("says `{value}`")),
            "never says" => Ok(()),
            "silent" if said.is_empty() => Ok(()),
            "silent" => Err("something was sent".into()),
            "one message" if self.said.len() == 1 => Ok(()),
            "one message" => Err(format!("{} messages were sent", self.said.len())),
            "source" if turn.sources.iter().any(|source| source.file.contains(value)) => Ok(()),
            "source" => Err(format!("the sources are {:?}", turn.sources)),
            "suggests" => match turn.brief.as_ref().and_then(|brief| brief.suggested_answer.as_deref()) {
                Some(suggested) if fold(suggested).contains(&fold(value)) => Ok(()),
                suggested => Err(format!("what is suggested to the person is {suggested:?}")),
            },
            "in charge" => {
                let id = self.session.conversation();
                let found = self.session.store().read(move |connection| conversations::require(connection, id)).await;
                compare(found.map_err(|error| error.to_string())?.mode.as_str())
            }
            other => Err(format!("`{other}` is not something that can be expected")),
        }
    }

    fn last_words(&self) -> String {
        let Some(turn) = &self.last else { return String::new() };
        format!(
            "\n  action {}, reason {}, language {}, confidence {:.2}\n  sent: {:?}\n  trail: {:#?}",
            turn.action_name(),
            turn.reason_name(),
            turn.language,
            turn.confidence,
            self.said,
            turn.trail
        )
    }
}

fn settings(transcript: &Transcript) -> Result<Settings, String> {
    let timezone = jiff::tz::TimeZone::get("Europe/Madrid").map_err(|error| error.to_string())?;
    let mut hours = Hours::unknown(timezone);
    for line in &transcript.hours {
        let (day, span) = line.split_once(' ').ok_or("write `A person answers: monday 09:00-14:00`")?;
        let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let day = names.iter().position(|name| *name == day).ok_or_else(|| format!("`{day}` is no day"))?;
        hours.week[day].push(HourSpan::parse(span)?);
    }
    Ok(Settings {
        business: business_name(&transcript.business).into(),
        default_language: Language::Es,
        hours,
        thresholds: Thresholds::default(),
        new_conversation_after: SignedDuration::from_hours(24),
        patience: Duration::from_secs(25),
        max_reply_chars: 900,
        furthest_rung: atiende::answer::ladder::Rung::Live,
        history_turns: 6,
        own_facts: Vec::new(),
    })
}

fn business_name(business: &str) -> &str {
    match business {
        "knowledge" => "Panadería La Espiga",
        other => other,
    }
}

fn content(what: &str, channel: &Memory) -> Result<Content, String> {
    let media = |media| Content::Media { media, id: Some("1".into()), mime: None, caption: None, filename: None };
    if let Some(emoji) = what.strip_prefix("reaction ") {
        let last = channel.sent.lock().expect("not poisoned").len();
        return Ok(Content::Reaction { message_id: format!("sent-{last}"), emoji: Some(emoji.into()) });
    }
    if let Some(caption) = what.strip_prefix("picture with the words ") {
        let caption = Some(caption.to_owned());
        return Ok(Content::Media {
            media: MediaKind::Image,
            id: Some("1".into()),
            mime: None,
            caption,
            filename: None,
        });
    }
    if let Some(label) = what.strip_prefix("location called ") {
        return Ok(Content::Location { latitude: 39.47, longitude: -0.37, label: Some(label.to_owned()) });
    }
    if let Some(name) = what.strip_prefix("document called ") {
        let filename = Some(name.to_owned());
        return Ok(Content::Media {
            media: MediaKind::Document,
            id: Some("1".into()),
            mime: None,
            caption: None,
            filename,
        });
    }
    Ok(match what {
        "voice note" => media(MediaKind::VoiceNote),
        "picture" => media(MediaKind::Image),
        "document" => media(MediaKind::Document),
        "sticker" => media(MediaKind::Sticker),
        "location" => Content::Location { latitude: 39.47, longitude: -0.37, label: None },
        "contact" => Content::Contacts { names: vec!["Ana".into()], own_phone: None },
        "order" => Content::Order { items: vec![("PAN-01".into(), 2.0)], note: None },
        "form" => Content::Form { response: Some("{}".into()) },
        "poll" => Content::Unsupported { name: "poll".into() },
        "opens the chat" => Content::Welcome,
        other => return Err(format!("`{other}` is not something that can be sent")),
    })
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    let (count, unit) = text.split_once(' ').ok_or("write `3 days`")?;
    let count: i64 = count.parse().map_err(|_| format!("`{count}` is no number"))?;
    let hours = match unit.trim_end_matches('s') {
        "day" => 24 * count,
        "hour" => count,
        "minute" => return Ok(SignedDuration::from_mins(count)),
        other => return Err(format!("`{other}` is no unit of time")),
    };
    Ok(SignedDuration::from_hours(hours))
}
