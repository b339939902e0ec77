//! Tensors of a file by name: matrices into the kernels' layout, vectors into numbers, embeddings left in the file.

use std::fs::File;
use std::os::unix::fs::FileExt;

use anyhow::{Context, bail, ensure};
use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, TensorInfo};
use half::{bf16, f16};

use atiende_kernels::{Format, Kernels, Matrix, MatrixBuilder};

/// The tensors of a file that was found whole.
pub(super) struct Tensors<'a> {
    pub(super) file: &'a File,
    pub(super) content: &'a Content,
    pub(super) kernels: &'a Kernels,
}

/// The kernels' format of a file's type, where there are kernels for it.
fn format(kind: GgmlDType) -> Option<Format> {
    Some(match kind {
        GgmlDType::Q4K => Format::Q4K,
        GgmlDType::Q5K => Format::Q5K,
        GgmlDType::Q6K => Format::Q6K,
        GgmlDType::Q4_0 => Format::Q4Zero,
        GgmlDType::Q4_1 => Format::Q4One,
        GgmlDType::Q5_0 => Format::Q5Zero,
        GgmlDType::Q5_1 => Format::Q5One,
        GgmlDType::Q8_0 => Format::Q8Zero,
        _ => return None,
    })
}

impl Tensors<'_> {
    /// Whether the kernels can take all matrices.
    pub(super) fn are_supported(content: &Content) -> bool {
        let mut matrices = content.tensor_infos.values().filter(|info| info.shape.dims().len() == 2);
        matrices.all(|info| format(info.ggml_dtype).is_some())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    fn info(&self, name: &str) -> anyhow::Result<&TensorInfo> {
        self.content.tensor_infos.get(name).with_context(|| format!("the tensor `{name}` is missing"))
    }

    fn start(&self, info: &TensorInfo) -> u64 {
        self.content.tensor_data_offset + info.offset
    }

    /// A matrix of `width` columns and, where they are known, `rows` rows.
    pub(super) fn matrix(&self, name: &str, rows: Option<usize>, width: usize) -> anyhow::Result<Matrix> {
        let (rows, format) = self.check_matrix(name, rows, width)?;
        let start = self.start(self.info(name)?);
        let read = |at: usize, bytes: &mut [u8]| self.file.read_exact_at(bytes, start + at as u64);
        let matrix = MatrixBuilder { format, rows, width }.build(self.kernels.pool(), read);
        matrix.with_context(|| format!("cannot read the tensor `{name}`"))
    }

    fn check_matrix(&self, name: &str, rows: Option<usize>, width: usize) -> anyhow::Result<(usize, Format)> {
        let info = self.info(name)?;
        let dims = info.shape.dims();
        let &[found_rows, found_width] = dims else { bail!("the tensor `{name}` is no matrix: {dims:?}") };
        let fits = found_width == width && found_rows > 0 && rows.is_none_or(|rows| rows == found_rows);
        let rows = rows.unwrap_or(found_rows);
        ensure!(fits, "the tensor `{name}` is {found_rows} × {found_width}, not {rows} × {width}");
        let format =
            format(info.ggml_dtype).with_context(|| format!("the tensor `{name}` is {:?}", info.ggml_dtype))?;
        ensure!(width.is_multiple_of(format.block()), "the rows of `{name}` are not whole blocks");
        Ok((rows, format))
    }

    /// A vector of `length` numbers.
    pub(super) fn vector(&self, name: &str, length: usize) -> anyhow::Result<Vec<f32>> {
        let info = self.info(name)?;
        let found = info.shape.elem_count();
        ensure!(found == length, "the tensor `{name}` has {found} numbers, not {length}");
        let mut bytes = vec![0; length * info.ggml_dtype.type_size()];
        let read = |bytes: &mut [u8]| self.file.read_exact_at(bytes, self.start(info));
        let numbers = match info.ggml_dtype {
            GgmlDType::F32 => {
                read(&mut bytes)?;
                bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            GgmlDType::F16 => {
                read(&mut bytes)?;
                bytes.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect()
            }
            GgmlDType::BF16 => {
                read(&mut bytes)?;
                bytes.as_chunks().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect()
            }
            other => bail!("the tensor `{name}` is {other:?}, where plain numbers are expected"),
        };
        Ok(numbers)
    }

    /// The vector, where the file has one of that name.
    pub(super) fn vector_if_any(&self, name: &str, length: usize) -> anyhow::Result<Option<Vec<f32>>> {
        if self.has(name) { self.vector(name, length).map(Some) } else { Ok(None) }
    }

    /// The tokens' embeddings.
    pub(super) fn embedding(&self, name: &str, width: usize) -> anyhow::Result<Embedding> {
        let (rows, format) = self.check_matrix(name, None, width)?;
        Ok(Embedding { file: self.file.try_clone()?, start: self.start(self.info(name)?), rows, width, format })
    }
}

/// The embeddings stay in the file: of hundreds of megabytes, a text needs some kilobytes.
pub(super) struct Embedding {
    file: File,
    start: u64,
    rows: usize,
    width: usize,
    format: Format,
}

impl Embedding {
    /// How many tokens there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The embeddings of some tokens.
    pub(super) fn look_up(&self, tokens: &[u32], into: &mut [f32]) -> anyhow::Result<()> {
        let length = self.format.row_bytes(self.width);
        let mut bytes = vec![0; length];
        for (token, numbers) in tokens.iter().zip(into.chunks_exact_mut(self.width)) {
            let row = *token as usize;
            ensure!(row < self.rows, "there is no token {token}");
            let start = self.start + (row * length) as u64;
            self.file.read_exact_at(&mut bytes, start).context("cannot read the model's file any more")?;
            self.format.read_row(&bytes, numbers);
        }
        Ok(())
    }
}
