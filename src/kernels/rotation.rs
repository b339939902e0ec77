//! Turning pairs of numbers by angles (Su et al., "RoFormer", 2021).

use super::Kernels;
use super::pool::Disjoint;

/// Which numbers of a head make a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// A number and its neighbour.
    Neighbours,
    /// A number and the one half a rotation further (GPT-NeoX).
    Halves,
}

/// The turn of each pair at each position.
#[derive(Clone, Copy)]
pub struct Angles<'a> {
    /// Position by position, a cosine for each pair.
    pub cosines: &'a [f32],
    /// Position by position, a sine for each pair.
    pub sines: &'a [f32],
    /// Pairs in a head; what a head has beyond twice as many numbers does not turn.
    pub pairs: usize,
}

/// Rows that are worth a task of their own.
const ROWS_AT_ONCE: usize = 8;

impl Kernels {
    /// Turns heads of `head` numbers. Each row stands at one of `positions` and has as many heads as there is room for.
    pub fn rotate(&self, pairs: Pairs, angles: Angles<'_>, positions: &[usize], head: usize, rows: &mut [f32]) {
        let width = rows.len() / positions.len().max(1);
        assert!(head > 0 && width.is_multiple_of(head) && 2 * angles.pairs <= head, "rows are whole heads");
        let rows = Disjoint::new(rows);
        self.pool().run_ranges(positions.len(), ROWS_AT_ONCE, &|range| {
            // SAFETY: each range of rows is given to one call.
            let part = unsafe { rows.part(range.start * width..range.end * width) };
            for (row, position) in part.chunks_exact_mut(width).zip(&positions[range]) {
                let turns = position * angles.pairs..(position + 1) * angles.pairs;
                let (cosines, sines) = (&angles.cosines[turns.clone()], &angles.sines[turns]);
                for head in row.chunks_exact_mut(head) {
                    match pairs {
                        Pairs::Halves => rotate_halves(head, cosines, sines),
                        Pairs::Neighbours => rotate_neighbours(head, cosines, sines),
                    }
                }
            }
        });
    }
}

fn rotate_halves(head: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let (first, second) = head[..2 * cosines.len()].split_at_mut(cosines.len());
    for ((first, second), (cosine, sine)) in first.iter_mut().zip(second).zip(cosines.iter().zip(sines)) {
        (*first, *second) = (*first * cosine - *second * sine, *first * sine + *second * cosine);
    }
}

fn rotate_neighbours(head: &mut [f32], cosines: &[f32], sines: &[f32]) {
    for (pair, (cosine, sine)) in head.chunks_exact_mut(2).zip(cosines.iter().zip(sines)) {
        (pair[0], pair[1]) = (pair[0] * cosine - pair[1] * sine, pair[0] * sine + pair[1] * cosine);
    }
}
