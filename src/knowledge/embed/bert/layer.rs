//! One layer of the encoder: every token looks at all of its text, then each is worked on by itself.
//!
//! Rows of numbers in, rows of numbers out: no tokens, no files but for loading.

use std::sync::Arc;

use atiende_kernels::{Activations, Attention, Kernels, PAGE_POSITIONS, Page, PageShape, Queries, Sees};
use candle_core::Device;

use super::{Sizes, Span};
use crate::knowledge::embed::adapter::Adapter;
use crate::knowledge::embed::gguf::{Flaw, ModelFile};
use crate::knowledge::embed::linear::{Linear, Rows};

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
            let update = adapter.and_then(|adapter| adapter.updates.get(&name));
            Ok(Linear::new(&weight, &file.tensor(&format!("{name}.bias"), &[outputs])?, update, kernels)?)
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

    /// Works on the rows of all texts, in place; on those from `adapted` on with the adapter's updates.
    pub(super) fn forward(
        &self,
        kernels: &Kernels,
        rows: &mut [f32],
        adapted: usize,
        spans: &[Span],
        scratch: &mut Scratch,
    ) {
        self.attend(kernels, Rows { numbers: rows, adapted }, spans, scratch);
        let Scratch { activations, attended, result, raised, .. } = scratch;
        let of = |numbers| Rows { numbers, adapted };
        Linear::multiply(kernels, of(attended), &mut [(&self.output, result)], activations);
        kernels.add(rows, result);
        self.attention_norm.apply(kernels, rows);
        Linear::multiply(kernels, of(rows), &mut [(&self.up, raised)], activations);
        kernels.gelu(raised);
        Linear::multiply(kernels, of(raised), &mut [(&self.down, result)], activations);
        kernels.add(rows, result);
        self.output_norm.apply(kernels, rows);
    }

    /// Every token looks at all tokens of its own text.
    fn attend(&self, kernels: &Kernels, rows: Rows<'_>, spans: &[Span], scratch: &mut Scratch) {
        let Scratch { activations, queries, keys, values, attended, pages, .. } = scratch;
        let mut products = [(&self.query, &mut *queries), (&self.key, &mut *keys), (&self.value, &mut *values)];
        Linear::multiply(kernels, rows, &mut products, activations);
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
        attended.resize(rows.numbers.len(), 0.0);
        kernels.attend(&self.attention, &texts, queries, attended);
    }
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
