//! How the numbers of a tensor stand in a file, and what becomes of those that there are no kernels for: a matrix is kept
//! with eight bits a weight (`Q8_0`), of which the kernels know, and anything else as plain numbers.
//!
//! candle reads them. What it does not know is not loaded.

use anyhow::ensure;
use candle_core::quantized::ggml_file::qtensor_from_ggml;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

use atiende_kernels::Format;

/// What the numbers of a tensor are written as.
#[derive(Clone, Copy)]
pub(super) struct Stored {
    kind: GgmlDType,
    /// The same for the kernels, where they know it.
    known: Option<Format>,
}

impl Stored {
    /// Nothing where neither the kernels nor candle read it.
    pub(super) fn of(kind: GgmlDType) -> Option<Self> {
        let known = match kind {
            GgmlDType::Q4K => Some(Format::Q4K),
            GgmlDType::Q5K => Some(Format::Q5K),
            GgmlDType::Q6K => Some(Format::Q6K),
            GgmlDType::Q4_0 => Some(Format::Q4Zero),
            GgmlDType::Q4_1 => Some(Format::Q4One),
            GgmlDType::Q5_0 => Some(Format::Q5Zero),
            GgmlDType::Q5_1 => Some(Format::Q5One),
            GgmlDType::Q8_0 => Some(Format::Q8Zero),
            GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16 | GgmlDType::Q2K | GgmlDType::Q3K => None,
            GgmlDType::Q8_1 | GgmlDType::Q8K => return None,
        };
        Some(Stored { kind, known })
    }

    /// What a matrix of it is kept as.
    pub(super) fn kept(self) -> Format {
        self.known.unwrap_or(Format::Q8Zero)
    }

    /// Whether the file's bytes are what the kernels take.
    pub(super) fn is_known(self) -> bool {
        self.known.is_some()
    }

    /// Values that belong together, in the file or in memory: the rows of a matrix have a multiple of it.
    pub(super) fn block(self) -> usize {
        self.kept().block().max(self.kind.block_size())
    }

    /// Bytes of so many numbers in the file.
    pub(super) fn bytes(self, count: usize) -> usize {
        count / self.kind.block_size() * self.kind.type_size()
    }

    /// Reads the file's bytes of one row.
    pub(super) fn read_row(self, bytes: &[u8], numbers: &mut [f32]) -> anyhow::Result<()> {
        match self.known {
            Some(format) => format.read_row(bytes, numbers),
            None => numbers.copy_from_slice(&self.numbers(bytes, numbers.len())?),
        }
        Ok(())
    }

    /// All numbers of a tensor.
    pub(super) fn numbers(self, bytes: &[u8], count: usize) -> anyhow::Result<Vec<f32>> {
        Ok(self.tensor(bytes, count)?.to_vec1()?)
    }

    /// The file's bytes of some numbers as `Q8_0` has them.
    pub(super) fn requantize(self, bytes: &[u8], count: usize, into: &mut [u8]) -> anyhow::Result<()> {
        let tensor = self.tensor(bytes, count)?;
        // Eight bits have no way to say that a weight is no number.
        ensure!(tensor.sum_all()?.to_scalar::<f32>()?.is_finite(), "some of its weights are no numbers");
        into.copy_from_slice(&QTensor::quantize(&tensor, GgmlDType::Q8_0)?.data()?);
        Ok(())
    }

    fn tensor(self, bytes: &[u8], count: usize) -> anyhow::Result<Tensor> {
        ensure!(count.is_multiple_of(self.kind.block_size()) && bytes.len() == self.bytes(count), "blocks are whole");
        Ok(qtensor_from_ggml(self.kind, bytes, vec![count], &Device::Cpu)?.dequantize(&Device::Cpu)?)
    }
}
