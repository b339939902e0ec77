//! Norms against their formulas.

use super::{all_kernels, assert_near, numbers};

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
fn a_layer_norm_has_the_mean_of_its_bias_and_the_deviation_of_its_weight() {
    for width in [100, 384] {
        let (input, weight, bias) = (numbers(5 * width, 3), numbers(width, 4), numbers(width, 5));
        #[expect(clippy::cast_precision_loss, reason = "a row has some hundred numbers")]
        let count = width as f32;
        let expected: Vec<f32> = input
            .chunks_exact(width)
            .flat_map(|row| {
                let mean = row.iter().sum::<f32>() / count;
                let deviation = (row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count + 1e-12).sqrt();
                let numbers = row.iter().zip(&weight).zip(&bias);
                numbers.map(move |((x, weight), bias)| (x - mean) / deviation * weight + bias).collect::<Vec<_>>()
            })
            .collect();
        for kernels in all_kernels() {
            let mut normed = input.clone();
            kernels.layer_norm(&mut normed, &weight, &bias, 1e-12);
            assert_near(&normed, &expected, 1e-5);
        }
    }
}
