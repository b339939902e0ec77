//! Products of many rows: a few blocks of the weights are taken apart once for all of them, and lie beside the processor.
//!
//! For processors with few registers, which else unpack them again for every four rows of activations. What comes out is
//! the same to the last bit as tile by tile.

use std::mem::MaybeUninit;

use super::{Columns, Target};
use crate::activation::{TILE, Tile};
use crate::format::{Block, LARGEST_BLOCK, ROWS, quads};
use crate::simd::Simd;

/// Rows that are multiplied with the same unpacked weights: their sums lie beside those, in 8 KB.
const MOST: usize = 16 * TILE;

/// Columns at once: each takes two of sixteen registers.
const AT_ONCE: usize = 4;

/// Blocks of sixteen rows, as far as they hold 256 values a row: a byte for each value, quad by quad, and the factors of
/// each part. Clearing them for each group of a small matrix would take a fiftieth of the time of its products.
#[repr(align(64))]
struct Unpacked {
    values: [MaybeUninit<u8>; LARGEST_BLOCK * ROWS],
    scales: [MaybeUninit<f32>; FACTORS],
    minimums: [MaybeUninit<f32>; FACTORS],
}

/// A factor for each part of sixteen rows.
const FACTORS: usize = LARGEST_BLOCK / SMALLEST_PART * ROWS;

/// Values of the smallest part of any format.
const SMALLEST_PART: usize = 16;

impl Unpacked {
    const fn new() -> Self {
        Unpacked {
            values: [const { MaybeUninit::uninit() }; LARGEST_BLOCK * ROWS],
            scales: [const { MaybeUninit::uninit() }; FACTORS],
            minimums: [const { MaybeUninit::uninit() }; FACTORS],
        }
    }

    /// Takes `blocks` blocks apart.
    ///
    /// # Safety
    ///
    /// So many blocks of `B` can be read at `from`, and they have no more than 256 values a row.
    #[inline(always)]
    unsafe fn fill<S: Simd, B: Block>(&mut self, simd: S, from: *const u8, blocks: usize) {
        let quads_of_part = B::PART / 4;
        for part in 0..blocks * B::PARTS {
            // SAFETY: the caller answers for the blocks; each part has its place, as 256 values have.
            unsafe {
                let (start, part_of_block) = (from.add(part / B::PARTS * B::BYTES), part % B::PARTS);
                let scale = B::scale(simd, start, part_of_block);
                simd.store(self.scales.as_mut_ptr().cast::<f32>().add(part * ROWS), scale);
                if !B::IS_CENTRED {
                    let minimum = B::minimum(simd, start, part_of_block);
                    simd.store(self.minimums.as_mut_ptr().cast::<f32>().add(part * ROWS), minimum);
                }
                let packed = start.add(B::HEADER + part_of_block * B::PART_BYTES);
                let into = self.values.as_mut_ptr().cast::<u8>().add(part * quads_of_part * QUAD);
                unpack_pair::<S, B, 0>(simd, packed, into);
                unpack_pair::<S, B, 1>(simd, packed, into);
                if B::PART == 32 {
                    unpack_pair::<S, B, 2>(simd, packed, into);
                    unpack_pair::<S, B, 3>(simd, packed, into);
                }
            }
        }
    }
}

/// Bytes of four values of sixteen rows.
const QUAD: usize = 4 * ROWS;

/// # Safety
///
/// A part of `B` can be read at `part`, which has this pair of quads, and its values be written at `into`.
#[inline(always)]
unsafe fn unpack_pair<S: Simd, B: Block, const PAIR: usize>(simd: S, part: *const u8, into: *mut u8) {
    // SAFETY: the caller answers for both.
    unsafe {
        let (one, other) = quads::<S, B, PAIR>(simd, part);
        simd.store_bytes(into.add(2 * PAIR * QUAD), one);
        simd.store_bytes(into.add((2 * PAIR + 1) * QUAD), other);
    }
}

/// One group of the matrix times all rows of activations.
#[inline(always)]
pub(super) fn multiply<S: Simd, B: Block>(simd: S, target: &Target<'_>, group: usize, rows: usize) {
    let Target { matrix, into, .. } = target;
    for first in (0..rows).step_by(MOST) {
        let mut totals = [const { MaybeUninit::<[f32; ROWS]>::uninit() }; MOST];
        let totals = &mut totals[..MOST.min(rows - first)];
        for total in &mut *totals {
            total.write([0.0; ROWS]);
        }
        // SAFETY: each of them was just written.
        let totals = unsafe { totals.assume_init_mut() };
        add_products::<S, B>(simd, target, group, first, totals);
        for (row, total) in totals.iter().enumerate() {
            // SAFETY: each group of each row is given to one call.
            unsafe { super::write(into, matrix.rows(), first + row, group, total) };
        }
    }
}

