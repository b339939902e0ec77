//! Matrix products with quantized weights, in the form that the processor at hand computes fastest.
//!
//! Measured with rows of 384 and 1536: on processors with VNNI, 8-bit weights in candle's repacked layout are two to three
//! times as fast as 4-bit ones as the file holds them, and those twice as fast as 32-bit floats for a short text. The
//! repacked layout wants rows that are a multiple of 256, so shorter ones are filled up with zeros, which changes nothing.

use std::borrow::Cow;

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{D, Device, Module, Result, Tensor};

/// The row length that the repacked layout wants a multiple of.
const REPACKED_ROW: usize = 256;

/// Which form the weights take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    /// 8-bit weights in the repacked layout.
    Repacked,
    /// The weights as the file holds them.
    AsStored,
}

impl Kernel {
    /// The faster one on this processor.
    pub(super) fn best() -> Self {
        if has_vnni() { Kernel::Repacked } else { Kernel::AsStored }
    }

    /// A name for fingerprints.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kernel::Repacked => "q8",
            Kernel::AsStored => "stored",
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_vnni() -> bool {
    (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni"))
        || is_x86_feature_detected!("avxvnni")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_vnni() -> bool {
    false
}

/// `x · weightᵀ + bias`.
#[derive(Debug)]
pub(super) struct Linear {
    weight: QMatMul,
    bias: Tensor,
    /// How many zeros each row is filled up with.
    padding: usize,
}

impl Linear {
    /// From weights of shape `[outputs, inputs]` and biases of `[outputs]`. Several that have the same inputs are stacked
    /// into one, because every product costs a meeting of all threads.
    pub(super) fn new(parts: &[(QTensor, QTensor)], kernel: Kernel) -> Result<Self> {
        let float = |tensor: &QTensor| tensor.dequantize(&Device::Cpu);
        let biases = parts.iter().map(|(_, bias)| float(bias)).collect::<Result<Vec<_>>>()?;
        let bias = Tensor::cat(&biases, 0)?;
        if kernel == Kernel::AsStored {
            return Ok(Linear { weight: QMatMul::from_qtensor(stack(parts)?)?, bias, padding: 0 });
        }
        let weights = parts.iter().map(|(weight, _)| float(weight)).collect::<Result<Vec<_>>>()?;
        let weight = Tensor::cat(&weights, 0)?;
        let inputs = weight.dim(D::Minus1)?;
        let padding = inputs.next_multiple_of(REPACKED_ROW) - inputs;
        let weight = QTensor::quantize(&weight.pad_with_zeros(D::Minus1, 0, padding)?, GgmlDType::Q8_0)?;
        Ok(Linear { weight: QMatMul::from_qtensor(weight)?, bias, padding })
    }
}

/// The weights one below the other: as they are when they have one type, else as floats.
fn stack(parts: &[(QTensor, QTensor)]) -> Result<QTensor> {
    let weights = || parts.iter().map(|(weight, _)| weight);
    let dtype = parts[0].0.dtype();
    if weights().any(|weight| weight.dtype() != dtype) {
        let floats = weights().map(|weight| weight.dequantize(&Device::Cpu)).collect::<Result<Vec<_>>>()?;
        return QTensor::quantize(&Tensor::cat(&floats, 0)?, GgmlDType::F32);
    }
    let mut data = Vec::new();
    let mut outputs = 0;
    for weight in weights() {
        data.extend_from_slice(&weight.data()?);
        outputs += weight.shape().dims2()?.0;
    }
    let inputs = parts[0].0.shape().dims2()?.1;
    QTensor::new(QStorage::from_data(Cow::Owned(data), &Device::Cpu, dtype)?, (outputs, inputs))
}

impl Module for Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let padded = if self.padding == 0 { x.clone() } else { x.pad_with_zeros(D::Minus1, 0, self.padding)? };
        self.weight.forward(&padded)?.broadcast_add(&self.bias)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kernel: Kernel, types: [GgmlDType; 2]) -> Result<()> {
        let x = Tensor::randn(0_f32, 1.0, (5, 96), &Device::Cpu)?;
        let mut exact = Vec::new();
        let mut parts = Vec::new();
        for dtype in types {
            let weight = QTensor::quantize(&Tensor::randn(0_f32, 1.0, (48, 96), &Device::Cpu)?, dtype)?;
            let bias = Tensor::randn(0_f32, 1.0, 48, &Device::Cpu)?;
            exact.push(x.matmul(&weight.dequantize(&Device::Cpu)?.t()?)?.broadcast_add(&bias)?);
            parts.push((weight, QTensor::quantize(&bias, GgmlDType::F32)?));
        }
        let product = Linear::new(&parts, kernel)?.forward(&x)?;
        let error = (product - Tensor::cat(&exact, 1)?)?.abs()?.max_all()?.to_scalar::<f32>()?;
        assert!(error < 0.5, "{kernel:?}, {types:?}: {error} on values around 10");
        Ok(())
    }

    #[test]
    fn both_kernels_compute_the_product_of_stacked_weights() -> Result<()> {
        for kernel in [Kernel::Repacked, Kernel::AsStored] {
            check(kernel, [GgmlDType::Q4_0, GgmlDType::Q4_0])?;
            check(kernel, [GgmlDType::Q4_0, GgmlDType::Q8_0])?;
        }
        Ok(())
    }
}
