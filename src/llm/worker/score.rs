//! How probable each of a few continuations is.
//!
//! Options that begin with different tokens are told apart by those alone, from one reading of the prompt. Where two
//! options begin alike, all are compared as whole answers, the end of the turn included.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::task::{Facilities, Text};
use crate::llm::decoder::Memory;
use crate::llm::prompt::Prompt;
use crate::llm::request::ModelError;
use crate::llm::sample;
use crate::llm::tokenizer::Tokenizer;

/// Tokens of an option that are read at once: the logits after each take more than half a megabyte.
const AT_ONCE: usize = 16;

/// What to compare.
pub(in crate::llm) struct Scoring {
    /// Never empty, and shorter than the context.
    pub(in crate::llm) prompt: Prompt,
    pub(in crate::llm) options: Vec<Choice>,
}

/// One continuation, as tokens.
pub(in crate::llm) struct Choice {
    /// As given; never empty.
    plain: Vec<u32>,
    /// With a space before it: some models put one before the first word.
    spaced: Vec<u32>,
}

impl Choice {
    /// Reads an option; white space around it does not count.
    pub(in crate::llm) fn new(tokenizer: &Tokenizer, option: &str) -> Result<Self, String> {
        let option = option.trim();
        let plain = tokenizer.encode_text(option)?;
        let spaced = tokenizer.encode_text(&format!(" {option}"))?;
        if plain.is_empty() || spaced.is_empty() {
            Err("an option is empty".to_owned())
        } else {
            Ok(Choice { plain, spaced })
        }
    }

    /// How many more tokens than the prompt this can take.
    pub(in crate::llm) fn len(&self) -> usize {
        self.plain.len().max(self.spaced.len())
    }
}

/// The tokens that each option alone begins with; nothing when two options begin alike.
fn first_tokens(options: &[Choice]) -> Option<Vec<Vec<u32>>> {
    let plain: Vec<u32> = options.iter().map(|option| option.plain[0]).collect();
    let is_alone = |token: &u32, tokens: &[u32]| tokens.iter().filter(|other| *other == token).count() == 1;
    if !plain.iter().all(|token| is_alone(token, &plain)) {
        return None;
    }
    let spaced: Vec<u32> = options.iter().map(|option| option.spaced[0]).collect();
    let useful = |token: &u32| is_alone(token, &spaced) && !plain.contains(token);
    let both = plain.iter().zip(&spaced);
    Some(
        both.map(|(plain, spaced)| [Some(*plain), Some(*spaced).filter(useful)].into_iter().flatten().collect())
            .collect(),
    )
}

/// A comparison that is under way.
pub(super) struct Weighing {
    options: Vec<Choice>,
    reply: Option<oneshot::Sender<Result<Vec<f32>, ModelError>>>,
    /// What comes after the prompt, where options are compared as whole answers.
    after_prompt: Option<AfterPrompt>,
    /// The shares of the options that were read.
    shares: Vec<f32>,
}

struct AfterPrompt {
    memory: Memory,
    logits: Vec<f32>,
    /// The tokens of the option that is being read, and how many of them were.
    tokens: Vec<u32>,
    read: usize,
    share: f32,
}

