//! Rows of `f32`, quantized to eight bits for a product with a quantized matrix.
//!
//! Blocks of 256 take their scale from the largest value and its sign, blocks of 32 from the largest magnitude, as
//! `Q8_K` and `Q8_0` do in `ggml-quants`.

use super::Kernels;
use super::format::LARGEST_BLOCK;
use super::matrix::Matrix;
use super::pool::Disjoint;

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
                let into = unsafe {
                    BlockOfTile {
                        values: values.part(written.clone()),
                        scales: scales.part(part(block)),
                        sums: sums.part(part(SUM)),
                        negated: negated.part(part(part_around_middle(block))),
                    }
                };
                let of_row = |row: usize| (tile.first + row) * width + at * block;
                into.quantize(tile.rows, |row| &numbers[of_row(row)..of_row(row) + block]);
            }
        });
    }
}

/// Where a block of each row of a tile goes.
struct BlockOfTile<'a> {
    values: &'a mut [i8],
    scales: &'a mut [f32],
    sums: &'a mut [f32],
    negated: &'a mut [i32],
}

impl BlockOfTile<'_> {
    fn quantize<'n>(self, rows: usize, numbers: impl Fn(usize) -> &'n [f32]) {
        let mut buffer = [0; LARGEST_BLOCK];
        for row in 0..rows {
            let numbers = numbers(row);
            let values = &mut buffer[..numbers.len()];
            let is_wide = numbers.len() == LARGEST_BLOCK;
            self.scales[row] = if is_wide { quantize_wide(numbers, values) } else { quantize_narrow(numbers, values) };
            for (four, into) in values.chunks_exact(4).zip(self.values[4 * row..].chunks_mut(4 * rows)) {
                into[..4].copy_from_slice(four);
            }
            for (values, into) in values.chunks_exact(SUM).zip(self.sums[row..].chunks_mut(rows)) {
                into[0] = f32::from(sum(values));
            }
            let part = part_around_middle(numbers.len());
            for (values, into) in values.chunks_exact(part).zip(self.negated[row..].chunks_mut(rows)) {
                into[0] = -i32::from(sum(values));
            }
        }
    }
}

/// Of 32 values at most.
fn sum(values: &[i8]) -> i16 {
    values.iter().map(|value| i16::from(*value)).sum()
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
