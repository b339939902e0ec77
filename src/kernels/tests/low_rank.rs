//! Low-rank updates against the textbook.

use proptest::prelude::*;

use super::{all_kernels, assert_near, numbers};
use crate::{LowRank, Update};

fn added(rank: usize, row: &[f32], down: &[f32], up: &[f32], outputs: usize) -> Vec<f32> {
    let factors: Vec<f32> =
        down.chunks_exact(row.len()).map(|down| row.iter().zip(down).map(|(one, other)| one * other).sum()).collect();
    (0..outputs).map(|output| (0..rank).map(|at| factors[at] * up[at * outputs + output]).sum()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn each_row_gets_what_the_matrix_would_add(rows in 1usize..9, inputs in 1usize..5, outputs in 1usize..5, rank in 1usize..12) {
        let (inputs, outputs) = (16 * inputs, 16 * outputs);
        let (x, before) = (numbers(rows * inputs, 1), numbers(rows * outputs, 2));
        let (down, up) = (numbers(rank * inputs, 3), numbers(rank * outputs, 4));
        let expected: Vec<f32> =
            x.chunks_exact(inputs).flat_map(|row| added(rank, row, &down, &up, outputs)).zip(&before).map(|(more, before)| before + more).collect();
        let of = LowRank::new(rank, down, up).unwrap();
        for kernels in all_kernels() {
            let (mut one, mut other) = (before.clone(), before.clone());
            kernels.add_low_rank(&x, &mut [Update { of: &of, into: &mut one }, Update { of: &of, into: &mut other }]);
            assert_near(&one, &expected, 1e-3);
            prop_assert_eq!(&one, &other);
            let mut alone = before[..outputs].to_vec();
            kernels.add_low_rank(&x[..inputs], &mut [Update { of: &of, into: &mut alone }]);
            prop_assert_eq!(&alone, &one[..outputs], "a row comes to the same alone and among others");
        }
    }
}

#[test]
fn shapes_that_make_no_sense_are_refused() {
    let of = |rank, down, up| LowRank::new(rank, vec![0.0; down], vec![0.0; up]).is_some();
    assert!(of(2, 32, 64));
    assert!(!of(0, 32, 64) && !of(33, 33 * 16, 33 * 16) && !of(2, 24, 64) && !of(2, 32, 0));
}
