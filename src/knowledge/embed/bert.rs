//! A BERT encoder: learned positions, normalisation after each half of a layer, the mean of all tokens as the vector.
//!
//! Several texts are computed at once as one long row of tokens; only attention looks at each text by itself. Nothing is
//! padded, and a text's vector is the same, to the last bit, whatever its neighbours are. Some of the texts may be read with
//! an adapter's updates, and the others as the file has the weights: a question is read in both ways in one pass.

mod layer;

use atiende_kernels::Kernels;
use candle_core::quantized::QTensor;
use candle_core::{Device, Result, Tensor};

use self::layer::{Layer, Norm, Scratch};
use super::adapter::Adapter;
use super::gguf::{Flaw, ModelFile};

/// The weights of the encoder.
pub(super) struct Bert {
    /// Stays quantized: as floats the rows of all tokens would take 384 MB.
    tokens: QTensor,
    /// A row per position, with that of the one token type added.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    /// Whether they have an adapter's updates.
    is_adapted: bool,
    sizes: Sizes,
    kernels: Kernels,
}

/// With which weights texts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    /// As the file holds them.
    Own,
    /// With the adapter's updates, where there is one.
    Adapted,
    /// So many of the first texts as the file holds them, the others with the updates.
    OwnThenAdapted(usize),
}

impl Weights {
    /// How many of some texts are read as the file holds the weights.
    fn own(self, texts: usize) -> usize {
        match self {
            Weights::Own => texts,
            Weights::Adapted => 0,
            Weights::OwnThenAdapted(own) => own.min(texts),
        }
    }
}

/// What a text was read as.
pub(super) struct Read {
    /// Of length 1.
    pub vector: Vec<f32>,
    /// The states of each token, one token after the other; none where none are kept, nor of texts that are read as the file
    /// holds the weights.
    pub states: Vec<f32>,
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
    /// Loads the weights, and beside them what `adapter` adds. Computes with `kernels`.
    pub(super) fn from_file(
        file: &mut ModelFile,
        kernels: Kernels,
        adapter: Option<&Adapter>,
    ) -> std::result::Result<Self, Flaw> {
        let sizes = Sizes::from_file(file)?;
        let hidden = sizes.hidden;
        let rows = file.dims("token_embd.weight")?[0];
        let tokens = file.tensor("token_embd.weight", &[rows, hidden])?;
        let positions = file.tensor("position_embd.weight", &[sizes.positions, hidden])?.dequantize(&Device::Cpu)?;
        let types = file.dims("token_types.weight")?[0];
        let types = file.tensor("token_types.weight", &[types, hidden])?.dequantize(&Device::Cpu)?;
        let positions = positions.broadcast_add(&types.get(0)?)?.flatten_all()?.to_vec1()?;
        let norm = Norm::from_file(file, "token_embd_norm", &sizes)?;
        let layers = (0..sizes.layers).map(|index| Layer::from_file(file, index, &sizes, &kernels, adapter));
        let layers = layers.collect::<std::result::Result<_, Flaw>>()?;
        Ok(Bert { tokens, positions, norm, layers, is_adapted: adapter.is_some(), sizes, kernels })
    }

    /// Whether an adapter adds to it.
    pub(super) fn is_adapted(&self) -> bool {
        self.is_adapted
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
        self.sizes.hidden
    }

    /// The most tokens that a text can have.
    pub(super) fn context(&self) -> usize {
        self.sizes.positions
    }

    /// One L2-normalised vector for each text, given as token ids: at least one, at most [`Bert::context`].
    pub(super) fn embed(&self, texts: &[Vec<u32>], weights: Weights) -> Result<Vec<Vec<f32>>> {
        Ok(self.read(texts, weights, &[])?.into_iter().map(|read| read.vector).collect())
    }

