//! Puts a decision into the customer's words: fixed replies from `prompts/`, the disclosure, the buttons.
//!
//! Never decides; the same decision always becomes the same words.

use jiff::Zoned;

use crate::answer::finding::Subject;
use crate::answer::ladder::Draft;
use crate::channel::outbound::{Choice, Outbound};
use crate::channel::whatsapp::markup;
use crate::decide::{Action, Reason};
use crate::desk::hours::{Attendance, Hours};
use crate::desk::when;
use crate::domain::Language;
use crate::prompts::{PromptError, Prompts, Reply};

use super::burst::Attachment;
use super::offer;
use super::snapshot::Snapshot;

/// The id of the button that asks for a person.
pub const PERSON_BUTTON: &str = "person";

/// Speaks for one business.
pub struct Voice<'a> {
    /// The texts.
    pub prompts: &'a Prompts,
    /// The business's name; empty while none is configured.
    pub business: &'a str,
    /// When a person answers.
    pub hours: &'a Hours,
}

/// What is to be put into words.
pub struct Matter<'a> {
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// In which language.
    pub language: Language,
    /// The answer, where there is one.
    pub draft: Option<&'a Draft>,
    /// Whether the customer asked, among other things, if this is a bot.
    pub bot_question: bool,
    /// What the customer may have meant, where that is not clear.
    pub subjects: Vec<Subject>,
    /// What came without words.
    pub attachment: Option<Attachment>,
    /// Whether the reply has to say that this is a bot.
    pub disclose: bool,
    /// The conversation.
    pub snapshot: &'a Snapshot,
}

