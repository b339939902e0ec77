//! Teaches the search model how customers ask: small updates of its weights, found by gradients, that bring questions near
//! to what answers them and keep them away from what does not.
//!
//! The loss is the usual contrastive one (van den Oord, Li, Vinyals 2018) over all passages of a lesson and one more
//! candidate, "nothing here answers", which lies at a fixed cosine: questions without an answer are learnt from, too, and a
//! cosine means the same for every business. Never runs in the server.

pub mod late;
mod ops;

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use atiende_kernels::Kernels;
use candle_core::{D, Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};

use super::adapter::{Adapter, LowRank, ODDS};
use super::bert::Bert;
use super::gguf::{Flaw, ModelFile};
use super::tokenizer::Tokenizer;
use super::{PASSAGE, QUERY};
use ops::{Attention, Frozen, Gelu, Normalised, Product};

/// Longer texts are cut, in tokens.
const LONGEST_QUESTION: usize = 48;
const LONGEST_PASSAGE: usize = 128;
/// How much an update counts, whatever its rank.
const UPDATE_SCALE: f64 = 2.0;
/// What is taken from a score that does not count.
const NEVER: f32 = -1e4;

/// Questions, and among which passages they find their answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lesson {
    /// As customers write them.
    pub questions: Vec<String>,
    /// Below their headings.
    pub passages: Vec<String>,
    /// For each question the places of the passages that answer it; none where none does.
    pub answers: Vec<Vec<usize>>,
}

/// A model with updates that are being learnt.
pub struct Student {
    tokenizer: Tokenizer,
    base: Bert,
    layers: Vec<Layer>,
    optimizer: AdamW,
}

struct Layer {
    query: Weight,
    key: Weight,
    value: Weight,
    output: Weight,
    up: Weight,
    down: Weight,
    attention_norm: Norm,
    output_norm: Norm,
    heads: usize,
}

/// A frozen weight with the update that is learnt.
struct Weight {
    name: String,
    frozen: Arc<Frozen>,
    bias: Tensor,
    /// `[inputs, rank]`.
    down: Var,
    /// `[rank, outputs]`.
    up: Var,
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f32,
}

/// Takes the parts of a model out of its file.
struct Parts<'a> {
    file: ModelFile,
    rank: usize,
    chance: &'a mut dyn FnMut() -> f32,
}

impl Student {
    /// Opens the model at `path`. Updates have the rank `rank`; `chance` gives numbers between -1 and 1 for their beginning.
    ///
    /// # Errors
    /// When the file is no model of the kind.
    pub fn open(path: &Path, rank: usize, chance: &mut dyn FnMut() -> f32) -> anyhow::Result<Student> {
        let unsuitable =
            |flaw: Flaw| anyhow::anyhow!("the search model at {} cannot be taught: {flaw}", path.display());
        let (tokenizer, base) = super::load_any(path, Kernels::new(1)?, |_| Ok(None)).map_err(unsuitable)?;
        let file = ModelFile::open(path).map_err(unsuitable)?;
        let mut parts = Parts { file, rank, chance };
        let layers =
            (0..base.layers()).map(|index| parts.layer(index, &base)).collect::<std::result::Result<_, Flaw>>();
        let layers: Vec<Layer> = layers.map_err(unsuitable)?;
        let learnt = layers.iter().flat_map(Layer::weights).flat_map(|weight| [weight.down.clone(), weight.up.clone()]);
        let optimizer = AdamW::new(learnt.collect(), ParamsAdamW { weight_decay: 0.0, ..ParamsAdamW::default() })?;
        Ok(Student { tokenizer, base, layers, optimizer })
    }

    /// One step of the given length; how wrong the lesson was before it.
    ///
    /// The texts are computed in two parts side by side. What their vectors should change is found for all of them
    /// together, and each part is gone back through by itself (Gao, Zhang, Han, Callan 2021).
    ///
    /// # Errors
    /// When the lesson is empty, or memory runs out.
    pub fn learn(&mut self, lesson: &Lesson, rate: f64) -> Result<f32> {
        if lesson.questions.is_empty() || lesson.passages.is_empty() {
            candle_core::bail!("a lesson needs a question and a passage");
        }
        let mut texts = self.encode(QUERY, &lesson.questions, LONGEST_QUESTION);
        texts.extend(self.encode(PASSAGE, &lesson.passages, LONGEST_PASSAGE));
        let (first, second) = texts.split_at(half(&texts));
        let [first, second] = side_by_side(|| self.vectors(first), || self.vectors(second))?;
        let vectors = Var::from_tensor(&Tensor::cat(&[&first, &second], 0)?)?;
        let loss = loss(&vectors, lesson)?;
        let slopes = loss.backward()?;
        let Some(slope) = slopes.get(&vectors) else { return loss.to_scalar() };
        let (rows, others) = (first.dim(0)?, second.dim(0)?);
        let back =
            |part: &Tensor, from: usize, count: usize| (part * slope.narrow(0, from, count)?)?.sum_all()?.backward();
        let [mut slopes, further] = side_by_side(|| back(&first, 0, rows), || back(&second, rows, others))?;
        for update in self.layers.iter().flat_map(Layer::weights).flat_map(|weight| [&weight.down, &weight.up]) {
            let Some(more) = further.get(update) else { continue };
            let sum = slopes.get(update).map_or_else(|| Ok(more.clone()), |slope| slope + more)?;
            slopes.insert(update, sum);
        }
        self.optimizer.set_learning_rate(rate);
        self.optimizer.step(&slopes)?;
        loss.to_scalar()
    }

