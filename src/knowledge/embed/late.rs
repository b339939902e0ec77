//! What turns the states that the search model has of each token into the rows that late interaction compares: two
//! projections, and what tells how much a token matters. In a GGUF of its own beside the adapter.
//!
//! Holds the numbers and never reads a text; `atiende train-late` makes the file.

use std::io::{Cursor, Read, Seek, Write};

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result, Tensor, bail};
use sha2::{Digest, Sha256};

use super::adapter::Adapter;
use super::built_in::Kind;
use crate::knowledge::late::{AskedTokens, Counting, MOST_ANSWER, MOST_ASKED, TINY, WIDTH, packed};

/// What is part of the program, trained with its adapter for multilingual-e5-small.
static BUILT_IN: &[u8] = include_bytes!("../../../prompts/search/late.gguf");
const KIND: Kind = Kind { prefix: "late", name: "the file for late interaction" };
/// After which layers, counted from 1, a token's states are read; they stand side by side.
pub const LAYERS: [usize; 2] = [8, 12];

/// A weighted sum for each column.
#[derive(Clone, Debug)]
pub struct Projection {
    /// `[states, columns]`.
    pub weight: Tensor,
    /// `[columns]`.
    pub bias: Tensor,
}

/// Everything that is learnt.
#[derive(Clone, Debug)]
pub struct Late {
    /// How it came to be.
    pub recipe: String,
    /// Which adapter the states are of.
    pub adapter: String,
    /// To the rows of a question, ...
    pub asked: Projection,
    /// ... to those of an answer, ...
    pub answer: Projection,
    /// ... to how much a token of a question matters, one column, ...
    pub matters: Projection,
    /// ... and to what a question adds by itself, one column.
    pub alone: Projection,
    /// How the parts count.
    pub counting: Counting,
}

impl Projection {
    fn apply(&self, states: &Tensor) -> Result<Tensor> {
        states.matmul(&self.weight)?.broadcast_add(&self.bias)
    }

    fn tensors(&self, name: &str) -> Result<[(String, QTensor); 2]> {
        let weight = QTensor::quantize(&self.weight.t()?.contiguous()?, GgmlDType::F16)?;
        let bias = QTensor::quantize(&self.bias, GgmlDType::F32)?;
        Ok([(format!("{name}.weight"), weight), (format!("{name}.bias"), bias)])
    }
}

impl Late {
    /// What is part of the program; nothing for a model without the program's own adapter.
    pub fn built_in(model: &str) -> Result<Option<Late>> {
        if Adapter::built_in(model)?.is_none() {
            return Ok(None);
        }
        let late = Late::read(&mut Cursor::new(BUILT_IN))?;
        Ok(Some(late).filter(|late| late.adapter == Adapter::built_in_digest()))
    }

    /// Tells what is built in from its former and later versions: rows of different ones must not be compared.
    pub fn built_in_digest() -> String {
        hex::encode(&Sha256::digest(BUILT_IN)[..8])
    }

    /// How many numbers a token's states have.
    pub fn states(&self) -> usize {
        self.asked.weight.dims().first().copied().unwrap_or(0)
    }

    /// A question out of the states of its tokens, one after the other.
    ///
    /// # Errors
    /// When the states are not whole tokens, or there are none.
    pub fn asked(&self, states: &[f32]) -> Result<AskedTokens> {
        let states = self.tokens(states, MOST_ASKED)?;
        let weights: Vec<f32> =
            self.matters.apply(&states)?.flatten_all()?.to_vec1()?.into_iter().map(softplus).collect();
        let alone = self.alone.apply(&states)?.mean_all()?.to_scalar()?;
        Ok(AskedTokens { rows: normalised(&self.asked.apply(&states)?)?, weights, alone, counting: self.counting })
    }

    /// The same for an answer, as it is kept.
    ///
    /// # Errors
    /// When the states are not whole tokens, or there are none.
    pub fn answer(&self, states: &[f32]) -> Result<std::sync::Arc<[i8]>> {
        Ok(packed(&normalised(&self.answer.apply(&self.tokens(states, MOST_ANSWER)?)?)?))
    }

