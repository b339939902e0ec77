//! The decision of a turn: a table of rules read from top to bottom, the first that applies decides.
//!
//! Never words a reply and never looks at what was said, only at what was measured about it.

#[cfg(test)]
mod tests;

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
    /// The question is answered.
    Answered,
}

impl Reason {
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
            Reason::Answered => "answered",
        }
    }
}

/// What kind of message came, as far as the decision depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Words of the customer's own: text, a tap, a caption, a transcript.
    #[default]
    Words,
    /// A voice note or sound without a transcript.
    Sound,
    /// A picture, a film, a document, a place or a card without words.
    File,
    /// An order or a form: only a person can deal with it.
    ForAPerson,
    /// The chat was opened without a word.
    Welcome,
    /// A reaction, a sticker, a message taken back.
    Event,
}

/// What the stages before measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// The kind of message.
    pub kind: MessageKind,
    /// Whether a person of the business has the conversation.
    pub person_in_charge: bool,
    /// Whether the channel lets the business answer freely now.
    pub window_open: bool,
    /// How surely the customer asks for a person, 0 to 1.
    pub wish_for_person: f32,
    /// Whether the customer said that no person is wanted.
    pub no_person: bool,
    /// Whether the customer wants to hear nothing more.
    pub opt_out: bool,
    /// Whether the customer takes the opt-out back.
    pub opt_in: bool,
    /// Whether the customer wants the stored data deleted.
    pub delete_data: bool,
    /// Whether the customer was asked if the data is to be deleted, and said yes.
    pub delete_confirmed: bool,
    /// Whether the customer was asked that, and said anything else.
    pub delete_refused: bool,
    /// Whether the customer wants to know what is stored.
    pub show_data: bool,
    /// Whether the customer asks if this is a bot.
    pub bot_question: bool,
    /// Whether the customer greets.
    pub greeting: bool,
    /// Whether the customer gives thanks.
    pub thanks: bool,
    /// Whether the customer takes leave.
    pub goodbye: bool,
    /// Whether there is something to answer from the knowledge.
    pub has_question: bool,
    /// Whether the question has nothing to do with the business.
    pub off_topic: bool,
    /// 0 (content or neutral) to 1 (furious).
    pub negativity: f32,
    /// How many turns in a row ended without an answer before this one.
    pub failed_turns: u32,
    /// Whether search found anything.
    pub evidence: bool,
    /// The probability that the drafted answer answers, 0 to 1; absent when it could not be told.
    pub confidence: Option<f32>,
    /// Whether two passages on different subjects fit about equally well.
    pub ambiguous: bool,
    /// How much of the draft the evidence does not support.
    pub reply_problems: usize,
}

/// What the owner can set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// From which confidence on an answer is sent, 0 to 1.
    pub min_confidence: f32,
    /// From which confidence on it is worth asking back when two subjects fit, 0 to 1.
    pub clarify_confidence: f32,
    /// Above which negativity a person is brought in, 0 to 1.
    pub max_negativity: f32,
    /// After how many turns in a row without an answer a person is brought in; this turn counts.
    pub max_failed_turns: u32,
    /// From which score on a wish for a person is explicit, 0 to 1.
    pub min_wish: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            min_confidence: 0.6,
            clarify_confidence: 0.35,
            max_negativity: 0.7,
            max_failed_turns: 2,
            min_wish: 0.5,
        }
    }
}

/// What to do, why, and what was seen on the way there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// What led there, in the order in which it was looked at; without any of the customer's words.
    pub trail: Vec<String>,
}

/// Decides what the turn does.
pub fn decide(features: &Features, thresholds: &Thresholds) -> Decision {
    let mut trail = Vec::new();
    let settled = by_rules(features, thresholds, &mut trail);
    let (action, reason) = settled.unwrap_or_else(|| answer(features, thresholds, &mut trail));
    Decision { action, reason, trail }
}

/// Whether nothing but what the knowledge holds can decide the turn: only then is it worth searching.
pub fn needs_evidence(features: &Features, thresholds: &Thresholds) -> bool {
    by_rules(features, thresholds, &mut Vec::new()).is_none()
}

/// What is decided without looking anything up.
fn by_rules(features: &Features, thresholds: &Thresholds, trail: &mut Vec<String>) -> Option<(Action, Reason)> {
    let rules: [(&str, Rule); 4] = [
        ("who may speak", who_may_speak),
        ("explicit wishes", wishes),
        ("mood and failures", mood),
        ("messages without a question", small_talk),
    ];
    for (name, rule) in rules {
        let decided = rule(features, thresholds, trail);
        if decided.is_some() {
            return decided;
        }
        trail.push(format!("{name}: nothing applies"));
    }
    None
}

type Rule = fn(&Features, &Thresholds, &mut Vec<String>) -> Option<(Action, Reason)>;

fn who_may_speak(features: &Features, _: &Thresholds, trail: &mut Vec<String>) -> Option<(Action, Reason)> {
    if features.person_in_charge {
        trail.push("a person has the conversation".to_owned());
        return Some((Action::Silent, Reason::PersonInCharge));
    }
    (features.kind == MessageKind::Event).then_some((Action::Silent, Reason::NothingToAnswer))
}

