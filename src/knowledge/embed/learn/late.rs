//! Learns what late interaction compares: two projections of the search model's token states, and how much a token matters.
//! The search model itself, with its adapter, stays as it is: every text is read once, before the first step.
//!
//! The loss is that of the adapter: over the answers that are offered, and that nothing answers. Never runs in the server.

use std::path::Path;

use anyhow::Context;
use atiende_kernels::Kernels;
use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};

use super::super::adapter::Adapter;
use super::super::bert::Weights;
pub use super::super::late::Late;
use super::super::late::{LAYERS, Projection};
use super::super::{PASSAGE, QUERY, packs};
use crate::knowledge::dot::dot;
use crate::knowledge::late::{Counting, MOST_ANSWER, MOST_ASKED, TINY, WIDTH};

/// Which share of a state's numbers is left out of each text, so that none is relied on.
const LEFT_OUT: f32 = 0.2;
/// What the squares of the projections cost.
const RIDGE: f64 = 1e-5;
/// What is taken from what does not count.
const NEVER: f64 = -1e4;
/// How sharply the weakest token outweighs the others at first, as a logarithm.
const FIRST_SHARPNESS: f32 = 2.3;
/// How the parts count at first: the mean, the weakest, the cosine, how much there is that matters; and what stands against.
const FIRST_COUNTING: [f32; 4] = [8.0, 0.0, 0.0, 0.0];
const FIRST_ALONE: f32 = -6.0;

/// A text as the search model reads it.
pub struct Text {
    /// Its vector, of length 1.
    pub vector: Vec<f32>,
    /// The states of its first tokens, one token after the other, ...
    states: Vec<f32>,
    /// ... and how many numbers each has.
    size: usize,
}

/// A question among answers that are offered.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The place of the question.
    pub question: usize,
    /// The places of the answers; as many in every offer of a lesson.
    pub answers: Vec<usize>,
    /// Which of them do answer; none where nothing does.
    pub right: Vec<bool>,
}

/// What is being learnt.
pub struct Pupil {
    size: usize,
    /// What the states are brought to: a mean of 0 and a spread of 1.
    mean: Tensor,
    spread: Tensor,
    asked: Var,
    answer: Var,
    matters: Var,
    matters_bias: Var,
    alone: Var,
    alone_bias: Var,
    counting: Var,
    sharpness: Var,
    optimizer: AdamW,
}

/// Texts side by side, padded to the longest.
struct Padded {
    /// `[texts, tokens, states]`.
    states: Tensor,
    /// `[texts, tokens]`: 1 where there is a token.
    mask: Tensor,
}

/// Reads texts with the search model at `path` and its adapter: questions and answers.
///
/// # Errors
/// When the file is no model that the program has an adapter for.
pub fn read(
    path: &Path,
    questions: &[String],
    answers: &[String],
    tell: impl Fn(usize),
) -> anyhow::Result<[Vec<Text>; 2]> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (tokenizer, model) = super::super::load(path, Kernels::new(threads)?)
        .map_err(|flaw| anyhow::anyhow!("the search model at {} cannot be read with: {flaw}", path.display()))?;
    anyhow::ensure!(model.is_adapted(), "the program has no adapter for the search model at {}", path.display());
    let texts = |prefix: &str, texts: &[String], most: usize| -> anyhow::Result<Vec<Text>> {
        let ids = texts.iter().map(|text| tokenizer.encode(&format!("{prefix}{text}"), model.context())).collect();
        let mut read = Vec::with_capacity(texts.len());
        let size = LAYERS.len() * model.dimension();
        for pack in packs(ids) {
            for text in model.read(&pack, Weights::Adapted, &LAYERS).context("a text cannot be read")? {
                let mut states = text.states;
                states.truncate(most * size);
                read.push(Text { vector: text.vector, states, size });
            }
            tell(pack.len());
        }
        Ok(read)
    };
    Ok([texts(QUERY, questions, MOST_ASKED)?, texts(PASSAGE, answers, MOST_ANSWER)?])
}

