//! How quantized weights lie in memory: sixteen rows side by side, so that one instruction serves sixteen results.
//!
//! The weights of sixteen rows are cut into blocks as their file has them (256 or 32 values of each row), and blocks
//! into parts that share a scale (16 or 32 values). Every weight is `scale * q - minimum` with an unsigned `q` of 4, 5,
//! 6 or 8 bits. Of a part, the values stand four by four: a *quad* is four neighbouring values of each of the sixteen
//! rows, 64 bytes once it is unpacked. The lower four bits of two quads share 64 bytes; further bits lie in planes of
//! their own, again 64 bytes.
//!
//! A block: the factors of its sixteen rows as `f16` (one or two a row), one byte for each scale and each minimum of
//! each row where the block has several parts, then the parts. All of it takes the same room as in the file, but for
//! the scales of `Q4_K` and `Q5_K`, which are six bits there.
//!
//! Source: `ggml-quants` as of GGUF version 3, by its names of the types.

mod block;
mod unpack;

pub(super) use self::block::{Block, Q4K, Q4One, Q4Zero, Q5K, Q5One, Q5Zero, Q6K, Q8Zero, put_values, quads};
pub(super) use self::unpack::RowBlock;

/// Rows in a group.
pub(super) const ROWS: usize = 16;

/// The largest number of values in a block.
pub(super) const LARGEST_BLOCK: usize = 256;

/// A kind of quantization that there are kernels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Blocks of 256 in parts of 32, four bits, a scale and a minimum of six bits for each part.
    Q4K,
    /// As `Q4K`, five bits.
    Q5K,
    /// Blocks of 256 in parts of 16, six bits, a scale of eight bits for each part.
    Q6K,
    /// `Q4_0`: blocks of 32, four bits around 8.
    Q4Zero,
    /// `Q4_1`: blocks of 32, four bits and a minimum.
    Q4One,
    /// `Q5_0`: blocks of 32, five bits around 16.
    Q5Zero,
    /// `Q5_1`: blocks of 32, five bits and a minimum.
    Q5One,
    /// `Q8_0`: blocks of 32, eight bits around zero.
    Q8Zero,
}

/// Evaluates an expression with the block type of a format: `with_block!(format, B => function::<B>())`.
macro_rules! with_block {
    ($format:expr, $block:ident => $body:expr) => {{
        use $crate::format as blocks;
        match $format {
            blocks::Format::Q4K => {
                type $block = blocks::Q4K;
                $body
            }
            blocks::Format::Q5K => {
                type $block = blocks::Q5K;
                $body
            }
            blocks::Format::Q6K => {
                type $block = blocks::Q6K;
                $body
            }
            blocks::Format::Q4Zero => {
                type $block = blocks::Q4Zero;
                $body
            }
            blocks::Format::Q4One => {
                type $block = blocks::Q4One;
                $body
            }
            blocks::Format::Q5Zero => {
                type $block = blocks::Q5Zero;
                $body
            }
            blocks::Format::Q5One => {
                type $block = blocks::Q5One;
                $body
            }
            blocks::Format::Q8Zero => {
                type $block = blocks::Q8Zero;
                $body
            }
        }
    }};
}
pub(super) use with_block;

/// What the numbers of a format are, for code that is not generic over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Values of a row in a block.
    pub(super) block: usize,
    /// Values of a row in a part.
    pub(super) part: usize,
    /// Bytes of a block of one row in a file.
    pub(super) file_bytes: usize,
    /// Bytes of a block of sixteen rows here.
    pub(super) bytes: usize,
}

fn layout_of<B: Block>() -> Layout {
    Layout { block: B::VALUES, part: B::PART, file_bytes: B::FILE_BYTES, bytes: B::BYTES }
}

impl Format {
    #[cfg(test)]
    pub(super) const ALL: [Format; 8] = [
        Format::Q4K,
        Format::Q5K,
        Format::Q6K,
        Format::Q4Zero,
        Format::Q4One,
        Format::Q5Zero,
        Format::Q5One,
        Format::Q8Zero,
    ];

    pub(super) fn layout(self) -> Layout {
        with_block!(self, B => layout_of::<B>())
    }

    /// Values of a row that belong together: a row's length is a multiple of this.
    pub fn block(self) -> usize {
        self.layout().block
    }

    /// Bytes of a row of `width` values in a file; `width` is a multiple of [`Format::block`].
    pub fn row_bytes(self, width: usize) -> usize {
        width / self.block() * self.layout().file_bytes
    }

    /// Reads one row of a file into numbers. `row` has [`Format::row_bytes`] bytes for the length of `numbers`.
    pub fn read_row(self, row: &[u8], numbers: &mut [f32]) {
        let layout = self.layout();
        for (block, numbers) in row.chunks_exact(layout.file_bytes).zip(numbers.chunks_exact_mut(layout.block)) {
            let block = RowBlock::read(self, block);
            for (at, number) in numbers.iter_mut().enumerate() {
                let part = at / layout.part;
                *number = block.scale(part) * f32::from(block.values[at]) - block.minimum(part);
            }
        }
    }
}
