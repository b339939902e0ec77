//! Rows of activations times quantized matrices.

use std::marker::PhantomData;

use super::Kernels;
use super::activation::{Activations, Quantized};
use super::format::{Block, ROWS, quads, with_block};
use super::matrix::Matrix;
use super::pool::Disjoint;
use super::simd::{Simd, Work};

/// A matrix and where its product goes: for each row of activations one number for each row of the matrix.
pub struct Product<'a> {
    /// What the activations are multiplied with.
    pub matrix: &'a Matrix,
    /// As many numbers as rows of activations times rows of the matrix.
    pub into: &'a mut [f32],
}

/// Rows of activations that are multiplied in one pass over a group's weights.
const TILE: usize = 8;

impl Kernels {
    /// Computes several products of the same activations, together so that no thread waits between them.
    pub fn multiply(&self, activations: &Activations, products: &mut [Product<'_>]) {
        let rows = activations.rows();
        let targets: Vec<Target<'_>> = products
            .iter_mut()
            .map(|product| {
                let Product { matrix, into } = product;
                assert_eq!(into.len(), rows * matrix.rows(), "there is a number for each row of each");
                Target { matrix, values: activations.for_matrix(matrix), into: Disjoint::new(into) }
            })
            .collect();
        let groups: usize = targets.iter().map(|target| target.matrix.groups()).sum();
        // Enough tasks that the threads end together, and not so many that they fight over the counter.
        let size = (groups / (16 * self.threads())).clamp(1, 16);
        self.pool.run_ranges(groups, size, &|range| {
            for group in range {
                let (target, group) = locate(&targets, group);
                let task = Task { target, group, rows };
                with_block!(target.matrix.format(), B => self.level.run(Multiply::<B>(task, PhantomData)));
            }
        });
    }
}

struct Target<'a> {
    matrix: &'a Matrix,
    values: &'a Quantized,
    into: Disjoint<'a, f32>,
}

/// Which target a group belongs to, counted over all of them, and which of its groups it is.
fn locate<'t, 'a>(targets: &'t [Target<'a>], mut group: usize) -> (&'t Target<'a>, usize) {
    for target in targets {
        if group < target.matrix.groups() {
            return (target, group);
        }
        group -= target.matrix.groups();
    }
    unreachable!("groups are counted over these targets")
}

/// One group of the matrix times all rows of activations.
struct Task<'t, 'a> {
    target: &'t Target<'a>,
    group: usize,
    rows: usize,
}

/// A task for a matrix of one format.
struct Multiply<'t, 'a, B>(Task<'t, 'a>, PhantomData<B>);

impl<B: Block> Work for Multiply<'_, '_, B> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Task { target, group, rows } = self.0;
        let mut row = 0;
        while row < rows {
            row += match rows - row {
                TILE.. => multiply_tile::<S, B, TILE>(simd, target, group, row),
                4.. => multiply_tile::<S, B, 4>(simd, target, group, row),
                2.. => multiply_tile::<S, B, 2>(simd, target, group, row),
                _ => multiply_tile::<S, B, 1>(simd, target, group, row),
            };
        }
    }
}