impl Pupil {
    /// Begins by chance, numbers between -1 and 1. What is usual among the states is taken from `questions`.
    ///
    /// # Errors
    /// When there is no question, or memory runs out.
    pub fn new(questions: &[&Text], chance: &mut dyn FnMut() -> f32) -> Result<Pupil> {
        let size = questions.first().map_or(0, |text| text.size);
        if size == 0 {
            candle_core::bail!("there is no question to begin with");
        }
        let states: Vec<f32> = questions.iter().flat_map(|text| text.states.iter().copied()).collect();
        let states = Tensor::from_slice(&states, (states.len() / size, size), &Device::Cpu)?;
        let mean = states.mean(0)?;
        let spread = (states.broadcast_sub(&mean)?.sqr()?.mean(0)? + f64::from(TINY))?.sqrt()?;
        let bound = (3.0 / size as f32).sqrt();
        let first: Vec<f32> = (0..size * WIDTH).map(|_| bound * chance()).collect();
        let projection = || Var::from_vec(first.clone(), (size, WIDTH), &Device::Cpu);
        let (asked, answer) = (projection()?, projection()?);
        let zeros = |columns: &[usize]| Var::zeros(columns, DType::F32, &Device::Cpu);
        let (matters, matters_bias, alone) = (zeros(&[size, 1])?, zeros(&[1])?, zeros(&[size, 1])?);
        let alone_bias = Var::from_vec(vec![FIRST_ALONE], 1, &Device::Cpu)?;
        let counting = Var::from_vec(FIRST_COUNTING.to_vec(), 4, &Device::Cpu)?;
        let sharpness = Var::from_vec(vec![FIRST_SHARPNESS], 1, &Device::Cpu)?;
        let learnt = [&asked, &answer, &matters, &matters_bias, &alone, &alone_bias, &counting, &sharpness];
        let params = ParamsAdamW { weight_decay: 0.0, beta2: 0.99, ..ParamsAdamW::default() };
        let optimizer = AdamW::new(learnt.into_iter().cloned().collect(), params)?;
        Ok(Pupil {
            size,
            mean,
            spread,
            asked,
            answer,
            matters,
            matters_bias,
            alone,
            alone_bias,
            counting,
            sharpness,
            optimizer,
        })
    }

    /// One step of the given length; how wrong the answers were judged before it. `chance` tells what is left out.
    ///
    /// # Errors
    /// When there is no offer, offers differ in length, or memory runs out.
    pub fn learn(
        &mut self,
        offers: &[Offer],
        (questions, answers): (&[Text], &[Text]),
        rate: f64,
        chance: &mut dyn FnMut() -> f32,
    ) -> Result<f32> {
        let scores = self.scores(offers, (questions, answers), Some(chance))?;
        let count = scores.dim(1)?;
        let all = Tensor::cat(&[&scores, &Tensor::zeros((offers.len(), 1), DType::F32, &Device::Cpu)?], 1)?;
        let wrong = offers.iter().flat_map(|offer| {
            let nothing = !offer.right.contains(&true);
            offer.right.iter().copied().chain([nothing]).map(|right| if right { 0.0 } else { NEVER as f32 })
        });
        let wrong = Tensor::from_iter(wrong, &Device::Cpu)?.reshape((offers.len(), count + 1))?;
        let loss = (all.log_sum_exp(1)? - (all + wrong)?.log_sum_exp(1)?)?.mean_all()?;
        let squares = [&self.asked, &self.answer, &self.matters, &self.alone].map(|it| it.sqr()?.sum_all());
        let mut cost = loss.clone();
        for squares in squares {
            cost = (cost + (squares? * RIDGE)?)?;
        }
        self.optimizer.set_learning_rate(rate);
        self.optimizer.step(&cost.backward()?)?;
        loss.to_scalar()
    }

