//! The decision of a turn: a table of rules read from top to bottom, the first that applies decides.
//!
//! Never words a reply and never looks at what was said, only at what was measured about it.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::features::{Features, MessageKind, OnOffer};
use super::outcome::{Action, Reason};

/// What the owner can set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// From which confidence on an answer is sent, 0 to 1.
    pub min_confidence: f32,
    /// From which confidence on it is worth asking back which subject is meant, 0 to 1.
    pub clarify_confidence: f32,
    /// Above which negativity a person is brought in, 0 to 1; where nothing can be answered, above half of it.
    pub max_negativity: f32,
    /// After how many turns in a row without an answer a person is brought in; this turn counts.
    pub max_failed_turns: u32,
    /// From which score on a wish for a person is explicit, 0 to 1.
    pub min_wish: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            min_confidence: 0.72,
            clarify_confidence: 0.35,
            max_negativity: 0.7,
            max_failed_turns: 2,
            min_wish: 0.5,
        }
    }
}

/// Who has no answer coming and is upset by this share of what brings a person in gets one.
const UPSET: f32 = 0.5;

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
    // What was chosen can be answered, whatever failed before.
    let is_chosen = features.on_offer == Some(OnOffer::Chosen);
    if features.needs_an_answer() && !is_chosen && features.failed_turns >= limit {
        trail.push(format!("{} turns without an answer, {limit} allowed", features.failed_turns));
        return Some((Action::Escalate, Reason::RepeatedFailure));
    }
    None
}

fn small_talk(features: &Features, thresholds: &Thresholds, trail: &mut Vec<String>) -> Option<(Action, Reason)> {
    // "Perfect, thanks for the info" holds words enough to search for, and asks for nothing.
    let is_closing = (features.thanks || features.goodbye) && !features.asks && features.kind == MessageKind::Words;
    let is_matter = features.complaint || features.asks_elsewhere && !is_closing;
    if is_matter || features.has_question && !is_closing {
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
    let failed = if features.on_offer == Some(OnOffer::Unsaid) {
        return (Action::Clarify, Reason::Ambiguous);
    } else if features.on_offer == Some(OnOffer::Refused) {
        Some((Action::Decline, Reason::NoSubject))
    } else if features.off_topic {
        // A person of the business would not answer it either.
        return (Action::Decline, Reason::OffTopic);
    } else if !features.evidence {
        Some((Action::Decline, Reason::NoEvidence))
    } else {
        by_confidence(features, thresholds, trail)
    };
    match failed {
        Some(fallback) => unanswered(features, thresholds, trail, fallback),
        None => (Action::Reply, Reason::Answered),
    }
}

/// What becomes of a message that the knowledge does not answer.
fn unanswered(
    features: &Features,
    thresholds: &Thresholds,
    trail: &mut Vec<String>,
    fallback: (Action, Reason),
) -> (Action, Reason) {
    match features {
        // Who was given the wrong thing is not told that the words are lacking.
        Features { complaint: true, no_person: false, .. } => (Action::Escalate, Reason::Complaint),
        Features { asks_elsewhere: true, complaint: false, .. } => (Action::Decline, Reason::OffTopic),
        // What looks like a question beside a greeting and is answered by nothing was part of the greeting.
        Features { greeting: true, asks: false, complaint: false, .. } => (Action::Reply, Reason::Greeting),
        Features { small_talk: true, asks: false, complaint: false, .. } => (Action::Reply, Reason::SmallTalk),
        _ if is_upset(features, thresholds) && fallback.1 != Reason::Ambiguous => {
            trail.push(format!("negativity {:.2}, and nothing to answer with", features.negativity));
            (Action::Escalate, Reason::NegativeMood)
        }
        _ => or_person(features, thresholds, trail, fallback),
    }
}

/// Not so upset that a person is brought in whatever can be answered; a threshold of 1 turns this off as well.
fn is_upset(features: &Features, thresholds: &Thresholds) -> bool {
    let limit = thresholds.max_negativity;
    !features.no_person && limit < 1.0 && features.negativity > limit * UPSET
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
    // What lies near may be what is meant, and the customer can tell.
    if features.offers && confidence >= thresholds.clarify_confidence {
        return Some((Action::Clarify, Reason::LowConfidence));
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