impl Weighing {
    /// The work and the prompt to be read for it.
    pub(super) fn new(work: Scoring, reply: oneshot::Sender<Result<Vec<f32>, ModelError>>) -> (Self, Prompt) {
        let weighing = Weighing { options: work.options, reply: Some(reply), after_prompt: None, shares: Vec::new() };
        (weighing, work.prompt)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.reply.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// How many tokens may be read after the prompt.
    pub(super) fn longest(&self) -> usize {
        self.options.iter().map(Choice::len).max().unwrap_or_default()
    }

    /// Weighs on with the logits after what was read last.
    pub(super) fn take(
        &mut self,
        text: &mut Text,
        rows: Vec<Vec<f32>>,
        facilities: &Facilities<'_>,
    ) -> ControlFlow<()> {
        let Some(after) = &mut self.after_prompt else {
            let logits = rows.into_iter().next_back().expect("there was a row of logits");
            if let Some(tokens) = first_tokens(&self.options) {
                self.shares = tokens.iter().map(|tokens| log_share(&logits, tokens)).collect();
                return self.finish(facilities);
            }
            let after = AfterPrompt { memory: text.memory.clone(), logits, tokens: Vec::new(), read: 0, share: 0.0 };
            self.after_prompt.insert(after).start(&self.options[0], text, facilities);
            return ControlFlow::Continue(());
        };
        for logits in rows {
            after.read += 1;
            match after.tokens.get(after.read) {
                Some(&token) => after.share += sample::log_probability(&logits, token),
                None => self.shares.push(after.share + log_share(&logits, facilities.tokenizer.ends())),
            }
        }
        if after.read < after.tokens.len() {
            after.read_on(text, facilities);
            return ControlFlow::Continue(());
        }
        let Some(option) = self.options.get(self.shares.len()) else { return self.finish(facilities) };
        after.start(option, text, facilities);
        ControlFlow::Continue(())
    }

    fn finish(&mut self, facilities: &Facilities<'_>) -> ControlFlow<()> {
        if self.shares.iter().any(|share| share.is_nan()) {
            facilities.healthy.store(false, Ordering::Release);
            self.answer(Err(ModelError::Failed("its logits are not numbers".to_owned())));
        } else {
            self.answer(Ok(sample::normalise(&self.shares)));
        }
        ControlFlow::Break(())
    }

    pub(super) fn answer(&mut self, answer: Result<Vec<f32>, ModelError>) {
        // Nobody may be waiting any more.
        drop(self.reply.take().map(|reply| reply.send(answer)));
    }
}

impl AfterPrompt {
    /// Goes back to the prompt, and reads an option after it.
    fn start(&mut self, option: &Choice, text: &mut Text, facilities: &Facilities<'_>) {
        let first = |tokens: &[u32]| sample::log_probability(&self.logits, tokens[0]);
        let is_spaced = first(&option.spaced) > first(&option.plain);
        self.tokens.clone_from(if is_spaced { &option.spaced } else { &option.plain });
        self.read = 0;
        self.share = first(&self.tokens);
        text.memory = self.memory.clone();
        self.read_on(text, facilities);
    }

    /// Has the rest of the option read, at once where all logits can be had.
    fn read_on(&self, text: &mut Text, facilities: &Facilities<'_>) {
        let rest = &self.tokens[self.read..];
        let count = if facilities.gives_all_logits { rest.len().min(AT_ONCE) } else { 1 };
        text.unread.extend_from_slice(&rest[..count]);
        text.wanted = count;
    }
}

/// The logarithm of the probability that one of `tokens` comes next.
fn log_share(logits: &[f32], tokens: &[u32]) -> f32 {
    let shares: Vec<f32> = tokens.iter().map(|&token| sample::log_probability(logits, token)).collect();
    sample::log_sum_exp(&shares)
}

#[cfg(test)]
mod tests {
    use super::{Choice, first_tokens};

    fn choice(plain: &[u32], spaced: &[u32]) -> Choice {
        Choice { plain: plain.to_vec(), spaced: spaced.to_vec() }
    }

    #[test]
    fn options_are_told_apart_by_the_tokens_that_only_one_of_them_begins_with() {
        let options = [choice(&[1], &[11]), choice(&[2], &[12])];
        assert_eq!(first_tokens(&options), Some(vec![vec![1, 11], vec![2, 12]]));
        let digits = [choice(&[1], &[9, 1]), choice(&[2], &[9, 2])];
        assert_eq!(first_tokens(&digits), Some(vec![vec![1], vec![2]]));
    }

    #[test]
    fn options_that_begin_alike_are_not_told_apart_by_their_first_tokens() {
        assert_eq!(first_tokens(&[choice(&[1, 2], &[11]), choice(&[1, 3], &[12])]), None);
    }
}
