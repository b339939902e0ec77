//! Tells what a customer wants besides an answer, from examples and from a small grammar over word lists.
//!
//! Runs no model: that a customer wants a person, or no more messages, must hold even when the model is down.
//! Answers nothing; it also says which words the intents took, so that the rest can be answered.

mod grammar;

use super::lexicon::{Found, Lexicon, Role};
use super::text::{Tokens, WORD};
use super::{Intent, Scored};
use crate::domain::Language;
use crate::prompts::WordList;

/// From which score on an intent is sure.
pub(super) const SURE: f32 = 0.7;

/// An intent over the tokens that show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Claim {
    pub intent: Intent,
    pub score: f32,
    pub start: usize,
    pub end: usize,
}

impl Claim {
    fn scored(&self) -> Scored {
        Scored { intent: self.intent, score: self.score }
    }
}

/// What the intents of one message are, and whether words remain that they do not explain.
#[derive(Debug, Default)]
pub(super) struct Wants {
    pub intents: Vec<Scored>,
    pub has_question: bool,
}

impl Wants {
    /// Both together: each intent once, with the better score.
    pub fn and(self, other: Wants) -> Wants {
        let all = self.intents.into_iter().chain(other.intents);
        Wants { intents: best(all), has_question: self.has_question || other.has_question }
    }
}

/// What a message wants. `language` is the one it was found to be in.
pub(super) fn wants(lexicon: &Lexicon, tokens: &Tokens, found: &[Found], language: Language) -> Wants {
    let message = Message { tokens, found, language };
    let mut claims = message.long_examples();
    claims.extend(message.fixed_words());
    for &spoken in lexicon.languages() {
        claims.extend(grammar::claims(tokens, found, spoken).into_iter().map(|claim| message.heard_in(claim, spoken)));
    }
    claims = without_contradiction(&claims);
    claims.extend(message.short_examples(&claims));
    Wants { has_question: message.has_rest(&claims), intents: best(claims.iter().map(Claim::scored)) }
}

/// A message with the phrases that were found in it.
struct Message<'a> {
    tokens: &'a Tokens,
    found: &'a [Found],
    language: Language,
}

impl Message<'_> {
    /// Examples that show an intent wherever they stand, and those that do so as a whole clause.
    fn long_examples(&self) -> Vec<Claim> {
        let examples = self.found.iter().filter_map(|found| match found.role {
            Role::Example(intent) if found.width > WORD => Some((found, intent)),
            _ => None,
        });
        let counts = examples.filter(|(found, intent)| {
            let social = is_social(*intent) && !is_yes_or_no(*intent);
            let anywhere = social || found.width > 2 * WORD && found.content >= 2 * WORD;
            anywhere || self.is_whole_clause(found)
        });
        counts.map(|(found, intent)| self.claim(found, intent, 0.95)).collect()
    }

    /// The words that replies name, which always work when nothing else is said.
    fn fixed_words(&self) -> Vec<Claim> {
        let alone = |found: &&Found| {
            let mut covered = self.unimportant();
            covered[found.start..found.end].fill(true);
            !covered.contains(&false)
        };
        let fixed = self.found.iter().filter(alone).filter_map(|found| match found.role {
            Role::Fixed(intent) => Some(self.claim(found, intent, 1.0)),
            _ => None,
        });
        fixed.collect()
    }

    /// Examples of one word, which count only when nothing else is said.
    fn short_examples(&self, claims: &[Claim]) -> Vec<Claim> {
        let short: Vec<(&Found, Intent)> = self.found.iter().filter_map(short).collect();
        let native: Vec<_> = short.iter().filter(|(found, _)| found.language == self.language).copied().collect();
        // A word of the message's own language hides what the same word means elsewhere.
        let hidden = |found: &Found| native.iter().any(|(other, _)| other.start < found.end && found.start < other.end);
        let foreign = short.into_iter().filter(|(found, _)| found.language != self.language && !hidden(found));
        let short: Vec<_> = native.iter().copied().chain(foreign).collect();
        let main = claims.iter().any(|claim| !is_social(claim.intent) && claim.score >= SURE);
        let mut covered = self.fillers();
        claims.iter().for_each(|claim| covered[claim.start..claim.end].fill(true));
        short.iter().for_each(|(found, _)| covered[found.start..found.end].fill(true));
        let all = !covered.contains(&false);
        // Beside something else a greeting or thanks still explains its word; any other short example says nothing.
        let comes_along = |intent: Intent| is_social(intent) && !is_yes_or_no(intent);
        let counts = short.into_iter().filter(|&(_, intent)| comes_along(intent) || all && !main);
        counts.map(|(found, intent)| self.claim(found, intent, if all { 0.98 } else { 0.0 })).collect()
    }

    fn claim(&self, found: &Found, intent: Intent, score: f32) -> Claim {
        let score = if found.fuzzy { score - 0.1 } else { score };
        self.heard_in(Claim { intent, score, start: found.start, end: found.end }, found.language)
    }

    fn heard_in(&self, claim: Claim, spoken: Language) -> Claim {
        let farther = if spoken == self.language { 0.0 } else { 0.05 };
        Claim { score: (claim.score - farther).max(0.0), ..claim }
    }

    /// Whether a phrase fills its clause, beside words without weight and other short examples.
    fn is_whole_clause(&self, phrase: &Found) -> bool {
        let mut covered = self.unimportant();
        covered[phrase.start..phrase.end].fill(true);
        let clause = self.tokens.all[phrase.start].clause;
        self.tokens.all.iter().zip(covered).all(|(token, covered)| covered || token.clause != clause)
    }

    /// For each token, whether it is a word without weight or belongs to a greeting, thanks and the like.
    fn unimportant(&self) -> Vec<bool> {
        let mut covered = self.fillers();
        for (found, intent) in self.found.iter().filter_map(short) {
            if is_social(intent) {
                covered[found.start..found.end].fill(true);
            }
        }
        covered
    }

    /// For each token, whether it is a word without weight.
    fn fillers(&self) -> Vec<bool> {
        let mut fillers: Vec<bool> = self.tokens.all.iter().map(|token| token.width == 0).collect();
        for found in self.found {
            if found.role == Role::Listed(WordList::Filler) && found.language == self.language && !found.fuzzy {
                fillers[found.start..found.end].fill(true);
            }
        }
        fillers
    }

    fn has_rest(&self, claims: &[Claim]) -> bool {
        let mut covered = self.fillers();
        claims.iter().for_each(|claim| covered[claim.start..claim.end].fill(true));
        covered.contains(&false)
    }
}

