//! What the vectors of messages add to what their words told: anger that no list names, a wish for a person put another
//! way, a question that was asked before in other words.
//!
//! Computes no vector. The words stay the stronger evidence: what is content, thanks or plainly asks is not made angry.

use super::heads::Heads;
use super::{Intent, Scored, Sentiment, Understanding};

/// A message as it is heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its vector, of the embedder that the heads fit.
    pub vector: Vec<f32>,
    /// Whether it asks: with a question mark, or a word that asks for a time, a price, a place.
    pub asks: bool,
    /// Whether it is one sentence: what is meant by it is then all that is said.
    pub is_one_sentence: bool,
}

impl Heard {
    /// A message with its vector, and whether it asks.
    pub fn new(vector: Vec<f32>, text: &str, asks: bool) -> Heard {
        let sentences = text.split(SENTENCE_ENDS).filter(|part| part.contains(char::is_alphanumeric));
        Heard { vector, asks, is_one_sentence: sentences.count() <= 1 }
    }
}

/// A customer's messages, in order.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// Those that this turn is about.
    pub burst: Vec<Heard>,
    /// The few before them.
    pub earlier: Vec<Heard>,
}

/// What ends a sentence in the product's languages.
const SENTENCE_ENDS: [char; 11] = ['.', '!', '?', ';', '\n', '。', '！', '？', '؟', '।', '…'];
/// Below this probability the tone of a message says nothing, ...
const UNSURE: f32 = 0.5;
/// ... from this on it says all that it can.
const CERTAIN: f32 = 0.85;
/// What a certain tone comes to by itself, ...
const TONE: f32 = 0.75;
/// ... where the message asks, ...
const TONE_OF_A_QUESTION: f32 = 0.45;
/// ... and what it adds to what the words say, otherwise and where the message asks.
const BESIDE_WORDS: f32 = 0.5;
const BESIDE_WORDS_OF_A_QUESTION: f32 = 0.4;
/// What a certain tone of the message before adds, and what part of that each message further back.
const EARLIER: f32 = 0.25;
const DECAY: f32 = 0.6;
/// How near two messages are that ask for the same, how many before make it an annoyance, and what that adds.
const SAME_QUESTION: f32 = 0.95;
const ASKED_BEFORE: usize = 2;
const REPHRASED: f32 = 0.15;
/// From which probability on a message asks for a person, ...
const WISH: f32 = 0.9;
/// ... or a question does: "can somebody tell me the price?" ...
const WISH_AS_A_QUESTION: f32 = 0.93;
/// ... and how sure that is then.
const WISH_SCORE: f32 = 0.75;

/// Adds what the vectors tell.
pub(super) fn add(understanding: &mut Understanding, heads: &Heads, meaning: &Meaning) {
    add_wish(understanding, heads, meaning);
    // Thanks never bring in a person, whatever they are for.
    if !understanding.intents.iter().any(|scored| scored.intent == Intent::Thanks) {
        add_mood(&mut understanding.sentiment, heads, meaning);
    }
}

/// Who said yes or no to a person in so many words has been understood.
fn add_wish(understanding: &mut Understanding, heads: &Heads, meaning: &Meaning) {
    use Intent::{BotQuestion, NoPerson, Person};
    let is_said = |scored: &Scored| matches!(scored.intent, Person | NoPerson | BotQuestion);
    let is_meant =
        |heard: &Heard| heads.person.probability(&heard.vector) >= if heard.asks { WISH_AS_A_QUESTION } else { WISH };
    if meaning.burst.iter().any(is_meant) && !understanding.intents.iter().any(is_said) {
        let at = understanding.intents.partition_point(|scored| scored.score >= WISH_SCORE);
        understanding.intents.insert(at, Scored { intent: Person, score: WISH_SCORE });
    }
}

/// What was said before only makes worse what is said now: who has calmed down is calm.
fn add_mood(sentiment: &mut Sentiment, heads: &Heads, meaning: &Meaning) {
    let words = sentiment.negativity;
    let certainty = |heard: &Heard| certainty(heads.anger.probability(&heard.vector)) * (1.0 - sentiment.warmth);
    let tone = meaning.burst.iter().map(|heard| with_tone(words, certainty(heard), heard.asks)).fold(words, f32::max);
    if tone <= 0.0 {
        return;
    }
    let ages = meaning.earlier.iter().rev().zip(std::iter::successors(Some(EARLIER), |worth| Some(worth * DECAY)));
    let before: f32 = ages.map(|(heard, worth)| certainty(heard) * worth).sum();
    let rephrased = !sentiment.signals.contains(&"repetition") && asked_before(meaning) >= ASKED_BEFORE;
    let added =
        [("tone", tone - words), ("earlier_tone", before), ("rephrased", if rephrased { REPHRASED } else { 0.0 })];
    for (signal, by) in added.into_iter().filter(|(_, by)| *by > 0.0) {
        sentiment.negativity = (sentiment.negativity + by).min(1.0);
        sentiment.signals.push(signal);
    }
}

/// The negativity of a message of a certain tone, beside what its words came to.
fn with_tone(words: f32, certainty: f32, asks: bool) -> f32 {
    let (alone, beside) = match asks {
        true => (TONE_OF_A_QUESTION, BESIDE_WORDS_OF_A_QUESTION),
        false => (TONE, BESIDE_WORDS),
    };
    let beside = if words > 0.0 { words + beside * certainty } else { 0.0 };
    beside.max(alone * certainty)
}

/// How sure a tone is, 0 to 1.
fn certainty(probability: f32) -> f32 {
    ((probability - UNSURE) / (CERTAIN - UNSURE)).clamp(0.0, 1.0)
}

/// How many earlier messages ask nearly what the burst asks.
fn asked_before(meaning: &Meaning) -> usize {
    let is_near = |old: &Heard, new: &Heard| cosine(&old.vector, &new.vector) >= SAME_QUESTION;
    meaning.earlier.iter().filter(|old| meaning.burst.iter().any(|new| is_near(old, new))).count()
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests;
