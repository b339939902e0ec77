//! Late interaction: how well each token of a question finds its counterpart in a sentence of the owner's (Khattab and
//! Zaharia, "ColBERT: Efficient and effective passage search via contextualized late interaction over BERT", 2020).
//!
//! The vector of a whole text tells what it is about; token by token shows that "and the *large* one?" has no counterpart
//! in a list of small ones. Only compares: the embedder makes the tokens, and what the odds are good for is judged
//! elsewhere.

use std::sync::Arc;

use super::dot::dot;

/// The length of a token's row.
pub const WIDTH: usize = 64;
/// So many tokens of a question count, ...
pub const MOST_ASKED: usize = 32;
/// ... and so many of an answer.
pub const MOST_ANSWER: usize = 64;
/// What 1 is in a row of an answer.
const ONE: f32 = 127.0;
/// Where a cosine speaks neither for nor against, ...
const USUAL_COSINE: f32 = 0.85;
/// ... and what makes a step of 0.05 one.
const COSINE_STEP: f32 = 20.0;
/// Keeps a logarithm from that of nothing.
pub const TINY: f32 = 1e-6;

/// What is learnt about how the parts of the comparison count together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counting {
    /// What the mean of all tokens' nearness counts, ...
    pub mean: f32,
    /// ... what that of the tokens without a counterpart does, ...
    pub weakest: f32,
    /// ... and what the cosine of the whole texts does, ...
    pub cosine: f32,
    /// ... and what the number of tokens that matter does.
    pub matter: f32,
    /// How far the weakest tokens outweigh the others, above 0.
    pub sharpness: f32,
}

/// A question as its tokens are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedTokens {
    /// [`WIDTH`] numbers for each token, each row of length 1.
    pub rows: Vec<f32>,
    /// How much each token matters, at least 0.
    pub weights: Vec<f32>,
    /// What the question alone adds to the log-odds.
    pub alone: f32,
    /// How the parts count.
    pub counting: Counting,
}

/// A question as the embedder was taught to hear it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Its vector, of length 1.
    pub vector: Vec<f32>,
    /// Its tokens; none where the embedder was not taught to compare them.
    pub tokens: Option<AskedTokens>,
}

/// A sentence, item or row as an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its vector, of length 1.
    pub vector: Arc<[f32]>,
    /// [`WIDTH`] numbers for each token, each row of length 127; empty where the embedder was not taught to compare them.
    pub tokens: Arc<[i8]>,
}

impl AskedTokens {
    /// The log-odds, against that nothing does, that an answer answers; nothing where it has no tokens. `cosine` is that of
    /// the whole texts.
    pub fn log_odds(&self, answer: impl IntoIterator<Item = i8>, cosine: f32) -> Option<f32> {
        let answer: Vec<f32> = answer.into_iter().map(|number| f32::from(number) / ONE).collect();
        if answer.len() < WIDTH || self.weights.is_empty() {
            return None;
        }
        let near: Vec<f32> = self.rows.chunks_exact(WIDTH).map(|row| nearest(row, &answer)).collect();
        let all: f32 = self.weights.iter().sum::<f32>() + TINY;
        let mean = self.weights.iter().zip(&near).map(|(weight, near)| weight * near).sum::<f32>() / all;
        let Counting { sharpness, .. } = self.counting;
        let missed = self.weights.iter().zip(&near).map(|(weight, near)| (weight + TINY) * (-sharpness * near).exp());
        let weakest = -(missed.sum::<f32>() / all).ln() / sharpness;
        Some(
            self.counting.mean * mean
                + self.counting.weakest * weakest
                + self.counting.cosine * (cosine - USUAL_COSINE) * COSINE_STEP
                + self.counting.matter * all.ln()
                + self.alone,
        )
    }
}

/// The cosine of the nearest of an answer's tokens.
fn nearest(row: &[f32], answer: &[f32]) -> f32 {
    answer.chunks_exact(WIDTH).map(|other| dot(row, other)).fold(-1.0, f32::max)
}

/// Rows of length 1 as they are kept: a byte a number.
pub fn packed(rows: &[f32]) -> Arc<[i8]> {
    rows.iter().map(|number| (number * ONE).round().clamp(-ONE, ONE) as i8).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row that points along one of the axes.
    fn axis(place: usize) -> Vec<f32> {
        (0..WIDTH).map(|index| if index == place { 1.0 } else { 0.0 }).collect()
    }

    fn rows(places: &[usize]) -> Vec<f32> {
        places.iter().flat_map(|place| axis(*place)).collect()
    }

    fn asked(places: &[usize], weights: &[f32]) -> AskedTokens {
        let counting = Counting { mean: 8.0, weakest: 1.0, cosine: 0.5, matter: 0.3, sharpness: 10.0 };
        AskedTokens { rows: rows(places), weights: weights.to_vec(), alone: -6.0, counting }
    }

    fn odds(asked: &AskedTokens, answer: &[usize]) -> f32 {
        asked.log_odds(packed(&rows(answer)).iter().copied(), 0.85).expect("both have tokens")
    }

    #[test]
    fn a_token_without_a_counterpart_counts_as_much_as_it_matters() {
        let question = asked(&[1, 2], &[1.0, 1.0]);
        assert!(odds(&question, &[3, 2, 1]) > odds(&question, &[1, 4]) + 4.0);
        let of_one = asked(&[1, 2], &[1.0, 0.01]);
        assert!((odds(&of_one, &[1, 2]) - odds(&of_one, &[1, 4])).abs() < 1.5);
    }

    #[test]
    fn the_order_of_an_answers_tokens_is_nothing_to_it_and_more_tokens_never_hurt() {
        let question = asked(&[1, 2, 3], &[1.0, 2.0, 0.5]);
        assert_eq!(odds(&question, &[1, 2]), odds(&question, &[2, 1]));
        assert!(odds(&question, &[1, 2, 3]) > odds(&question, &[1, 2]));
    }

    #[test]
    fn texts_without_tokens_tell_nothing() {
        assert_eq!(asked(&[1], &[1.0]).log_odds([], 0.9), None);
        assert_eq!(asked(&[], &[]).log_odds(packed(&axis(1)).iter().copied(), 0.9), None);
    }

    proptest! {
        #[test]
        fn the_odds_are_a_number_whatever_the_tokens(
            numbers in prop::collection::vec(any::<i8>(), WIDTH * 2),
            weights in prop::collection::vec(0.0f32..50.0, 3),
            cosine in -1.0f32..1.0,
        ) {
            let odds = asked(&[0, 5, 9], &weights).log_odds(numbers, cosine).expect("both have tokens");
            prop_assert!(odds.is_finite());
        }
    }
}
