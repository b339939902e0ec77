//! One layer of the encoder: every token looks at all of its text, then each is worked on by itself.
//!
//! Rows of numbers in, rows of numbers out: no tokens, no files but for loading.

use std::sync::Arc;

use atiende_kernels::{Activations, Attention, Kernels, PAGE_POSITIONS, Page, PageShape, Queries, Sees};
use candle_core::Device;
use candle_core::quantized::{GgmlDType, QTensor};

use super::{Sizes, Span};
use crate::knowledge::embed::adapter::{Adapter, LowRank};
use crate::knowledge::embed::gguf::{Flaw, ModelFile};
use crate::knowledge::embed::linear::Linear;

/// The weights of a layer.
pub(super) struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    output_norm: Norm,
    attention: Attention,
}

/// The weights of a normalisation.
pub(super) struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

/// The numbers on their way, kept from layer to layer.
#[derive(Default)]
pub(super) struct Scratch {
    activations: Activations,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    attended: Vec<f32>,
    result: Vec<f32>,
    raised: Vec<f32>,
    /// The keys and values of each text.
    pages: Vec<Vec<Arc<Page>>>,
}

impl Layer {
    pub(super) fn from_file(
        file: &mut ModelFile,
        index: usize,
        sizes: &Sizes,
        kernels: &Kernels,
        adapter: Option<&Adapter>,
    ) -> Result<Self, Flaw> {
        let (hidden, inner) = (sizes.hidden, sizes.inner);
        let mut linear = |name: &str, outputs: usize, inputs: usize| -> Result<Linear, Flaw> {
            let name = format!("blk.{index}.{name}");
            let weight = file.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
            let weight = match adapter.and_then(|adapter| adapter.updates.get(&name)) {
                Some(update) => updated(&weight, update)?,
                None => weight,
            };
            Ok(Linear::new(&weight, &file.tensor(&format!("{name}.bias"), &[outputs])?, kernels)?)
        };
        #[expect(clippy::cast_precision_loss, reason = "heads have some dozen numbers")]
        let scale = 1.0 / (sizes.head() as f32).sqrt();
        let shape = PageShape { layers: 1, heads: sizes.heads, head: sizes.head() };
        Ok(Layer {
            query: linear("attn_q", hidden, hidden)?,
            key: linear("attn_k", hidden, hidden)?,
            value: linear("attn_v", hidden, hidden)?,
            output: linear("attn_output", hidden, hidden)?,
            up: linear("ffn_up", inner, hidden)?,
            down: linear("ffn_down", hidden, inner)?,
            attention_norm: Norm::from_file(file, &format!("blk.{index}.attn_output_norm"), sizes)?,
            output_norm: Norm::from_file(file, &format!("blk.{index}.layer_output_norm"), sizes)?,
            attention: Attention { shape, layer: 0, heads: sizes.heads, scale, sees: Sees::All },
        })
    }

    /// Works on the rows of all texts, in place.
    pub(super) fn forward(&self, kernels: &Kernels, rows: &mut [f32], spans: &[Span], scratch: &mut Scratch) {
        self.attend(kernels, rows, spans, scratch);
        let Scratch { activations, attended, result, raised, .. } = scratch;
        Linear::quantize(kernels, attended, &[&self.output], activations);
        Linear::multiply(kernels, activations, [(&self.output, &mut *result)]);
        kernels.add(rows, result);
        self.attention_norm.apply(kernels, rows);
        Linear::quantize(kernels, rows, &[&self.up], activations);
        Linear::multiply(kernels, activations, [(&self.up, &mut *raised)]);
        kernels.gelu(raised);
        Linear::quantize(kernels, raised, &[&self.down], activations);
        Linear::multiply(kernels, activations, [(&self.down, &mut *result)]);
        kernels.add(rows, result);
        self.output_norm.apply(kernels, rows);
    }

    /// Every token looks at all tokens of its own text.
    fn attend(&self, kernels: &Kernels, rows: &[f32], spans: &[Span], scratch: &mut Scratch) {
        let Scratch { activations, queries, keys, values, attended, pages, .. } = scratch;
        Linear::quantize(kernels, rows, &[&self.query, &self.key, &self.value], activations);
        let products = [(&self.query, &mut *queries), (&self.key, &mut *keys), (&self.value, &mut *values)];
        Linear::multiply(kernels, activations, products);
        let shape = self.attention.shape;
        let width = shape.heads * shape.head;
        pages.resize_with(spans.len(), Vec::new);
        for (span, pages) in spans.iter().zip(&mut *pages) {
            pages.resize_with(span.length.div_ceil(PAGE_POSITIONS), || Arc::new(Page::new(shape)));
            for position in 0..span.length {
                let of_row = (span.start + position) * width..(span.start + position + 1) * width;
                let page = Arc::make_mut(&mut pages[position / PAGE_POSITIONS]);
                page.put(shape, 0, position % PAGE_POSITIONS, &keys[of_row.clone()], &values[of_row]);
            }
        }
        let texts: Vec<Queries<'_>> = spans
            .iter()
            .zip(&*pages)
            .map(|(span, pages)| Queries { pages, row: span.start, count: span.length, position: 0 })
            .collect();
        attended.resize(rows.len(), 0.0);
        kernels.attend(&self.attention, &texts, queries, attended);
    }
}

/// A weight with its update, in eight bits: an update is smaller than the steps of four.
fn updated(weight: &QTensor, update: &LowRank) -> Result<QTensor, Flaw> {
    Ok(QTensor::quantize(&(weight.dequantize(&Device::Cpu)? + update.delta()?)?, GgmlDType::Q8_0)?)
}

impl Norm {
    pub(super) fn from_file(file: &mut ModelFile, name: &str, sizes: &Sizes) -> Result<Self, Flaw> {
        let mut vector = |part: &str| -> Result<Vec<f32>, Flaw> {
            Ok(file.tensor(&format!("{name}.{part}"), &[sizes.hidden])?.dequantize(&Device::Cpu)?.to_vec1()?)
        };
        Ok(Norm { weight: vector("weight")?, bias: vector("bias")?, epsilon: sizes.epsilon })
    }

    pub(super) fn apply(&self, kernels: &Kernels, rows: &mut [f32]) {
        kernels.layer_norm(rows, &self.weight, &self.bias, self.epsilon);
    }
}
