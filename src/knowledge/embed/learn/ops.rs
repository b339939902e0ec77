//! The steps of an encoder's layer that the way back goes through: frozen products, normalisation, GELU and attention.
//!
//! Each knows its own derivative, so that nothing is computed for weights that do not change.

use std::ops::Range;
use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};

use crate::knowledge::dot::dot;

/// The numbers of a contiguous tensor of floats.
fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else { candle_core::bail!("the numbers do not lie in order") };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

fn flat(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

fn tensor(numbers: &[f32], shape: &Shape) -> Result<Tensor> {
    Tensor::from_slice(numbers, shape, &Device::Cpu)
}

/// `x · weightᵀ` with a weight that stays as it is.
pub(super) struct Frozen {
    /// `[outputs, inputs]`.
    pub weight: Tensor,
    /// `[inputs, outputs]`, contiguous.
    pub transposed: Tensor,
}

impl Frozen {
    pub(super) fn new(weight: Tensor) -> Result<Frozen> {
        let transposed = weight.t()?.contiguous()?;
        Ok(Frozen { weight, transposed })
    }
}

/// A shared one is an operation, too.
pub(super) struct Product(pub Arc<Frozen>);

impl CustomOp1 for Product {
    fn name(&self) -> &'static str {
        "frozen product"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let product = tensor(numbers(storage, layout)?, layout.shape())?.matmul(&self.0.transposed)?;
        Ok((CpuStorage::F32(flat(&product)?), product.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, slope: &Tensor) -> Result<Option<Tensor>> {
        slope.matmul(&self.0.weight).map(Some)
    }
}

/// Rows brought to mean 0 and spread 1, then scaled and shifted by frozen numbers.
pub(super) struct Normalised {
    pub weight: Tensor,
    pub bias: Tensor,
    pub epsilon: f32,
}

impl CustomOp1 for Normalised {
    fn name(&self) -> &'static str {
        "normalisation"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = tensor(numbers(storage, layout)?, layout.shape())?;
        let normal = candle_nn::ops::layer_norm(&x, &self.weight, &self.bias, self.epsilon)?;
        Ok((CpuStorage::F32(flat(&normal)?), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, slope: &Tensor) -> Result<Option<Tensor>> {
        let (weight, width) = (flat(&self.weight)?, self.weight.elem_count());
        let mut slopes = flat(slope)?;
        for (x, slope) in flat(x)?.chunks_exact(width).zip(slopes.chunks_exact_mut(width)) {
            normalised_back(x, &weight, self.epsilon, slope);
        }
        tensor(&slopes, x.shape()).map(Some)
    }
}

/// Turns the slope of one normalised row into that of the row itself.
fn normalised_back(x: &[f32], weight: &[f32], epsilon: f32, slope: &mut [f32]) {
    let count = x.len() as f32;
    let mean = x.iter().sum::<f32>() / count;
    let spread = (x.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count + epsilon).sqrt();
    slope.iter_mut().zip(weight).for_each(|(slope, weight)| *slope *= weight);
    let sum = slope.iter().sum::<f32>() / count;
    let along = slope.iter().zip(x).map(|(slope, x)| slope * (x - mean) / spread).sum::<f32>() / count;
    slope.iter_mut().zip(x).for_each(|(slope, x)| *slope = (*slope - sum - along * (x - mean) / spread) / spread);
}

/// `x · Φ(x)`.
pub(super) struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let result = tensor(numbers(storage, layout)?, layout.shape())?.gelu_erf()?;
        Ok((CpuStorage::F32(flat(&result)?), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, result: &Tensor, slope: &Tensor) -> Result<Option<Tensor>> {
        let mut slopes = flat(slope)?;
        for ((slope, x), result) in slopes.iter_mut().zip(flat(x)?).zip(flat(result)?) {
            let density = (-0.5 * x * x).exp() * 0.398_942_3;
            let below = if x.abs() < 1e-3 { 0.5 } else { result / x };
            *slope *= below + x * density;
        }
        tensor(&slopes, x.shape()).map(Some)
    }
}

/// Attention of each text to itself, from queries, keys and values side by side: `[tokens, 3 · hidden]` to
/// `[tokens, hidden]`.
pub(super) struct Attention {
    pub spans: Arc<Vec<Range<usize>>>,
    pub heads: usize,
}

/// Where one head of one text lies.
struct Head {
    span: Range<usize>,
    hidden: usize,
    start: usize,
    width: usize,
}

/// Queries, keys and values by their place in a row.
const QUERY: usize = 0;
const KEY: usize = 1;
const VALUE: usize = 2;

impl Attention {
    fn heads(&self, hidden: usize) -> impl Iterator<Item = Head> + '_ {
        let width = hidden / self.heads;
        let of_text = move |span: &Range<usize>| {
            let span = span.clone();
            (0..self.heads).map(move |head| Head { span: span.clone(), hidden, start: head * width, width })
        };
        self.spans.iter().flat_map(of_text)
    }
}

impl Head {
    fn tokens(&self) -> usize {
        self.span.len()
    }

    /// A token's numbers of one part.
    fn place(&self, token: usize, part: usize) -> Range<usize> {
        let start = (self.span.start + token) * 3 * self.hidden + part * self.hidden + self.start;
        start..start + self.width
    }

    /// A token's numbers in the result.
    fn out(&self, token: usize) -> Range<usize> {
        let start = (self.span.start + token) * self.hidden + self.start;
        start..start + self.width
    }

    fn scale(&self) -> f32 {
        1.0 / (self.width as f32).sqrt()
    }

    /// How much a token looks at each token.
    fn weights(&self, all: &[f32], token: usize) -> Vec<f32> {
        let query = &all[self.place(token, QUERY)];
        let mut weights: Vec<f32> =
            (0..self.tokens()).map(|other| dot(query, &all[self.place(other, KEY)]) * self.scale()).collect();
        let most = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        weights.iter_mut().for_each(|weight| *weight = (*weight - most).exp());
        let sum: f32 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        weights
    }

    fn forward(&self, all: &[f32], result: &mut [f32]) {
        for token in 0..self.tokens() {
            for (other, weight) in self.weights(all, token).into_iter().enumerate() {
                add(&mut result[self.out(token)], weight, &all[self.place(other, VALUE)]);
            }
        }
    }

    fn backward(&self, all: &[f32], slope: &[f32], slopes: &mut [f32]) {
        for token in 0..self.tokens() {
            let weights = self.weights(all, token);
            let slope = &slope[self.out(token)];
            let of_weights: Vec<f32> =
                (0..self.tokens()).map(|other| dot(slope, &all[self.place(other, VALUE)])).collect();
            let usual = dot(&weights, &of_weights);
            for (other, weight) in weights.iter().enumerate() {
                add(&mut slopes[self.place(other, VALUE)], *weight, slope);
                let of_score = weight * (of_weights[other] - usual) * self.scale();
                add(&mut slopes[self.place(token, QUERY)], of_score, &all[self.place(other, KEY)]);
                add(&mut slopes[self.place(other, KEY)], of_score, &all[self.place(token, QUERY)]);
            }
        }
    }
}

impl CustomOp1 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (tokens, wide) = layout.shape().dims2()?;
        let (all, hidden) = (numbers(storage, layout)?, wide / 3);
        let mut result = vec![0.0; tokens * hidden];
        self.heads(hidden).for_each(|head| head.forward(all, &mut result));
        Ok((CpuStorage::F32(result), Shape::from((tokens, hidden))))
    }

    fn bwd(&self, all: &Tensor, _: &Tensor, slope: &Tensor) -> Result<Option<Tensor>> {
        let (numbers, slope) = (flat(all)?, flat(slope)?);
        let mut slopes = vec![0.0; numbers.len()];
        self.heads(all.dim(1)? / 3).for_each(|head| head.backward(&numbers, &slope, &mut slopes));
        tensor(&slopes, all.shape()).map(Some)
    }
}