    /// How near each question is to each passage, as cosines.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn cosines(&self, questions: &[String], passages: &[String]) -> Result<Vec<Vec<f32>>> {
        let detached = |vectors: Tensor| vectors.detach();
        let questions = detached(self.vectors(&self.encode(QUERY, questions, LONGEST_QUESTION))?);
        let passages = detached(self.vectors(&self.encode(PASSAGE, passages, LONGEST_PASSAGE))?);
        questions.matmul(&passages.t()?)?.to_vec2()
    }

    /// What has been learnt.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn adapter(&self, recipe: String) -> Result<Adapter> {
        let mut updates = HashMap::new();
        for weight in self.layers.iter().flat_map(Layer::weights) {
            let down = weight.down.t()?.contiguous()?;
            let up = (weight.up.t()?.contiguous()? * UPDATE_SCALE)?;
            updates.insert(weight.name.clone(), LowRank { down, up });
        }
        Ok(Adapter { recipe, updates })
    }

    fn encode(&self, prefix: &str, texts: &[String], longest: usize) -> Vec<Vec<u32>> {
        texts.iter().map(|text| self.tokenizer.encode(&format!("{prefix}{text}"), longest)).collect()
    }

    /// A row of length 1 for each text.
    fn vectors(&self, texts: &[Vec<u32>]) -> Result<Tensor> {
        let spans = Arc::new(spans(texts));
        let rows = texts.iter().map(Vec::len).sum::<usize>();
        let mut hidden = Tensor::from_vec(self.base.input(texts)?, (rows, self.base.dimension()), &Device::Cpu)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, &spans)?;
        }
        let mean = means(&spans)?.matmul(&hidden)?;
        mean.broadcast_div(&mean.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?)
    }
}

impl Layer {
    fn weights(&self) -> [&Weight; 6] {
        [&self.query, &self.key, &self.value, &self.output, &self.up, &self.down]
    }

    fn forward(&self, x: &Tensor, spans: &Arc<Vec<Range<usize>>>) -> Result<Tensor> {
        let all = Tensor::cat(&[self.query.forward(x)?, self.key.forward(x)?, self.value.forward(x)?], 1)?;
        let attended = all.apply_op1(Attention { spans: spans.clone(), heads: self.heads })?;
        let x = self.attention_norm.forward(&(self.output.forward(&attended)? + x)?)?;
        let inner = self.up.forward(&x)?.apply_op1(Gelu)?;
        self.output_norm.forward(&(self.down.forward(&inner)? + x)?)
    }
}

impl Weight {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let update = (x.matmul(&self.down)?.matmul(&self.up)? * UPDATE_SCALE)?;
        (x.apply_op1(Product(self.frozen.clone()))? + update)?.broadcast_add(&self.bias)
    }
}

impl Norm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        x.apply_op1(Normalised { weight, bias, epsilon: self.epsilon })
    }
}