    /// The first tokens, at most `most`, a row each.
    fn tokens(&self, states: &[f32], most: usize) -> Result<Tensor> {
        let size = self.states();
        if states.is_empty() || !states.len().is_multiple_of(size) {
            bail!("{} numbers are no tokens of {size} each", states.len());
        }
        let tokens = (states.len() / size).min(most);
        Tensor::from_slice(&states[..tokens * size], (tokens, size), &Device::Cpu)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is no such file, was cut short, or is for another model.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Late> {
        let content = Content::read(file)?;
        let recipe = KIND.recipe(&content)?;
        let adapter = KIND.text(&content, "adapter")?;
        let mut numbers = |name: &str| content.tensor(file, name, &Device::Cpu)?.dequantize(&Device::Cpu);
        let mut projection = |name: &str, columns: usize| {
            let weight = numbers(&format!("{name}.weight"))?.t()?.contiguous()?;
            let bias = numbers(&format!("{name}.bias"))?;
            if weight.rank() != 2 || weight.dims()[1] != columns || bias.dims() != [columns] {
                bail!("the projection `{name}` of late interaction has another shape");
            }
            Ok(Projection { weight, bias })
        };
        let [asked, answer] = [projection("asked", WIDTH)?, projection("answer", WIDTH)?];
        let [matters, alone] = [projection("matters", 1)?, projection("alone", 1)?];
        let counting: Vec<f32> = numbers("counting")?.to_vec1()?;
        let [mean, weakest, cosine, matter, sharpness] = counting[..] else {
            bail!("late interaction has {} numbers to count with instead of 5", counting.len())
        };
        let states = asked.weight.dims()[0];
        if [&answer, &matters, &alone].iter().any(|it| it.weight.dims()[0] != states) {
            bail!("the projections of late interaction differ in what they take");
        }
        let counting = Counting { mean, weakest, cosine, matter, sharpness };
        Ok(Late { recipe, adapter, asked, answer, matters, alone, counting })
    }

    /// Writes a file, its projections as halves.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, file: &mut (impl Write + Seek)) -> Result<()> {
        let Counting { mean, weakest, cosine, matter, sharpness } = self.counting;
        let counting = Tensor::new(&[mean, weakest, cosine, matter, sharpness], &Device::Cpu)?;
        let mut tensors = vec![("counting".to_owned(), QTensor::quantize(&counting, GgmlDType::F32)?)];
        let parts =
            [("asked", &self.asked), ("answer", &self.answer), ("matters", &self.matters), ("alone", &self.alone)];
        for (name, part) in parts {
            tensors.extend(part.tensors(name)?);
        }
        let says = [("general.type", "late-interaction"), ("late.adapter", self.adapter.as_str())];
        KIND.write(file, &self.recipe, &says, &tensors)
    }
}

/// Each row brought to length 1.
fn normalised(rows: &Tensor) -> Result<Vec<f32>> {
    let lengths = (rows.sqr()?.sum_keepdim(1)? + f64::from(TINY))?.sqrt()?;
    rows.broadcast_div(&lengths)?.flatten_all()?.to_vec1()
}

fn softplus(number: f32) -> f32 {
    if number > 20.0 { number } else { number.exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::embed::built_in::TRAINED_FOR;

    fn late() -> Late {
        let projection = |columns: usize, spread: f32| {
            let numbers: Vec<f32> = (0..8 * columns).map(|index| spread * ((index * 37 % 29) as f32 - 14.0)).collect();
            Projection {
                weight: Tensor::from_vec(numbers, (8, columns), &Device::Cpu).expect("a tensor"),
                bias: Tensor::zeros(columns, candle_core::DType::F32, &Device::Cpu).expect("a tensor"),
            }
        };
        Late {
            recipe: "by hand".into(),
            adapter: "an adapter".into(),
            asked: projection(WIDTH, 0.125),
            answer: projection(WIDTH, 0.125),
            matters: projection(1, 0.0625),
            alone: projection(1, 0.0),
            counting: Counting { mean: 8.0, weakest: 1.0, cosine: 0.5, matter: 0.25, sharpness: 10.0 },
        }
    }

    #[test]
    fn what_is_written_is_read_again() -> Result<()> {
        let mut file = Cursor::new(Vec::new());
        late().write(&mut file)?;
        file.set_position(0);
        let read = Late::read(&mut file)?;
        let states: Vec<f32> = (0..24).map(|index| (index as f32).sin()).collect();
        assert_eq!(
            (read.recipe.as_str(), read.adapter.as_str(), read.counting),
            ("by hand", "an adapter", late().counting)
        );
        assert_eq!(read.asked(&states)?, late().asked(&states)?);
        assert_eq!(read.answer(&states)?, late().answer(&states)?);
        assert_eq!(read.answer(&states)?.len(), 3 * WIDTH);
        Ok(())
    }

    #[test]
    fn a_question_finds_itself_nearer_than_anything_else() -> Result<()> {
        let late = late();
        let states = |shift: f32| -> Vec<f32> { (0..24).map(|index| (index as f32 * 1.7 + shift).sin()).collect() };
        let asked = late.asked(&states(0.0))?;
        let [same, other] = [0.0, 2.0]
            .map(|shift| asked.log_odds(late.answer(&states(shift)).expect("an answer").iter().copied(), 0.8));
        assert!(same > other, "{same:?}, {other:?}");
        Ok(())
    }

    #[test]
    fn states_that_are_no_tokens_are_an_error() {
        assert!(late().asked(&[]).is_err());
        assert!(late().answer(&[0.5; 13]).is_err());
    }

    #[test]
    fn only_so_many_tokens_count() -> Result<()> {
        let states = vec![0.5; 8 * (MOST_ANSWER + 9)];
        assert_eq!(late().answer(&states)?.len(), MOST_ANSWER * WIDTH);
        assert_eq!(late().asked(&states)?.weights.len(), MOST_ASKED);
        Ok(())
    }

    #[test]
    fn a_file_cut_short_is_an_error_and_no_panic() -> Result<()> {
        let mut file = Cursor::new(Vec::new());
        late().write(&mut file)?;
        let bytes = file.into_inner();
        for length in (0..bytes.len() - 31).step_by(23) {
            assert!(Late::read(&mut Cursor::new(&bytes[..length])).is_err(), "{length} bytes");
        }
        Ok(())
    }

    #[test]
    fn the_built_in_one_is_sound_and_goes_with_the_adapter() -> Result<()> {
        let late = Late::built_in(TRAINED_FOR)?.expect("train-late has to run again after train-search");
        assert!(late.recipe.starts_with("atiende train-late"), "{}", late.recipe);
        assert_eq!(late.states(), LAYERS.len() * 384);
        assert!(Late::built_in("another model")?.is_none());
        Ok(())
    }
}
