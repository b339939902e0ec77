//! What happens to each number or each row by itself: norms, gates, rotations, and the sum behind a softmax.

use super::Kernels;
use super::level::Level;
use super::pool::Disjoint;
use super::simd::{Simd, Work};

/// How the gate of a feed-forward network bends its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// `x / (1 + e^-x)`
    Silu,
    /// GELU by its approximation with `tanh` (Hendrycks and Gimpel, 2016).
    Gelu,
}

/// Rows that are worth a task of their own.
const ROWS_AT_ONCE: usize = 4;
/// Numbers that are worth a task of their own.
const NUMBERS_AT_ONCE: usize = 4096;

impl Kernels {
    /// Divides each row of `weight`'s length by its root mean square, and multiplies it by `weight`
    /// (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019).
    pub fn rms_norm(&self, numbers: &[f32], weight: &[f32], epsilon: f32, into: &mut [f32]) {
        let width = weight.len();
        assert!(width > 0 && numbers.len() == into.len() && numbers.len().is_multiple_of(width), "rows are whole");
        let level = self.level;
        let into = Disjoint::new(into);
        let size = ROWS_AT_ONCE * (NUMBERS_AT_ONCE / width).max(1);
        self.pool.run_ranges(numbers.len() / width, size, &|rows| {
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

    /// `gate(numbers) * factors`, into `numbers`.
    pub fn gate(&self, gate: Gate, numbers: &mut [f32], factors: &[f32]) {
        assert_eq!(numbers.len(), factors.len());
        let (level, length) = (self.level, numbers.len());
        let numbers = Disjoint::new(numbers);
        self.pool.run_ranges(length, NUMBERS_AT_ONCE, &|range| {
            // SAFETY: each range is given to one call.
            let numbers = unsafe { numbers.part(range.clone()) };
            let factors = &factors[range];
            level.run(GateNumbers { gate, numbers, factors });
        });
    }

    /// Adds `more` to `numbers`, one by one; a shorter `more` is added to each of the rows that have its length.
    pub fn add(&self, numbers: &mut [f32], more: &[f32]) {
        for row in numbers.chunks_exact_mut(more.len()) {
            row.iter_mut().zip(more).for_each(|(number, more)| *number += more);
        }
    }

    /// Multiplies each number.
    pub fn scale(&self, numbers: &mut [f32], factor: f32) {
        numbers.iter_mut().for_each(|number| *number *= factor);
    }
}

/// The natural logarithm of the sum of `e^x`; not a number when one of them is none.
pub fn log_sum_exp(numbers: &[f32]) -> f32 {
    log_sum_exp_at(Level::best(), numbers)
}

pub(super) fn log_sum_exp_at(level: Level, numbers: &[f32]) -> f32 {
    level.run(SumOfPowers(numbers))
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

struct GateNumbers<'a> {
    gate: Gate,
    numbers: &'a mut [f32],
    factors: &'a [f32],
}

impl Work for GateNumbers<'_> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let GateNumbers { gate, numbers, factors } = self;
        let mut chunks = numbers.chunks_exact_mut(16);
        let mut factor_chunks = factors.chunks_exact(16);
        for (numbers, factors) in (&mut chunks).zip(&mut factor_chunks) {
            gate_sixteen(simd, gate, numbers, factors);
        }
        let (rest, factors) = (chunks.into_remainder(), factor_chunks.remainder());
        if !rest.is_empty() {
            let (mut padded, mut padded_factors) = ([0.0; 16], [0.0; 16]);
            padded[..rest.len()].copy_from_slice(rest);
            padded_factors[..rest.len()].copy_from_slice(factors);
            gate_sixteen(simd, gate, &mut padded, &padded_factors);
            rest.copy_from_slice(&padded[..rest.len()]);
        }
    }
}

#[inline(always)]
fn gate_sixteen<S: Simd>(simd: S, gate: Gate, numbers: &mut [f32], factors: &[f32]) {
    assert!(numbers.len() == 16 && factors.len() == 16);
    // SAFETY: both have sixteen numbers.
    unsafe {
        let x = simd.floats(numbers.as_ptr());
        let bend = match gate {
            Gate::Silu => simd.mul(x, simd.splat(-1.0)),
            Gate::Gelu => {
                let cube = simd.mul(simd.mul(x, x), simd.mul(x, simd.splat(0.044_715)));
                simd.mul(simd.add(x, cube), simd.splat(-2.0 * 0.797_884_6))
            }
        };
        let bent = simd.div(x, simd.add(simd.splat(1.0), simd.exp(bend)));
        simd.store(numbers.as_mut_ptr(), simd.mul(bent, simd.floats(factors.as_ptr())));
    }
}

struct SumOfPowers<'a>(&'a [f32]);

impl Work for SumOfPowers<'_> {
    type Result = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let SumOfPowers(numbers) = self;
        let chunks = numbers.chunks_exact(16);
        let rest = chunks.remainder();
        let mut largest = simd.splat(f32::NEG_INFINITY);
        for chunk in chunks.clone() {
            // SAFETY: the chunk has sixteen numbers.
            largest = simd.max(largest, unsafe { simd.floats(chunk.as_ptr()) });
        }
        let largest = rest.iter().copied().fold(simd.largest(largest), f32::max);
        if !largest.is_finite() {
            return largest;
        }
        let mut sums = simd.splat(0.0);
        for chunk in chunks {
            // SAFETY: the chunk has sixteen numbers.
            let chunk = unsafe { simd.floats(chunk.as_ptr()) };
            sums = simd.add(sums, simd.exp(simd.add(chunk, simd.splat(-largest))));
        }
        let rest: f32 = rest.iter().map(|number| (number - largest).exp()).sum();
        largest + (simd.sum(sums) + rest).ln()
    }
}
