//! What the kernels need of each format: where things lie in a block of sixteen rows, and how a quad is unpacked.

use std::marker::PhantomData;

use super::ROWS;
use super::unpack::RowBlock;
use crate::simd::Simd;

/// Bytes of one `f16` for each of sixteen rows.
const HALVES: usize = 2 * ROWS;
/// Bytes of one plane: of two quads of four bits, four quads of two, eight of one, or one of eight.
const PLANE: usize = 64;

/// A format, at compile time: how sixteen rows' blocks lie in memory.
pub(crate) trait Block {
    /// Values of a row in a block.
    const VALUES: usize;
    /// Values of a row in a part, which share a scale.
    const PART: usize;
    /// Bits of a value.
    const BITS: usize;
    /// Bytes of a block of one row in a file.
    const FILE_BYTES: usize;
    /// Bytes of the factors, scales and minimums before the parts.
    const HEADER: usize;
    /// Whether values lie around the middle of what their bits hold, and not above a minimum.
    const IS_CENTRED: bool;

    const PARTS: usize = Self::VALUES / Self::PART;
    const PART_BYTES: usize = Self::PART * ROWS * Self::BITS / 8;
    const BYTES: usize = Self::HEADER + Self::PARTS * Self::PART_BYTES;

    /// The scale of each row in a part.
    ///
    /// # Safety
    ///
    /// A block can be read at `block`, and `part` is one of its.
    unsafe fn scale<S: Simd>(simd: S, block: *const u8, part: usize) -> S::Floats;

    /// What is taken off each value of each row in a part, once it is scaled: nothing where values lie around a middle.
    ///
    /// # Safety
    ///
    /// As [`Block::scale`].
    unsafe fn minimum<S: Simd>(simd: S, block: *const u8, part: usize) -> S::Floats;

    /// Writes the factors of row `row`, of sixteen, into a block.
    fn put_factors(block: &mut [u8], row: usize, from: &RowBlock);
}

pub(crate) type Q4K = Of<ScalesAndMinimums, 4, 144>;
pub(crate) type Q5K = Of<ScalesAndMinimums, 5, 176>;
pub(crate) type Q6K = Of<SignedScales, 6, 210>;
pub(crate) type Q4Zero = Of<AroundMiddle, 4, 18>;
pub(crate) type Q5Zero = Of<AroundMiddle, 5, 22>;
pub(crate) type Q8Zero = Of<AroundMiddle, 8, 34>;
pub(crate) type Q4One = Of<AboveMinimum, 4, 20>;
pub(crate) type Q5One = Of<AboveMinimum, 5, 24>;

/// Blocks with factors of one kind, values of so many bits, and so many bytes a row in a file.
pub(crate) struct Of<F, const BITS: usize, const FILE_BYTES: usize>(PhantomData<F>);

impl<F: Factors, const BITS: usize, const FILE_BYTES: usize> Block for Of<F, BITS, FILE_BYTES> {
    const VALUES: usize = F::VALUES;
    const PART: usize = F::PART;
    const BITS: usize = BITS;
    const FILE_BYTES: usize = FILE_BYTES;
    const HEADER: usize = F::HEADER;
    const IS_CENTRED: bool = F::IS_CENTRED;

    #[inline(always)]
    unsafe fn scale<S: Simd>(simd: S, block: *const u8, part: usize) -> S::Floats {
        // SAFETY: the caller answers for the block, which begins with the factors.
        unsafe { F::scale(simd, block, part) }
    }

    #[inline(always)]
    unsafe fn minimum<S: Simd>(simd: S, block: *const u8, part: usize) -> S::Floats {
        // SAFETY: as above.
        unsafe { F::minimum(simd, block, part) }
    }

    fn put_factors(block: &mut [u8], row: usize, from: &RowBlock) {
        F::put(block, row, from);
    }
}

/// What a block says about its values before they come.
pub(crate) trait Factors {
    /// As [`Block::VALUES`].
    const VALUES: usize;
    /// As [`Block::PART`].
    const PART: usize;
    /// As [`Block::HEADER`].
    const HEADER: usize;
    /// As [`Block::IS_CENTRED`].
    const IS_CENTRED: bool;

    /// As [`Block::scale`].
    ///
    /// # Safety
    ///
    /// The factors can be read at `block`, and `part` is one of the block's.
    unsafe fn scale<S: Simd>(simd: S, block: *const u8, part: usize) -> S::Floats;

