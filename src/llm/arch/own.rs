//! The project's own decoder behind [`Decoder`].

use atiende_kernels::PageShape;

use super::Decoder;
use crate::llm::decoder::{Memory, Piece, Transformer};

/// Tokens per call: small enough that cancelling is prompt, large enough that the weights are read rarely.
const CHUNK: usize = 128;

/// Beyond this, one text more makes each of them as much slower.
const TEXTS: usize = 8;

impl Decoder for Transformer {
    fn texts(&self) -> usize {
        TEXTS
    }

    fn gives_all_logits(&self) -> bool {
        true
    }

    fn layers(&self) -> usize {
        Transformer::layers(self)
    }

    fn chunk(&self) -> usize {
        CHUNK
    }

    fn read(&mut self, pieces: &mut [Piece<'_>]) -> anyhow::Result<Vec<Vec<f32>>> {
        Transformer::read(self, pieces)
    }

    fn resume(&mut self, mut memory: Memory, length: usize) -> Memory {
        memory.cut(length);
        memory
    }

    fn forget(&mut self) {
        // It remembers nothing: that is in the memories.
    }

    fn page_shape(&self) -> Option<PageShape> {
        Some(self.page())
    }

    fn bytes_a_token(&self) -> usize {
        self.weights()
    }

    fn threads(&self) -> usize {
        self.kernels().threads()
    }

    fn kernels(&self) -> &'static str {
        self.kernels().level().name()
    }
}
