//! Rows of `f32`, quantized to eight bits for a product with a quantized matrix.
//!
//! Blocks of 256 take their scale from the largest value and its sign, blocks of 32 from the largest magnitude, as
//! `Q8_K` and `Q8_0` do in `ggml-quants`.

use super::Kernels;
use super::format::LARGEST_BLOCK;
use super::matrix::Matrix;
use super::pool::Disjoint;
use super::simd::{Simd, Work};

/// Values of a row that share a minimum.
const SUM: usize = 32;

/// Values of a row that share a scale, in blocks of `block` around a middle.
pub(super) const fn part_around_middle(block: usize) -> usize {
    if block == LARGEST_BLOCK { 16 } else { 32 }
}

/// Rows that are multiplied in one pass over a group's weights.
pub(super) const TILE: usize = 8;

/// So many numbers are worth waking somebody for.
const WORTH_WAKING: usize = 8192;

/// Rows of one length, ready to be multiplied. Its buffers are used again.
#[derive(Default)]
pub struct Activations {
    rows: usize,
    width: usize,
    wide: Quantized,
    narrow: Quantized,
}

/// Rows in blocks of one size. The rows of a tile stand side by side: four values of each row, then the next four of
/// each, and so the scales and the sums. What a kernel reads next lies next, whatever the number of rows.
#[derive(Default)]
pub(super) struct Quantized {
    pub(super) block: usize,
    pub(super) width: usize,
    /// Tile by tile.
    pub(super) values: Vec<i8>,
    /// One for each block of each row.
    pub(super) scales: Vec<f32>,
    /// The sum of each 32 values of each row, for weights above a minimum.
    pub(super) sums: Vec<f32>,
    /// The sum of each part's values of each row, negated, for weights around a middle.
    pub(super) negated: Vec<i32>,
}

/// Neighbouring rows that are multiplied together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) first: usize,
    /// 8, or at the end 4, 2 or 1: kernels are compiled for these.
    pub(super) rows: usize,
}

impl Tile {
    /// The tiles of so many rows.
    pub(super) fn of(rows: usize) -> impl Iterator<Item = Tile> {
        (0..Tile::count(rows)).map(move |index| Tile::at(rows, index))
    }

    /// How many tiles so many rows have: the rest after the whole ones has one for each bit.
    fn count(rows: usize) -> usize {
        rows / TILE + (rows % TILE).count_ones() as usize
    }

    fn at(rows: usize, index: usize) -> Tile {
        let whole = rows / TILE;
        if index < whole {
            return Tile { first: index * TILE, rows: TILE };
        }
        let tile = |first: usize| Tile { first, rows: 1 << (rows - first).ilog2() };
        (whole..index).fold(tile(whole * TILE), |last, _| tile(last.first + last.rows))
    }
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
        into.sums.resize(numbers.len() / SUM, 0.0);
        into.negated.resize(numbers.len() / part_around_middle(block), 0);
        let values = Disjoint::new(&mut into.values);
        let scales = Disjoint::new(&mut into.scales);
        let sums = Disjoint::new(&mut into.sums);
        let negated = Disjoint::new(&mut into.negated);
        let (rows, blocks) = (numbers.len() / width, width / block);
        // A task is a block of all rows of a tile, or several: what it writes lies together.
        let tasks = Tile::count(rows) * blocks;
        let least = WORTH_WAKING / (block * rows.clamp(1, TILE));
        self.pool.run_ranges(tasks, tasks.div_ceil(8).max(least), &|range| {
            for task in range {
                let (tile, at) = (Tile::at(rows, task / blocks), task % blocks);
                let start = tile.first * width + at * block * tile.rows;
                let written = start..start + block * tile.rows;
                let part = |size: usize| written.start / size..written.end / size;
                // SAFETY: each block of each tile is given to one call, and every slice is cut by those.
                let work = unsafe {
                    BlockOfTile {
                        numbers,
                        first: tile.first * width + at * block,
                        width,
                        block,
                        rows: tile.rows,
                        values: values.part(written.clone()),
                        scales: scales.part(part(block)),
                        sums: sums.part(part(SUM)),
                        negated: negated.part(part(part_around_middle(block))),
                    }
                };
                self.level.run(work);
            }
        });
    }
}

/// A block of each row of a tile, and where what it becomes goes.
struct BlockOfTile<'a> {
    numbers: &'a [f32],
    /// Where the block of the tile's first row begins in the numbers, ...
    first: usize,
    /// ... and how far from there that of the next row does.
    width: usize,
    block: usize,
    rows: usize,
    values: &'a mut [i8],
    scales: &'a mut [f32],
    sums: &'a mut [f32],
    negated: &'a mut [i32],
}

