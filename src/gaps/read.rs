//! Reads from the database which questions were asked in vain, and what a person then answered.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use crate::answer::quote::leans;
use crate::conversation::assistant::last_subject;
use crate::conversation::burst::Burst;
use crate::decide::{Action, Reason};
use crate::domain::{Author, ConversationId, Language};
use crate::store::inbox::Waiting;
use crate::store::turns::TurnHead;
use crate::store::{Result, inbox, messages, turns};
use crate::understand::Understander;

use super::{Asked, Ending};

/// A person's words later than this after a question are about something else.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many messages after a question are looked at for an answer.
const LOOKED_AT: usize = 40;
/// How many messages before a question are looked at for what it leans on, ...
const BEFORE: usize = 24;
/// ... and how old those may be.
const CONTEXT_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// The questions since a time that the knowledge did not answer, with the words as they are stored now: what was erased,
/// taken back or has expired is not among them.
pub fn asked_since(connection: &Connection, from: Timestamp, understander: &Understander) -> Result<Vec<Asked>> {
    let turns = turns::since(connection, from)?;
    let mut asked = Vec::new();
    for conversation in turns.chunk_by(|one, other| one.conversation == other.conversation) {
        for (index, turn) in conversation.iter().enumerate() {
            let later = &conversation[index + 1..];
            // A reaction in between leads nowhere.
            let next = later.iter().find(|turn| turn.action != Action::Silent.name());
            let Some(ending) = ending(turn, next) else { continue };
            let until = answer_until(turn, later);
            asked.extend(read(connection, turn, ending, until, understander)?);
        }
    }
    asked.sort_by_key(|asked| asked.at);
    Ok(asked)
}

/// How a turn ended that was lacking knowledge; nothing for any other. Where the customer was asked back, the next turn
/// tells whether that led to an answer.
fn ending(turn: &TurnHead, next: Option<&TurnHead>) -> Option<Ending> {
    if !Reason::WANT_OF_KNOWLEDGE.iter().any(|reason| reason.name() == turn.reason) {
        return None;
    }
    let is = |turn: &TurnHead, action: Action| turn.action == action.name();
    let led_on = |reason: Reason| next.is_some_and(|next| next.reason == reason.name());
    match turn {
        _ if is(turn, Action::Decline) => Some(Ending::Declined),
        _ if is(turn, Action::Escalate) => Some(Ending::HandedOver),
        _ if !is(turn, Action::Clarify) || led_on(Reason::Answered) => None,
        _ if [Reason::NoSubject, Reason::WishForPerson].into_iter().any(led_on) => Some(Ending::HandedOver),
        _ => Some(Ending::Declined),
    }
}

/// Until when a person's words may answer a turn: the next question of the customer's has an answer of its own.
fn answer_until(turn: &TurnHead, later: &[TurnHead]) -> Timestamp {
    let is_question = |turn: &&TurnHead| turn.reason == Reason::Answered.name() || ending(turn, None).is_some();
    let next = later.iter().find(is_question).map(|next| next.created_at);
    let latest = turn.created_at + ANSWER_WITHIN;
    next.map_or(latest, |next| next.min(latest))
}

fn read(
    connection: &Connection,
    turn: &TurnHead,
    ending: Ending,
    until: Timestamp,
    understander: &Understander,
) -> Result<Option<Asked>> {
    let said = inbox::dealt_with(connection, turn.conversation, &turn.id)?;
    let ids = || said.iter().map(|message| message.message);
    let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(None) };
    let Some(words) = question(&said, turn.language, understander) else { return Ok(None) };
    let context = match leans(&words, turn.language) {
        true => context(connection, turn, first)?,
        false => None,
    };
    let answer = answer(connection, turn.conversation, last, until)?;
    let (contact, language, at) = (turn.contact, turn.language, turn.created_at);
    Ok(Some(Asked { contact, words, context, language, at, ending, answer }))
}

/// What was asked, without the messages that only greet or thank; nothing where none asks for anything.
fn question(said: &[Waiting], language: Language, understander: &Understander) -> Option<String> {
    let asks = |text: &String| understander.understand(&[text], Some(language), language, &[]).has_question;
    let texts: Vec<String> = Burst::gather(said).texts.into_iter().filter(asks).collect();
    Some(texts.join("\n")).filter(|words| !words.trim().is_empty())
}

/// What the customer asked shortly before.
fn context(connection: &Connection, turn: &TurnHead, message: i64) -> Result<Option<String>> {
    let earliest = turn.created_at - CONTEXT_WITHIN;
    let before = messages::before(connection, turn.conversation, message, BEFORE)?;
    let recent: Vec<&str> = before
        .iter()
        .filter(|message| message.author == Author::Customer && message.received_at >= earliest)
        .filter_map(|message| message.words.as_deref())
        .collect();
    Ok(last_subject(&recent, turn.language).map(str::to_owned))
}

/// The first thing that a person of the business said after a message, up to the customer's next words.
fn answer(
    connection: &Connection,
    conversation: ConversationId,
    message: i64,
    until: Timestamp,
) -> Result<Option<String>> {
    let after = messages::after(connection, conversation, message, LOOKED_AT)?;
    let is_persons = |author: Author| author == Author::Person;
    let words: Vec<&str> = after
        .iter()
        .skip_while(|message| !is_persons(message.author))
        .take_while(|message| is_persons(message.author) && message.received_at < until)
        .filter_map(|message| message.words.as_deref())
        .collect();
    Ok(Some(words.join("\n")).filter(|words| !words.is_empty()))
}

#[cfg(test)]
mod tests;
