//! The project's own decoder: one transformer for Qwen 2 and 3, Llama and Gemma 3, told apart by data alone.
//!
//! Several texts are read at once, each with a memory of its own; what one text comes to is the same, to the last bit,
//! whatever is read beside it and however it is cut into pieces. Knows token ids only: no text, no queue, no sampling.

mod layer;
mod load;
mod memory;
mod rope;
mod shape;
mod stored;
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
    /// What is to come of it.
    pub(super) wanted: Wanted<'a>,
}

/// What is to come of reading a piece.
pub(super) enum Wanted<'a> {
    /// The logits after so many of the last tokens.
    Logits(usize),
    /// The hidden state of a layer, from 0, after the last token, where there is a place for it. The layers above are
    /// not computed: what is remembered of the text serves for states of this layer and those below, and no more.
    State { layer: usize, into: Option<&'a mut Vec<f32>> },
}

impl Piece<'_> {
    /// How many layers it is read through; all of them where there is none.
    fn depth(&self) -> Option<usize> {
        match self.wanted {
            Wanted::Logits(_) => None,
            Wanted::State { layer, .. } => Some(layer + 1),
        }
    }
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
            let is_possible = match piece.wanted {
                Wanted::Logits(count) => count <= piece.tokens.len(),
                Wanted::State { layer, .. } => layer < self.layers.len(),
            };
            ensure!(!piece.tokens.is_empty() && is_possible, "a piece has tokens, and layers end");
            ensure!(piece.memory.serves(piece.depth()), "what is remembered was read through as many layers");
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
        let mut climbing: Vec<&mut Piece<'_>> = pieces.iter_mut().collect();
        for number in 0..self.layers.len() {
            self.run_layer(number, &mut climbing, &positions);
            self.let_go(number, &mut climbing, &mut positions);
            if climbing.is_empty() {
                break;
            }
        }
        let logits = self.logits(&climbing);
        for piece in pieces {
            piece.memory.advance(piece.tokens, piece.depth());
        }
        Ok(logits)
    }

    fn run_layer(&mut self, number: usize, pieces: &mut [&mut Piece<'_>], positions: &[usize]) {
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

    /// Gives their state to the pieces that are read through this layer and no further, and takes their rows away.
    fn let_go(&mut self, number: usize, pieces: &mut Vec<&mut Piece<'_>>, positions: &mut Vec<usize>) {
        if pieces.iter().all(|piece| piece.depth() != Some(number + 1)) {
            return;
        }
        let (width, stream) = (self.shape.width, std::mem::take(&mut self.scratch.stream));
        let before = std::mem::take(positions);
        let mut end = 0;
        pieces.retain_mut(|piece| {
            let rows = end..end + piece.tokens.len();
            end = rows.end;
            if piece.depth() == Some(number + 1) {
                if let Wanted::State { into: Some(into), .. } = &mut piece.wanted {
                    **into = stream[(rows.end - 1) * width..rows.end * width].to_vec();
                }
                return false;
            }
            positions.extend_from_slice(&before[rows.clone()]);
            self.scratch.stream.extend_from_slice(&stream[rows.start * width..rows.end * width]);
            true
        });
    }

    fn logits(&mut self, pieces: &[&mut Piece<'_>]) -> Vec<Vec<f32>> {
        let mut states = Vec::new();
        let (width, mut end) = (self.shape.width, 0);
        for piece in pieces {
            end += piece.tokens.len();
            let Wanted::Logits(count) = piece.wanted else { continue };
            states.extend_from_slice(&self.scratch.stream[(end - count) * width..end * width]);
        }
        if states.is_empty() { Vec::new() } else { self.logits_of(&states) }
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
