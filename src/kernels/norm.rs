//! Norms of rows: by their root mean square, as language models have them, and by mean and deviation, as encoders do.

use super::Kernels;
use super::pool::Disjoint;
use super::simd::{Simd, Work};

/// Numbers that are worth a task of their own.
const NUMBERS_AT_ONCE: usize = 4096;
/// Rows that are worth one even where they are long.
const ROWS_AT_ONCE: usize = 4;

fn rows_at_once(width: usize) -> usize {
    ROWS_AT_ONCE * (NUMBERS_AT_ONCE / width).max(1)
}

impl Kernels {
    /// Divides each row of `weight`'s length by its root mean square, and multiplies it by `weight`
    /// (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019).
    pub fn rms_norm(&self, numbers: &[f32], weight: &[f32], epsilon: f32, into: &mut [f32]) {
        let width = weight.len();
        assert!(width > 0 && numbers.len() == into.len() && numbers.len().is_multiple_of(width), "rows are whole");
        let level = self.level;
        let into = Disjoint::new(into);
        self.pool.run_ranges(numbers.len() / width, rows_at_once(width), &|rows| {
            let range = rows.start * width..rows.end * width;
            // SAFETY: each range of rows is given to one call.
            let into = unsafe { into.part(range.clone()) };
            let numbers = &numbers[range];
            level.run(NormRows { numbers, weight, epsilon, into });
        });
    }

    /// The same in place.
    pub fn rms_norm_in_place(&self, numbers: &mut [f32], weight: &[f32], epsilon: f32, spare: &mut Vec<f32>) {
        spare.clear();
        spare.extend_from_slice(numbers);
        self.rms_norm(spare, weight, epsilon, numbers);
    }

    /// Takes its mean from each row of `weight`'s length, divides it by its standard deviation, multiplies it by `weight` and
    /// adds `bias` (Ba, Kiros, Hinton, "Layer Normalization", 2016), in place.
    pub fn layer_norm(&self, numbers: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32) {
        let width = weight.len();
        assert!(width > 0 && bias.len() == width && numbers.len().is_multiple_of(width), "rows are whole");
        let (level, rows) = (self.level, numbers.len() / width);
        let numbers = Disjoint::new(numbers);
        self.pool.run_ranges(rows, rows_at_once(width), &|rows| {
            // SAFETY: each range of rows is given to one call.
            let numbers = unsafe { numbers.part(rows.start * width..rows.end * width) };
            level.run(LayerNormRows { numbers, weight, bias, epsilon });
        });
    }
}

struct NormRows<'a> {
    numbers: &'a [f32],
    weight: &'a [f32],
    epsilon: f32,
    into: &'a mut [f32],
}

impl Work for NormRows<'_> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let NormRows { numbers, weight, epsilon, into } = self;
        let width = weight.len();
        for (numbers, into) in numbers.chunks_exact(width).zip(into.chunks_exact_mut(width)) {
            let mut squares = simd.splat(0.0);
            for chunk in numbers.chunks_exact(16) {
                // SAFETY: the chunk has sixteen numbers.
                let chunk = unsafe { simd.floats(chunk.as_ptr()) };
                squares = simd.mul_add(chunk, chunk, squares);
            }
            let rest: f32 = numbers.chunks_exact(16).remainder().iter().map(|number| number * number).sum();
            #[expect(clippy::cast_precision_loss, reason = "rows have some thousand numbers")]
            let mean = (simd.sum(squares) + rest) / width as f32;
            let factor = 1.0 / (mean + epsilon).sqrt();
            for ((into, number), weight) in into.iter_mut().zip(numbers).zip(weight) {
                *into = number * factor * weight;
            }
        }
    }
}

struct LayerNormRows<'a> {
    numbers: &'a mut [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    epsilon: f32,
}

impl Work for LayerNormRows<'_> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let LayerNormRows { numbers, weight, bias, epsilon } = self;
        #[expect(clippy::cast_precision_loss, reason = "rows have some thousand numbers")]
        let count = weight.len() as f32;
        for row in numbers.chunks_exact_mut(weight.len()) {
            let mean = sum(simd, row) / count;
            let deviation = sum_of_squares_around(simd, mean, row);
            let factor = 1.0 / (deviation / count + epsilon).sqrt();
            for ((number, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
                *number = (*number - mean) * factor * weight + bias;
            }
        }
    }
}

#[inline(always)]
fn sum<S: Simd>(simd: S, row: &[f32]) -> f32 {
    let mut sums = simd.splat(0.0);
    for chunk in row.chunks_exact(16) {
        // SAFETY: the chunk has sixteen numbers.
        sums = simd.add(sums, unsafe { simd.floats(chunk.as_ptr()) });
    }
    simd.sum(sums) + row.chunks_exact(16).remainder().iter().sum::<f32>()
}

#[inline(always)]
fn sum_of_squares_around<S: Simd>(simd: S, middle: f32, row: &[f32]) -> f32 {
    let mut squares = simd.splat(0.0);
    for chunk in row.chunks_exact(16) {
        // SAFETY: the chunk has sixteen numbers.
        let away = simd.add(unsafe { simd.floats(chunk.as_ptr()) }, simd.splat(-middle));
        squares = simd.mul_add(away, away, squares);
    }
    let rest = row.chunks_exact(16).remainder().iter();
    simd.sum(squares) + rest.map(|number| (number - middle) * (number - middle)).sum::<f32>()
}
