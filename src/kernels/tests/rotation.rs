//! Rotations against complex numbers: a turn keeps a pair's length and adds to its angle.

use proptest::prelude::*;

use super::{all_kernels, assert_near, numbers};
use crate::{Angles, Pairs};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn each_pair_is_turned_by_its_angle_and_the_rest_stays(
        turning in 1usize..9, rest in 0usize..5, heads in 1usize..4, rows in 1usize..20,
    ) {
        let head = 2 * turning + rest;
        let positions: Vec<usize> = (0..rows).map(|row| (row * 7) % rows).collect();
        let angles = numbers(rows * turning, 5);
        let (cosines, sines): (Vec<f32>, Vec<f32>) = angles.iter().map(|angle| (angle.cos(), angle.sin())).unzip();
        let before = numbers(rows * heads * head, 6);
        for pairs in [Pairs::Halves, Pairs::Neighbours] {
            let expected = turned(&before, &positions, &angles, head, turning, pairs);
            for kernels in all_kernels() {
                let mut rows = before.clone();
                let angles = Angles { cosines: &cosines, sines: &sines, pairs: turning };
                kernels.rotate(pairs, angles, &positions, head, &mut rows);
                assert_near(&rows, &expected, 1e-5);
            }
        }
    }
}

/// The same by lengths and angles.
fn turned(before: &[f32], positions: &[usize], angles: &[f32], head: usize, turning: usize, pairs: Pairs) -> Vec<f32> {
    let mut after = before.to_vec();
    let width = before.len() / positions.len();
    for (at, head) in after.chunks_exact_mut(head).enumerate() {
        let position = positions[at * head.len() / width];
        for pair in 0..turning {
            let (one, other) = match pairs {
                Pairs::Halves => (pair, pair + turning),
                Pairs::Neighbours => (2 * pair, 2 * pair + 1),
            };
            let (length, angle) = (head[one].hypot(head[other]), head[other].atan2(head[one]));
            let angle = angle + angles[position * turning + pair];
            (head[one], head[other]) = (length * angle.cos(), length * angle.sin());
        }
    }
    after
}
