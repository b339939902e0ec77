//! Vectors of sixteen numbers, as each kind of processor has them.
//!
//! Kernels are written once, as [`Work`] over [`Simd`], and compiled for each level. A value of a type that implements
//! [`Simd`] can be made only where the processor has the instructions.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(super) use self::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use self::avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub(super) use self::neon::Neon;
pub(super) use self::portable::Portable;

/// What a kernel does for one task: compiled for each level, chosen by [`Level::run`](super::Level::run).
///
/// `run`, and all that is hot in it, is `#[inline(always)]`: code that is not inlined is compiled without the level's
/// instructions.
pub(super) trait Work {
    type Result;

    fn run<S: Simd>(self, simd: S) -> Self::Result;
}

/// Sixteen lanes of 32 bits, or 64 bytes: four for each lane.
pub(super) trait Simd: Copy {
    /// 64 bytes.
    type Bytes: Copy;
    /// Sixteen `i32`.
    type Ints: Copy;
    /// Sixteen `f32`.
    type Floats: Copy;

    /// Products of bytes on their way to the sums.
    type Products: Copy;

    /// Whether they are kept in 16 bits, so that they have to be settled before there are too many of them.
    const PRODUCTS_ARE_SHORT: bool = false;

    /// Whether eight columns of sums are too many for the registers.
    const FEW_REGISTERS: bool = false;

    /// Whether [`Simd::dot`] takes the 8-bit weights of a matrix as signed. They are stored with 128 added.
    const SIGNED_BYTES: bool;

    /// # Safety
    ///
    /// 64 bytes can be read at `from`.
    unsafe fn bytes(self, from: *const u8) -> Self::Bytes;

    /// # Safety
    ///
    /// 64 bytes can be written at `to`.
    unsafe fn store_bytes(self, to: *mut u8, bytes: Self::Bytes);

    /// Has the cache line at an address fetched, which may lie anywhere.
    fn prefetch(self, from: *const u8);

    /// The lower four bits of each byte.
    fn low(self, bytes: Self::Bytes) -> Self::Bytes;

    /// The upper four bits of each byte.
    fn high(self, bytes: Self::Bytes) -> Self::Bytes;

    /// `below`, with bit `FROM` of each byte of `plane` as its bit 4.
    fn with_one_bit<const FROM: u32>(self, below: Self::Bytes, plane: Self::Bytes) -> Self::Bytes;

    /// `below`, with bits `FROM` and `FROM + 1` of each byte of `plane` as its bits 4 and 5.
    fn with_two_bits<const FROM: u32>(self, below: Self::Bytes, plane: Self::Bytes) -> Self::Bytes;

    /// What [`Simd::dot`] needs of bytes of eight bits.
    fn whole(self, bytes: Self::Bytes) -> Self::Bytes;

    fn no_ints(self) -> Self::Ints;

    /// `value << BY` in each lane.
    fn shifted<const BY: u32>(self, value: i32) -> Self::Ints;

    /// Where the products of a part that begins with `sum` are gathered.
    fn products(self, sum: Self::Ints) -> Self::Products;

    /// Adds to each lane the dot product of its four bytes of `weights`, below 64 each, with the four of `values`, none of
    /// them -128.
    fn dot(self, products: Self::Products, weights: Self::Bytes, values: [i8; 4]) -> Self::Products;

    /// The same for what [`Simd::whole`] gave, whose products are too large to be gathered.
    fn dot_whole(self, sum: Self::Ints, weights: Self::Bytes, values: [i8; 4]) -> Self::Ints;

    /// What the products that began with `sum` come to.
    fn settled(self, sum: Self::Ints, products: Self::Products) -> Self::Ints;

    fn floats_of(self, ints: Self::Ints) -> Self::Floats;

    fn splat(self, value: f32) -> Self::Floats;

    /// # Safety
    ///
    /// Sixteen `f32` can be read at `from`.
    unsafe fn floats(self, from: *const f32) -> Self::Floats;

    /// # Safety
    ///
    /// Sixteen `f16`, as their bits, can be read at `from`.
    unsafe fn halves(self, from: *const u16) -> Self::Floats;

