//! Rows of `f32`, quantized to eight bits for a product with a quantized matrix.
//!
//! Blocks of 256 take their scale from the largest value and its sign, blocks of 32 from the largest magnitude, as
//! `Q8_K` and `Q8_0` do in `ggml-quants`.

use super::Kernels;
use super::format::LARGEST_BLOCK;
use super::matrix::Matrix;
use super::pool::Disjoint;

/// The smallest part of a block that has a sum of its own.
const SUM: usize = 16;

/// Rows of one length, ready to be multiplied. Its buffers are used again.
#[derive(Default)]
pub struct Activations {
    rows: usize,
    width: usize,
    wide: Quantized,
    narrow: Quantized,
}

/// Rows in blocks of one size.
#[derive(Default)]
pub(super) struct Quantized {
    pub(super) block: usize,
    pub(super) width: usize,
    /// Row by row.
    pub(super) values: Vec<i8>,
    /// One for each block of each row.
    pub(super) scales: Vec<f32>,
    /// The sum of each sixteen values of each row.
    pub(super) sums_of_16: Vec<f32>,
    /// The sum of each 32 values of each row.
    pub(super) sums_of_32: Vec<f32>,
}

impl Activations {
    /// How many rows were quantized.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// As a matrix needs it.
    pub(super) fn for_matrix(&self, matrix: &Matrix) -> &Quantized {
        assert_eq!(self.width, matrix.width(), "the matrix takes rows of this length");
        let quantized = if matrix.format().block() == LARGEST_BLOCK { &self.wide } else { &self.narrow };
        assert_eq!(quantized.values.len(), self.rows * self.width, "the rows were quantized for this matrix");
        quantized
    }
}

impl Kernels {
    /// Quantizes rows of `width` numbers for products with `matrices`.
    pub fn quantize(&self, numbers: &[f32], width: usize, matrices: &[&Matrix], into: &mut Activations) {
        assert!(width > 0 && numbers.len().is_multiple_of(width), "rows are whole");
        into.rows = numbers.len() / width;
        into.width = width;
        let is_wide = |matrix: &&&Matrix| matrix.format().block() == LARGEST_BLOCK;
        for (quantized, block, wanted) in [
            (&mut into.wide, LARGEST_BLOCK, matrices.iter().any(|matrix| is_wide(&matrix))),
            (&mut into.narrow, 32, matrices.iter().any(|matrix| !is_wide(&matrix))),
        ] {
            if wanted {
                self.quantize_blocks(numbers, width, block, quantized);
            } else {
                quantized.values.clear();
            }
        }
    }

    fn quantize_blocks(&self, numbers: &[f32], width: usize, block: usize, into: &mut Quantized) {
        assert!(width.is_multiple_of(block), "rows are whole blocks");
        into.block = block;
        into.width = width;
        into.values.resize(numbers.len(), 0);
        into.scales.resize(numbers.len() / block, 0.0);
        into.sums_of_16.resize(numbers.len() / SUM, 0.0);
        into.sums_of_32.resize(numbers.len() / 32, 0.0);
        let values = Disjoint::new(&mut into.values);
        let scales = Disjoint::new(&mut into.scales);
        let sums_of_16 = Disjoint::new(&mut into.sums_of_16);
        let sums_of_32 = Disjoint::new(&mut into.sums_of_32);
        // A row is little work; one alone is not worth waking anybody.
        let rows = numbers.len() / width;
        self.pool.run_ranges(rows, rows.div_ceil(8).max(4), &|range| {
            let range = range.start * width..range.end * width;
            let part = |size: usize| range.start / size..range.end / size;
            // SAFETY: each range of rows is given to one call, and every slice is cut by rows.
            let parts = unsafe {
                (
                    values.part(range.clone()),
                    scales.part(part(block)),
                    sums_of_16.part(part(SUM)),
                    sums_of_32.part(part(32)),
                )
            };
            quantize_rows(&numbers[range], block, parts);
        });
    }
}

fn quantize_rows(numbers: &[f32], block: usize, into: (&mut [i8], &mut [f32], &mut [f32], &mut [f32])) {
    let (values, scales, sums_of_16, sums_of_32) = into;
    for ((numbers, values), scale) in numbers.chunks_exact(block).zip(values.chunks_exact_mut(block)).zip(scales) {
        *scale = if block == LARGEST_BLOCK { quantize_wide(numbers, values) } else { quantize_narrow(numbers, values) };
    }
    for (values, sum) in values.chunks_exact(SUM).zip(&mut *sums_of_16) {
        *sum = f32::from(values.iter().map(|value| i16::from(*value)).sum::<i16>());
    }
    for (pair, sum) in sums_of_16.chunks_exact(2).zip(sums_of_32) {
        *sum = pair[0] + pair[1];
    }
}

/// The largest magnitude, and 0, or not a number when one of them is not finite: comparisons do not see those, and
/// what is not a number must not become one. By lanes, so that the compiler can use vectors.
fn largest_magnitude(numbers: &[f32]) -> (f32, f32) {
    let (mut lanes, mut poison) = ([0f32; 16], [0f32; 16]);
    for chunk in numbers.chunks_exact(16) {
        for ((lane, poison), number) in lanes.iter_mut().zip(&mut poison).zip(chunk) {
            *lane = lane.max(number.abs());
            *poison += number * 0.0;
        }
    }
    (lanes.into_iter().fold(0.0, f32::max), poison.into_iter().sum())
}

/// The value of the largest magnitude becomes -127.
fn quantize_wide(numbers: &[f32], values: &mut [i8]) -> f32 {
    let (largest, poison) = largest_magnitude(numbers);
    if largest == 0.0 {
        values.fill(0);
        return poison;
    }
    let extreme = numbers.iter().copied().find(|number| number.abs() == largest).unwrap_or(largest);
    let factor = -127.0 / extreme;
    round_all(numbers, factor, values);
    1.0 / factor + poison
}

/// The largest magnitude becomes 127; the scale is what an `f16` can hold.
fn quantize_narrow(numbers: &[f32], values: &mut [i8]) -> f32 {
    let (largest, poison) = largest_magnitude(numbers);
    let scale = largest / 127.0;
    let factor = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    round_all(numbers, factor, values);
    half::f16::from_f32(scale).to_f32() + poison
}

#[expect(clippy::cast_possible_truncation, reason = "the numbers are scaled into the range of a byte")]
fn round_all(numbers: &[f32], factor: f32, values: &mut [i8]) {
    for (value, number) in values.iter_mut().zip(numbers) {
        *value = (number * factor).round_ties_even().min(127.0) as i32 as i8;
    }
}
