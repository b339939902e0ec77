//! Which intents the kinds of a customer's messages show, beside those that the words show.
//!
//! The words come first: an intent that they contradict is never claimed. What acts on the customer's data, or says that
//! there is nothing to answer, is claimed from a higher probability on than what is answered anyway.

use super::heads::Head;
use super::kinds::{Kind, Kinds};
use super::meaning::{Heard, Meaning};
use super::{Intent, Scored, Understanding};

/// How sure an intent is that the kinds show.
const SCORE: f32 = 0.7;
/// From which score on the words show an intent.
const SAID: f32 = 0.5;
/// From which probability on a message that only comes along with others is one without a question.
const SOCIAL: f32 = 0.5;
/// How likely a wish for a person has to be to the head that knows nothing else as well, and where the message asks.
const WISH: f32 = 0.7;
const WISH_AS_A_QUESTION: f32 = 0.8;
/// From which probability on there is no question beside the one whether this is a bot.
const NOTHING_ELSE: f32 = 0.65;

/// Adds the intents that the kinds show; a wish for a person, which costs an answer, only where `wish` agrees.
pub(super) fn add(understanding: &mut Understanding, kinds: &Kinds, wish: &Head, meaning: &Meaning) {
    let burst: Vec<(Kind, f32)> = meaning.burst.iter().map(|heard| kinds.likeliest(&heard.vector)).collect();
    let shown = meaning.burst.iter().zip(&burst).filter_map(|(heard, &(kind, probability))| match kind {
        Kind::Wants(Intent::Person) if !is_wish(wish, heard) => None,
        Kind::Wants(intent) if probability >= least(intent, heard) => Some(intent),
        _ => None,
    });
    let shown: Vec<Intent> = shown.collect();
    for intent in shown {
        let is_alone = !needs_all(intent) || burst.iter().all(|(kind, probability)| is_social(*kind, *probability));
        if is_alone && !is_contradicted(intent, &understanding.intents) {
            claim(&mut understanding.intents, intent);
        }
    }
    if is_bot_question_alone(&burst, meaning) && has(&understanding.intents, Intent::BotQuestion) {
        understanding.has_question = false;
    }
}

/// "Did a human type that?" is answered in full by the truth.
fn is_bot_question_alone(burst: &[(Kind, f32)], meaning: &Meaning) -> bool {
    let [(Kind::Wants(Intent::BotQuestion), probability)] = burst else { return false };
    *probability >= NOTHING_ELSE && meaning.burst.iter().all(|heard| heard.is_one_sentence)
}

fn has(said: &[Scored], intent: Intent) -> bool {
    said.iter().any(|scored| scored.score >= SAID && scored.intent == intent)
}

fn is_wish(wish: &Head, heard: &Heard) -> bool {
    wish.probability(&heard.vector) >= if heard.asks { WISH_AS_A_QUESTION } else { WISH }
}

/// From which probability on a message shows an intent; above 1 where none does.
fn least(intent: Intent, heard: &Heard) -> f32 {
    match intent {
        Intent::Person if heard.asks => 0.88,
        Intent::Person => 0.8,
        Intent::NoPerson | Intent::BotQuestion => 0.6,
        Intent::Complaint => 0.55,
        Intent::OffTopic => 0.7,
        // Asked back before anything is deleted, ...
        Intent::DeleteData | Intent::ShowData => 0.7,
        // ... and done at once.
        Intent::OptOut if !heard.asks => 0.9,
        Intent::Thanks | Intent::SmallTalk if !heard.asks => 0.65,
        Intent::Goodbye | Intent::Greeting if !heard.asks => 0.7,
        _ => f32::INFINITY,
    }
}

/// Whether an intent says that there is nothing to answer: then every message of the burst has to say so.
fn needs_all(intent: Intent) -> bool {
    matches!(intent, Intent::Greeting | Intent::Thanks | Intent::Goodbye | Intent::SmallTalk)
}

fn is_social(kind: Kind, probability: f32) -> bool {
    match kind {
        Kind::Wants(intent) => needs_all(intent) && probability >= SOCIAL,
        Kind::Acknowledgement => true,
        Kind::Calm | Kind::Angry | Kind::Ordinary => false,
    }
}

/// Whether the words show the intent already, or another that does not go with it.
fn is_contradicted(intent: Intent, said: &[Scored]) -> bool {
    use Intent::{BotQuestion, Complaint, DeleteData, NoPerson, OffTopic, OptIn, OptOut, Person, ShowData};
    let rivals: &[Intent] = match intent {
        Person | NoPerson | BotQuestion => &[Person, NoPerson, BotQuestion],
        OptOut | DeleteData | ShowData => &[OptIn, OptOut, DeleteData, ShowData, Person],
        Complaint | OffTopic => &[Complaint, OffTopic, OptIn, OptOut, DeleteData, ShowData, BotQuestion],
        _ => &[Person, OptIn, OptOut, DeleteData, ShowData, BotQuestion, Complaint, OffTopic],
    };
    has(said, intent) || rivals.iter().any(|rival| has(said, *rival))
}

fn claim(intents: &mut Vec<Scored>, intent: Intent) {
    intents.retain(|scored| scored.intent != intent);
    let at = intents.partition_point(|scored| scored.score >= SCORE);
    intents.insert(at, Scored { intent, score: SCORE });
}

#[cfg(test)]
mod tests;
