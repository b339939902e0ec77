//! Products with quantized matrices.

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Module, Tensor};
use proptest::prelude::*;

use super::{all_kernels, assert_near, numbers};
use crate::{Activations, Format, Kernels, Matrix, MatrixBuilder, Product};

fn candle_type(format: Format) -> GgmlDType {
    match format {
        Format::Q4K => GgmlDType::Q4K,
        Format::Q5K => GgmlDType::Q5K,
        Format::Q6K => GgmlDType::Q6K,
        Format::Q4Zero => GgmlDType::Q4_0,
        Format::Q4One => GgmlDType::Q4_1,
        Format::Q5Zero => GgmlDType::Q5_0,
        Format::Q5One => GgmlDType::Q5_1,
        Format::Q8Zero => GgmlDType::Q8_0,
    }
}

fn quantized(format: Format, rows: usize, width: usize) -> QTensor {
    let weights = Tensor::from_vec(numbers(rows * width, 3), (rows, width), &Device::Cpu).unwrap();
    QTensor::quantize(&weights, candle_type(format)).unwrap()
}

fn built(kernels: &Kernels, format: Format, rows: usize, tensor: &QTensor) -> Matrix {
    let data = tensor.data().unwrap();
    let width = tensor.shape().dims()[1];
    let read = |at: usize, bytes: &mut [u8]| {
        bytes.copy_from_slice(&data[at..at + bytes.len()]);
        Ok::<(), ()>(())
    };
    MatrixBuilder { format, rows, width }.build(kernels.pool(), read).unwrap()
}

fn product(kernels: &Kernels, matrix: &Matrix, values: &[f32]) -> Vec<f32> {
    let mut activations = Activations::default();
    kernels.quantize(values, matrix.width(), &[matrix], &mut activations);
    let mut into = vec![f32::NAN; activations.rows() * matrix.rows()];
    kernels.multiply(&activations, &mut [Product { matrix, into: &mut into }]);
    into
}

