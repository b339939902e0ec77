//! One layer: what happens to the tokens before attention and after it.

use atiende_kernels::{Activations, Kernels, Matrix, Product};

use super::shape::Shape;

/// A layer's weights. What only some members of the family have is optional.
pub(super) struct Layer {
    pub(super) norm: Vec<f32>,
    pub(super) query: Projection,
    pub(super) key: Projection,
    pub(super) value: Projection,
    /// Norms of each head of queries and of keys.
    pub(super) query_norm: Option<Vec<f32>>,
    pub(super) key_norm: Option<Vec<f32>>,
    pub(super) output: Projection,
    /// A norm of what attention gave.
    pub(super) attended_norm: Option<Vec<f32>>,
    pub(super) feed_norm: Vec<f32>,
    pub(super) gate: Matrix,
    pub(super) up: Matrix,
    pub(super) down: Matrix,
    /// A norm of what the feed-forward network gave.
    pub(super) fed_norm: Option<Vec<f32>>,
}

/// A matrix and perhaps a vector that is added.
pub(super) struct Projection {
    pub(super) matrix: Matrix,
    pub(super) bias: Option<Vec<f32>>,
}

/// The numbers on their way, kept so that they are allocated once. All are rows, one for each token.
#[derive(Default)]
pub(super) struct Scratch {
    /// What goes from layer to layer.
    pub(super) stream: Vec<f32>,
    pub(super) queries: Vec<f32>,
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
    pub(super) attended: Vec<f32>,
    pub(super) activations: Activations,
    normed: Vec<f32>,
    result: Vec<f32>,
    gated: Vec<f32>,
    raised: Vec<f32>,
}

impl Layer {
    /// How many bytes the matrices take.
    pub(super) fn bytes(&self) -> usize {
        let projections = [&self.query, &self.key, &self.value, &self.output].map(|projection| &projection.matrix);
        projections.into_iter().chain([&self.gate, &self.up, &self.down]).map(Matrix::bytes).sum()
    }

    /// Makes queries, keys and values of the stream.
    pub(super) fn project(&self, shape: &Shape, kernels: &Kernels, scratch: &mut Scratch) {
        let Scratch { stream, queries, keys, values, activations, normed, result, .. } = scratch;
        let rows = stream.len() / shape.width;
        normed.resize(stream.len(), 0.0);
        kernels.rms_norm(stream, &self.norm, shape.epsilon, normed);
        let targets = [(&self.query, &mut *queries), (&self.key, &mut *keys), (&self.value, &mut *values)];
        let matrices = [&self.query.matrix, &self.key.matrix, &self.value.matrix];
        kernels.quantize(normed, shape.width, &matrices, activations);
        let mut products = targets.map(|(projection, into)| {
            into.resize(rows * projection.matrix.rows(), 0.0);
            Product { matrix: &projection.matrix, into }
        });
        kernels.multiply(activations, &mut products);
        self.query.add_bias(kernels, queries);
        self.key.add_bias(kernels, keys);
        self.value.add_bias(kernels, values);
        if let Some(norm) = &self.query_norm {
            kernels.rms_norm_in_place(queries, norm, shape.epsilon, result);
        }
        if let Some(norm) = &self.key_norm {
            kernels.rms_norm_in_place(keys, norm, shape.epsilon, result);
        }
    }

    /// Adds to the stream what was attended to, and what the feed-forward network makes of it.
    pub(super) fn finish(&self, shape: &Shape, kernels: &Kernels, scratch: &mut Scratch) {
        let Scratch { stream, attended, activations, normed, result, gated, raised, .. } = scratch;
        let rows = stream.len() / shape.width;
        result.resize(stream.len(), 0.0);
        kernels.quantize(attended, shape.heads * shape.head, &[&self.output.matrix], activations);
        kernels.multiply(activations, &mut [Product { matrix: &self.output.matrix, into: result }]);
        self.output.add_bias(kernels, result);
        add(shape, kernels, self.attended_norm.as_deref(), result, normed, stream);
        kernels.rms_norm(stream, &self.feed_norm, shape.epsilon, normed);
        kernels.quantize(normed, shape.width, &[&self.gate, &self.up], activations);
        gated.resize(rows * shape.inner, 0.0);
        raised.resize(rows * shape.inner, 0.0);
        let gate = Product { matrix: &self.gate, into: gated };
        kernels.multiply(activations, &mut [gate, Product { matrix: &self.up, into: raised }]);
        kernels.gate(shape.gate, gated, raised);
        kernels.quantize(gated, shape.inner, &[&self.down], activations);
        kernels.multiply(activations, &mut [Product { matrix: &self.down, into: result }]);
        add(shape, kernels, self.fed_norm.as_deref(), result, normed, stream);
    }
}

impl Projection {
    fn add_bias(&self, kernels: &Kernels, rows: &mut [f32]) {
        if let Some(bias) = &self.bias {
            kernels.add(rows, bias);
        }
    }
}

/// Adds a result, perhaps normed, to the stream.
fn add(
    shape: &Shape,
    kernels: &Kernels,
    norm: Option<&[f32]>,
    result: &mut [f32],
    spare: &mut Vec<f32>,
    stream: &mut [f32],
) {
    if let Some(norm) = norm {
        kernels.rms_norm_in_place(result, norm, shape.epsilon, spare);
    }
    kernels.add(stream, result);
}