/// Adds the products of a group with as many rows as there are totals, the first of which begins a tile.
#[inline(always)]
fn add_products<S: Simd, B: Block>(
    simd: S,
    target: &Target<'_>,
    group: usize,
    first: usize,
    totals: &mut [[f32; ROWS]],
) {
    let Target { matrix, values, .. } = target;
    let weights = matrix.group(group);
    let blocks = matrix.width() / B::VALUES;
    assert!(weights.len() == blocks * B::BYTES && values.width == matrix.width() && values.block == B::VALUES);
    let mut unpacked = Unpacked::new();
    let together = LARGEST_BLOCK / B::VALUES;
    for block in (0..blocks).step_by(together) {
        let count = together.min(blocks - block);
        // SAFETY: the assertion says that the group has these blocks.
        unsafe { unpacked.fill::<S, B>(simd, weights.as_ptr().add(block * B::BYTES), count) };
        let span = Span { unpacked: &unpacked, block, count };
        for Tile { first: at, rows } in Tile::of(totals.len()) {
            let totals = &mut totals[at..at + rows];
            match rows {
                8 => {
                    let columns = Columns::<8>::new::<B>(values, first + at);
                    let (left, right) = totals.split_at_mut(AT_ONCE);
                    span.multiply::<S, B, 8, AT_ONCE>(simd, &columns, 0, left);
                    span.multiply::<S, B, 8, AT_ONCE>(simd, &columns, AT_ONCE, right);
                }
                4 => span.multiply::<S, B, 4, 4>(simd, &Columns::new::<B>(values, first + at), 0, totals),
                2 => span.multiply::<S, B, 2, 2>(simd, &Columns::new::<B>(values, first + at), 0, totals),
                _ => span.multiply::<S, B, 1, 1>(simd, &Columns::new::<B>(values, first + at), 0, totals),
            }
        }
    }
}

/// Unpacked blocks of a group.
struct Span<'a> {
    unpacked: &'a Unpacked,
    /// The number of the first of them.
    block: usize,
    count: usize,
}

impl Span<'_> {
    /// Adds the products with `SOME` of `COUNT` columns, from number `from` on, to their totals. The columns have these
    /// blocks.
    #[inline(always)]
    fn multiply<S: Simd, B: Block, const COUNT: usize, const SOME: usize>(
        &self,
        simd: S,
        columns: &Columns<'_, COUNT>,
        from: usize,
        totals: &mut [[f32; ROWS]],
    ) {
        let of_columns = columns.values.len() / (COUNT * B::VALUES);
        assert!(totals.len() == SOME && from + SOME <= COUNT && self.block + self.count <= of_columns);
        // SAFETY: the assertion says that there are such columns, blocks and totals, and what lies in the blocks was
        // unpacked.
        unsafe {
            let mut sums: [S::Floats; SOME] = std::array::from_fn(|column| simd.floats(totals[column].as_ptr()));
            for block in 0..self.count {
                let mut subtotals = [simd.splat(0.0); SOME];
                for part in 0..B::PARTS {
                    let of_span = block * B::PARTS + part;
                    let of_row = self.block * B::PARTS + of_span;
                    let at = COUNT * of_row + from;
                    let weights = self.unpacked.values.as_ptr().cast::<u8>().add(of_span * B::PART * ROWS);
                    let values = columns.values.as_ptr().add(COUNT * of_row * B::PART).cast::<[i8; 4]>().add(from);
                    let before = std::array::from_fn(|column| columns.before::<S, B>(simd, at + column));
                    let dots = multiply_part::<S, B, COUNT, SOME>(simd, weights, values, before);
                    let scale = simd.floats(self.unpacked.scales.as_ptr().cast::<f32>().add(of_span * ROWS));
                    for (subtotal, dot) in subtotals.iter_mut().zip(dots) {
                        *subtotal = simd.mul_add(simd.floats_of(dot), scale, *subtotal);
                    }
                    if !B::IS_CENTRED {
                        let minimum = simd.floats(self.unpacked.minimums.as_ptr().cast::<f32>().add(of_span * ROWS));
                        for (column, subtotal) in subtotals.iter_mut().enumerate() {
                            let sum = simd.splat(*columns.sums.get_unchecked(at + column));
                            *subtotal = simd.sub_mul(minimum, sum, *subtotal);
                        }
                    }
                }
                for (column, (sum, subtotal)) in sums.iter_mut().zip(subtotals).enumerate() {
                    let scale = *columns.scales.get_unchecked(COUNT * (self.block + block) + from + column);
                    *sum = simd.mul_add(subtotal, simd.splat(scale), *sum);
                }
            }
            for (sum, total) in sums.into_iter().zip(totals) {
                simd.store(total.as_mut_ptr(), sum);
            }
        }
    }
}

/// The dot products of one unpacked part with the values of `SOME` of `COUNT` columns.
///
/// # Safety
///
/// A part of `B` can be read at `weights`, and as many values of each column at `values`.
#[inline(always)]
unsafe fn multiply_part<S: Simd, B: Block, const COUNT: usize, const SOME: usize>(
    simd: S,
    weights: *const u8,
    values: *const [i8; 4],
    mut sums: [S::Ints; SOME],
) -> [S::Ints; SOME] {
    let mut products: [S::Products; SOME] = std::array::from_fn(|column| simd.products(sums[column]));
    for quad in 0..B::PART / 4 {
        // SAFETY: the caller answers for the part and the values.
        unsafe {
            let weights = simd.bytes(weights.add(quad * QUAD));
            for column in 0..SOME {
                let four = values.add(quad * COUNT + column).read();
                if B::BITS == 8 {
                    sums[column] = simd.dot_whole(sums[column], weights, four);
                } else {
                    products[column] = simd.dot(products[column], weights, four);
                }
            }
        }
        if B::BITS != 8 && (quad + 1 == B::PART / 4 || (quad + 1).is_multiple_of(super::room::<B>())) {
            for column in 0..SOME {
                sums[column] = simd.settled(sums[column], products[column]);
                products[column] = simd.products(sums[column]);
            }
        }
    }
    sums
}
