//! The project's own decoder: one transformer for Qwen 2 and 3, Llama and Gemma 3, told apart by data alone.
//!
//! Several texts are read at once, each with a memory of its own; what one text comes to is the same, to the last bit,
//! whatever is read beside it and however it is cut into pieces. Knows token ids only: no text, no queue, no sampling.

mod layer;
mod load;
mod memory;
mod rope;
mod shape;
mod tensors;
#[cfg(test)]
mod tests;

use anyhow::ensure;

use self::layer::{Layer, Scratch};
use self::rope::Rope;
use self::shape::Shape;
use self::tensors::Embedding;
use atiende_kernels::{Kernels, Matrix, PageShape, Product, Queries};

pub(super) use self::memory::Memory;

/// Some tokens of one text that are to be read.
pub(super) struct Piece<'a> {
    /// What was read of this text before; these tokens follow it.
    pub(super) memory: &'a mut Memory,
    /// At least one.
    pub(super) tokens: &'a [u32],
    /// After how many of the last tokens the logits are wanted.
    pub(super) wanted: usize,
    /// Where the hidden state after the last token goes, if it is wanted.
    pub(super) watch: Option<&'a mut Watch>,
}

/// A layer's hidden state after the last token of a piece.
pub(super) struct Watch {
    /// Which layer's, from 0.
    pub(super) layer: usize,
    /// The numbers; empty until they were read.
    pub(super) state: Vec<f32>,
}

/// A loaded model. It remembers nothing: that is in the memories.
pub(super) struct Transformer {
    shape: Shape,
    kernels: Kernels,
    embedding: Embedding,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    head: Matrix,
    rope: Rope,
    scratch: Scratch,
}

impl Transformer {
    /// Reads the pieces, and gives the logits that they want: one row after the other, in the pieces' order.
    /// After an error, the memories hold what they held before.
    pub(super) fn read(&mut self, pieces: &mut [Piece<'_>]) -> anyhow::Result<Vec<Vec<f32>>> {
        let mut tokens = Vec::new();
        let mut positions = Vec::new();
        for piece in &mut *pieces {
            ensure!(!piece.tokens.is_empty() && piece.wanted <= piece.tokens.len(), "a piece has tokens");
            let start = piece.memory.length();
            ensure!(start + piece.tokens.len() <= self.shape.context, "the text is longer than the model's context");
            tokens.extend_from_slice(piece.tokens);
            positions.extend(start..start + piece.tokens.len());
        }
        self.scratch.stream.resize(tokens.len() * self.shape.width, 0.0);
        self.embedding.look_up(&tokens, &mut self.scratch.stream)?;
        self.kernels.scale(&mut self.scratch.stream, self.shape.embedding_scale);
        for piece in &mut *pieces {
            piece.memory.make_room(self.shape.page(), piece.tokens.len());
        }
        self.rope.reach(positions.iter().max().map_or(0, |last| last + 1));
        for number in 0..self.layers.len() {
            self.run_layer(number, pieces, &positions);
            self.show(number, pieces);
        }
        let logits = self.logits(pieces);
        for piece in pieces {
            piece.memory.advance(piece.tokens);
        }
        Ok(logits)
    }

    fn run_layer(&mut self, number: usize, pieces: &mut [Piece<'_>], positions: &[usize]) {
        let Transformer { shape, kernels, layers, rope, scratch, .. } = self;
        let layer = &layers[number];
        layer.project(shape, kernels, scratch);
        rope.rotate(shape.is_local(number), kernels, positions, shape.head, &mut scratch.queries);
        rope.rotate(shape.is_local(number), kernels, positions, shape.head, &mut scratch.keys);
        let width = shape.key_heads * shape.head;
        let mut row = 0;
        for piece in &mut *pieces {
            let rows = row * width..(row + piece.tokens.len()) * width;
            piece.memory.put(shape.page(), number, &scratch.keys[rows.clone()], &scratch.values[rows]);
            row += piece.tokens.len();
        }
        let mut row = 0;
        let texts: Vec<Queries<'_>> = pieces
            .iter()
            .map(|piece| {
                let (count, position) = (piece.tokens.len(), piece.memory.length());
                row += count;
                Queries { pages: piece.memory.pages(), row: row - count, count, position }
            })
            .collect();
        scratch.attended.resize(scratch.queries.len(), 0.0);
        kernels.attend(&shape.attention(number), &texts, &scratch.queries, &mut scratch.attended);
        layer.finish(shape, kernels, scratch);
    }

    /// Gives the hidden state to whoever watches this layer.
    fn show(&self, number: usize, pieces: &mut [Piece<'_>]) {
        let mut end = 0;
        for piece in pieces {
            end += piece.tokens.len() * self.shape.width;
            if let Some(watch) = piece.watch.as_deref_mut().filter(|watch| watch.layer == number) {
                watch.state = self.scratch.stream[end - self.shape.width..end].to_vec();
            }
        }
    }

    fn logits(&mut self, pieces: &[Piece<'_>]) -> Vec<Vec<f32>> {
        let mut wanted = Vec::new();
        let (width, mut end) = (self.shape.width, 0);
        for piece in pieces {
            end += piece.tokens.len();
            wanted.extend_from_slice(&self.scratch.stream[(end - piece.wanted) * width..end * width]);
        }
        if wanted.is_empty() { Vec::new() } else { self.logits_of(&wanted) }
    }

    /// The logits of each state of the last layer.
    fn logits_of(&mut self, states: &[f32]) -> Vec<Vec<f32>> {
        let Transformer { shape, kernels, norm, head, scratch, .. } = self;
        let mut normed = vec![0.0; states.len()];
        kernels.rms_norm(states, norm, shape.epsilon, &mut normed);
        kernels.quantize(&normed, shape.width, &[head], &mut scratch.activations);
        let mut logits = vec![0.0; states.len() / shape.width * head.rows()];
        kernels.multiply(&scratch.activations, &mut [Product { matrix: head, into: &mut logits }]);
        logits.chunks_exact(head.rows()).map(<[f32]>::to_vec).collect()
    }

    /// What the pages of its memories look like.
    pub(super) fn page(&self) -> PageShape {
        self.shape.page()
    }

    /// How many bytes the matrices take: each token reads all of them.
    pub(super) fn weights(&self) -> usize {
        self.layers.iter().map(Layer::bytes).sum::<usize>() + self.head.bytes()
    }

    pub(super) fn layers(&self) -> usize {
        self.layers.len()
    }

    pub(super) fn kernels(&self) -> &Kernels {
        &self.kernels
    }
}
