//! What happens number by number, against its formulas.

use super::{all_kernels, assert_near, numbers};
use crate::elementwise::log_sum_exp_at;
use crate::{Gate, Level};

#[test]
fn a_norm_divides_by_the_root_of_the_mean_square() {
    let (input, weight) = (numbers(5 * 100, 3), numbers(100, 4));
    let expected: Vec<f32> = input
        .chunks_exact(100)
        .flat_map(|row| {
            let mean = row.iter().map(|x| x * x).sum::<f32>() / 100.0;
            row.iter().zip(&weight).map(move |(x, weight)| x / (mean + 1e-6).sqrt() * weight).collect::<Vec<_>>()
        })
        .collect();
    for kernels in all_kernels() {
        let mut normed = vec![0.0; input.len()];
        kernels.rms_norm(&input, &weight, 1e-6, &mut normed);
        assert_near(&normed, &expected, 1e-5);
        let mut in_place = input.clone();
        kernels.rms_norm_in_place(&mut in_place, &weight, 1e-6, &mut Vec::new());
        assert_eq!(in_place, normed);
    }
}

#[test]
fn gates_bend_as_their_formulas_say() {
    let input: Vec<f32> = (-300..301).map(|x| 0.1 * f32::from(i16::try_from(x).unwrap())).collect();
    let factors = numbers(input.len(), 4);
    let silu = |x: f32| x / (1.0 + (-x).exp());
    let gelu = |x: f32| 0.5 * x * (1.0 + (0.797_884_6 * (x + 0.044_715 * x * x * x)).tanh());
    for kernels in all_kernels() {
        for (gate, formula) in [(Gate::Silu, &silu as &dyn Fn(f32) -> f32), (Gate::Gelu, &gelu)] {
            let mut bent = input.clone();
            kernels.gate(gate, &mut bent, &factors);
            let expected: Vec<f32> = input.iter().zip(&factors).map(|(x, factor)| formula(*x) * factor).collect();
            assert_near(&bent, &expected, 1e-6);
        }
    }
}

#[test]
fn the_logarithm_of_a_sum_of_powers_does_not_overflow() {
    for level in Level::available() {
        let log_sum_exp = |numbers: &[f32]| log_sum_exp_at(level, numbers);
        let logits: Vec<f32> = numbers(1003, 6).iter().map(|x| 900.0 + 10.0 * x).collect();
        let exact = 900.0 + logits.iter().map(|x| f64::from(x - 900.0).exp()).sum::<f64>().ln();
        assert!((f64::from(log_sum_exp(&logits)) - exact).abs() < 1e-3);
        assert!((log_sum_exp(&[3.0]) - 3.0).abs() < 1e-6);
        assert_eq!(log_sum_exp(&[f32::NEG_INFINITY]), f32::NEG_INFINITY);
        for count in [1, 15, 16, 17, 50] {
            for at in 0..count {
                let mut numbers = vec![1.0; count];
                numbers[at] = f32::NAN;
                assert!(!log_sum_exp(&numbers).is_finite(), "{at} of {count}");
            }
        }
    }
}
