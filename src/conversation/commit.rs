//! Commits a turn: one transaction that marks the messages as dealt with, queues the reply, and changes the state.
//!
//! A crash before it means that the turn runs again and nothing was sent; after it, the outbox sends.

use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

use crate::decide::{Action, Reason};
use crate::desk::handoff;
use crate::domain::Author;
use crate::store::conversations::{Mode, Outcome};
use crate::store::outbox::{Kind, NewRow};
use crate::store::turns::TurnRow;
use crate::store::{Result, contacts, conversations, erasure, handoffs, inbox, messages, outbox, turns};

use super::snapshot::Snapshot;
use super::turn::{Brief, Effect, Turn};

/// Names the ids of turns and what they write (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x5d1f_9a52_7c8e_4b0a_9f43_61b7_2f0d_ae11);

/// What came of asking to commit a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is on disk.
    Done,
    /// Something came in between, and the turn has to be run again. Nothing was changed.
    Superseded,
}

/// Commits a turn, unless a person took over or, where `restart_on_news` says so, something new has come in since.
pub fn commit(
    connection: &Connection,
    snapshot: &Snapshot,
    turn: &Turn,
    restart_on_news: bool,
    now: Timestamp,
) -> Result<Committed> {
    // Erasing takes everything that waits with it: nothing may wait that the turn has not seen.
    let restart_on_news = restart_on_news || turn.effects.contains(&Effect::Erase);
    if is_superseded(connection, snapshot, restart_on_news)? {
        return Ok(Committed::Superseded);
    }
    if turn.effects.contains(&Effect::Erase) {
        erasure::forget(connection, snapshot.conversation.contact, now)?;
    }
    let id = turn_id(snapshot);
    write_turn(connection, &id, snapshot, turn, now)?;
    for message in &snapshot.waiting {
        inbox::finish(connection, message.message, &id)?;
    }
    write_reply(connection, &id, snapshot, turn, now)?;
    write_effects(connection, snapshot, turn, now)?;
    write_outcome(connection, snapshot, turn, now)?;
    if let Some(brief) = &turn.brief {
        open_handoff(connection, &id, snapshot, turn, brief, now)?;
    }
    Ok(Committed::Done)
}

fn is_superseded(connection: &Connection, snapshot: &Snapshot, restart_on_news: bool) -> Result<bool> {
    let id = snapshot.conversation.id;
    let Some(current) = conversations::get(connection, id)? else { return Ok(true) };
    let waiting: Vec<i64> = inbox::waiting(connection, id)?.iter().map(|message| message.message).collect();
    let seen: Vec<i64> = snapshot.waiting.iter().map(|message| message.message).collect();
    let news = if restart_on_news { waiting != seen } else { !seen.iter().all(|message| waiting.contains(message)) };
    Ok(news || current.mode != snapshot.conversation.mode)
}

/// The same messages make the same turn: run again after a crash, it has the same id.
fn turn_id(snapshot: &Snapshot) -> String {
    let messages: Vec<String> = snapshot.waiting.iter().map(|message| message.channel_message_id.clone()).collect();
    let name = format!("turn {} {}", snapshot.conversation.id, messages.join(" "));
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
}

fn derived_id(turn: &str, what: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{what} {turn}").as_bytes()).to_string()
}

fn write_turn(connection: &Connection, id: &str, snapshot: &Snapshot, turn: &Turn, now: Timestamp) -> Result<()> {
    let record = if turn.effects.contains(&Effect::Erase) { "{}".to_owned() } else { serde_json::to_string(turn)? };
    let row = TurnRow {
        id: id.to_owned(),
        conversation: snapshot.conversation.id,
        action: turn.action_name().to_owned(),
        reason: turn.reason_name().to_owned(),
        language: turn.language,
        confidence: turn.confidence,
        record,
        created_at: now,
    };
    turns::insert(connection, &row)
}

fn write_reply(connection: &Connection, id: &str, snapshot: &Snapshot, turn: &Turn, now: Timestamp) -> Result<()> {
    let Some(reply) = &turn.reply else { return Ok(()) };
    let body = serde_json::to_string(reply)?;
    let conversation = snapshot.conversation.id;
    let message = messages::insert_ours(connection, conversation, Author::Bot, &body, Some(&reply.as_text()), now)?;
    let kind = if turn.action == Action::Escalate { Kind::Notice } else { Kind::Reply };
    let row = NewRow { id: &derived_id(id, "reply"), conversation, message, turn: Some(id), kind, body: &body };
    outbox::queue(connection, &row, now)
}

fn write_effects(connection: &Connection, snapshot: &Snapshot, turn: &Turn, now: Timestamp) -> Result<()> {
    let contact = snapshot.conversation.contact;
    for effect in &turn.effects {
        match effect {
            Effect::OptIn | Effect::OptOut => {
                let wanted = *effect == Effect::OptIn;
                contacts::set_promotions(connection, contact, wanted, now)?;
                let value = if wanted { "resume" } else { "stop" };
                contacts::record_consent(connection, contact, "promotions", value, "chat", now)?;
            }
            // Erasure came first.
            Effect::Erase => {}
        }
    }
    Ok(())
}

fn write_outcome(connection: &Connection, snapshot: &Snapshot, turn: &Turn, now: Timestamp) -> Result<()> {
    let earlier = snapshot.conversation.failed_turns;
    let failed_turns = match turn.action {
        Action::Silent => earlier,
        _ if turn.failed => earlier + 1,
        _ => 0,
    };
    let outcome = Outcome {
        language: turn.language,
        failed_turns,
        disclosed_at: turn.disclosed.then_some(now),
        // A reaction or a sticker answers nothing: what was asked is still open.
        pending: match turn.action {
            Action::Silent => snapshot.conversation.pending.clone(),
            _ => turn.pending.as_ref().map(serde_json::to_string).transpose()?,
        },
    };
    conversations::record_outcome(connection, snapshot.conversation.id, &outcome)
}

fn open_handoff(
    connection: &Connection,
    turn_id: &str,
    snapshot: &Snapshot,
    turn: &Turn,
    brief: &Brief,
    now: Timestamp,
) -> Result<()> {
    let conversation = &snapshot.conversation;
    let id = derived_id(turn_id, "handoff");
    handoffs::open(connection, &id, conversation.id, turn.reason_name(), now)?;
    // Outside the window nothing can be said: the person is told, and the bot answers again when the customer writes again.
    if turn.reason != Reason::WindowClosed {
        conversations::set_mode(connection, conversation.id, Mode::Waiting, now)?;
    }
    let identifiers = contacts::current(connection, conversation.contact)?;
    let said = turn.reply.as_ref().map(|reply| reply.as_text());
    let body = handoff::body(&id, turn.reason_name(), turn.language, brief, snapshot, &identifiers, said.as_deref())?;
    handoffs::queue_notification(connection, &derived_id(&id, "notification"), &id, &body, now)
}
