//! The project's own decoder behind [`Decoder`].

use atiende_kernels::Kernels;

use super::{Architecture, Decoder};
use crate::llm::decoder::{Memory, Piece, Transformer};
use crate::llm::weights::WeightsFile;

/// Prompt tokens per call: small enough that cancelling is prompt, large enough that the weights are read rarely.
const CHUNK: usize = 128;

/// A transformer and the one text that it has read.
pub(super) struct OwnDecoder {
    transformer: Transformer,
    memory: Memory,
}

impl OwnDecoder {
    pub(super) fn load(
        architecture: Architecture,
        weights: &WeightsFile,
        context: usize,
        threads: usize,
    ) -> anyhow::Result<Self> {
        let kernels = Kernels::new(threads)?;
        let transformer = Transformer::load(architecture, weights, context, kernels)?;
        Ok(OwnDecoder { transformer, memory: Memory::default() })
    }
}

impl Decoder for OwnDecoder {
    fn forward(&mut self, tokens: &[u32], position: usize) -> anyhow::Result<Vec<f32>> {
        let length = self.memory.length();
        anyhow::ensure!(position == length, "tokens at {position} do not follow the {length} read");
        let piece = Piece { memory: &mut self.memory, tokens, wanted: 1 };
        self.transformer.read(&mut [piece])?.pop().ok_or_else(|| anyhow::anyhow!("no logits came"))
    }

    fn rewind(&mut self, length: usize) -> usize {
        self.memory.cut(length);
        self.memory.length()
    }

    fn threads(&self) -> usize {
        self.transformer.kernels().threads()
    }

    fn kernels(&self) -> &'static str {
        self.transformer.kernels().level().name()
    }

    fn chunk(&self, _: usize, remaining: usize) -> usize {
        CHUNK.min(remaining)
    }
}