    /// As [`Block::minimum`].
    ///
    /// # Safety
    ///
    /// As [`Factors::scale`].
    #[inline(always)]
    unsafe fn minimum<S: Simd>(simd: S, _block: *const u8, _part: usize) -> S::Floats {
        simd.splat(0.0)
    }

    /// As [`Block::put_factors`].
    fn put(block: &mut [u8], row: usize, from: &RowBlock);
}

fn put_half(block: &mut [u8], at: usize, row: usize, half: u16) {
    block[at + 2 * row..][..2].copy_from_slice(&half.to_le_bytes());
}

/// Parts of 32 with a scale and a minimum of one byte each, and a factor for the scales and one for the minimums.
pub(crate) struct ScalesAndMinimums;

impl Factors for ScalesAndMinimums {
    const VALUES: usize = 256;
    const PART: usize = 32;
    const HEADER: usize = 2 * HALVES + 2 * Self::VALUES / Self::PART * ROWS;
    const IS_CENTRED: bool = false;

    #[inline(always)]
    unsafe fn scale<S: Simd>(simd: S, block: *const u8, part: usize) -> S::Floats {
        // SAFETY: all of this lies in the header.
        unsafe { simd.mul(simd.halves(block.cast()), simd.unsigned_bytes(block.add(2 * HALVES + part * 2 * ROWS))) }
    }

    #[inline(always)]
    unsafe fn minimum<S: Simd>(simd: S, block: *const u8, part: usize) -> S::Floats {
        // SAFETY: all of this lies in the header.
        unsafe {
            let minimums = simd.unsigned_bytes(block.add(2 * HALVES + part * 2 * ROWS + ROWS));
            simd.mul(simd.halves(block.add(HALVES).cast()), minimums)
        }
    }

    fn put(block: &mut [u8], row: usize, from: &RowBlock) {
        put_half(block, 0, row, from.factor);
        put_half(block, HALVES, row, from.minimum_factor);
        for part in 0..Self::VALUES / Self::PART {
            let at = 2 * HALVES + part * 2 * ROWS + row;
            block[at] = from.scales[part];
            block[at + ROWS] = from.minimums[part];
        }
    }
}

/// Parts of 16 with a signed scale of one byte, and a factor for the scales; values lie around their middle.
pub(crate) struct SignedScales;

impl Factors for SignedScales {
    const VALUES: usize = 256;
    const PART: usize = 16;
    const HEADER: usize = HALVES + Self::VALUES / Self::PART * ROWS;
    const IS_CENTRED: bool = true;

    #[inline(always)]
    unsafe fn scale<S: Simd>(simd: S, block: *const u8, part: usize) -> S::Floats {
        // SAFETY: all of this lies in the header.
        unsafe { simd.mul(simd.halves(block.cast()), simd.signed_bytes(block.add(HALVES + part * ROWS).cast())) }
    }

    fn put(block: &mut [u8], row: usize, from: &RowBlock) {
        put_half(block, 0, row, from.factor);
        for part in 0..Self::VALUES / Self::PART {
            block[HALVES + part * ROWS + row] = from.scales[part];
        }
    }
}

/// One scale for 32 values, which lie around their middle.
pub(crate) struct AroundMiddle;

impl Factors for AroundMiddle {
    const VALUES: usize = 32;
    const PART: usize = 32;
    const HEADER: usize = HALVES;
    const IS_CENTRED: bool = true;

    #[inline(always)]
    unsafe fn scale<S: Simd>(simd: S, block: *const u8, _: usize) -> S::Floats {
        // SAFETY: the header has sixteen halves.
        unsafe { simd.halves(block.cast()) }
    }

    fn put(block: &mut [u8], row: usize, from: &RowBlock) {
        put_half(block, 0, row, from.factor);
    }
}

/// One scale and one minimum for 32 values; the minimum is added.
pub(crate) struct AboveMinimum;

impl Factors for AboveMinimum {
    const VALUES: usize = 32;
    const PART: usize = 32;
    const HEADER: usize = 2 * HALVES;
    const IS_CENTRED: bool = false;

    #[inline(always)]
    unsafe fn scale<S: Simd>(simd: S, block: *const u8, _: usize) -> S::Floats {
        // SAFETY: the header has twice sixteen halves.
        unsafe { simd.halves(block.cast()) }
    }

    #[inline(always)]
    unsafe fn minimum<S: Simd>(simd: S, block: *const u8, _: usize) -> S::Floats {
        // SAFETY: as above.
        unsafe { simd.mul(simd.halves(block.add(HALVES).cast()), simd.splat(-1.0)) }
    }