    /// The log-odds of each answer that is offered, `[offers, answers]`.
    fn scores(
        &self,
        offers: &[Offer],
        (questions, answers): (&[Text], &[Text]),
        mut chance: Option<&mut dyn FnMut() -> f32>,
    ) -> Result<Tensor> {
        let count = offers.first().map_or(0, |offer| offer.answers.len());
        if count == 0 || offers.iter().any(|offer| offer.answers.len() != count || offer.right.len() != count) {
            candle_core::bail!("offers must have answers, each as many as the others");
        }
        let asked: Vec<&Text> = offers.iter().map(|offer| &questions[offer.question]).collect();
        let offered: Vec<&Text> =
            offers.iter().flat_map(|offer| &offer.answers).map(|place| &answers[*place]).collect();
        let cosines = offers.iter().flat_map(|offer| {
            let question = &questions[offer.question].vector;
            offer.answers.iter().map(|place| dot(question, &answers[*place].vector))
        });
        let cosines = ((Tensor::from_iter(cosines, &Device::Cpu)?.reshape((offers.len(), count))? - 0.85)? * 20.0)?;
        let asked = self.padded(&asked, &mut chance)?;
        let offered = self.padded(&offered, &mut chance)?;
        let (tokens, of_answer) = (asked.mask.dim(1)?, offered.mask.dim(1)?);
        let rows = normalised(&asked.states.broadcast_matmul(&self.asked)?)?;
        let others = normalised(&offered.states.broadcast_matmul(&self.answer)?)?;
        let others = others.reshape((offers.len(), count * of_answer, WIDTH))?;
        let near = rows.matmul(&others.transpose(1, 2)?.contiguous()?)?;
        let near = near.reshape((offers.len(), tokens, count, of_answer))?;
        // Padding is as far as can be.
        let is_padding = (offered.mask.reshape((offers.len(), 1, count, of_answer))? * -1.0)?.affine(1.0, 1.0)?;
        let near = near.broadcast_sub(&(is_padding * 4.0)?)?.max(D::Minus1)?;
        let weights = asked.states.broadcast_matmul(&self.matters)?.broadcast_add(&self.matters_bias)?;
        let mask = asked.mask.unsqueeze(2)?;
        let weights = (((weights.exp()? + 1.0)?.log()?) * &mask)?;
        let all = (weights.sum(1)? + f64::from(TINY))?;
        let mean = weights.broadcast_mul(&near)?.sum(1)?.broadcast_div(&all)?;
        let sharpness = self.sharpness.exp()?;
        let missed = (near.broadcast_mul(&sharpness)?.neg()?).broadcast_add(&(&weights + f64::from(TINY))?.log()?)?;
        let missed = missed.broadcast_add(&((mask.clone() - 1.0)? * -NEVER)?)?.log_sum_exp(1)?;
        let weakest = missed.broadcast_sub(&all.log()?)?.neg()?.broadcast_div(&sharpness)?;
        let alone = (asked.states.broadcast_matmul(&self.alone)? * &mask)?.sum(1)?.broadcast_div(&mask.sum(1)?)?;
        let part = |index: usize, what: &Tensor| what.broadcast_mul(&self.counting.narrow(0, index, 1)?);
        let of_answers = ((part(0, &mean)? + part(1, &weakest)?)? + part(2, &cosines)?)?;
        of_answers.broadcast_add(&(part(3, &all.log()?)? + alone.broadcast_add(&self.alone_bias)?)?)
    }

    fn padded(&self, texts: &[&Text], chance: &mut Option<&mut dyn FnMut() -> f32>) -> Result<Padded> {
        let size = self.size;
        let longest = texts.iter().map(|text| text.states.len() / size).max().unwrap_or(0);
        let mut states = vec![0.0; texts.len() * longest * size];
        let mut mask = vec![0.0f32; texts.len() * longest];
        for (index, text) in texts.iter().enumerate() {
            states[index * longest * size..][..text.states.len()].copy_from_slice(&text.states);
            mask[index * longest..][..text.states.len() / size].fill(1.0);
        }
        let states = Tensor::from_vec(states, (texts.len(), longest, size), &Device::Cpu)?;
        let mut states = states.broadcast_sub(&self.mean)?.broadcast_div(&self.spread)?;
        if let Some(chance) = chance {
            let kept = 1.0 - LEFT_OUT;
            let factor = |chance: f32| if chance.midpoint(1.0) < LEFT_OUT { 0.0 } else { 1.0 / kept };
            let factors = (0..texts.len() * size).map(|_| factor(chance()));
            let factors = Tensor::from_iter(factors, &Device::Cpu)?.reshape((texts.len(), 1, size))?;
            states = states.broadcast_mul(&factors)?;
        }
        Ok(Padded { states, mask: Tensor::from_vec(mask, (texts.len(), longest), &Device::Cpu)? })
    }

    /// The log-odds of each answer, as the program computes them.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn log_odds(late: &Late, question: &Text, answers: &[&Text]) -> Result<Vec<f32>> {
        let asked = late.asked(&question.states)?;
        let odds = |answer: &&Text| {
            let tokens = late.answer(&answer.states)?;
            Ok(asked.log_odds(tokens.iter().copied(), dot(&question.vector, &answer.vector)).unwrap_or(f32::MIN))
        };
        answers.iter().map(odds).collect()
    }

    /// What has been learnt, made ready for states as the model has them.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn late(&self, recipe: String) -> Result<Late> {
        let projection = |weight: &Tensor, bias: Option<&Tensor>| -> Result<Projection> {
            let weight = weight.broadcast_div(&self.spread.unsqueeze(1)?)?;
            let shift = self.mean.unsqueeze(0)?.matmul(&weight)?.squeeze(0)?.neg()?;
            let bias = bias.map_or_else(|| Ok(shift.clone()), |bias| &shift + bias)?;
            Ok(Projection { weight: weight.detach(), bias: bias.detach() })
        };
        let counting = self.counting.to_vec1::<f32>()?;
        let counting = Counting {
            mean: counting[0],
            weakest: counting[1],
            cosine: counting[2],
            matter: counting[3],
            sharpness: self.sharpness.exp()?.to_vec1::<f32>()?[0],
        };
        Ok(Late {
            recipe,
            adapter: Adapter::built_in_digest(),
            asked: projection(&self.asked, None)?,
            answer: projection(&self.answer, None)?,
            matters: projection(&self.matters, Some(&self.matters_bias))?,
            alone: projection(&self.alone, Some(&self.alone_bias))?,
            counting,
        })
    }
}