impl Parts<'_> {
    fn layer(&mut self, index: usize, base: &Bert) -> std::result::Result<Layer, Flaw> {
        let (hidden, inner) = (base.dimension(), base.inner());
        Ok(Layer {
            query: self.weight(&format!("blk.{index}.attn_q"), hidden, hidden)?,
            key: self.weight(&format!("blk.{index}.attn_k"), hidden, hidden)?,
            value: self.weight(&format!("blk.{index}.attn_v"), hidden, hidden)?,
            output: self.weight(&format!("blk.{index}.attn_output"), hidden, hidden)?,
            up: self.weight(&format!("blk.{index}.ffn_up"), inner, hidden)?,
            down: self.weight(&format!("blk.{index}.ffn_down"), hidden, inner)?,
            attention_norm: self.norm(&format!("blk.{index}.attn_output_norm"), base)?,
            output_norm: self.norm(&format!("blk.{index}.layer_output_norm"), base)?,
            heads: base.heads(),
        })
    }

    fn numbers(&mut self, name: &str, dims: &[usize]) -> std::result::Result<Tensor, Flaw> {
        Ok(self.file.tensor(name, dims)?.dequantize(&Device::Cpu)?)
    }

    /// The update begins as nothing: its one half by chance, its other half zero.
    fn weight(&mut self, name: &str, outputs: usize, inputs: usize) -> std::result::Result<Weight, Flaw> {
        let frozen = Frozen::new(self.numbers(&format!("{name}.weight"), &[outputs, inputs])?)?;
        let bias = self.numbers(&format!("{name}.bias"), &[outputs])?;
        let spread = (0.75 / inputs as f32).sqrt();
        let down: Vec<f32> = (0..inputs * self.rank).map(|_| spread * (self.chance)()).collect();
        Ok(Weight {
            name: name.to_owned(),
            frozen: Arc::new(frozen),
            bias,
            down: Var::from_vec(down, (inputs, self.rank), &Device::Cpu)?,
            up: Var::zeros((self.rank, outputs), candle_core::DType::F32, &Device::Cpu)?,
        })
    }

    fn norm(&mut self, name: &str, base: &Bert) -> std::result::Result<Norm, Flaw> {
        let weight = self.numbers(&format!("{name}.weight"), &[base.dimension()])?;
        let bias = self.numbers(&format!("{name}.bias"), &[base.dimension()])?;
        Ok(Norm { weight, bias, epsilon: base.epsilon() })
    }
}

/// How wrong the vectors of a lesson's questions and passages are.
fn loss(vectors: &Tensor, lesson: &Lesson) -> Result<Tensor> {
    let (questions, passages) = (lesson.questions.len(), lesson.passages.len());
    let cosines = vectors.narrow(0, 0, questions)?.matmul(&vectors.narrow(0, questions, passages)?.t()?)?;
    let nothing = Tensor::full(ODDS.nothing, (questions, 1), &Device::Cpu)?;
    let scores = (Tensor::cat(&[&cosines, &nothing], 1)? * f64::from(ODDS.sharpness))?;
    let right = (&scores + right(&lesson.answers, passages)?)?.log_sum_exp(1)?;
    (scores.log_sum_exp(1)? - right)?.mean_all()
}

/// Both at once, on two threads.
fn side_by_side<T: Send>(one: impl FnOnce() -> Result<T> + Send, other: impl FnOnce() -> Result<T>) -> Result<[T; 2]> {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        // A thread that panicked has nothing to give back; this one panics as it did.
        let one = one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok([one?, other?])
    })
}

/// Where to cut a list of at least two texts so that both parts have about as many tokens.
fn half(texts: &[Vec<u32>]) -> usize {
    let all: usize = texts.iter().map(Vec::len).sum();
    let mut before = 0;
    let is_before = |text: &&Vec<u32>| {
        before += text.len();
        before * 2 <= all
    };
    texts.iter().take_while(is_before).count().clamp(1, texts.len().saturating_sub(1).max(1))
}

/// What is added to the scores so that only the right ones are left; the last column is "nothing here answers".
fn right(answers: &[Vec<usize>], passages: usize) -> Result<Tensor> {
    let mut numbers = vec![NEVER; answers.len() * (passages + 1)];
    for (row, answers) in numbers.chunks_exact_mut(passages + 1).zip(answers) {
        answers.iter().for_each(|place| row[*place] = 0.0);
        if answers.is_empty() {
            row[passages] = 0.0;
        }
    }
    Tensor::from_vec(numbers, (answers.len(), passages + 1), &Device::Cpu)
}

/// A row for each text that takes the mean of its tokens.
fn means(spans: &[Range<usize>]) -> Result<Tensor> {
    let tokens = spans.last().map_or(0, |span| span.end);
    let mut numbers = vec![0.0f32; spans.len() * tokens];
    for (row, span) in numbers.chunks_exact_mut(tokens.max(1)).zip(spans) {
        row[span.clone()].fill(1.0 / span.len() as f32);
    }
    Tensor::from_vec(numbers, (spans.len(), tokens), &Device::Cpu)
}

/// Where each text lies in the long row of all tokens.
fn spans(texts: &[Vec<u32>]) -> Vec<Range<usize>> {
    let mut end = 0;
    let next = |text: &Vec<u32>| {
        end += text.len();
        end - text.len()..end
    };
    texts.iter().map(next).collect()
}

#[cfg(test)]
mod tests;
