//! What is added to the search model's weights so that it knows how customers ask: low-rank updates (Hu et al., "LoRA:
//! Low-Rank Adaptation of Large Language Models", 2021) in a GGUF laid out as llama.cpp's adapters are.
//!
//! Holds the numbers and never computes a vector; `atiende train-search` makes the file.

use std::collections::HashMap;
use std::io::{Cursor, Read, Seek, Write};

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result, Tensor};
use sha2::{Digest, Sha256};

use super::built_in::{Kind, TRAINED_FOR};
use crate::knowledge::embedder::Odds;

/// The adapter that is part of the program, trained for multilingual-e5-small.
static BUILT_IN: &[u8] = include_bytes!("../../../prompts/search/adapter.gguf");
/// What its cosines mean: how much they count, and at which "nothing here answers" stands.
pub const ODDS: Odds = Odds { sharpness: 40.0, nothing: 0.84 };
/// How its two parts are called after the weight that they belong to.
const DOWN: &str = "lora_a";
const UP: &str = "lora_b";
const KIND: Kind = Kind { prefix: "adapter", name: "the adapter" };

/// One weight's update: `up · down`, of shape `[outputs, inputs]`.
#[derive(Clone, Debug)]
pub struct LowRank {
    /// `[rank, inputs]`.
    pub down: Tensor,
    /// `[outputs, rank]`.
    pub up: Tensor,
}

/// Updates by the name of the weight: `blk.0.attn_q`.
#[derive(Clone, Debug, Default)]
pub struct Adapter {
    /// How it came to be.
    pub recipe: String,
    /// By name.
    pub updates: HashMap<String, LowRank>,
}

impl LowRank {
    /// What is added to the weight.
    pub fn delta(&self) -> Result<Tensor> {
        self.up.matmul(&self.down)
    }
}

impl Adapter {
    /// The one that is part of the program; nothing for another model than it was trained for.
    pub fn built_in(model: &str) -> Result<Option<Adapter>> {
        let name = model.to_lowercase().replace([' ', '_'], "-");
        if name.ends_with(TRAINED_FOR) { Adapter::read(&mut Cursor::new(BUILT_IN)).map(Some) } else { Ok(None) }
    }

    /// Tells the built-in adapter from its former and later ones: vectors of different adapters must not be compared.
    pub fn built_in_digest() -> String {
        hex::encode(&Sha256::digest(BUILT_IN)[..8])
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is no adapter, was cut short, or is for another model.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Adapter> {
        let content = Content::read(file)?;
        let recipe = KIND.recipe(&content)?;
        let mut updates = HashMap::new();
        for name in content.tensor_infos.keys() {
            let Some(weight) = name.strip_suffix(&format!(".weight.{DOWN}")) else { continue };
            let mut part = |part: &str| {
                content.tensor(file, &format!("{weight}.weight.{part}"), &Device::Cpu)?.dequantize(&Device::Cpu)
            };
            updates.insert(weight.to_owned(), LowRank { down: part(DOWN)?, up: part(UP)? });
        }
        Ok(Adapter { recipe, updates })
    }

    /// Writes a file, its numbers as halves.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, file: &mut (impl Write + Seek)) -> Result<()> {
        let mut names: Vec<&String> = self.updates.keys().collect();
        names.sort();
        let mut tensors = Vec::new();
        for name in names {
            let update = &self.updates[name];
            for (part, numbers) in [(DOWN, &update.down), (UP, &update.up)] {
                tensors.push((format!("{name}.weight.{part}"), QTensor::quantize(numbers, GgmlDType::F16)?));
            }
        }
        let says = [("general.type", "adapter"), ("adapter.type", "lora")];
        KIND.write(file, &self.recipe, &says, &tensors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter() -> Adapter {
        let numbers = |rows: usize, columns: usize| {
            let values: Vec<f32> = (0..rows * columns).map(|index| index as f32 / 64.0).collect();
            Tensor::from_vec(values, (rows, columns), &Device::Cpu).expect("a tensor")
        };
        let update = LowRank { down: numbers(2, 32), up: numbers(48, 2) };
        Adapter { recipe: "by hand".into(), updates: HashMap::from([("blk.0.attn_q".to_owned(), update)]) }
    }

    #[test]
    fn what_is_written_is_read_again() -> Result<()> {
        let mut file = Cursor::new(Vec::new());
        adapter().write(&mut file)?;
        file.set_position(0);
        let read = Adapter::read(&mut file)?;
        assert_eq!(read.recipe, "by hand");
        let (one, other) = (read.updates["blk.0.attn_q"].delta()?, adapter().updates["blk.0.attn_q"].delta()?);
        assert_eq!(one.dims(), [48, 32]);
        assert!((one - other)?.abs()?.max_all()?.to_scalar::<f32>()? < 1e-3);
        Ok(())
    }

    #[test]
    fn a_file_cut_short_is_an_error_and_no_panic() -> Result<()> {
        let mut file = Cursor::new(Vec::new());
        adapter().write(&mut file)?;
        let bytes = file.into_inner();
        for length in (0..bytes.len() - 1).step_by(17) {
            assert!(Adapter::read(&mut Cursor::new(&bytes[..length])).is_err(), "{length} bytes");
        }
        Ok(())
    }

    #[test]
    fn the_built_in_one_is_sound_and_for_one_model_alone() -> Result<()> {
        let built_in = Adapter::built_in(TRAINED_FOR)?.expect("it is for this model");
        assert!(built_in.recipe.starts_with("atiende train-search"), "{}", built_in.recipe);
        assert_eq!(built_in.updates.len(), 6 * 12);
        for update in built_in.updates.values() {
            let numbers = update.delta()?.flatten_all()?.to_vec1::<f32>()?;
            assert!(numbers.iter().all(|number| number.is_finite() && number.abs() < 1.0));
        }
        assert!(Adapter::built_in("Multilingual E5 Small")?.is_some());
        assert!(Adapter::built_in("another model")?.is_none());
        Ok(())
    }
}
