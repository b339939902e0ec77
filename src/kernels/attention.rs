//! Attention over pages of keys and values, with heads of queries that share heads of keys.
//!
//! Softmax goes along page by page (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018), so that
//! no matrix of scores is ever built, and what a row comes to does not depend on how many are computed with it.

use std::sync::Arc;

use super::Kernels;
use super::page::{POSITIONS, Page, PageShape};
use super::pool::Disjoint;
use super::simd::{Simd, Work};

/// One layer's attention.
pub struct Attention {
    /// What the pages look like.
    pub shape: PageShape,
    /// Which of their layers.
    pub layer: usize,
    /// Heads of queries, a multiple of the heads of keys.
    pub heads: usize,
    /// What the scores are multiplied by.
    pub scale: f32,
    /// Which positions a row sees.
    pub sees: Sees,
}

/// Which positions of its text a row sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// The own one and those before it: so many in all, or every one without a number.
    Past(Option<usize>),
    /// Every one of its text, those behind it as well.
    All,
}

impl Sees {
    /// The positions that a row at `position` sees in a text that ends at `end`.
    fn of(self, position: usize, end: usize) -> std::ops::Range<usize> {
        match self {
            Sees::Past(window) => window.map_or(0, |window| (position + 1).saturating_sub(window))..position + 1,
            Sees::All => 0..end,
        }
    }
}

/// The rows of one text among those that are computed together.
pub struct Queries<'a> {
    /// What it remembers, the keys of these rows included.
    pub pages: &'a [Arc<Page>],
    /// The first of its rows.
    pub row: usize,
    /// How many rows it has.
    pub count: usize,
    /// The position of the first of them.
    pub position: usize,
}

/// Rows of one head of keys that are computed together: a query head of a token each.
const TILE: usize = 8;

/// Smaller than any score, and still a number.
const NEVER: f32 = -1e30;

struct Tile<'a> {
    queries: &'a Queries<'a>,
    key_head: usize,
    /// Counted over the tokens and the query heads of this head of keys.
    first: usize,
}

impl Kernels {
    /// For each row and head of `queries`, the values weighted by how well their keys match.
    pub fn attend(&self, attention: &Attention, texts: &[Queries<'_>], queries: &[f32], into: &mut [f32]) {
        let Attention { shape, heads, .. } = *attention;
        assert!(heads.is_multiple_of(shape.heads) && shape.head.is_multiple_of(16) && queries.len() == into.len());
        let group = heads / shape.heads;
        let rows = queries.len() / (heads * shape.head);
        let mut tiles = Vec::new();
        let mut end = 0;
        for text in texts {
            assert!(
                text.row >= end && text.count <= rows && text.row <= rows - text.count,
                "texts have rows of their own"
            );
            end = text.row + text.count;
            assert!(text.pages.len() * POSITIONS >= text.position + text.count, "there is a page for each position");
            for first in (0..text.count * group).step_by(TILE) {
                tiles.extend((0..shape.heads).map(|key_head| Tile { queries: text, key_head, first }));
            }
        }
        let into = Disjoint::new(into);
        self.pool.run(tiles.len(), &|index| {
            self.level.run(Attend { attention, tile: &tiles[index], queries, into: &into });
        });
    }
}

/// One tile's work.
struct Attend<'a> {
    attention: &'a Attention,
    tile: &'a Tile<'a>,
    queries: &'a [f32],
    into: &'a Disjoint<'a, f32>,
}

impl Work for Attend<'_> {
    type Result = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let group = self.attention.heads / self.attention.shape.heads;
        match (self.tile.queries.count * group - self.tile.first).min(TILE) {
            1 => self.attend::<S, 1>(simd),
            2 => self.attend::<S, 2>(simd),
            3 => self.attend::<S, 3>(simd),
            4 => self.attend::<S, 4>(simd),
            5 => self.attend::<S, 5>(simd),
            6 => self.attend::<S, 6>(simd),
            7 => self.attend::<S, 7>(simd),
            _ => self.attend::<S, TILE>(simd),
        }
    }
}

