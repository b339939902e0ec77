//! A BERT encoder: learned positions, normalisation after each half of a layer, the mean of all tokens as the vector.
//!
//! Several texts are computed at once as one long row of tokens; only attention looks at each text by itself. Nothing is
//! padded, and a text's vector does not depend on its neighbours.

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{D, Device, Module, Result, Tensor};
use candle_nn::ops::{layer_norm, softmax_last_dim};

use super::adapter::{Adapter, LowRank};
use super::gguf::{Flaw, ModelFile};
use super::linear::{Kernel, Linear};

/// The weights of the encoder.
#[derive(Debug)]
pub(super) struct Bert {
    /// Stays quantized: as floats the rows of all tokens would take 384 MB.
    tokens: QTensor,
    /// A row per position, with that of the one token type added.
    positions: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    /// The layers with an adapter's updates, where there is one.
    adapted: Option<Vec<Layer>>,
    sizes: Sizes,
}

/// With which weights texts are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    /// As the file holds them.
    Own,
    /// With the adapter's updates, where there is one.
    Adapted,
}

#[derive(Debug)]
struct Layer {
    /// Queries, keys and values side by side.
    query_key_value: Linear,
    output: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    output_norm: Norm,
    heads: usize,
}

#[derive(Debug)]
struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f32,
}

/// The sizes that the metadata gives.
#[derive(Debug)]
struct Sizes {
    layers: usize,
    hidden: usize,
    inner: usize,
    heads: usize,
    positions: usize,
    epsilon: f32,
}

/// Where a text's tokens lie in the long row.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    length: usize,
}

impl Bert {
    /// Loads the weights, and beside them once more those of the layers with what `adapter` adds.
    pub(super) fn from_file(
        file: &mut ModelFile,
        kernel: Kernel,
        adapter: Option<&Adapter>,
    ) -> std::result::Result<Self, Flaw> {
        let sizes = Sizes::from_file(file)?;
        let hidden = sizes.hidden;
        let rows = file.dims("token_embd.weight")?[0];
        let tokens = file.tensor("token_embd.weight", &[rows, hidden])?;
        let positions = file.tensor("position_embd.weight", &[sizes.positions, hidden])?.dequantize(&Device::Cpu)?;
        let types = file.dims("token_types.weight")?[0];
        let types = file.tensor("token_types.weight", &[types, hidden])?.dequantize(&Device::Cpu)?;
        let positions = positions.broadcast_add(&types.get(0)?)?;
        let norm = Norm::from_file(file, "token_embd_norm", &sizes)?;
        let mut layers = |adapter: Option<&Adapter>| {
            let layers = (0..sizes.layers).map(|index| Layer::from_file(file, index, &sizes, kernel, adapter));
            layers.collect::<std::result::Result<Vec<_>, Flaw>>()
        };
        let own = layers(None)?;
        let adapted = adapter.map(|adapter| layers(Some(adapter))).transpose()?;
        Ok(Bert { tokens, positions, norm, layers: own, adapted, sizes })
    }

    /// Whether an adapter adds to it.
    pub(super) fn is_adapted(&self) -> bool {
        self.adapted.is_some()
    }

    /// How many layers it has, ...
    pub(super) fn layers(&self) -> usize {
        self.sizes.layers
    }

    /// ... how wide they are within, ...
    pub(super) fn inner(&self) -> usize {
        self.sizes.inner
    }

    /// ... how many heads look in each, ...
    pub(super) fn heads(&self) -> usize {
        self.sizes.heads
    }

    /// ... and what keeps a normalisation from dividing by nothing.
    pub(super) fn epsilon(&self) -> f32 {
        self.sizes.epsilon
    }

    /// The length of a vector.
    pub(super) fn dimension(&self) -> usize {
        self.positions.dims()[1]
    }

    /// The most tokens that a text can have.
    pub(super) fn context(&self) -> usize {
        self.positions.dims()[0]
    }

    /// One L2-normalised vector for each text, given as token ids: at least one, at most [`Bert::context`].
    pub(super) fn embed(&self, texts: &[Vec<u32>], weights: Weights) -> Result<Vec<Vec<f32>>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let spans = spans(texts);
        let mut hidden = self.input(texts)?;
        let layers = self.adapted.as_ref().filter(|_| weights == Weights::Adapted).unwrap_or(&self.layers);
        for layer in layers {
            hidden = layer.forward(&hidden, &spans)?;
        }
        spans.iter().map(|span| pool(&hidden.narrow(0, span.start, span.length)?)).collect()
    }

    /// What the first layer reads: a row a token, all texts one below the other.
    pub(super) fn input(&self, texts: &[Vec<u32>]) -> Result<Tensor> {
        let ids: Vec<u32> = texts.iter().flatten().copied().collect();
        let places: Vec<u32> = texts.iter().flat_map(|text| (0_u32..).take(text.len())).collect();
        let tokens = self.tokens.embedding(&Tensor::new(ids, &Device::Cpu)?)?;
        let positions = self.positions.index_select(&Tensor::new(places, &Device::Cpu)?, 0)?;
        self.norm.forward(&(tokens + positions)?)
    }
}

