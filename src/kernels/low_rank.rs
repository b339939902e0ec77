//! Low-rank updates of matrices (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021), added to the
//! products of the rows that they are for: other rows share the matrix without them.

use super::Kernels;
use super::pool::Disjoint;
use super::simd::{Simd, Work};

/// The highest rank.
const MOST: usize = 64;
/// Rows that are worth a task of their own.
const ROWS_AT_ONCE: usize = 2;
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
    /// Of rank 1 to 64: `down` holds `rank` rows of inputs, `up` as many of outputs, their lengths multiples of 16. Nothing
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
        self.pool.run_ranges(count * targets.len(), ROWS_AT_ONCE, &|range| {
            for task in range {
                let (of, into) = &targets[task / count];
                let row = task % count;
                // SAFETY: each row of each update is given to one call.
                let into = unsafe { into.part(row * of.outputs()..(row + 1) * of.outputs()) };
                self.level.run(Row { of, row: &rows[row * of.inputs()..(row + 1) * of.inputs()], into });
            }
        });
    }
}

/// One row, and what one update adds to its products.
struct Row<'a> {
    of: &'a LowRank,
    row: &'a [f32],
    into: &'a mut [f32],
}

impl Work for Row<'_> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Row { of, row, into } = self;
        let mut factors = [0.0; MOST];
        for (factor, down) in factors.iter_mut().zip(of.down.chunks_exact(of.inputs())) {
            *factor = dot(simd, row, down);
        }
        let outputs = into.len();
        for (at, into) in into.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            // SAFETY: there are sixteen.
            let mut sum = unsafe { simd.floats(into.as_ptr()) };
            for (factor, up) in factors.iter().zip(of.up.chunks_exact(outputs)) {
                // SAFETY: a row of outputs is as long as what it is added to, of which this is a part.
                let up = unsafe { simd.floats(up.as_ptr().add(at * LANES)) };
                sum = simd.mul_add(simd.splat(*factor), up, sum);
            }
            // SAFETY: as above.
            unsafe { simd.store(into.as_mut_ptr(), sum) };
        }
    }
}

#[inline(always)]
fn dot<S: Simd>(simd: S, one: &[f32], other: &[f32]) -> f32 {
    // Two sums side by side: each addition waits for the one before it.
    let mut sums = [simd.splat(0.0); 2];
    let pairs = one.as_chunks::<LANES>().0.iter().zip(other.as_chunks::<LANES>().0);
    for (at, (one, other)) in pairs.enumerate() {
        // SAFETY: there are sixteen of each.
        let (one, other) = unsafe { (simd.floats(one.as_ptr()), simd.floats(other.as_ptr())) };
        sums[at % 2] = simd.mul_add(one, other, sums[at % 2]);
    }
    simd.sum(simd.add(sums[0], sums[1]))
}
