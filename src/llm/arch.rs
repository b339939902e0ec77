//! Which kinds of model there are, and the one small interface behind which each of them runs.
//!
//! A decoder is synchronous and knows token ids only: no text, no queue, no sampling.

mod own;
mod stock;
#[cfg(test)]
pub(super) mod tests;

use self::own::OwnDecoder;
use self::stock::StockDecoder;
use super::decoder::Transformer;
use super::load_error::LoadError;
use super::weights::WeightsFile;

/// A transformer with its keys and values: what it has read so far, it remembers by position.
pub(super) trait Decoder: Send {
    /// Reads `tokens`, the first of which stands at `position`, and gives the logits after the last of them.
    /// `position` is the number of tokens read since the start or the last [`Decoder::rewind`]. After an error the
    /// memory is undefined until `rewind(0)`.
    fn forward(&mut self, tokens: &[u32], position: usize) -> anyhow::Result<Vec<f32>>;

    /// Forgets what stands at `length` and after it, and gives how much is still remembered: `length`, or less where
    /// the decoder cannot cut its memory there.
    fn rewind(&mut self, length: usize) -> usize;

    /// How many threads compute.
    fn threads(&self) -> usize;

    /// The processor's instructions that are used.
    fn kernels(&self) -> &'static str;

    /// How many of `remaining` prompt tokens the next call to [`Decoder::forward`] should take; at least one.
    fn chunk(&self, position: usize, remaining: usize) -> usize;
}

/// Which implementation runs a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecoderChoice {
    /// The project's own where it covers the model, else candle's.
    #[default]
    Best,
    /// Candle's stock one: what the own one is measured and tested against.
    Stock,
}

/// The kinds of model that the engine runs, by their name in `general.architecture`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Architecture {
    /// Qwen 2 and 2.5.
    Qwen2,
    /// Qwen 3.
    Qwen3,
    /// Llama 2 and 3, SmolLM, Mistral and what shares their shape.
    Llama,
    /// Gemma 3.
    Gemma3,
    /// Phi 3 and 4.
    Phi3,
    /// LFM2.
    Lfm2,
}

impl Architecture {
    pub(super) const ALL: [Architecture; 6] = [
        Architecture::Qwen2,
        Architecture::Qwen3,
        Architecture::Llama,
        Architecture::Gemma3,
        Architecture::Phi3,
        Architecture::Lfm2,
    ];

    /// The name in the file, which also begins the keys of its metadata.
    pub(super) fn name(self) -> &'static str {
        match self {
            Architecture::Qwen2 => "qwen2",
            Architecture::Qwen3 => "qwen3",
            Architecture::Llama => "llama",
            Architecture::Gemma3 => "gemma3",
            Architecture::Phi3 => "phi3",
            Architecture::Lfm2 => "lfm2",
        }
    }

    /// What a file says that it holds.
    pub(super) fn of(weights: &WeightsFile) -> Result<Self, LoadError> {
        let found = weights.metadata().string("general.architecture").unwrap_or_default();
        Self::ALL.into_iter().find(|architecture| architecture.name() == found).ok_or_else(|| LoadError::Architecture {
            path: weights.path.clone(),
            found: found.to_owned(),
            supported: Self::ALL.map(Self::name).join(", "),
        })
    }

    /// How many tokens of context the file's model takes, never more than `limit`.
    pub(super) fn context(self, choice: DecoderChoice, weights: &WeightsFile, limit: usize) -> usize {
        let is_own = choice == DecoderChoice::Best && Transformer::covers(self, weights);
        let limit = if is_own { limit } else { limit.min(stock::longest_context(self)) };
        let trained = weights.metadata().unsigned(&format!("{}.context_length", self.name()));
        let trained = trained.and_then(|length| usize::try_from(length).ok()).unwrap_or(limit);
        trained.min(limit)
    }
}

/// Loads the weights of a whole file for a context of `context` tokens, to compute on `threads` threads.
pub(super) fn load(
    choice: DecoderChoice,
    architecture: Architecture,
    weights: WeightsFile,
    context: usize,
    threads: usize,
) -> Result<Box<dyn Decoder>, LoadError> {
    let path = weights.path.clone();
    let decoder = if choice == DecoderChoice::Best && Transformer::covers(architecture, &weights) {
        OwnDecoder::load(architecture, &weights, context, threads).map(|own| Box::new(own) as Box<dyn Decoder>)
    } else {
        StockDecoder::load(architecture, weights, context).map(|stock| Box::new(stock) as Box<dyn Decoder>)
    };
    decoder.map_err(|error| LoadError::Model { path, detail: format!("{error:#}") })
}