impl Layer {
    fn from_file(
        file: &mut ModelFile,
        index: usize,
        sizes: &Sizes,
        kernel: Kernel,
        adapter: Option<&Adapter>,
    ) -> std::result::Result<Self, Flaw> {
        let (hidden, inner) = (sizes.hidden, sizes.inner);
        let mut linear = |names: &[&str], outputs: usize, inputs: usize| -> std::result::Result<Linear, Flaw> {
            let mut parts = Vec::new();
            for name in names {
                let name = format!("blk.{index}.{name}");
                let weight = file.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
                let weight = match adapter.and_then(|adapter| adapter.updates.get(&name)) {
                    Some(update) => updated(&weight, update)?,
                    None => weight,
                };
                parts.push((weight, file.tensor(&format!("{name}.bias"), &[outputs])?));
            }
            Ok(Linear::new(&parts, kernel)?)
        };
        Ok(Layer {
            query_key_value: linear(&["attn_q", "attn_k", "attn_v"], hidden, hidden)?,
            output: linear(&["attn_output"], hidden, hidden)?,
            up: linear(&["ffn_up"], inner, hidden)?,
            down: linear(&["ffn_down"], hidden, inner)?,
            attention_norm: Norm::from_file(file, &format!("blk.{index}.attn_output_norm"), sizes)?,
            output_norm: Norm::from_file(file, &format!("blk.{index}.layer_output_norm"), sizes)?,
            heads: sizes.heads,
        })
    }

    fn forward(&self, x: &Tensor, spans: &[Span]) -> Result<Tensor> {
        let attended = self.output.forward(&self.attend(x, spans)?)?;
        let x = self.attention_norm.forward(&(attended + x)?)?;
        let inner = self.up.forward(&x)?.gelu_erf()?;
        self.output_norm.forward(&(self.down.forward(&inner)? + x)?)
    }

    /// Every token looks at all tokens of its own text.
    fn attend(&self, x: &Tensor, spans: &[Span]) -> Result<Tensor> {
        let all = self.query_key_value.forward(x)?;
        let hidden = x.dim(D::Minus1)?;
        let texts = spans
            .iter()
            .map(|span| {
                let text = all.narrow(0, span.start, span.length)?;
                let part = |index: usize| self.split_heads(&text.narrow(1, index * hidden, hidden)?);
                attention(&part(0)?, &part(1)?, &part(2)?)
            })
            .collect::<Result<Vec<_>>>()?;
        if texts.len() == 1 { Ok(texts[0].clone()) } else { Tensor::cat(&texts, 0) }
    }

    /// From `[tokens, hidden]` to `[heads, tokens, hidden / heads]`.
    fn split_heads(&self, x: &Tensor) -> Result<Tensor> {
        let (tokens, hidden) = x.dims2()?;
        x.reshape((tokens, self.heads, hidden / self.heads))?.transpose(0, 1)?.contiguous()
    }
}

/// A weight with its update, in eight bits: an update is smaller than the steps of four.
fn updated(weight: &QTensor, update: &LowRank) -> Result<QTensor> {
    QTensor::quantize(&(weight.dequantize(&Device::Cpu)? + update.delta()?)?, GgmlDType::Q8_0)
}

impl Norm {
    fn from_file(file: &mut ModelFile, name: &str, sizes: &Sizes) -> std::result::Result<Self, Flaw> {
        let mut vector = |part: &str| -> std::result::Result<Tensor, Flaw> {
            Ok(file.tensor(&format!("{name}.{part}"), &[sizes.hidden])?.dequantize(&Device::Cpu)?)
        };
        Ok(Norm { weight: vector("weight")?, bias: vector("bias")?, epsilon: sizes.epsilon })
    }
}

impl Module for Norm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm(x, &self.weight, &self.bias, self.epsilon)
    }
}