fn add(to: &mut [f32], times: f32, what: &[f32]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;

    /// Compares an operation's derivative with differences of its results.
    fn check(op: impl CustomOp1 + Send + Sync + 'static, rows: usize, columns: usize) -> Result<()> {
        let op: Arc<Box<dyn CustomOp1 + Send + Sync>> = Arc::new(Box::new(op));
        let values: Vec<f32> = (0..rows * columns).map(|index| ((index * 37 + 11) % 23) as f32 / 9.0 - 1.2).collect();
        let result = |values: &[f32]| -> Result<(Var, Tensor)> {
            let x = Var::from_slice(values, (rows, columns), &Device::Cpu)?;
            let result = x.apply_op1_arc(op.clone())?;
            let count = result.elem_count();
            let weights: Vec<f32> = (0..count).map(|index| ((index * 17) % 7) as f32 / 5.0 - 0.5).collect();
            let weights = Tensor::from_vec(weights, result.shape(), &Device::Cpu)?;
            let sum = (result * weights)?.sum_all()?;
            Ok((x, sum))
        };
        let (x, sum) = result(&values)?;
        let slopes = flat(sum.backward()?.get(&x).expect("a slope"))?;
        for place in (0..values.len()).step_by(5) {
            let moved = |by: f32| -> Result<f32> {
                let mut values = values.clone();
                values[place] += by;
                result(&values)?.1.to_scalar()
            };
            let difference = (moved(0.01)? - moved(-0.01)?) / 0.02;
            assert!((difference - slopes[place]).abs() < 0.02, "{place}: {difference} against {}", slopes[place]);
        }
        Ok(())
    }

    #[test]
    fn every_operation_knows_its_own_derivative() -> Result<()> {
        let numbers = |rows: usize, columns: usize| {
            let values: Vec<f32> = (0..rows * columns).map(|index| ((index * 29) % 13) as f32 / 12.0 - 0.4).collect();
            Tensor::from_vec(values, (rows, columns), &Device::Cpu)
        };
        check(Product(Arc::new(Frozen::new(numbers(6, 8)?)?)), 3, 8)?;
        check(Normalised { weight: numbers(1, 8)?.get(0)?, bias: numbers(1, 8)?.get(0)?, epsilon: 1e-5 }, 3, 8)?;
        check(Gelu, 3, 8)?;
        check(Attention { spans: Arc::new(vec![0..2, 2..5]), heads: 2 }, 5, 24)
    }

    #[test]
    fn a_text_looks_at_itself_alone() -> Result<()> {
        let values: Vec<f32> = (0..5 * 24).map(|index| ((index * 37) % 23) as f32 / 9.0).collect();
        let all = Tensor::from_vec(values.clone(), (5, 24), &Device::Cpu)?;
        let both = all.apply_op1(Attention { spans: Arc::new(vec![0..2, 2..3, 3..5]), heads: 2 })?;
        let alone =
            all.narrow(0, 2, 3)?.contiguous()?.apply_op1(Attention { spans: Arc::new(vec![0..1, 1..3]), heads: 2 })?;
        assert!((both.narrow(0, 2, 3)? - alone)?.abs()?.max_all()?.to_scalar::<f32>()? < 1e-6);
        Ok(())
    }
}
