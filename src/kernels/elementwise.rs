//! What happens to each number by itself: gates, sums and factors; and the sum behind a softmax.

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

/// Numbers that are worth a task of their own.
const NUMBERS_AT_ONCE: usize = 4096;
/// So many are worth waking somebody for where little is done with each.
const WORTH_WAKING: usize = 16_384;

impl Kernels {
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

    /// GELU as it is defined, by the error function (Hendrycks and Gimpel, 2016), in place.
    pub fn gelu(&self, numbers: &mut [f32]) {
        let (level, length) = (self.level, numbers.len());
        let numbers = Disjoint::new(numbers);
        self.pool.run_ranges(length, NUMBERS_AT_ONCE, &|range| {
            // SAFETY: each range is given to one call.
            level.run(GeluNumbers(unsafe { numbers.part(range) }));
        });
    }

    /// Adds `more` to `numbers`, one by one; a shorter `more` is added to each of the rows that have its length.
    pub fn add(&self, numbers: &mut [f32], more: &[f32]) {
        let add = |numbers: &mut [f32], more: &[f32]| {
            numbers.iter_mut().zip(more).for_each(|(number, more)| *number += more);
        };
        if numbers.len() < WORTH_WAKING {
            return numbers.chunks_exact_mut(more.len()).for_each(|row| add(row, more));
        }
        let (length, width) = (numbers.len() - numbers.len() % more.len(), more.len());
        let numbers = Disjoint::new(numbers);
        self.pool.run_ranges(length, NUMBERS_AT_ONCE, &|range| {
            // SAFETY: each range is given to one call.
            let mut numbers = unsafe { numbers.part(range.clone()) };
            let mut at = range.start % width;
            while !numbers.is_empty() {
                let (part, rest) = numbers.split_at_mut((width - at).min(numbers.len()));
                add(part, &more[at..]);
                (numbers, at) = (rest, 0);
            }
        });
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

struct GeluNumbers<'a>(&'a mut [f32]);

impl Work for GeluNumbers<'_> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut chunks = self.0.chunks_exact_mut(16);
        for numbers in &mut chunks {
            gelu_sixteen(simd, numbers);
        }
        let rest = chunks.into_remainder();
        if !rest.is_empty() {
            let mut padded = [0.0; 16];
            padded[..rest.len()].copy_from_slice(rest);
            gelu_sixteen(simd, &mut padded);
            rest.copy_from_slice(&padded[..rest.len()]);
        }
    }
}

/// `x / 2 * (1 + erf(x / sqrt 2))`. Of `1 - erf`, a polynomial times `e^-x²` is off by 1.5e-7 at most (Abramowitz and
/// Stegun, "Handbook of Mathematical Functions", 7.1.26); it holds above zero, below which `erf` is the same turned round.
#[inline(always)]
fn gelu_sixteen<S: Simd>(simd: S, numbers: &mut [f32]) {
    assert_eq!(numbers.len(), 16);
    const POWERS: [f32; 4] = [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6];
    // SAFETY: there are sixteen numbers.
    unsafe {
        let x = simd.floats(numbers.as_ptr());
        let size = simd.max(x, simd.mul(x, simd.splat(-1.0)));
        let one = simd.splat(1.0);
        let t = simd.div(one, simd.mul_add(size, simd.splat(0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2), one));
        let sum = POWERS.iter().fold(simd.splat(1.061_405_4), |sum, power| simd.mul_add(sum, t, simd.splat(*power)));
        let tail = simd.mul(simd.mul(sum, t), simd.exp(simd.mul(simd.mul(x, x), simd.splat(-0.5))));
        let below = simd.mul(simd.mul(size, simd.splat(-0.5)), tail);
        simd.store(numbers.as_mut_ptr(), simd.add(simd.max(x, simd.splat(0.0)), below));
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