    fn put(block: &mut [u8], row: usize, from: &RowBlock) {
        put_half(block, 0, row, from.factor);
        put_half(block, HALVES, row, from.minimum_factor);
    }
}

/// The two quads `2 * PAIR` and `2 * PAIR + 1` of a part, ready for a dot product.
///
/// # Safety
///
/// A part of `B` can be read at `part`, and has so many quads.
#[inline(always)]
pub(crate) unsafe fn quads<S: Simd, B: Block, const PAIR: usize>(simd: S, part: *const u8) -> (S::Bytes, S::Bytes) {
    // SAFETY: a part of 4 `PAIRS` quads holds its planes one after the other: the nibbles first, then further bits.
    unsafe {
        if B::BITS == 8 {
            let quad = |at: usize| simd.whole(simd.bytes(part.add((2 * PAIR + at) * PLANE)));
            return (quad(0), quad(1));
        }
        let nibbles = simd.bytes(part.add(PAIR * PLANE));
        let (low, high) = (simd.low(nibbles), simd.high(nibbles));
        let planes = part.add(B::PART / 8 * PLANE);
        match (B::BITS, PAIR % 4) {
            (5, 0) => one_bit::<S, 0, 1>(simd, low, high, planes),
            (5, 1) => one_bit::<S, 2, 3>(simd, low, high, planes),
            (5, 2) => one_bit::<S, 4, 5>(simd, low, high, planes),
            (5, _) => one_bit::<S, 6, 7>(simd, low, high, planes),
            (6, 0 | 2) => two_bits::<S, 0, 2>(simd, low, high, planes.add(PAIR / 2 * PLANE)),
            (6, _) => two_bits::<S, 4, 6>(simd, low, high, planes.add(PAIR / 2 * PLANE)),
            _ => (low, high),
        }
    }
}

/// # Safety
///
/// A plane can be read at `plane`.
#[inline(always)]
unsafe fn one_bit<S: Simd, const FIRST: u32, const SECOND: u32>(
    simd: S,
    low: S::Bytes,
    high: S::Bytes,
    plane: *const u8,
) -> (S::Bytes, S::Bytes) {
    // SAFETY: the caller answers for the plane.
    let plane = unsafe { simd.bytes(plane) };
    (simd.with_one_bit::<FIRST>(low, plane), simd.with_one_bit::<SECOND>(high, plane))
}

/// # Safety
///
/// A plane can be read at `plane`.
#[inline(always)]
unsafe fn two_bits<S: Simd, const FIRST: u32, const SECOND: u32>(
    simd: S,
    low: S::Bytes,
    high: S::Bytes,
    plane: *const u8,
) -> (S::Bytes, S::Bytes) {
    // SAFETY: the caller answers for the plane.
    let plane = unsafe { simd.bytes(plane) };
    (simd.with_two_bits::<FIRST>(low, plane), simd.with_two_bits::<SECOND>(high, plane))
}

/// Writes the values of one row's part into the planes of sixteen rows.
pub(crate) fn put_values<B: Block>(part: &mut [u8], row: usize, values: &[u8]) {
    let word = |quad: usize| {
        let values = &values[4 * quad..4 * quad + 4];
        u32::from_le_bytes([values[0], values[1], values[2], values[3]])
    };
    let mut put = |plane: usize, bytes: u32| {
        let at = plane * PLANE + 4 * row;
        part[at..at + 4].copy_from_slice(&bytes.to_le_bytes());
    };
    let quads = B::PART / 4;
    if B::BITS == 8 {
        return (0..quads).for_each(|quad| put(quad, word(quad)));
    }
    const NIBBLES: u32 = 0x0F0F_0F0F;
    for pair in 0..quads / 2 {
        put(pair, word(2 * pair) & NIBBLES | (word(2 * pair + 1) & NIBBLES) << 4);
    }
    // Further bits: quad by quad, `extra` bits each, as many quads as fit a byte to a plane.
    let extra = B::BITS - 4;
    if extra == 0 {
        return;
    }
    let mask = 0x0101_0101 * ((1 << extra) - 1);
    let quads_in_plane = 8 / extra;
    for (plane, first) in (0..quads).step_by(quads_in_plane).enumerate() {
        let bits = (first..quads.min(first + quads_in_plane))
            .fold(0, |bits, quad| bits | (word(quad) >> 4 & mask) << (extra * (quad - first)));
        put(quads / 2 + plane, bits);
    }
}
