//! Rows of activations times quantized matrices.

mod unpacked;

use std::marker::PhantomData;

use super::Kernels;
use super::activation::{Activations, Quantized, Tile, part_around_middle};
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
        if S::FEW_REGISTERS && rows >= MANY {
            return unpacked::multiply::<S, B>(simd, target, group, rows);
        }
        for tile in Tile::of(rows) {
            match tile.rows {
                8 => multiply_tile::<S, B, 8>(simd, target, group, tile.first),
                4 => multiply_tile::<S, B, 4>(simd, target, group, tile.first),
                2 => multiply_tile::<S, B, 2>(simd, target, group, tile.first),
                _ => multiply_tile::<S, B, 1>(simd, target, group, tile.first),
            }
        }
    }
}

/// One group of the matrix times the `COUNT` rows of activations of a tile.
#[inline(always)]
fn multiply_tile<S: Simd, B: Block, const COUNT: usize>(simd: S, target: &Target<'_>, group: usize, first: usize) {
    let Target { matrix, values, into } = target;
    let weights = matrix.group(group);
    let blocks = matrix.width() / B::VALUES;
    assert!(weights.len() == blocks * B::BYTES && values.width == matrix.width() && values.block == B::VALUES);
    let columns = Columns::<COUNT>::new::<B>(values, first);
    let mut totals = [simd.splat(0.0); COUNT];
    for block in 0..blocks {
        let mut subtotals = [simd.splat(0.0); COUNT];
        // SAFETY: the assertion says that the group has so many blocks, and `Columns::new` that every row of activations
        // has as many values, scales and sums.
        unsafe {
            let start = weights.as_ptr().add(block * B::BYTES);
            for part in 0..B::PARTS {
                let scale = B::scale(simd, start, part);
                let quads = start.add(B::HEADER + part * B::PART_BYTES);
                if first == 0 {
                    prefetch(simd, quads, B::BYTES / B::PARTS);
                }
                let at = COUNT * (block * B::PARTS + part);
                let before = std::array::from_fn(|column| columns.before::<S, B>(simd, at + column));
                let dots = multiply_part::<S, B, COUNT>(simd, quads, columns.values.as_ptr().add(at * B::PART), before);
                for column in 0..COUNT {
                    subtotals[column] = simd.mul_add(simd.floats_of(dots[column]), scale, subtotals[column]);
                }
                if !B::IS_CENTRED {
                    let minimum = B::minimum(simd, start, part);
                    for (column, subtotal) in subtotals.iter_mut().enumerate() {
                        let sum = simd.splat(*columns.sums.get_unchecked(at + column));
                        *subtotal = simd.sub_mul(minimum, sum, *subtotal);
                    }
                }
            }
            for column in 0..COUNT {
                let scale = simd.splat(*columns.scales.get_unchecked(COUNT * block + column));
                totals[column] = simd.mul_add(subtotals[column], scale, totals[column]);
            }
        }
    }
    for (column, total) in totals.into_iter().enumerate() {
        let mut lanes = [0.0; ROWS];
        // SAFETY: there is room for sixteen; and each group of each row is given to one call.
        unsafe {
            simd.store(lanes.as_mut_ptr(), total);
            write(into, matrix.rows(), first + column, group, &lanes);
        }
    }
}

/// Writes what a group of a matrix of `height` rows comes to with one row of activations.
///
/// # Safety
///
/// Nobody else writes or reads it.
#[inline(always)]
unsafe fn write(into: &Disjoint<'_, f32>, height: usize, row: usize, group: usize, lanes: &[f32; ROWS]) {
    let wanted = ROWS.min(height - group * ROWS);
    let start = row * height + group * ROWS;
    // SAFETY: the caller answers for it.
    let place = unsafe { into.part(start..start + wanted) };
    // Of a known length, the copy is two instructions and no call.
    match place.as_chunks_mut::<ROWS>() {
        ([whole], _) => *whole = *lanes,
        _ => place.copy_from_slice(&lanes[..wanted]),
    }
}