/// One group of the matrix times `COUNT` rows of activations; gives `COUNT`.
#[inline(always)]
fn multiply_tile<S: Simd, B: Block, const COUNT: usize>(
    simd: S,
    target: &Target<'_>,
    group: usize,
    first: usize,
) -> usize {
    let Target { matrix, values, into } = target;
    let weights = matrix.group(group);
    let blocks = matrix.width() / B::VALUES;
    assert!(weights.len() == blocks * B::BYTES && values.width == matrix.width() && values.block == B::VALUES);
    let sums = if B::PART == 16 { &values.sums_of_16 } else { &values.sums_of_32 };
    let columns: [Column<'_>; COUNT] = std::array::from_fn(|at| Column::new(values, sums, first + at, B::PART));
    let mut totals = [simd.splat(0.0); COUNT];
    for block in 0..blocks {
        let mut subtotals = [simd.splat(0.0); COUNT];
        // SAFETY: the assertion says that the group has so many blocks, and `Column::new` that every row of activations
        // has as many values, scales and sums.
        unsafe {
            let start = weights.as_ptr().add(block * B::BYTES);
            for part in 0..B::PARTS {
                let (scale, minimum) = B::factors(simd, start, part);
                let quads = start.add(B::HEADER + part * B::PART_BYTES);
                if first == 0 {
                    prefetch(simd, quads, B::BYTES / B::PARTS);
                }
                let at = block * B::PARTS + part;
                let dots = multiply_part::<S, B, COUNT>(simd, quads, &columns, at * B::PART);
                for column in 0..COUNT {
                    let sum = simd.splat(*columns[column].sums.get_unchecked(at));
                    let subtotal = simd.mul_add(simd.floats_of(dots[column]), scale, subtotals[column]);
                    subtotals[column] = simd.sub_mul(minimum, sum, subtotal);
                }
            }
            for column in 0..COUNT {
                let scale = simd.splat(*columns[column].scales.get_unchecked(block));
                totals[column] = simd.mul_add(subtotals[column], scale, totals[column]);
            }
        }
    }
    let height = matrix.rows();
    let wanted = ROWS.min(height - group * ROWS);
    for (column, total) in totals.into_iter().enumerate() {
        let mut lanes = [0.0; ROWS];
        let start = (first + column) * height + group * ROWS;
        // SAFETY: there is room for sixteen; and each group of each row is given to one call.
        unsafe {
            simd.store(lanes.as_mut_ptr(), total);
            into.part(start..start + wanted).copy_from_slice(&lanes[..wanted]);
        }
    }
    COUNT
}

/// How far ahead of the weights at hand others are fetched: with several rows to multiply, the processor's own guess
/// comes too late. `cargo bench --bench parts` shows what it brings, in its last two lines.
const AHEAD: usize = 4096;

/// Has `bytes` of weights fetched that come up later; those of the next group follow those of this one.
#[inline(always)]
fn prefetch<S: Simd>(simd: S, from: *const u8, bytes: usize) {
    for line in 0..bytes.div_ceil(64) {
        simd.prefetch(from.wrapping_add(AHEAD + 64 * line));
    }
}

/// One row of activations.
#[derive(Clone, Copy)]
struct Column<'a> {
    values: &'a [i8],
    scales: &'a [f32],
    sums: &'a [f32],
}

impl<'a> Column<'a> {
    fn new(quantized: &'a Quantized, sums: &'a [f32], row: usize, part: usize) -> Self {
        let row_of = |size: usize| row * quantized.width / size..(row + 1) * quantized.width / size;
        Column {
            values: &quantized.values[row_of(1)],
            scales: &quantized.scales[row_of(quantized.block)],
            sums: &sums[row_of(part)],
        }
    }
}

/// The dot products of one part of sixteen rows with the values from `from` on of each column.
///
/// # Safety
///
/// A part of `B` can be read at `part`, and as many values of each column from `from` on.
#[inline(always)]
unsafe fn multiply_part<S: Simd, B: Block, const COUNT: usize>(
    simd: S,
    part: *const u8,
    columns: &[Column<'_>; COUNT],
    from: usize,
) -> [S::Ints; COUNT] {
    let mut sums = [simd.no_ints(); COUNT];
    // SAFETY: a part of 16 values has two pairs of quads, one of 32 has four.
    unsafe {
        multiply_pair::<S, B, COUNT, 0>(simd, part, columns, from, &mut sums);
        multiply_pair::<S, B, COUNT, 1>(simd, part, columns, from, &mut sums);
        if B::PART == 32 {
            multiply_pair::<S, B, COUNT, 2>(simd, part, columns, from, &mut sums);
            multiply_pair::<S, B, COUNT, 3>(simd, part, columns, from, &mut sums);
        }
    }
    sums
}

/// # Safety
///
/// As [`multiply_part`], and the part has this pair of quads.
#[inline(always)]
unsafe fn multiply_pair<S: Simd, B: Block, const COUNT: usize, const PAIR: usize>(
    simd: S,
    part: *const u8,
    columns: &[Column<'_>; COUNT],
    from: usize,
    sums: &mut [S::Ints; COUNT],
) {
    // SAFETY: the caller answers for the part and the values; an array of bytes needs no alignment.
    unsafe {
        let (one, other) = quads::<S, B, PAIR>(simd, part);
        for column in 0..COUNT {
            let values = columns[column].values.as_ptr().add(from + 8 * PAIR);
            let (low, high) = (values.cast::<[i8; 4]>().read(), values.add(4).cast::<[i8; 4]>().read());
            if B::BITS == 8 {
                sums[column] = simd.dot_whole(simd.dot_whole(sums[column], one, low), other, high);
            } else {
                sums[column] = simd.dot(simd.dot(sums[column], one, low), other, high);
            }
        }
    }
}