/// What the customer wants done is done before any mood or model is looked at.
fn wishes(features: &Features, thresholds: &Thresholds, trail: &mut Vec<String>) -> Option<(Action, Reason)> {
    if features.is_explicit_wish(thresholds) {
        trail.push(format!("wish for a person {:.2} of {:.2}", features.wish_for_person, thresholds.min_wish));
        return Some((Action::Escalate, Reason::WishForPerson));
    }
    let asked = [
        (features.delete_confirmed, Reason::DeleteConfirmed),
        (features.delete_refused, Reason::DeleteCancelled),
        (features.delete_data, Reason::DeleteData),
        (features.opt_out, Reason::OptOut),
        (features.opt_in, Reason::OptIn),
        (features.show_data, Reason::ShowData),
    ];
    if let Some((_, reason)) = asked.into_iter().find(|(is_asked, _)| *is_asked) {
        let action = if features.window_open { Action::Reply } else { Action::Silent };
        trail.push(format!("the window is {}", if features.window_open { "open" } else { "closed" }));
        return Some((action, reason));
    }
    if !features.window_open {
        // Only a person can send what the channel still lets through: a template, a call.
        let action = if features.needs_an_answer() { Action::Escalate } else { Action::Silent };
        return Some((action, Reason::WindowClosed));
    }
    // It is for a person whatever else the customer wants.
    (features.kind == MessageKind::ForAPerson).then_some((Action::Escalate, Reason::ForAPerson))
}

fn mood(features: &Features, thresholds: &Thresholds, trail: &mut Vec<String>) -> Option<(Action, Reason)> {
    if features.bot_question && !features.has_question {
        // Always answered truthfully, however it is asked.
        return Some((Action::Reply, Reason::BotQuestion));
    }
    if features.no_person {
        trail.push("the customer wants no person".to_owned());
        return None;
    }
    if features.negativity > thresholds.max_negativity {
        trail.push(format!("negativity {:.2} over {:.2}", features.negativity, thresholds.max_negativity));
        return Some((Action::Escalate, Reason::NegativeMood));
    }
    // A threshold of zero would escalate every greeting.
    let limit = thresholds.max_failed_turns.max(1);
    if features.needs_an_answer() && features.failed_turns >= limit {
        trail.push(format!("{} turns without an answer, {limit} allowed", features.failed_turns));
        return Some((Action::Escalate, Reason::RepeatedFailure));
    }
    None
}

fn small_talk(features: &Features, thresholds: &Thresholds, trail: &mut Vec<String>) -> Option<(Action, Reason)> {
    if features.has_question {
        return None;
    }
    if matches!(features.kind, MessageKind::Sound | MessageKind::File) {
        let fallback = (Action::Clarify, Reason::Unreadable);
        return Some(or_person(features, thresholds, trail, fallback));
    }
    let reason = match features {
        Features { thanks: true, .. } => Reason::Thanks,
        Features { goodbye: true, .. } => Reason::Goodbye,
        Features { greeting: true, .. } | Features { kind: MessageKind::Welcome, .. } => Reason::Greeting,
        _ => Reason::SmallTalk,
    };
    Some((Action::Reply, reason))
}

/// What becomes of a question, given what was found.
fn answer(features: &Features, thresholds: &Thresholds, trail: &mut Vec<String>) -> (Action, Reason) {
    let failed = if features.off_topic {
        // A person of the business would not answer it either.
        return (Action::Decline, Reason::OffTopic);
    } else if !features.evidence {
        Some((Action::Decline, Reason::NoEvidence))
    } else {
        by_confidence(features, thresholds, trail)
    };
    match failed {
        Some(fallback) => or_person(features, thresholds, trail, fallback),
        None => (Action::Reply, Reason::Answered),
    }
}

fn by_confidence(features: &Features, thresholds: &Thresholds, trail: &mut Vec<String>) -> Option<(Action, Reason)> {
    // NaN compares false everywhere and so ends as too low.
    let confidence = features.confidence.unwrap_or(0.0);
    trail.push(format!(
        "confidence {confidence:.2}, to answer {:.2}, to ask back {:.2}",
        thresholds.min_confidence, thresholds.clarify_confidence
    ));
    if confidence >= thresholds.min_confidence && features.confidence.is_some() {
        if features.reply_problems == 0 {
            return None;
        }
        trail.push(format!("{} problems in the draft", features.reply_problems));
        return Some((Action::Decline, Reason::Ungrounded));
    }
    if features.ambiguous && confidence >= thresholds.clarify_confidence {
        return Some((Action::Clarify, Reason::Ambiguous));
    }
    Some((Action::Decline, Reason::LowConfidence))
}

/// A turn that would be one failure too many brings in a person instead, unless none is wanted.
fn or_person(
    features: &Features,
    thresholds: &Thresholds,
    trail: &mut Vec<String>,
    fallback: (Action, Reason),
) -> (Action, Reason) {
    let failures = features.failed_turns.saturating_add(1);
    if features.no_person || failures < thresholds.max_failed_turns {
        return fallback;
    }
    trail.push(format!("failure {failures} of {}", thresholds.max_failed_turns));
    (Action::Escalate, fallback.1)
}

impl Features {
    /// Whether the customer asks for a person and does not say the opposite as well.
    fn is_explicit_wish(&self, thresholds: &Thresholds) -> bool {
        !self.no_person && self.wish_for_person >= thresholds.min_wish
    }

    /// Whether the customer waits for something that small talk does not give.
    fn needs_an_answer(&self) -> bool {
        self.has_question || matches!(self.kind, MessageKind::Sound | MessageKind::File | MessageKind::ForAPerson)
    }
}
