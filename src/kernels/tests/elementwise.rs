//! What happens number by number, against its formulas.

use super::{all_kernels, assert_near, numbers};
use crate::elementwise::log_sum_exp_at;
use crate::{Gate, Level};

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
fn gelu_is_what_the_error_function_says() {
    // Values of `x / 2 * (1 + erf(x / sqrt 2))`, to seven digits.
    let known = [
        (-8.0, -4.885e-15),
        (-3.0, -0.004_049_7),
        (-1.0, -0.158_655_26),
        (-0.5, -0.154_268_77),
        (0.0, 0.0),
        (0.25, 0.149_676_58),
        (1.0, 0.841_344_7),
        (2.0, 1.954_499_7),
        (30.0, 30.0),
    ];
    for kernels in all_kernels() {
        // More than sixteen, and no multiple of it.
        let mut numbers: Vec<f32> = known.iter().cycle().take(59).map(|(x, _)| *x).collect();
        kernels.gelu(&mut numbers);
        for (found, (x, expected)) in numbers.iter().zip(known.iter().cycle()) {
            assert!((found - expected).abs() < 1e-6, "of {x}: {found}, not {expected}");
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

#[test]
fn what_is_added_is_added_to_every_row_however_many_there_are() {
    for (rows, width) in [(1, 7), (3, 384), (70, 384), (11, 5000)] {
        let (before, more) = (numbers(rows * width, 1), numbers(width, 2));
        let expected: Vec<f32> = before.iter().zip(more.iter().cycle()).map(|(one, other)| one + other).collect();
        for kernels in all_kernels() {
            let mut sum = before.clone();
            kernels.add(&mut sum, &more);
            assert_eq!(sum, expected, "{rows} rows of {width}");
        }
    }
}