impl Voice<'_> {
    /// The message to send; nothing where the bot stays silent.
    pub fn reply(&self, matter: &Matter<'_>) -> Result<Option<Outbound>, PromptError> {
        let Some(words) = self.words(matter)? else { return Ok(None) };
        let body = match self.opening(matter)? {
            Some(opening) => format!("{opening}\n\n{words}"),
            None => words,
        };
        if !offers_person(matter) {
            return Ok(Some(Outbound::Text { body }));
        }
        let offered = if asks_to_choose(matter) { matter.subjects.as_slice() } else { &[] };
        let mut choices: Vec<Choice> = offered.iter().map(offer::choice).collect();
        let title = self.fixed(Reply::PersonButton, matter.language)?;
        choices.push(Choice { id: PERSON_BUTTON.into(), title, description: None });
        let button_label = self.fixed(Reply::Choose, matter.language)?;
        Ok(Some(Outbound::Choices { body, choices, button_label }))
    }

    /// What stands before the reply: that this is a bot, where it has not been said or is asked.
    fn opening(&self, matter: &Matter<'_>) -> Result<Option<String>, PromptError> {
        // The reply to "are you a bot?" says it by itself.
        if matter.reason == Reason::BotQuestion || !(matter.disclose || matter.bot_question) {
            return Ok(None);
        }
        let reply = if matter.bot_question { Reply::BotYes } else { Reply::Disclosure };
        self.fixed(reply, matter.language).map(Some)
    }

    fn words(&self, matter: &Matter<'_>) -> Result<Option<String>, PromptError> {
        let language = matter.language;
        Ok(Some(match matter.action {
            Action::Silent => return Ok(None),
            // More than a day after the customer's last message the channel takes no free words.
            Action::Escalate if matter.reason == Reason::WindowClosed => return Ok(None),
            Action::Escalate => self.handoff(matter)?,
            Action::Clarify if matter.reason == Reason::Unreadable => {
                self.fixed(attachment_reply(matter.attachment), language)?
            }
            Action::Clarify if asks_to_choose(matter) && matter.reason == Reason::Ambiguous => {
                self.fixed(Reply::ClarifyChoice, language)?
            }
            Action::Clarify if asks_to_choose(matter) => self.fixed(Reply::ClarifyUnsure, language)?,
            Action::Clarify => self.fixed(Reply::Clarify, language)?,
            Action::Decline if matter.reason == Reason::OffTopic => self.fixed(Reply::DeclineOfftopic, language)?,
            Action::Decline => self.fixed(Reply::Decline, language)?,
            Action::Reply => match matter.draft {
                Some(draft) => markup::to_whatsapp(&draft.text),
                None => self.small(matter)?,
            },
        }))
    }

    /// Replies that need no knowledge.
    fn small(&self, matter: &Matter<'_>) -> Result<String, PromptError> {
        let reply = match matter.reason {
            Reason::BotQuestion => Reply::BotYes,
            Reason::Greeting => Reply::Greeting,
            Reason::Thanks => Reply::Thanks,
            Reason::Goodbye => Reply::Goodbye,
            Reason::OptOut => Reply::OptOutDone,
            Reason::OptIn => Reply::OptInDone,
            Reason::DeleteData => Reply::DeleteConfirm,
            Reason::DeleteConfirmed => Reply::Deleted,
            Reason::DeleteCancelled => Reply::DeleteCancelled,
            Reason::ShowData => return self.stored_data(matter),
            _ => Reply::Help,
        };
        self.fixed(reply, matter.language)
    }

    fn stored_data(&self, matter: &Matter<'_>) -> Result<String, PromptError> {
        let conversation = &matter.snapshot.conversation;
        let known = conversation.language.unwrap_or(matter.language);
        let count = matter.snapshot.messages_from_customer.to_string();
        let since = conversation.created_at.to_zoned(self.hours.timezone.clone()).date().to_string();
        self.prompts.reply(
            Reply::ShowData,
            matter.language,
            &[
                ("name", conversation.name.as_deref().unwrap_or("—")),
                ("language", self.prompts.language_name(known, matter.language)),
                ("count", &count),
                ("since", &since),
            ],
        )
    }

    /// The notice of a handoff: it promises a time only where hours are configured.
    fn handoff(&self, matter: &Matter<'_>) -> Result<String, PromptError> {
        let language = matter.language;
        match matter.reason {
            Reason::Trouble => return self.fixed(Reply::Trouble, language),
            Reason::ForAPerson => return self.fixed(attachment_reply(matter.attachment), language),
            _ => {}
        }
        let here: Zoned = matter.snapshot.now.to_zoned(self.hours.timezone.clone());
        let business = self.business(language)?;
        let business = ("business", business.as_str());
        match self.hours.attendance(matter.snapshot.now) {
            Attendance::Open { until } => {
                self.prompts.reply(Reply::HandoffOpen, language, &[business, ("until", &when::time(&until))])
            }
            Attendance::Closed { next: Some(next) } => {
                let next = when::day_and_time(&next, &here, language);
                self.prompts.reply(Reply::HandoffClosed, language, &[business, ("when", &next)])
            }
            Attendance::Unknown | Attendance::Closed { next: None } => self.fixed(Reply::Handoff, language),
        }
    }

    fn fixed(&self, reply: Reply, language: Language) -> Result<String, PromptError> {
        self.prompts.reply(reply, language, &[("business", &self.business(language)?)])
    }

    fn business(&self, language: Language) -> Result<String, PromptError> {
        if self.business.is_empty() {
            return self.prompts.reply(Reply::ThisBusiness, language, &[]);
        }
        Ok(self.business.to_owned())
    }
}

/// Whether the customer is offered subjects to choose from: several where they tie, and any that may be meant otherwise.
fn asks_to_choose(matter: &Matter<'_>) -> bool {
    let enough = if matter.reason == Reason::Ambiguous { 2 } else { 1 };
    matter.action == Action::Clarify && matter.subjects.len() >= enough
}

/// Whether the reply carries the button that asks for a person.
fn offers_person(matter: &Matter<'_>) -> bool {
    match matter.action {
        Action::Decline | Action::Clarify => true,
        Action::Reply => matter.reason == Reason::BotQuestion,
        Action::Escalate | Action::Silent => false,
    }
}

fn attachment_reply(attachment: Option<Attachment>) -> Reply {
    match attachment {
        Some(Attachment::VoiceNote) => Reply::VoiceNote,
        Some(Attachment::File) => Reply::MediaReceived,
        Some(Attachment::Location) => Reply::LocationReceived,
        Some(Attachment::Contacts) => Reply::ContactReceived,
        Some(Attachment::Order) => Reply::OrderReceived,
        Some(Attachment::Form) => Reply::FormReceived,
        Some(Attachment::Welcome) => Reply::Greeting,
        Some(Attachment::Unsupported) | None => Reply::Unsupported,
    }
}