impl Attend<'_> {
    #[inline(always)]
    fn attend<S: Simd, const ROWS: usize>(&self, simd: S) {
        let Attend { attention, tile, queries, into } = *self;
        let Attention { shape, layer, heads, scale, sees } = *attention;
        let group = heads / shape.heads;
        let mut rows: [Row<'_>; ROWS] = std::array::from_fn(|at| {
            let (token, head) = ((tile.first + at) / group, tile.key_head * group + (tile.first + at) % group);
            let start = ((tile.queries.row + token) * heads + head) * shape.head;
            let Queries { position, count, .. } = *tile.queries;
            let sees = sees.of(position + token, position + count);
            // SAFETY: each row and head is in one tile, and each tile is given to one call.
            let into = unsafe { into.part(start..start + shape.head) };
            into.fill(0.0);
            let query = &queries[start..start + shape.head];
            Row { query, into, sees, largest: NEVER, sum: 0.0, correction: 1.0, weights: [0.0; POSITIONS] }
        });
        let first_page = rows[0].sees.start / POSITIONS;
        let end = rows[ROWS - 1].sees.end;
        for (number, page) in tile.queries.pages.iter().enumerate().take(end.div_ceil(POSITIONS)).skip(first_page) {
            let block = &page.numbers()[shape.start(layer, tile.key_head)..][..2 * shape.block()];
            let (keys, values) = block.split_at(shape.block());
            score(simd, &mut rows, keys);
            for row in &mut rows {
                weigh(simd, row, scale, number * POSITIONS);
            }
            gather(simd, &mut rows, values, shape.head, (end - number * POSITIONS).min(POSITIONS));
        }
        for row in &mut rows {
            let factor = 1.0 / row.sum;
            row.into.iter_mut().for_each(|number| *number *= factor);
        }
    }
}

/// A row on its way through the pages.
struct Row<'a> {
    query: &'a [f32],
    /// The weighted values so far.
    into: &'a mut [f32],
    /// The positions that it sees.
    sees: std::ops::Range<usize>,
    largest: f32,
    sum: f32,
    /// What is there so far is multiplied by this when the next page comes.
    correction: f32,
    /// How much each position of the page at hand counts.
    weights: [f32; POSITIONS],
}

/// How well the keys of a page match the query of each row.
#[inline(always)]
fn score<S: Simd, const ROWS: usize>(simd: S, rows: &mut [Row<'_>; ROWS], keys: &[u16]) {
    let mut scores = [[simd.splat(0.0); 2]; ROWS];
    for (at, keys) in keys.chunks_exact(POSITIONS).enumerate() {
        // SAFETY: the chunk has 32 halves.
        let keys = unsafe { [simd.halves(keys.as_ptr()), simd.halves(keys.as_ptr().add(16))] };
        for row in 0..ROWS {
            // SAFETY: a query has a number for each row of keys.
            let query = simd.splat(unsafe { *rows[row].query.get_unchecked(at) });
            scores[row] = [0, 1].map(|half| simd.mul_add(query, keys[half], scores[row][half]));
        }
    }
    for (row, scores) in rows.iter_mut().zip(scores) {
        // SAFETY: there are 32 weights.
        unsafe {
            simd.store(row.weights.as_mut_ptr(), scores[0]);
            simd.store(row.weights.as_mut_ptr().add(16), scores[1]);
        }
    }
}

/// Makes scores into weights, of those positions that the row sees.
#[inline(always)]
fn weigh<S: Simd>(simd: S, row: &mut Row<'_>, scale: f32, first: usize) {
    let sees = row.sees.start.saturating_sub(first).min(POSITIONS)..row.sees.end.saturating_sub(first).min(POSITIONS);
    row.weights[..sees.start].fill(NEVER);
    row.weights[sees.end..].fill(NEVER);
    let weights = row.weights.as_mut_ptr();
    // SAFETY: there are 32 weights.
    unsafe {
        let scores = [weights, weights.add(16)].map(|from| simd.mul(simd.floats(from), simd.splat(scale)));
        let largest = row.largest.max(simd.largest(simd.max(scores[0], scores[1])));
        row.correction = simd.largest(simd.exp(simd.splat(row.largest - largest)));
        row.largest = largest;
        for (half, scores) in scores.into_iter().enumerate() {
            simd.store(weights.add(16 * half), simd.exp(simd.add(scores, simd.splat(-largest))));
        }
    }
    row.weights[..sees.start].fill(0.0);
    row.weights[sees.end..].fill(0.0);
    // SAFETY: there are 32 weights.
    let sum = unsafe { simd.sum(simd.add(simd.floats(weights), simd.floats(weights.add(16)))) };
    row.sum = row.sum * row.correction + sum;
}

/// Adds the values of a page to each row, by weight. Only the first `count` positions are seen by any.
#[inline(always)]
fn gather<S: Simd, const ROWS: usize>(simd: S, rows: &mut [Row<'_>; ROWS], values: &[u16], head: usize, count: usize) {
    assert!(values.len() == POSITIONS * head && count <= POSITIONS);
    for at in (0..head).step_by(16) {
        // SAFETY: the head is a multiple of sixteen, which is the length of every row's part; the values have 32 times
        // as many numbers.
        unsafe {
            let mut sums: [S::Floats; ROWS] = std::array::from_fn(|row| {
                simd.mul(simd.floats(rows[row].into.as_ptr().add(at)), simd.splat(rows[row].correction))
            });
            for position in 0..count {
                let values = simd.halves(values.as_ptr().add(position * head + at));
                for row in 0..ROWS {
                    sums[row] = simd.mul_add(simd.splat(rows[row].weights[position]), values, sums[row]);
                }
            }
            for row in 0..ROWS {
                simd.store(rows[row].into.as_mut_ptr().add(at), sums[row]);
            }
        }
    }
}