#[test]
fn a_row_of_a_file_is_read_as_candle_reads_it() {
    for format in Format::ALL {
        let tensor = quantized(format, 3, 512);
        let expected: Vec<f32> = tensor.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        let data = tensor.data().unwrap();
        let mut read = vec![0.0; 3 * 512];
        for (row, numbers) in data.chunks_exact(format.row_bytes(512)).zip(read.chunks_exact_mut(512)) {
            format.read_row(row, numbers);
        }
        assert_near(&read, &expected, 1e-6);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_product_is_that_of_the_weights_as_numbers(
        format in prop::sample::select(Format::ALL.to_vec()), rows in 1usize..70, blocks in 1usize..5,
        // From 32 on, weights are unpacked for many at once.
        count in prop_oneof![3 => 1usize..14, 1 => 30usize..50],
    ) {
        let width = blocks * format.block();
        let tensor = quantized(format, rows, width);
        let values = numbers(count * width, 11);
        let input = Tensor::from_slice(&values, (count, width), &Device::Cpu).unwrap();
        let weights = tensor.dequantize(&Device::Cpu).unwrap();
        let exact: Vec<f32> = input.matmul(&weights.t().unwrap()).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for kernels in all_kernels() {
            let matrix = built(&kernels, format, rows, &tensor);
            // Eight bits for an activation: an error of half a step of 1/127 in each of `width` products.
            assert_near(&product(&kernels, &matrix, &values), &exact, 0.03);
        }
    }
}

#[test]
fn the_largest_weights_and_values_overflow_nothing() {
    for format in Format::ALL {
        let (rows, width) = (32, 512);
        // Of sixteen weights one is the least that there is, and all others the largest, or the other way round.
        for sign in [1.0, -1.0] {
            let weights =
                (0..rows * width).map(|at| if at % 16 == 0 { -sign } else { sign * 0.97 }).collect::<Vec<f32>>();
            let weights = Tensor::from_vec(weights, (rows, width), &Device::Cpu).unwrap();
            let tensor = QTensor::quantize(&weights, candle_type(format)).unwrap();
            let weights = tensor.dequantize(&Device::Cpu).unwrap();
            for (value, count) in [(1.0, 9), (-1.0, 9), (1.0, 40), (-1.0, 40)] {
                let values = vec![value; count * width];
                let input = Tensor::from_slice(&values, (count, width), &Device::Cpu).unwrap();
                let exact: Vec<f32> =
                    input.matmul(&weights.t().unwrap()).unwrap().flatten_all().unwrap().to_vec1().unwrap();
                for kernels in all_kernels() {
                    let matrix = built(&kernels, format, rows, &tensor);
                    assert_near(&product(&kernels, &matrix, &values), &exact, 1e-3);
                }
            }
        }
    }
}

#[test]
fn a_product_is_that_of_candle_but_for_the_order_of_sums() {
    for format in Format::ALL {
        // Where it can, candle takes activations of `Q8_0` in blocks of 256.
        let (rows, width, count) = (48, if format.block() == 256 { 512 } else { 448 }, 9);
        let tensor = quantized(format, rows, width);
        let values = numbers(count * width, 5);
        let kernels = all_kernels();
        let ours: Vec<Vec<f32>> =
            kernels.iter().map(|kernels| product(kernels, &built(kernels, format, rows, &tensor), &values)).collect();
        let input = Tensor::from_slice(&values, (count, width), &Device::Cpu).unwrap();
        let theirs = QMatMul::from_qtensor(tensor).unwrap().forward(&input).unwrap();
        let theirs: Vec<f32> = theirs.flatten_all().unwrap().to_vec1().unwrap();
        for ours in ours {
            // Candle gives blocks of 32 with a minimum one more rounding, to an `f16` (`Q8_1`).
            assert_near(&ours, &theirs, if matches!(format, Format::Q4One | Format::Q5One) { 1e-3 } else { 1e-5 });
        }
    }
}

#[test]
fn a_row_comes_to_the_same_alone_and_among_others_to_the_last_bit() {
    for format in Format::ALL {
        // Whole tiles and all kinds of rest, beyond what is multiplied with weights that were unpacked once.
        let (rows, count) = (40, 128 + 32 + 15);
        let width = if format.block() == 256 { 768 } else { 800 };
        let tensor = quantized(format, rows, width);
        let values = numbers(count * width, 8);
        for kernels in all_kernels() {
            let matrix = built(&kernels, format, rows, &tensor);
            let together = product(&kernels, &matrix, &values);
            for (values, together) in values.chunks_exact(width).zip(together.chunks_exact(rows)) {
                assert_eq!(product(&kernels, &matrix, values), together, "{format:?}");
            }
        }
    }
}

#[test]
fn the_largest_values_overflow_nowhere() {
    for format in Format::ALL {
        let width = 512;
        let extreme: Vec<f32> = (0..20 * width).map(|at| if at % 3 == 0 { 1.0 } else { -1.0 }).collect();
        let weights = Tensor::from_slice(&extreme, (20, width), &Device::Cpu).unwrap();
        let tensor = QTensor::quantize(&weights, candle_type(format)).unwrap();
        let numbers = tensor.dequantize(&Device::Cpu).unwrap();
        let input = Tensor::from_slice(&extreme[..2 * width], (2, width), &Device::Cpu).unwrap();
        let exact: Vec<f32> = input.matmul(&numbers.t().unwrap()).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for kernels in all_kernels() {
            let matrix = built(&kernels, format, 20, &tensor);
            assert_near(&product(&kernels, &matrix, &extreme[..2 * width]), &exact, 0.01);
        }
    }
}

#[test]
fn several_products_of_one_input_are_those_of_each() {
    for kernels in all_kernels() {
        let matrices = [(Format::Q5Zero, 20), (Format::Q8Zero, 33), (Format::Q4K, 16)]
            .map(|(format, rows)| built(&kernels, format, rows, &quantized(format, rows, 256)));
        let values = numbers(3 * 256, 2);
        let mut activations = Activations::default();
        kernels.quantize(&values, 256, &matrices.each_ref(), &mut activations);
        let mut results = matrices.each_ref().map(|matrix| vec![0.0; 3 * matrix.rows()]);
        let mut products: Vec<Product<'_>> =
            matrices.iter().zip(&mut results).map(|(matrix, into)| Product { matrix, into }).collect();
        kernels.multiply(&activations, &mut products);
        for (matrix, result) in matrices.iter().zip(results) {
            assert_eq!(result, product(&kernels, matrix, &values));
        }
    }
}

#[test]
fn rows_that_cannot_be_read_are_an_error() {
    let kernels = Kernels::new(2).unwrap();
    let builder = MatrixBuilder { format: Format::Q4K, rows: 400, width: 256 };
    let read = |at: usize, _: &mut [u8]| if at > 20_000 { Err("short") } else { Ok(()) };
    assert_eq!(builder.build(kernels.pool(), read).err(), Some("short"));
}

#[test]
fn what_is_not_a_number_spoils_its_own_row_and_no_other() {
    for format in Format::ALL {
        let (rows, width) = (20, 512);
        let tensor = quantized(format, rows, width);
        for kernels in all_kernels() {
            let matrix = built(&kernels, format, rows, &tensor);
            let values = numbers(3 * width, 8);
            let whole = product(&kernels, &matrix, &values);
            for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut values = values.clone();
                values[width + 77] = broken;
                let spoilt = product(&kernels, &matrix, &values);
                assert!(spoilt[rows..2 * rows].iter().all(|number| number.is_nan()));
                assert_eq!((&spoilt[..rows], &spoilt[2 * rows..]), (&whole[..rows], &whole[2 * rows..]));
            }
        }
    }
}
