//! A quantized matrix in the kernels' layout, and how it is built from a file's rows.

use super::format::{Block, Format, ROWS, RowBlock, put_values, with_block};
use super::memory::Pages;
use super::pool::{Disjoint, Pool};

/// A cache line: a matrix takes whole ones.
const LINE: usize = 64;

/// Weights of `rows` rows and `width` columns.
pub struct Matrix {
    format: Format,
    rows: usize,
    width: usize,
    pages: Pages,
}

impl Matrix {
    /// How many rows there are: numbers of a result.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How long a row is: numbers of an input.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How the weights are quantized.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How much memory it takes.
    pub fn bytes(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn groups(&self) -> usize {
        self.rows.div_ceil(ROWS)
    }

    /// The blocks of a group of sixteen rows, one after the other.
    pub(super) fn group(&self, group: usize) -> &[u8] {
        let length = group_bytes(self.format, self.width);
        &self.pages[group * length..][..length]
    }
}

/// Bytes of sixteen rows.
fn group_bytes(format: Format, width: usize) -> usize {
    width / format.block() * format.layout().bytes
}

/// How a matrix is to be read.
pub struct MatrixBuilder {
    /// How the file's weights are quantized.
    pub format: Format,
    /// How many rows there are.
    pub rows: usize,
    /// How long a row is, a multiple of the format's block.
    pub width: usize,
}

/// Groups that are read at once: few enough that what was read is still in the cache when it is laid out.
const GROUPS_AT_ONCE: usize = 4;

impl MatrixBuilder {
    /// How much memory the matrix will take.
    pub fn bytes(&self) -> usize {
        (self.rows.div_ceil(ROWS) * group_bytes(self.format, self.width)).next_multiple_of(LINE)
    }

    /// Builds the matrix on all threads. `read` fills a buffer with the bytes from an offset into the file's matrix.
    pub fn build<E: Send>(
        &self,
        pool: &Pool,
        read: impl Fn(usize, &mut [u8]) -> Result<(), E> + Sync,
    ) -> Result<Matrix, E> {
        let MatrixBuilder { format, rows, width } = *self;
        assert!(width.is_multiple_of(format.block()), "rows are whole blocks");
        let (length, row_bytes) = (group_bytes(format, width), format.row_bytes(width));
        let groups = rows.div_ceil(ROWS);
        let mut matrix = Matrix { format, rows, width, pages: Pages::zeroed(self.bytes()) };
        let failure = std::sync::Mutex::new(None);
        let whole = Disjoint::new(&mut matrix.pages[..groups * length]);
        pool.run_ranges(groups, GROUPS_AT_ONCE, &|range| {
            let rows = range.start * ROWS..(range.end * ROWS).min(rows);
            let mut bytes = vec![0; rows.len() * row_bytes];
            if let Err(error) = read(rows.start * row_bytes, &mut bytes) {
                *failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                return;
            }
            // SAFETY: each range of groups is given to one call.
            let part = unsafe { whole.part(range.start * length..range.end * length) };
            for (group, rows) in part.chunks_exact_mut(length).zip(bytes.chunks(ROWS * row_bytes)) {
                with_block!(format, B => lay_out::<B>(format, group, rows, row_bytes));
            }
        });
        match failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(matrix),
        }
    }
}

/// Lays out up to sixteen rows of a file; the rest of the group stays zero.
fn lay_out<B: Block>(format: Format, group: &mut [u8], rows: &[u8], row_bytes: usize) {
    for (row, bytes) in rows.chunks_exact(row_bytes).enumerate() {
        for (block, bytes) in group.chunks_exact_mut(B::BYTES).zip(bytes.chunks_exact(B::FILE_BYTES)) {
            let from = RowBlock::read(format, bytes);
            B::put_factors(block, row, &from);
            let parts = block[B::HEADER..].chunks_exact_mut(B::PART_BYTES);
            for (part, values) in parts.zip(from.values.chunks_exact(B::PART)) {
                put_values::<B>(part, row, values);
            }
        }
    }
}