    /// # Safety
    ///
    /// Sixteen bytes can be read at `from`.
    unsafe fn unsigned_bytes(self, from: *const u8) -> Self::Floats;

    /// # Safety
    ///
    /// Sixteen bytes can be read at `from`.
    unsafe fn signed_bytes(self, from: *const i8) -> Self::Floats;

    /// # Safety
    ///
    /// Sixteen `f32` can be written at `to`.
    unsafe fn store(self, to: *mut f32, floats: Self::Floats);

    /// Stores each lane as the nearest whole number, of two that are equally near the even one; what is not between -127
    /// and 127 becomes anything.
    ///
    /// # Safety
    ///
    /// Sixteen bytes can be written at `to`.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "as it says")]
    unsafe fn store_rounded(self, to: *mut i8, floats: Self::Floats) {
        let mut lanes = [0.0; 16];
        // SAFETY: there is room for sixteen, and the caller answers for the bytes.
        unsafe {
            self.store(lanes.as_mut_ptr(), self.round(floats));
            to.cast::<[i8; 16]>().write(lanes.map(|lane| lane as i8));
        }
    }

    fn add(self, one: Self::Floats, other: Self::Floats) -> Self::Floats;

    fn mul(self, one: Self::Floats, other: Self::Floats) -> Self::Floats;

    fn div(self, one: Self::Floats, other: Self::Floats) -> Self::Floats;

    /// The larger of each two, and `other` where one of them is not a number.
    fn max(self, one: Self::Floats, other: Self::Floats) -> Self::Floats;

    /// The smaller of each two, and `other` where one of them is not a number.
    fn min(self, one: Self::Floats, other: Self::Floats) -> Self::Floats;

    /// `one * other + more`
    fn mul_add(self, one: Self::Floats, other: Self::Floats, more: Self::Floats) -> Self::Floats;

    /// `more - one * other`
    fn sub_mul(self, one: Self::Floats, other: Self::Floats, more: Self::Floats) -> Self::Floats;

    /// The nearest whole numbers.
    fn round(self, floats: Self::Floats) -> Self::Floats;

    /// `floats * 2^powers`, the powers being whole and between -126 and 127.
    fn scale_by_power_of_two(self, floats: Self::Floats, powers: Self::Floats) -> Self::Floats;

    /// The lanes' sum, added up in a fixed order.
    fn sum(self, floats: Self::Floats) -> f32 {
        let mut lanes = [0.0; 16];
        // SAFETY: there is room for sixteen.
        unsafe { self.store(lanes.as_mut_ptr(), floats) };
        let fours: [f32; 4] = std::array::from_fn(|i| (lanes[i] + lanes[i + 4]) + (lanes[i + 8] + lanes[i + 12]));
        (fours[0] + fours[1]) + (fours[2] + fours[3])
    }

    /// The largest of the lanes.
    fn largest(self, floats: Self::Floats) -> f32 {
        let mut lanes = [0.0; 16];
        // SAFETY: there is room for sixteen.
        unsafe { self.store(lanes.as_mut_ptr(), floats) };
        lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }

    /// `e^x`, within two units of the last place from -87 to 88, and as there beyond; `e^0` is 1 exactly.
    ///
    /// The range is cut to half of `ln 2` to either side, where a polynomial of the sixth degree does (Cephes, `expf`).
    #[inline(always)]
    #[expect(clippy::excessive_precision, reason = "the constants as they are published")]
    fn exp(self, x: Self::Floats) -> Self::Floats {
        // In this order, what is not a number stays so.
        let x = self.max(self.splat(-87.336_54), self.min(self.splat(88.376_26), x));
        let powers = self.round(self.mul(x, self.splat(std::f32::consts::LOG2_E)));
        let rest = self.sub_mul(powers, self.splat(0.693_359_375), x);
        let rest = self.sub_mul(powers, self.splat(-2.121_944_4e-4), rest);
        let mut sum = self.splat(1.987_569_2e-4);
        for factor in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5, 1.0, 1.0] {
            sum = self.mul_add(sum, rest, self.splat(factor));
        }
        self.scale_by_power_of_two(sum, powers)
    }
}