    /// The same with the states that each token has after some of the layers, counted from 1.
    pub(super) fn read(&self, texts: &[Vec<u32>], weights: Weights, kept: &[usize]) -> Result<Vec<Read>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let hidden = self.sizes.hidden;
        let spans = spans(texts);
        let mut rows = self.input(texts)?;
        let mut scratch = Scratch::default();
        let mut states: Vec<Vec<f32>> = Vec::new();
        let adapted: usize = spans[..weights.own(texts.len())].iter().map(|span| span.length).sum();
        for (number, layer) in (1..).zip(&self.layers) {
            layer.forward(&self.kernels, &mut rows, adapted, &spans, &mut scratch);
            if kept.contains(&number) {
                states.push(rows[adapted * hidden..].to_vec());
            }
        }
        let of_token = |token: usize| states.iter().flat_map(move |rows| &rows[token * hidden..][..hidden]).copied();
        let of_text = |span: &Span| Read {
            vector: pool(&rows[span.start * hidden..][..span.length * hidden], hidden),
            states: match span.start.checked_sub(adapted) {
                Some(first) => (first..first + span.length).flat_map(of_token).collect(),
                None => Vec::new(),
            },
        };
        Ok(spans.iter().map(of_text).collect())
    }

    /// What the first layer reads: a row a token, all texts one below the other.
    pub(super) fn input(&self, texts: &[Vec<u32>]) -> Result<Vec<f32>> {
        let ids: Vec<u32> = texts.iter().flatten().copied().collect();
        let mut rows: Vec<f32> = self.tokens.embedding(&Tensor::new(ids, &Device::Cpu)?)?.flatten_all()?.to_vec1()?;
        let places = texts.iter().flat_map(|text| 0..text.len());
        let hidden = self.sizes.hidden;
        for (row, place) in rows.chunks_exact_mut(hidden).zip(places) {
            let Some(position) = self.positions.get(place * hidden..(place + 1) * hidden) else {
                candle_core::bail!("a text is longer than {} tokens", self.sizes.positions)
            };
            row.iter_mut().zip(position).for_each(|(number, position)| *number += position);
        }
        self.norm.apply(&self.kernels, &mut rows);
        Ok(rows)
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
        if !sensible {
            return Err(Flaw("its sizes make no sense".to_owned()));
        }
        let is_covered =
            sizes.head().is_multiple_of(16) && [sizes.hidden, sizes.inner].iter().all(|size| size % 32 == 0);
        if is_covered { Ok(sizes) } else { Err(Flaw("its rows are no multiples of what the kernels take".to_owned())) }
    }

    /// The numbers of a head.
    fn head(&self) -> usize {
        self.hidden / self.heads
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

/// The mean of a text's tokens, of length 1.
fn pool(rows: &[f32], hidden: usize) -> Vec<f32> {
    let mut sums = vec![0.0; hidden];
    for row in rows.chunks_exact(hidden) {
        sums.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
    }
    let length = sums.iter().map(|sum| sum * sum).sum::<f32>().sqrt();
    sums.into_iter().map(|sum| sum / length).collect()
}

#[cfg(test)]
mod tests {
    use atiende_kernels::Level;

    use super::*;
    use crate::knowledge::dot::dot;
    use crate::knowledge::embed::tests::tiny_model;

    fn tiny(kernels: Kernels) -> Bert {
        let (_folder, path) = tiny_model();
        Bert::from_file(&mut ModelFile::open(&path).expect("opens"), kernels, None).expect("a model")
    }

    fn tiny_on_one_thread() -> Bert {
        tiny(Kernels::new(1).expect("a thread"))
    }

    #[test]
    fn a_vector_does_not_depend_on_its_neighbours_nor_on_threads() -> Result<()> {
        let texts = [vec![0, 5, 7, 8, 2], vec![0, 2], vec![0, 5, 7, 11, 12, 13, 14, 2]];
        for level in Level::available() {
            let alone = tiny(Kernels::with_level(level, 1)?);
            let together = tiny(Kernels::with_level(level, 2)?).embed(&texts, Weights::Own)?;
            for (text, vector) in texts.iter().zip(&together) {
                assert_eq!(&alone.embed(std::slice::from_ref(text), Weights::Own)?[0], vector, "{}", level.name());
                assert!((dot(vector, vector) - 1.0).abs() < 1e-5);
            }
        }
        Ok(())
    }

    #[test]
    fn the_order_of_tokens_matters() -> Result<()> {
        let vectors = tiny_on_one_thread().embed(&[vec![0, 5, 11, 2], vec![0, 11, 5, 2]], Weights::Own)?;
        assert!(dot(&vectors[0], &vectors[1]) < 0.9999);
        Ok(())
    }

    #[test]
    fn every_processor_gives_nearly_the_same_vectors() -> Result<()> {
        let text = [vec![0, 5, 7, 8, 13, 2]];
        let of = |level| tiny(Kernels::with_level(level, 1)?).embed(&text, Weights::Own);
        let best = of(Level::best())?;
        for level in Level::available() {
            assert!(dot(&of(level)?[0], &best[0]) > 0.9999, "{}", level.name());
        }
        Ok(())
    }

    #[test]
    fn no_texts_give_no_vectors() -> Result<()> {
        assert!(tiny_on_one_thread().embed(&[], Weights::Own)?.is_empty());
        Ok(())
    }

    #[test]
    fn a_token_outside_the_vocabulary_and_a_text_that_is_too_long_are_errors() {
        let model = tiny_on_one_thread();
        assert!(model.embed(&[vec![0, 9_999, 2]], Weights::Own).is_err());
        assert!(model.embed(&[vec![0; model.context() + 1]], Weights::Own).is_err());
    }
}
