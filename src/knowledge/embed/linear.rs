//! A matrix and what is added to its product, in the layout that the project's own kernels compute with.

use atiende_kernels::{Activations, Format, Kernels, Matrix, MatrixBuilder, Product};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result};

/// `x · weightᵀ + bias`.
pub(super) struct Linear {
    matrix: Matrix,
    bias: Vec<f32>,
}

impl Linear {
    /// From weights of shape `[outputs, inputs]`, inputs a multiple of 32, and biases of `[outputs]`. Weights of four and
    /// eight bits stay as they are, all others get eight.
    pub(super) fn new(weight: &QTensor, bias: &QTensor, kernels: &Kernels) -> Result<Self> {
        let bias = bias.dequantize(&Device::Cpu)?.to_vec1()?;
        let matrix = match weight.dtype() {
            GgmlDType::Q4_0 => matrix(weight, Format::Q4Zero, kernels)?,
            GgmlDType::Q8_0 => matrix(weight, Format::Q8Zero, kernels)?,
            _ => {
                let weight = QTensor::quantize(&weight.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)?;
                matrix(&weight, Format::Q8Zero, kernels)?
            }
        };
        Ok(Linear { matrix, bias })
    }

    /// Gets rows of numbers ready for products with these.
    pub(super) fn quantize(kernels: &Kernels, rows: &[f32], of: &[&Linear], into: &mut Activations) {
        let matrices: Vec<&Matrix> = of.iter().map(|linear| &linear.matrix).collect();
        kernels.quantize(rows, matrices[0].width(), &matrices, into);
    }

    /// The products of the same rows with several weights.
    pub(super) fn multiply<'a>(
        kernels: &Kernels,
        rows: &Activations,
        products: impl IntoIterator<Item = (&'a Linear, &'a mut Vec<f32>)>,
    ) {
        let mut biases = Vec::new();
        let mut products: Vec<Product<'a>> = products
            .into_iter()
            .map(|(linear, into)| {
                into.resize(rows.rows() * linear.matrix.rows(), 0.0);
                biases.push(&linear.bias);
                Product { matrix: &linear.matrix, into }
            })
            .collect();
        kernels.multiply(rows, &mut products);
        for (product, bias) in products.into_iter().zip(biases) {
            kernels.add(product.into, bias);
        }
    }
}

fn matrix(weight: &QTensor, format: Format, kernels: &Kernels) -> Result<Matrix> {
    let (rows, width) = weight.shape().dims2()?;
    let data = weight.data()?;
    let read = |at: usize, into: &mut [u8]| match data.get(at..at + into.len()) {
        Some(bytes) => {
            into.copy_from_slice(bytes);
            Ok(())
        }
        None => candle_core::bail!("a tensor's data end too early"),
    };
    MatrixBuilder { format, rows, width }.build(kernels.pool(), read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Tensor;

    #[test]
    fn products_are_those_of_the_weights_whatever_their_type() -> Result<()> {
        let kernels = Kernels::new(2)?;
        let drawn = |count: usize, seed: u64| -> Vec<f32> {
            (0..count as u64).map(|at| ((at * 2_654_435_761 + seed * 40_503) % 1_013) as f32 / 337.0 - 1.5).collect()
        };
        let x = Tensor::from_vec(drawn(5 * 96, 1), (5, 96), &Device::Cpu)?;
        for dtype in [GgmlDType::Q4_0, GgmlDType::Q8_0, GgmlDType::F16, GgmlDType::Q5_1] {
            let weight = QTensor::quantize(&Tensor::from_vec(drawn(50 * 96, 2), (50, 96), &Device::Cpu)?, dtype)?;
            let bias = Tensor::from_vec(drawn(50, 3), 50, &Device::Cpu)?;
            let exact = x.matmul(&weight.dequantize(&Device::Cpu)?.t()?)?.broadcast_add(&bias)?;
            let linear = Linear::new(&weight, &QTensor::quantize(&bias, GgmlDType::F32)?, &kernels)?;
            let (mut rows, mut product) = (Activations::default(), Vec::new());
            Linear::quantize(&kernels, &x.flatten_all()?.to_vec1::<f32>()?, &[&linear], &mut rows);
            Linear::multiply(&kernels, &rows, [(&linear, &mut product)]);
            let error = (Tensor::from_vec(product, (5, 50), &Device::Cpu)? - exact)?.abs()?.max_all()?;
            assert!(error.to_scalar::<f32>()? < 0.3, "{dtype:?}: {error} on values around 10");
        }
        Ok(())
    }
}
