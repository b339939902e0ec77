//! Which kinds of model there are, and the one small interface behind which each of them runs.
//!
//! A decoder is synchronous and knows token ids only: no text, no queue, no sampling.

mod figures;
mod own;
mod single;
mod stock;
#[cfg(test)]
pub(super) mod tests;

use atiende_kernels::{Kernels, PageShape};

pub(super) use self::single::{OneText, Single};
use self::stock::StockDecoder;
use super::decoder::{Memory, Piece, Transformer};
use super::load_error::LoadError;
use super::weights::WeightsFile;

/// Reads texts, of which it remembers what the caller holds for it in [`Memory`].
pub(super) trait Decoder: Send {
    /// How many texts can be read in one call, at least one.
    fn texts(&self) -> usize;

    /// Whether the logits after several tokens of a piece can be had.
    fn gives_all_logits(&self) -> bool;

    /// Of how many layers the state can be shown; 0 where it cannot.
    fn layers(&self) -> usize;

    /// How many tokens of a piece the next call should take at most.
    fn chunk(&self) -> usize;

    /// Reads the pieces, and gives the logits that they want: one row after the other, in the pieces' order. What a
    /// text comes to does not depend on how it is cut into pieces or what is read beside it. After an error, the
    /// memories hold what they held before.
    fn read(&mut self, pieces: &mut [Piece<'_>]) -> anyhow::Result<Vec<Vec<f32>>>;

    /// The first `length` tokens of a memory, or less where the decoder cannot cut its memory there.
    fn resume(&mut self, memory: Memory, length: usize) -> Memory;

    /// Lets go of what it remembers of texts by itself.
    fn forget(&mut self);

    /// What the pages of keys and values look like; nothing where there are none.
    fn page_shape(&self) -> Option<PageShape>;

    /// How many bytes of weights are read for each token; 0 where that is not known.
    fn bytes_a_token(&self) -> usize;

    /// How many threads compute.
    fn threads(&self) -> usize;

    /// The processor's instructions that are used.
    fn kernels(&self) -> &'static str;
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
        let limit = if is_own(choice, self, weights) { limit } else { limit.min(stock::longest_context(self)) };
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
    let broken = |error: anyhow::Error| LoadError::Model { path: path.clone(), detail: format!("{error:#}") };
    figures::check(architecture, weights.metadata()).map_err(broken)?;
    Transformer::check(architecture, &weights).map_err(broken)?;
    let decoder = if is_own(choice, architecture, &weights) {
        Kernels::new(threads)
            .map_err(anyhow::Error::from)
            .and_then(|kernels| Transformer::load(architecture, &weights, context, kernels))
            .map(|own| Box::new(own) as Box<dyn Decoder>)
    } else {
        StockDecoder::load(architecture, weights, context).map(|stock| Box::new(Single::new(stock)) as Box<dyn Decoder>)
    };
    decoder.map_err(broken)
}

/// How many bytes the weights take in memory, and how many the keys and values of a token; nothing where candle's stock
/// decoder runs the model.
pub(super) fn bytes_of_own(
    choice: DecoderChoice,
    architecture: Architecture,
    weights: &WeightsFile,
) -> Option<(u64, u64)> {
    let bytes = || (Transformer::bytes_once(weights), Transformer::bytes_a_position(architecture, weights));
    is_own(choice, architecture, weights).then(bytes)
}

/// Whether the project's own decoder runs a model.
fn is_own(choice: DecoderChoice, architecture: Architecture, weights: &WeightsFile) -> bool {
    choice == DecoderChoice::Best && Transformer::covers(architecture, weights)
}
