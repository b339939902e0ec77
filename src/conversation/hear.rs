//! Asks the embedder for the vectors of a turn's messages, where words alone leave open how the customer feels and what
//! is wanted.
//!
//! Decides nothing; without an embedder, or when it fails, the words stand as they are.

use crate::answer::quote::asks;
use crate::understand::meaning::{Heard, Meaning};
use crate::understand::{Intent, Understanding};

use super::assistant::Assistant;
use super::burst::Burst;
use super::snapshot::Snapshot;

/// How many messages of a burst are looked at, the newest, ...
const NEWEST: usize = 4;
/// ... and how many of those before it.
const EARLIER: usize = 3;
/// How much of a message is looked at, in bytes: its end, where a rant says what it comes to.
const LONGEST: usize = 600;

/// Adds what the meaning of the messages tells.
pub(super) async fn hear(
    assistant: &Assistant,
    snapshot: &Snapshot,
    burst: &Burst,
    mut understanding: Understanding,
) -> Understanding {
    let fits = |fingerprint: String| assistant.understander.reads_vectors_of(&fingerprint);
    let is_read = assistant.knowledge.fingerprint().is_some_and(fits);
    if !is_read || snapshot.person_in_charge() || !is_open(&understanding) {
        return understanding;
    }
    let mut texts = texts(burst);
    let of_burst = texts.len();
    let recent = snapshot.recent_from_customer();
    texts.extend(recent[recent.len().saturating_sub(EARLIER)..].iter().map(|text| end(text)));
    let read = texts.clone();
    let knowledge = assistant.knowledge.clone();
    match tokio::task::spawn_blocking(move || knowledge.vectors(&texts)).await {
        Ok(Ok(vectors)) => {
            let heard = |(vector, text): (Vec<f32>, &String)| {
                let asks = asks(text, understanding.language);
                Heard::new(vector, text, asks)
            };
            let mut burst: Vec<Heard> = vectors.into_iter().zip(&read).map(heard).collect();
            let earlier = burst.split_off(of_burst.min(burst.len()));
            assistant.understander.add_meaning(&mut understanding, &Meaning { burst, earlier });
        }
        Ok(Err(fault)) => tracing::warn!(%fault, "A message's mood is read from its words alone"),
        Err(fault) => tracing::warn!(%fault, "A message's mood is read from its words alone"),
    }
    understanding
}

/// Whether the words leave something open: who asked for a person, or only greeted or gave thanks, has been understood.
fn is_open(understanding: &Understanding) -> bool {
    let is_settled = understanding.intents.iter().any(|scored| scored.intent == Intent::Person);
    !is_settled && (understanding.has_question || understanding.sentiment.negativity > 0.0)
}

/// The newest messages of a burst, and all of it where it came in pieces: what search will look up as well.
fn texts(burst: &Burst) -> Vec<String> {
    let newest = &burst.texts[burst.texts.len().saturating_sub(NEWEST)..];
    let mut texts: Vec<String> = newest.iter().map(|text| end(text)).collect();
    if burst.texts.len() > 1 {
        texts.push(end(&burst.text()));
    }
    texts
}

fn end(text: &str) -> String {
    text[text.ceil_char_boundary(text.len().saturating_sub(LONGEST))..].to_owned()
}
