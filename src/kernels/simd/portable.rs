//! Plain arrays: correct everywhere, and as fast as the compiler makes them. The others are tested against this one.

use half::f16;

use super::Simd;

/// Needs nothing of the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Portable;

#[inline(always)]
fn lanes<T>(make: impl Fn(usize) -> T) -> [T; 16] {
    std::array::from_fn(make)
}

impl Simd for Portable {
    type Bytes = [u8; 64];
    type Ints = [i32; 16];
    type Products = [i32; 16];
    type Floats = [f32; 16];

    const SIGNED_BYTES: bool = false;

    #[inline(always)]
    unsafe fn bytes(self, from: *const u8) -> [u8; 64] {
        // SAFETY: the caller answers for the 64 bytes; an array of bytes needs no alignment.
        unsafe { from.cast::<[u8; 64]>().read() }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, bytes: [u8; 64]) {
        // SAFETY: the caller answers for the 64 bytes; an array of bytes needs no alignment.
        unsafe { to.cast::<[u8; 64]>().write(bytes) }
    }

    #[inline(always)]
    fn prefetch(self, _: *const u8) {}

    #[inline(always)]
    fn low(self, bytes: [u8; 64]) -> [u8; 64] {
        bytes.map(|byte| byte & 15)
    }

    #[inline(always)]
    fn high(self, bytes: [u8; 64]) -> [u8; 64] {
        bytes.map(|byte| byte >> 4)
    }

    #[inline(always)]
    fn with_one_bit<const FROM: u32>(self, below: [u8; 64], plane: [u8; 64]) -> [u8; 64] {
        std::array::from_fn(|at| below[at] | (plane[at] >> FROM & 1) << 4)
    }

    #[inline(always)]
    fn with_two_bits<const FROM: u32>(self, below: [u8; 64], plane: [u8; 64]) -> [u8; 64] {
        std::array::from_fn(|at| below[at] | (plane[at] >> FROM & 3) << 4)
    }

    #[inline(always)]
    fn whole(self, bytes: [u8; 64]) -> [u8; 64] {
        bytes
    }

    #[inline(always)]
    fn no_ints(self) -> [i32; 16] {
        [0; 16]
    }

    #[inline(always)]
    fn shifted<const BY: u32>(self, value: i32) -> [i32; 16] {
        [value << BY; 16]
    }

    #[inline(always)]
    fn products(self, sum: [i32; 16]) -> [i32; 16] {
        sum
    }

    #[inline(always)]
    fn dot(self, sum: [i32; 16], weights: [u8; 64], values: [i8; 4]) -> [i32; 16] {
        let product = |at: usize| i32::from(weights[at]) * i32::from(values[at % 4]);
        lanes(|lane| sum[lane] + (0..4).map(|at| product(4 * lane + at)).sum::<i32>())
    }

    #[inline(always)]
    fn dot_whole(self, sum: [i32; 16], weights: [u8; 64], values: [i8; 4]) -> [i32; 16] {
        self.dot(sum, weights, values)
    }

    #[inline(always)]
    fn settled(self, _: [i32; 16], products: [i32; 16]) -> [i32; 16] {
        products
    }

    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "sums of a few hundred products of bytes are exact")]
    fn floats_of(self, ints: [i32; 16]) -> [f32; 16] {
        ints.map(|int| int as f32)
    }

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; 16] {
        [value; 16]
    }

    #[inline(always)]
    unsafe fn floats(self, from: *const f32) -> [f32; 16] {
        // SAFETY: the caller answers for the sixteen numbers.
        unsafe { from.cast::<[f32; 16]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn halves(self, from: *const u16) -> [f32; 16] {
        // SAFETY: the caller answers for the sixteen numbers.
        unsafe { from.cast::<[u16; 16]>().read_unaligned() }.map(|bits| f16::from_bits(bits).to_f32())
    }

    #[inline(always)]
    unsafe fn unsigned_bytes(self, from: *const u8) -> [f32; 16] {
        // SAFETY: the caller answers for the sixteen bytes.
        unsafe { from.cast::<[u8; 16]>().read() }.map(f32::from)
    }

    #[inline(always)]
    unsafe fn signed_bytes(self, from: *const i8) -> [f32; 16] {
        // SAFETY: the caller answers for the sixteen bytes.
        unsafe { from.cast::<[i8; 16]>().read() }.map(f32::from)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, floats: [f32; 16]) {
        // SAFETY: the caller answers for the sixteen numbers.
        unsafe { to.cast::<[f32; 16]>().write_unaligned(floats) }
    }

    #[inline(always)]
    fn add(self, one: [f32; 16], other: [f32; 16]) -> [f32; 16] {
        lanes(|lane| one[lane] + other[lane])
    }

    #[inline(always)]
    fn mul(self, one: [f32; 16], other: [f32; 16]) -> [f32; 16] {
        lanes(|lane| one[lane] * other[lane])
    }

    #[inline(always)]
    fn div(self, one: [f32; 16], other: [f32; 16]) -> [f32; 16] {
        lanes(|lane| one[lane] / other[lane])
    }

    #[inline(always)]
    fn max(self, one: [f32; 16], other: [f32; 16]) -> [f32; 16] {
        lanes(|lane| if one[lane] > other[lane] { one[lane] } else { other[lane] })
    }

    #[inline(always)]
    fn min(self, one: [f32; 16], other: [f32; 16]) -> [f32; 16] {
        lanes(|lane| if one[lane] < other[lane] { one[lane] } else { other[lane] })
    }

    // Not `f32::mul_add`, which is a function call where the processor has no such instruction.
    #[inline(always)]
    fn mul_add(self, one: [f32; 16], other: [f32; 16], more: [f32; 16]) -> [f32; 16] {
        lanes(|lane| one[lane] * other[lane] + more[lane])
    }

    #[inline(always)]
    fn sub_mul(self, one: [f32; 16], other: [f32; 16], more: [f32; 16]) -> [f32; 16] {
        lanes(|lane| more[lane] - one[lane] * other[lane])
    }

    #[inline(always)]
    fn round(self, floats: [f32; 16]) -> [f32; 16] {
        floats.map(f32::round_ties_even)
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the powers are between -126 and 127")]
    fn scale_by_power_of_two(self, floats: [f32; 16], powers: [f32; 16]) -> [f32; 16] {
        lanes(|lane| floats[lane] * f32::from_bits(((powers[lane] as i32 + 127) as u32) << 23))
    }
}