/// An example of one word.
fn short(found: &Found) -> Option<(&Found, Intent)> {
    match found.role {
        Role::Example(intent) if found.width <= WORD => Some((found, intent)),
        _ => None,
    }
}

fn is_yes_or_no(intent: Intent) -> bool {
    matches!(intent, Intent::Yes | Intent::No)
}

/// Intents that come along with any other.
fn is_social(intent: Intent) -> bool {
    matches!(intent, Intent::Greeting | Intent::Thanks | Intent::Goodbye) || is_yes_or_no(intent)
}

/// Drops what is only part of something else: a wish for a person inside a refusal of one ("I don't want to talk to a
/// person"), a refusal inside a wish. Of two that take the same words the better stays.
fn without_contradiction(claims: &[Claim]) -> Vec<Claim> {
    let beats = |strong: &Claim, weak: &Claim| {
        let inside = strong.start <= weak.start && weak.end <= strong.end;
        let same = inside && strong.start == weak.start && strong.end == weak.end;
        let better =
            !same || strong.score > weak.score || strong.score == weak.score && strong.intent == Intent::NoPerson;
        inside
            && better
            && strong.score >= SURE
            && strong.intent != weak.intent
            && are_rivals(strong.intent, weak.intent)
    };
    claims.iter().filter(|weak| !claims.iter().any(|strong| beats(strong, weak))).copied().collect()
}

fn are_rivals(strong: Intent, weak: Intent) -> bool {
    use Intent::{BotQuestion, DeleteData, No, NoPerson, OptIn, OptOut, Person, ShowData, Yes};
    matches!(
        (strong, weak),
        (Person | NoPerson | BotQuestion, Person | NoPerson | BotQuestion)
            | (OptOut, OptIn | Person | NoPerson)
            | (DeleteData, ShowData | OptOut)
            | (No, Yes)
    )
}

/// Each intent once with its best score, the surest first.
fn best(all: impl Iterator<Item = Scored>) -> Vec<Scored> {
    let mut best: Vec<Scored> = Vec::new();
    for scored in all.filter(|scored| scored.score > 0.0) {
        match best.iter_mut().find(|known| known.intent == scored.intent) {
            Some(known) => known.score = known.score.max(scored.score),
            None => best.push(scored),
        }
    }
    best.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.intent.cmp(&b.intent)));
    best
}

#[cfg(test)]
mod tests;