impl Sizes {
    fn from_file(file: &ModelFile) -> std::result::Result<Self, Flaw> {
        let architecture = file.text("general.architecture")?;
        if architecture != "bert" {
            return Err(Flaw(format!("it is a model of the architecture `{architecture}` instead of `bert`")));
        }
        if file.size_or("bert.pooling_type", 1)? != 1 {
            return Err(Flaw("its vectors are not the mean of all tokens, as those of E5 models are".to_owned()));
        }
        let sizes = Sizes {
            layers: file.size("bert.block_count")?,
            hidden: file.size("bert.embedding_length")?,
            inner: file.size("bert.feed_forward_length")?,
            heads: file.size("bert.attention.head_count")?,
            positions: file.size("bert.context_length")?,
            epsilon: file.float("bert.attention.layer_norm_epsilon")?,
        };
        let sensible = sizes.heads > 0 && sizes.hidden.is_multiple_of(sizes.heads) && sizes.positions >= 2;
        if sensible { Ok(sizes) } else { Err(Flaw("its sizes make no sense".to_owned())) }
    }
}

fn spans(texts: &[Vec<u32>]) -> Vec<Span> {
    let mut start = 0;
    let next = |text: &Vec<u32>| {
        let span = Span { start, length: text.len() };
        start += text.len();
        span
    };
    texts.iter().map(next).collect()
}

/// Scaled dot-product attention of one text; all three are `[heads, tokens, width]`, the result `[tokens, hidden]`.
fn attention(query: &Tensor, key: &Tensor, value: &Tensor) -> Result<Tensor> {
    let (heads, tokens, width) = query.dims3()?;
    let scale = 1.0 / (width as f64).sqrt();
    let weights = softmax_last_dim(&(query.matmul(&key.t()?)? * scale)?)?;
    weights.matmul(value)?.transpose(0, 1)?.reshape((tokens, heads * width))
}

/// The mean of all tokens, of length 1.
fn pool(hidden: &Tensor) -> Result<Vec<f32>> {
    let mean = hidden.mean(0)?;
    let length = mean.sqr()?.sum(D::Minus1)?.sqrt()?;
    mean.broadcast_div(&length)?.to_vec1()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::embed::tests::tiny_model;

    fn tiny(kernel: Kernel) -> Bert {
        let (_folder, path) = tiny_model();
        Bert::from_file(&mut ModelFile::open(&path).expect("opens"), kernel, None).expect("a model")
    }

    fn dot(one: &[f32], other: &[f32]) -> f32 {
        one.iter().zip(other).map(|(one, other)| one * other).sum()
    }

    #[test]
    fn a_vector_does_not_depend_on_its_neighbours() -> Result<()> {
        let texts = [vec![0, 5, 7, 8, 2], vec![0, 2], vec![0, 5, 7, 11, 12, 13, 14, 2]];
        for kernel in [Kernel::AsStored, Kernel::Repacked] {
            let model = tiny(kernel);
            let together = model.embed(&texts, Weights::Own)?;
            for (text, vector) in texts.iter().zip(&together) {
                let alone = &model.embed(std::slice::from_ref(text), Weights::Own)?[0];
                let close = alone.iter().zip(vector).all(|(one, other)| (one - other).abs() < 1e-5);
                assert!(close, "{kernel:?}: {alone:?} against {vector:?}");
                assert!((dot(vector, vector) - 1.0).abs() < 1e-5);
            }
        }
        Ok(())
    }

    #[test]
    fn the_order_of_tokens_matters() -> Result<()> {
        let model = tiny(Kernel::AsStored);
        let vectors = model.embed(&[vec![0, 5, 11, 2], vec![0, 11, 5, 2]], Weights::Own)?;
        assert!(dot(&vectors[0], &vectors[1]) < 0.9999);
        Ok(())
    }

    #[test]
    fn both_kernels_give_nearly_the_same_vectors() -> Result<()> {
        let text = [vec![0, 5, 7, 8, 13, 2]];
        let (stored, repacked) =
            (tiny(Kernel::AsStored).embed(&text, Weights::Own)?, tiny(Kernel::Repacked).embed(&text, Weights::Own)?);
        assert!(dot(&stored[0], &repacked[0]) > 0.999);
        Ok(())
    }

    #[test]
    fn no_texts_give_no_vectors() -> Result<()> {
        assert!(tiny(Kernel::AsStored).embed(&[], Weights::Own)?.is_empty());
        Ok(())
    }

    #[test]
    fn a_token_outside_the_vocabulary_is_an_error() {
        assert!(tiny(Kernel::AsStored).embed(&[vec![0, 9_999, 2]], Weights::Own).is_err());
    }
}
