//! How probable each of a few continuations is.
//!
//! Options that begin with different tokens are told apart by those alone, from one reading of the prompt. Where two
//! options begin alike, all are compared as whole answers, the end of the turn included.

use super::{Watch, Worker, as_error};
use crate::llm::request::ModelError;
use crate::llm::sample;
use crate::llm::tokenizer::Tokenizer;

/// What to compare.
pub(in crate::llm) struct Scoring {
    /// Never empty, and shorter than the context.
    pub(in crate::llm) prompt: Vec<u32>,
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

impl Worker {
    pub(super) fn score(&mut self, work: Scoring, watch: &Watch<'_>) -> Result<Vec<f32>, ModelError> {
        self.session.read(&work.prompt, &|| watch.check()).map_err(as_error)?;
        let shares = match first_tokens(&work.options) {
            Some(tokens) => tokens.iter().map(|tokens| log_share(self.session.logits(), tokens)).collect(),
            None => self.whole_answers(&work, watch)?,
        };
        if shares.iter().any(|share: &f32| share.is_nan()) {
            return Err(ModelError::Failed("its logits are not numbers".to_owned()));
        }
        Ok(sample::normalise(&shares))
    }

    fn whole_answers(&mut self, work: &Scoring, watch: &Watch<'_>) -> Result<Vec<f32>, ModelError> {
        let mut shares = Vec::with_capacity(work.options.len());
        for option in &work.options {
            self.session.read(&work.prompt, &|| watch.check()).map_err(as_error)?;
            let first = |tokens: &[u32]| sample::log_probability(self.session.logits(), tokens[0]);
            let tokens = if first(&option.spaced) > first(&option.plain) { &option.spaced } else { &option.plain };
            let mut share = 0.0;
            for &token in tokens {
                watch.check().map_err(as_error)?;
                share += sample::log_probability(self.session.logits(), token);
                self.session.advance(token).map_err(as_error)?;
            }
            shares.push(share + log_share(self.session.logits(), self.tokenizer.ends()));
        }
        Ok(shares)
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
