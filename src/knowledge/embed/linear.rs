//! A matrix and what is added to its products, in the layout that the project's own kernels compute with: a bias to those
//! of all rows, an adapter's update to those of the rows that are read with it.

use atiende_kernels::{Activations, Format, Kernels, LowRank, Matrix, MatrixBuilder, Product, Update};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result, Tensor};

use super::adapter;

/// `x · weightᵀ + bias`, and for some rows `x · downᵀ · upᵀ` besides.
pub(super) struct Linear {
    matrix: Matrix,
    bias: Vec<f32>,
    update: Option<LowRank>,
}

/// Rows of numbers that are multiplied.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) numbers: &'a [f32],
    /// From which row on they are read with the adapter's updates.
    pub(super) adapted: usize,
}

impl Linear {
    /// From weights of shape `[outputs, inputs]`, inputs a multiple of 32, and biases of `[outputs]`. Weights of four and
    /// eight bits stay as they are, all others get eight; updates stay as they are.
    pub(super) fn new(
        weight: &QTensor,
        bias: &QTensor,
        update: Option<&adapter::LowRank>,
        kernels: &Kernels,
    ) -> Result<Self> {
        let bias = bias.dequantize(&Device::Cpu)?.to_vec1()?;
        let update = update.map(|update| low_rank(update, weight)).transpose()?;
        let matrix = match weight.dtype() {
            GgmlDType::Q4_0 => matrix(weight, Format::Q4Zero, kernels)?,
            GgmlDType::Q8_0 => matrix(weight, Format::Q8Zero, kernels)?,
            _ => {
                let weight = QTensor::quantize(&weight.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)?;
                matrix(&weight, Format::Q8Zero, kernels)?
            }
        };
        Ok(Linear { matrix, bias, update })
    }

    /// The products of the same rows with several weights; `scratch` is used again.
    pub(super) fn multiply(
        kernels: &Kernels,
        rows: Rows<'_>,
        products: &mut [(&Linear, &mut Vec<f32>)],
        scratch: &mut Activations,
    ) {
        let matrices: Vec<&Matrix> = products.iter().map(|(linear, _)| &linear.matrix).collect();
        let width = matrices[0].width();
        kernels.quantize(rows.numbers, width, &matrices, scratch);
        let of =
            |(linear, into): &mut (&Linear, &mut Vec<f32>)| into.resize(scratch.rows() * linear.matrix.rows(), 0.0);
        products.iter_mut().for_each(of);
        let mut targets: Vec<Product<'_>> =
            products.iter_mut().map(|(linear, into)| Product { matrix: &linear.matrix, into }).collect();
        kernels.multiply(scratch, &mut targets);
        for (linear, into) in &mut *products {
            kernels.add(into, &linear.bias);
        }
        let mut updates: Vec<Update<'_>> = products
            .iter_mut()
            .filter_map(|(linear, into)| {
                let of = linear.update.as_ref()?;
                Some(Update { of, into: &mut into[rows.adapted * of.outputs()..] })
            })
            .collect();
        kernels.add_low_rank(&rows.numbers[rows.adapted * width..], &mut updates);
    }
}

/// An update as the kernels take it.
fn low_rank(update: &adapter::LowRank, weight: &QTensor) -> Result<LowRank> {
    let ((rank, inputs), (outputs, _)) = (update.down.dims2()?, update.up.dims2()?);
    if weight.shape().dims() != [outputs, inputs] || update.up.dims() != [outputs, rank] {
        candle_core::bail!("an update of {outputs} by {inputs} is for another weight");
    }
    let numbers = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
    match LowRank::new(rank, numbers(&update.down)?, numbers(&update.up.t()?)?) {
        Some(update) => Ok(update),
        None => candle_core::bail!("an update has the rank {rank}, of {outputs} by {inputs}"),
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

    #[test]
    fn products_are_those_of_the_weights_whatever_their_type_and_those_of_adapted_rows_with_the_update() -> Result<()> {
        let kernels = Kernels::new(2)?;
        let drawn = |count: usize, seed: u64| -> Vec<f32> {
            (0..count as u64).map(|at| ((at * 2_654_435_761 + seed * 40_503) % 1_013) as f32 / 337.0 - 1.5).collect()
        };
        let tensor = |count, seed, shape: (usize, usize)| Tensor::from_vec(drawn(count, seed), shape, &Device::Cpu);
        let x = tensor(5 * 96, 1, (5, 96))?;
        for dtype in [GgmlDType::Q4_0, GgmlDType::Q8_0, GgmlDType::F16, GgmlDType::Q5_1] {
            let weight = QTensor::quantize(&Tensor::from_vec(drawn(48 * 96, 2), (48, 96), &Device::Cpu)?, dtype)?;
            let bias = Tensor::from_vec(drawn(48, 3), 48, &Device::Cpu)?;
            let exact = x.matmul(&weight.dequantize(&Device::Cpu)?.t()?)?.broadcast_add(&bias)?;
            let update = adapter::LowRank { down: tensor(3 * 96, 4, (3, 96))?, up: tensor(48 * 3, 5, (48, 3))? };
            let linear = Linear::new(&weight, &QTensor::quantize(&bias, GgmlDType::F32)?, Some(&update), &kernels)?;
            let added = x.matmul(&update.delta()?.t()?)?;
            let exact = Tensor::cat(&[exact.narrow(0, 0, 2)?, (&exact + added)?.narrow(0, 2, 3)?], 0)?;
            let mut product = Vec::new();
            let rows = Rows { numbers: &x.flatten_all()?.to_vec1::<f32>()?, adapted: 2 };
            Linear::multiply(&kernels, rows, &mut [(&linear, &mut product)], &mut Activations::default());
            let error = (Tensor::from_vec(product, (5, 48), &Device::Cpu)? - exact)?.abs()?.max_all()?;
            assert!(error.to_scalar::<f32>()? < 0.3, "{dtype:?}: {error} on values around 10");
        }
        Ok(())
    }
}