fn normalised(rows: &Tensor) -> Result<Tensor> {
    rows.broadcast_div(&(rows.sqr()?.sum_keepdim(D::Minus1)? + f64::from(TINY))?.sqrt()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 12;

    /// A text of tokens that each point along one of the axes, a little off.
    fn text(tokens: &[usize]) -> Text {
        let row = |token: &usize| (0..SIZE).map(|axis| if axis == *token { 2.0 } else { 0.1 }).collect::<Vec<f32>>();
        Text { vector: vec![1.0], states: tokens.iter().flat_map(row).collect(), size: SIZE }
    }

    fn chance() -> impl FnMut() -> f32 {
        let mut state = 1u32;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 * 2.0 - 1.0
        }
    }

    /// Tokens 0 to 3 are asked for with 4 to 7; the last question asks for what is not there.
    fn lesson() -> (Vec<Text>, Vec<Text>, Vec<Offer>) {
        let questions = [&[4, 8][..], &[5, 8], &[6, 8], &[7, 9]].map(text).into();
        let answers = [&[0, 10][..], &[11, 1], &[2]].map(text).into();
        let offer = |question: usize| Offer {
            question,
            answers: vec![0, 1, 2],
            right: (0..3).map(|answer| answer == question).collect(),
        };
        (questions, answers, (0..4).map(offer).collect())
    }

    #[test]
    fn it_learns_which_tokens_answer_which_and_that_nothing_may() -> Result<()> {
        let (questions, answers, offers) = lesson();
        let mut chance = chance();
        let mut pupil = Pupil::new(&questions.iter().collect::<Vec<_>>(), &mut chance)?;
        let first = pupil.learn(&offers, (&questions, &answers), 0.02, &mut chance)?;
        let mut last = first;
        for _ in 0..80 {
            last = pupil.learn(&offers, (&questions, &answers), 0.02, &mut chance)?;
        }
        assert!(last < first * 0.5, "from {first} to {last}");
        let late = pupil.late("by hand".into())?;
        let odds = |question: usize| {
            Pupil::log_odds(&late, &questions[question], &answers.iter().collect::<Vec<_>>()).expect("odds")
        };
        for question in 0..3 {
            let odds = odds(question);
            let best = (0..3).max_by(|one, other| odds[*one].total_cmp(&odds[*other]));
            assert_eq!(best, Some(question), "{odds:?}");
        }
        assert!(odds(3).iter().all(|it| *it < 0.0), "{:?}", odds(3));
        Ok(())
    }

    #[test]
    fn what_is_kept_computes_what_was_learnt() -> Result<()> {
        let (questions, answers, offers) = lesson();
        let mut chance = chance();
        let mut pupil = Pupil::new(&questions.iter().collect::<Vec<_>>(), &mut chance)?;
        for _ in 0..5 {
            pupil.learn(&offers, (&questions, &answers), 0.02, &mut chance)?;
        }
        let learnt = pupil.scores(&offers, (&questions, &answers), None)?.to_vec2::<f32>()?;
        let late = pupil.late("by hand".into())?;
        for (offer, learnt) in offers.iter().zip(learnt) {
            let kept = Pupil::log_odds(&late, &questions[offer.question], &answers.iter().collect::<Vec<_>>())?;
            for (learnt, kept) in learnt.iter().zip(kept) {
                assert!((learnt - kept).abs() < 0.1, "{learnt} and {kept}");
            }
        }
        Ok(())
    }

    #[test]
    fn offers_of_different_lengths_are_refused() -> Result<()> {
        let (questions, answers, mut offers) = lesson();
        let mut chance = chance();
        let mut pupil = Pupil::new(&questions.iter().collect::<Vec<_>>(), &mut chance)?;
        offers[1].answers.pop();
        assert!(pupil.learn(&offers, (&questions, &answers), 0.02, &mut chance).is_err());
        assert!(pupil.learn(&[], (&questions, &answers), 0.02, &mut chance).is_err());
        Ok(())
    }
}