impl Work for BlockOfTile<'_> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.block == LARGEST_BLOCK {
            self.of_block::<S, LARGEST_BLOCK>(simd)
        } else {
            self.of_block::<S, SUM>(simd)
        }
    }
}

impl BlockOfTile<'_> {
    #[inline(always)]
    fn of_block<S: Simd, const BLOCK: usize>(self, simd: S) {
        match self.rows {
            8 => self.quantize::<S, BLOCK, 8>(simd),
            4 => self.quantize::<S, BLOCK, 4>(simd),
            2 => self.quantize::<S, BLOCK, 2>(simd),
            _ => self.quantize::<S, BLOCK, 1>(simd),
        }
    }

    #[inline(always)]
    fn quantize<S: Simd, const BLOCK: usize, const ROWS: usize>(self, simd: S) {
        assert!(self.rows == ROWS && self.block == BLOCK);
        let mut values = [0; BLOCK];
        for row in 0..ROWS {
            let start = self.first + row * self.width;
            let numbers = &self.numbers[start..start + BLOCK];
            let is_wide = BLOCK == LARGEST_BLOCK;
            let (scale, factor) = if is_wide { scale_of_wide(simd, numbers) } else { scale_of_narrow(simd, numbers) };
            self.scales[row] = scale;
            round_all(simd, numbers, factor, &mut values);
            let (fours, _) = values.as_chunks::<4>();
            let (places, _) = self.values.as_chunks_mut::<4>();
            for (four, place) in fours.iter().zip(places[row..].iter_mut().step_by(ROWS)) {
                *place = *four;
            }
            for (values, into) in values.chunks_exact(SUM).zip(self.sums[row..].iter_mut().step_by(ROWS)) {
                *into = f32::from(sum(values));
            }
            let part = part_around_middle(BLOCK);
            for (values, into) in values.chunks_exact(part).zip(self.negated[row..].iter_mut().step_by(ROWS)) {
                *into = -i32::from(sum(values));
            }
        }
    }
}

/// Of 32 values at most.
#[inline(always)]
fn sum(values: &[i8]) -> i16 {
    values.iter().map(|value| i16::from(*value)).sum()
}

/// What some numbers lie between.
struct Extremes {
    /// The largest, at least 0, ...
    most: f32,
    /// ... and the smallest, negated, at least 0.
    least: f32,
    /// 0, or not a number when one of them is not finite: comparisons do not see those, and what is not a number must not
    /// become one.
    poison: f32,
}

impl Extremes {
    #[inline(always)]
    fn of<S: Simd>(simd: S, numbers: &[f32]) -> Self {
        let nothing = simd.splat(0.0);
        let (mut most, mut least, mut poison) = (nothing, nothing, nothing);
        for sixteen in numbers.as_chunks::<16>().0 {
            // SAFETY: there are sixteen.
            let floats = unsafe { simd.floats(sixteen.as_ptr()) };
            most = simd.max(floats, most);
            least = simd.min(floats, least);
            poison = simd.mul_add(floats, nothing, poison);
        }
        let least = simd.largest(simd.sub_mul(least, simd.splat(1.0), nothing));
        Extremes { most: simd.largest(most), least, poison: simd.sum(poison) }
    }
}

/// The value of the largest magnitude becomes -127: the scale, and what the numbers are multiplied with.
#[inline(always)]
fn scale_of_wide<S: Simd>(simd: S, numbers: &[f32]) -> (f32, f32) {
    let Extremes { most, least, poison } = Extremes::of(simd, numbers);
    let extreme = if most >= least { most } else { -least };
    if extreme == 0.0 {
        return (poison, 0.0);
    }
    let factor = -127.0 / extreme;
    (1.0 / factor + poison, factor)
}

/// The largest magnitude becomes 127; the scale is what an `f16` can hold.
#[inline(always)]
fn scale_of_narrow<S: Simd>(simd: S, numbers: &[f32]) -> (f32, f32) {
    let Extremes { most, least, poison } = Extremes::of(simd, numbers);
    let scale = most.max(least) / 127.0;
    let factor = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    (half::f16::from_f32(scale).to_f32() + poison, factor)
}

/// Sixteen at a time.
#[inline(always)]
fn round_all<S: Simd>(simd: S, numbers: &[f32], factor: f32, values: &mut [i8]) {
    let (factor, most) = (simd.splat(factor), simd.splat(127.0));
    for (numbers, values) in numbers.as_chunks::<16>().0.iter().zip(values.as_chunks_mut::<16>().0) {
        // SAFETY: there are sixteen of each.
        unsafe {
            let scaled = simd.mul(simd.floats(numbers.as_ptr()), factor);
            simd.store_rounded(values.as_mut_ptr(), simd.min(scaled, most));
        }
    }
}