/// From how many rows on weights are unpacked once for all of them, where registers are few. With fewer rows, unpacking
/// them again for every four columns costs less than to write them down and read them back.
const MANY: usize = 32;

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

/// The rows of activations of a tile, side by side.
struct Columns<'a, const COUNT: usize> {
    values: &'a [i8],
    scales: &'a [f32],
    /// Of the values of each part, where weights have minimums; ...
    sums: &'a [f32],
    /// ... and where they lie around a middle.
    negated: &'a [i32],
}

impl<'a, const COUNT: usize> Columns<'a, COUNT> {
    fn new<B: Block>(quantized: &'a Quantized, first: usize) -> Self {
        let values = first * quantized.width..(first + COUNT) * quantized.width;
        let part = |size: usize| values.start / size..values.end / size;
        if B::IS_CENTRED {
            assert_eq!(part_around_middle(B::VALUES), B::PART, "each part has its sum");
        }
        Columns {
            scales: &quantized.scales[part(B::VALUES)],
            sums: if B::IS_CENTRED { &[] } else { &quantized.sums[part(B::PART)] },
            negated: if B::IS_CENTRED { &quantized.negated[part(B::PART)] } else { &[] },
            values: &quantized.values[values],
        }
    }

    /// What the dot products of a part begin with: less than nothing by as much as weights around a middle are too
    /// large.
    ///
    /// # Safety
    ///
    /// There is such a part of such a column.
    #[inline(always)]
    unsafe fn before<S: Simd, B: Block>(&self, simd: S, at: usize) -> S::Ints {
        if !B::IS_CENTRED || B::BITS == 8 && S::SIGNED_BYTES {
            return simd.no_ints();
        }
        // SAFETY: the caller answers for the place.
        let sum = unsafe { *self.negated.get_unchecked(at) };
        match B::BITS {
            4 => simd.shifted::<3>(sum),
            5 => simd.shifted::<4>(sum),
            6 => simd.shifted::<5>(sum),
            _ => simd.shifted::<7>(sum),
        }
    }
}

/// Adds the dot products of one part of sixteen rows with the values of each column.
///
/// # Safety
///
/// A part of `B` can be read at `part`, and as many values of each column at `values`.
#[inline(always)]
unsafe fn multiply_part<S: Simd, B: Block, const COUNT: usize>(
    simd: S,
    part: *const u8,
    values: *const i8,
    mut sums: [S::Ints; COUNT],
) -> [S::Ints; COUNT] {
    let values = values.cast::<[i8; 4]>();
    // SAFETY: the caller answers for the part and the values, of which each column has four after the other's.
    unsafe {
        // More columns at once than there are registers for would go through memory; weights are unpacked twice instead.
        // Of six bits they are the dearest to unpack, and their products go to memory anyway after every second quad.
        if S::FEW_REGISTERS && COUNT == 8 && B::BITS != 6 {
            let (first, second) = sums.split_at_mut(4);
            multiply_columns::<S, B, COUNT, 4>(simd, part, values, first);
            multiply_columns::<S, B, COUNT, 4>(simd, part, values.add(4), second);
        } else {
            multiply_columns::<S, B, COUNT, COUNT>(simd, part, values, &mut sums);
        }
    }
    sums
}

