//! What a turn can come to, and why: the names under which it is stored and shown.
//!
//! Decides nothing.

use serde::{Deserialize, Serialize};

/// What the turn does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send the drafted answer, or the fixed reply that the reason names.
    Reply,
    /// Ask the customer back.
    Clarify,
    /// Say that the business's words do not answer this, and offer a person.
    Decline,
    /// Bring in a person.
    Escalate,
    /// Record and say nothing.
    Silent,
}

impl Action {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Action::Reply => "reply",
            Action::Clarify => "clarify",
            Action::Decline => "decline",
            Action::Escalate => "escalate",
            Action::Silent => "silent",
        }
    }
}

/// Why. The names are stored and shown to the owner; they never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A person of the business has the conversation.
    PersonInCharge,
    /// A reaction, an edit or the like, which asks for no answer.
    NothingToAnswer,
    /// The customer asked for a person.
    WishForPerson,
    /// The customer wants to hear nothing more.
    OptOut,
    /// The customer takes the opt-out back.
    OptIn,
    /// The customer wants the stored data deleted.
    DeleteData,
    /// The customer confirmed that the stored data is to be deleted.
    DeleteConfirmed,
    /// The customer did not confirm it.
    DeleteCancelled,
    /// The customer wants to know what is stored.
    ShowData,
    /// The channel no longer lets the business answer freely.
    WindowClosed,
    /// The customer asked whether this is a bot.
    BotQuestion,
    /// The customer is angry or frustrated.
    NegativeMood,
    /// The customer complains, and the knowledge has no answer to it.
    Complaint,
    /// Too many turns in a row ended without an answer.
    RepeatedFailure,
    /// A voice note or a file without words.
    Unreadable,
    /// An order or a form, which only a person can deal with.
    ForAPerson,
    /// The bot kept failing over the message.
    Trouble,
    /// The customer greeted.
    Greeting,
    /// The customer gave thanks.
    Thanks,
    /// The customer took leave.
    Goodbye,
    /// Words without a question: "ok", an emoji.
    SmallTalk,
    /// The question has nothing to do with the business.
    OffTopic,
    /// Nothing was found.
    NoEvidence,
    /// The draft holds what the evidence does not.
    Ungrounded,
    /// Two passages on different subjects fit about equally well.
    Ambiguous,
    /// What was found is probably not the answer.
    LowConfidence,
    /// None of the subjects that were offered was meant.
    NoSubject,
    /// The question is answered.
    Answered,
}

impl Reason {
    /// Those that say that the business's own words were lacking, or that none were looked for any more: with more
    /// knowledge the question might have been answered.
    pub const WANT_OF_KNOWLEDGE: &'static [Reason] =
        &[Reason::NoEvidence, Reason::LowConfidence, Reason::Ungrounded, Reason::Ambiguous, Reason::RepeatedFailure];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Reason::PersonInCharge => "person_in_charge",
            Reason::NothingToAnswer => "nothing_to_answer",
            Reason::WishForPerson => "wish_for_person",
            Reason::OptOut => "opt_out",
            Reason::OptIn => "opt_in",
            Reason::DeleteData => "delete_data",
            Reason::DeleteConfirmed => "delete_confirmed",
            Reason::DeleteCancelled => "delete_cancelled",
            Reason::ShowData => "show_data",
            Reason::WindowClosed => "window_closed",
            Reason::BotQuestion => "bot_question",
            Reason::NegativeMood => "negative_mood",
            Reason::Complaint => "complaint",
            Reason::RepeatedFailure => "repeated_failure",
            Reason::Unreadable => "unreadable",
            Reason::ForAPerson => "for_a_person",
            Reason::Trouble => "trouble",
            Reason::Greeting => "greeting",
            Reason::Thanks => "thanks",
            Reason::Goodbye => "goodbye",
            Reason::SmallTalk => "small_talk",
            Reason::OffTopic => "off_topic",
            Reason::NoEvidence => "no_evidence",
            Reason::Ungrounded => "ungrounded",
            Reason::Ambiguous => "ambiguous",
            Reason::LowConfidence => "low_confidence",
            Reason::NoSubject => "no_subject",
            Reason::Answered => "answered",
        }
    }
}
