//! Low-rank updates of matrices (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021), added to the
//! products of the rows that they are for: other rows share the matrix without them.

use super::Kernels;
use super::pool::Disjoint;
use super::simd::{Simd, Work};

/// The highest rank.
const MOST: usize = 32;
/// Rows that share each look at an update: it is larger than the nearest cache.
const ROWS_AT_ONCE: usize = 4;
/// What lengths are multiples of.
const LANES: usize = 16;

/// What is added to a matrix: `up · down`.
pub struct LowRank {
    rank: usize,
    /// A row of inputs for each rank, ...
    down: Vec<f32>,
    /// ... and one of outputs.
    up: Vec<f32>,
}

/// An update and the products that it is added to: for each row one number for each output.
pub struct Update<'a> {
    /// What is added.
    pub of: &'a LowRank,
    /// As many numbers as rows times outputs.
    pub into: &'a mut [f32],
}

impl LowRank {
    /// Of rank 1 to 32: `down` holds `rank` rows of inputs, `up` as many of outputs, their lengths multiples of 16. Nothing
    /// for other shapes.
    pub fn new(rank: usize, down: Vec<f32>, up: Vec<f32>) -> Option<Self> {
        let is_whole = |rows: &[f32]| !rows.is_empty() && rows.len().is_multiple_of(rank * LANES);
        ((1..=MOST).contains(&rank) && is_whole(&down) && is_whole(&up)).then_some(LowRank { rank, down, up })
    }

    /// How many numbers go in, ...
    pub fn inputs(&self) -> usize {
        self.down.len() / self.rank
    }

    /// ... and how many come out.
    pub fn outputs(&self) -> usize {
        self.up.len() / self.rank
    }
}

impl Kernels {
    /// Adds to products of `rows` what updates of their matrices come to.
    pub fn add_low_rank(&self, rows: &[f32], updates: &mut [Update<'_>]) {
        let targets: Vec<(&LowRank, Disjoint<'_, f32>)> = updates
            .iter_mut()
            .map(|update| {
                let count = rows.len() / update.of.inputs();
                assert!(rows.len() == count * update.of.inputs(), "rows are whole");
                assert_eq!(update.into.len(), count * update.of.outputs(), "there is a number for each row of each");
                (update.of, Disjoint::new(update.into))
            })
            .collect();
        let Some((first, _)) = targets.first() else { return };
        let count = rows.len() / first.inputs();
        let parts = count.div_ceil(ROWS_AT_ONCE);
        self.pool.run_ranges(parts * targets.len(), 1, &|range| {
            for task in range {
                let (of, into) = &targets[task / parts];
                let start = task % parts * ROWS_AT_ONCE;
                let end = (start + ROWS_AT_ONCE).min(count);
                // SAFETY: each part of the rows of each update is given to one call.
                let into = unsafe { into.part(start * of.outputs()..end * of.outputs()) };
                self.level.run(Rows { of, rows: &rows[start * of.inputs()..end * of.inputs()], into });
            }
        });
    }
}

/// Some rows, and what one update adds to their products.
struct Rows<'a> {
    of: &'a LowRank,
    rows: &'a [f32],
    into: &'a mut [f32],
}

impl Work for Rows<'_> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Rows { of, rows, into } = self;
        let (inputs, outputs) = (of.inputs(), of.outputs());
        if rows.len() == ROWS_AT_ONCE * inputs {
            return add::<S, ROWS_AT_ONCE>(simd, of, rows, into);
        }
        for (row, into) in rows.chunks_exact(inputs).zip(into.chunks_exact_mut(outputs)) {
            add::<S, 1>(simd, of, row, into);
        }
    }
}

/// The same operations in the same order for each row, whatever is computed beside it.
#[inline(always)]
fn add<S: Simd, const ROWS: usize>(simd: S, of: &LowRank, rows: &[f32], into: &mut [f32]) {
    let (inputs, outputs) = (of.inputs(), of.outputs());
    assert!(rows.len() == ROWS * inputs && into.len() == ROWS * outputs);
    let mut factors = [[0.0; ROWS]; MOST];
    for (factors, down) in factors.iter_mut().zip(of.down.chunks_exact(inputs)) {
        let mut sums = [simd.splat(0.0); ROWS];
        for (at, down) in down.as_chunks::<LANES>().0.iter().enumerate() {
            // SAFETY: there are sixteen in each part of a row, and each row has as many parts.
            unsafe {
                let down = simd.floats(down.as_ptr());
                for (row, sum) in sums.iter_mut().enumerate() {
                    *sum = simd.mul_add(simd.floats(rows.as_ptr().add(row * inputs + at * LANES)), down, *sum);
                }
            }
        }
        *factors = sums.map(|sum| simd.sum(sum));
    }
    for at in (0..outputs).step_by(LANES) {
        // SAFETY: rows of outputs are whole parts of sixteen, and there are so many of them.
        unsafe {
            let mut sums: [S::Floats; ROWS] =
                std::array::from_fn(|row| simd.floats(into.as_ptr().add(row * outputs + at)));
            for (factors, up) in factors.iter().zip(of.up.chunks_exact(outputs)) {
                let up = simd.floats(up.as_ptr().add(at));
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = simd.mul_add(simd.splat(*factor), up, *sum);
                }
            }
            for (row, sum) in sums.into_iter().enumerate() {
                simd.store(into.as_mut_ptr().add(row * outputs + at), sum);
            }
        }
    }
}