/// The same for `SOME` of `COUNT` columns, which begin at `values`.
///
/// # Safety
///
/// As [`multiply_part`].
#[inline(always)]
unsafe fn multiply_columns<S: Simd, B: Block, const COUNT: usize, const SOME: usize>(
    simd: S,
    part: *const u8,
    values: *const [i8; 4],
    sums: &mut [S::Ints],
) {
    assert_eq!(sums.len(), SOME);
    // SAFETY: a part of 16 values has two pairs of quads, one of 32 has four.
    unsafe {
        if B::BITS == 8 {
            multiply_whole::<S, B, COUNT, SOME, 0>(simd, part, values, sums);
            multiply_whole::<S, B, COUNT, SOME, 1>(simd, part, values, sums);
            multiply_whole::<S, B, COUNT, SOME, 2>(simd, part, values, sums);
            multiply_whole::<S, B, COUNT, SOME, 3>(simd, part, values, sums);
            return;
        }
        let mut products: [S::Products; SOME] = std::array::from_fn(|column| simd.products(sums[column]));
        multiply_pair::<S, B, COUNT, SOME, 0>(simd, part, values, &mut products);
        settle::<S, B, SOME, 0>(simd, &mut products, sums);
        multiply_pair::<S, B, COUNT, SOME, 1>(simd, part, values, &mut products);
        settle::<S, B, SOME, 1>(simd, &mut products, sums);
        if B::PART == 32 {
            multiply_pair::<S, B, COUNT, SOME, 2>(simd, part, values, &mut products);
            settle::<S, B, SOME, 2>(simd, &mut products, sums);
            multiply_pair::<S, B, COUNT, SOME, 3>(simd, part, values, &mut products);
            settle::<S, B, SOME, 3>(simd, &mut products, sums);
        }
    }
}

/// # Safety
///
/// As [`multiply_part`], and the part has this pair of quads.
#[inline(always)]
unsafe fn multiply_pair<S: Simd, B: Block, const COUNT: usize, const SOME: usize, const PAIR: usize>(
    simd: S,
    part: *const u8,
    values: *const [i8; 4],
    products: &mut [S::Products; SOME],
) {
    // SAFETY: the caller answers for the part and the values; an array of bytes needs no alignment.
    unsafe {
        let (one, other) = quads::<S, B, PAIR>(simd, part);
        let values = values.add(2 * PAIR * COUNT);
        for (column, product) in products.iter_mut().enumerate() {
            let (low, high) = (values.add(column).read(), values.add(COUNT + column).read());
            *product = simd.dot(simd.dot(*product, one, low), other, high);
        }
    }
}

/// The same for weights of eight bits.
///
/// # Safety
///
/// As [`multiply_pair`].
#[inline(always)]
unsafe fn multiply_whole<S: Simd, B: Block, const COUNT: usize, const SOME: usize, const PAIR: usize>(
    simd: S,
    part: *const u8,
    values: *const [i8; 4],
    sums: &mut [S::Ints],
) {
    // SAFETY: as above.
    unsafe {
        let (one, other) = quads::<S, B, PAIR>(simd, part);
        let values = values.add(2 * PAIR * COUNT);
        for (column, sum) in sums.iter_mut().enumerate().take(SOME) {
            let (low, high) = (values.add(column).read(), values.add(COUNT + column).read());
            *sum = simd.dot_whole(simd.dot_whole(*sum, one, low), other, high);
        }
    }
}

/// Of how many quads the products fit into 16 bits, two of each in one sum: of eight with four bits, as
/// 8 · 2 · 15 · 127 = 30,480, of four with five bits, of two with six bits.
const fn room<B: Block>() -> usize {
    match B::BITS {
        4 => 8,
        5 => 4,
        _ => 2,
    }
}

/// Adds the products to the sums after the last pair, and where they could grow no further.
#[inline(always)]
fn settle<S: Simd, B: Block, const SOME: usize, const PAIR: usize>(
    simd: S,
    products: &mut [S::Products; SOME],
    sums: &mut [S::Ints],
) {
    let quads = 2 * (PAIR + 1);
    let is_last = quads == B::PART / 4;
    if is_last || quads.is_multiple_of(room::<B>()) && S::PRODUCTS_ARE_SHORT {
        for (product, sum) in products.iter_mut().zip(sums) {
            *sum = simd.settled(*sum, *product);
            *product = simd.products(*sum);
        }
    }
}
