//! Tensors of a file by name: matrices into the kernels' layout, vectors into numbers, embeddings left in the file.

use std::fs::File;
use std::os::unix::fs::FileExt;

use anyhow::{Context, bail, ensure};
use candle_core::quantized::gguf_file::{Content, TensorInfo};

use super::stored::Stored;
use atiende_kernels::{Kernels, Matrix, MatrixBuilder};

/// The tensors of a file that was found whole.
pub(super) struct Tensors<'a> {
    pub(super) file: &'a File,
    pub(super) content: &'a Content,
    pub(super) kernels: &'a Kernels,
}

impl Tensors<'_> {
    /// Whether all tensors can be read.
    pub(super) fn are_supported(content: &Content) -> bool {
        content.tensor_infos.values().all(|info| Stored::of(info.ggml_dtype).is_some())
    }

    /// How many bytes a tensor takes in memory.
    pub(super) fn bytes(info: &TensorInfo) -> u64 {
        let bytes = match (info.shape.dims(), Stored::of(info.ggml_dtype)) {
            (&[rows, width], Some(stored)) => MatrixBuilder { format: stored.kept(), rows, width }.bytes(),
            _ => info.shape.elem_count() * size_of::<f32>(),
        };
        bytes as u64
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
        let (rows, stored) = self.check_matrix(name, rows, width)?;
        let start = self.start(self.info(name)?);
        let builder = MatrixBuilder { format: stored.kept(), rows, width };
        let read = |at: usize, bytes: &mut [u8]| {
            if stored.is_known() {
                return Ok(self.file.read_exact_at(bytes, start + at as u64)?);
            }
            // Whole rows are asked for, in the format that the matrix is kept in.
            let kept = stored.kept().row_bytes(width);
            let (first, count) = (at / kept, bytes.len() / kept);
            let mut found = vec![0; stored.bytes(count * width)];
            self.file.read_exact_at(&mut found, start + stored.bytes(first * width) as u64)?;
            stored.requantize(&found, count * width, bytes)
        };
        builder.build(self.kernels.pool(), read).with_context(|| format!("cannot read the tensor `{name}`"))
    }

    fn check_matrix(&self, name: &str, rows: Option<usize>, width: usize) -> anyhow::Result<(usize, Stored)> {
        let info = self.info(name)?;
        let dims = info.shape.dims();
        let &[found_rows, found_width] = dims else { bail!("the tensor `{name}` is no matrix: {dims:?}") };
        let fits = found_width == width && found_rows > 0 && rows.is_none_or(|rows| rows == found_rows);
        let rows = rows.unwrap_or(found_rows);
        ensure!(fits, "the tensor `{name}` is {found_rows} × {found_width}, not {rows} × {width}");
        let stored = stored(name, info)?;
        ensure!(width.is_multiple_of(stored.block()), "the rows of `{name}` are not whole blocks");
        Ok((rows, stored))
    }

    /// A vector of `length` numbers.
    pub(super) fn vector(&self, name: &str, length: usize) -> anyhow::Result<Vec<f32>> {
        let info = self.info(name)?;
        let found = info.shape.elem_count();
        ensure!(found == length, "the tensor `{name}` has {found} numbers, not {length}");
        let stored = stored(name, info)?;
        let mut bytes = vec![0; stored.bytes(length)];
        self.file.read_exact_at(&mut bytes, self.start(info))?;
        stored.numbers(&bytes, length).with_context(|| format!("cannot read the tensor `{name}`"))
    }

    /// The vector, where the file has one of that name.
    pub(super) fn vector_if_any(&self, name: &str, length: usize) -> anyhow::Result<Option<Vec<f32>>> {
        if self.has(name) { self.vector(name, length).map(Some) } else { Ok(None) }
    }

    /// The tokens' embeddings.
    pub(super) fn embedding(&self, name: &str, width: usize) -> anyhow::Result<Embedding> {
        let (rows, stored) = self.check_matrix(name, None, width)?;
        Ok(Embedding { file: self.file.try_clone()?, start: self.start(self.info(name)?), rows, width, stored })
    }
}

fn stored(name: &str, info: &TensorInfo) -> anyhow::Result<Stored> {
    Stored::of(info.ggml_dtype).with_context(|| format!("the tensor `{name}` is {:?}", info.ggml_dtype))
}

/// The embeddings stay in the file: of hundreds of megabytes, a text needs some kilobytes.
pub(super) struct Embedding {
    file: File,
    start: u64,
    rows: usize,
    width: usize,
    stored: Stored,
}

impl Embedding {
    /// How many tokens there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The embeddings of some tokens.
    pub(super) fn look_up(&self, tokens: &[u32], into: &mut [f32]) -> anyhow::Result<()> {
        let length = self.stored.bytes(self.width);
        let mut bytes = vec![0; length];
        for (token, numbers) in tokens.iter().zip(into.chunks_exact_mut(self.width)) {
            let row = *token as usize;
            ensure!(row < self.rows, "there is no token {token}");
            let start = self.start + (row * length) as u64;
            self.file.read_exact_at(&mut bytes, start).context("cannot read the model's file any more")?;
            self.stored.read_row(&bytes, numbers)?;
        }
        Ok(())
    }
}
