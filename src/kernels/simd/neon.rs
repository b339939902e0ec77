//! 128 bits: four registers hold sixteen lanes. Once with dot products of bytes (ARMv8.2, from 2018), once without.
#![expect(clippy::undocumented_unsafe_blocks, reason = "one reason holds for all of them, and stands above the first")]

use std::arch::aarch64::{
    float32x4_t, int8x16_t, int32x4_t, uint8x16_t, vaddq_f32, vaddq_s32, vandq_u8, vbslq_f32, vcgtq_f32, vcltq_f32,
    vcvt_f32_f16, vcvtnq_s32_f32, vcvtq_f32_s32, vcvtq_f32_u32, vdivq_f32, vdupq_n_f32, vdupq_n_s32, vdupq_n_u8,
    veorq_u8, vfmaq_f32, vfmsq_f32, vget_high_s8, vget_high_s16, vget_high_u16, vget_low_s8, vget_low_s16,
    vget_low_u16, vld1_s8, vld1_u8, vld1_u16, vld1q_f32, vld1q_u8, vmovl_s8, vmovl_s16, vmovl_u8, vmovl_u16, vmull_s8,
    vmulq_f32, vorrq_u8, vpadalq_s16, vpaddq_s16, vreinterpret_f16_u16, vreinterpretq_f32_s32, vreinterpretq_s8_s32,
    vreinterpretq_s8_u8, vrndnq_f32, vshlq_n_s32, vshlq_n_u8, vshrq_n_u8, vst1q_f32, vst1q_u8,
};
use std::arch::{asm, is_aarch64_feature_detected};

use super::{Simd, Work};

/// Proof that the processor has Neon, and with `DOT` its dot products of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Neon<const DOT: bool>(());

impl Neon<true> {
    /// The proof, where there is one.
    pub(crate) fn detect() -> Option<Self> {
        (is_aarch64_feature_detected!("neon") && is_aarch64_feature_detected!("dotprod")).then_some(Neon(()))
    }

    /// Does the work in code that is compiled for these instructions.
    #[inline]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Result {
        #[target_feature(enable = "neon,dotprod")]
        fn compiled<W: Work>(simd: Neon<true>, work: W) -> W::Result {
            work.run(simd)
        }
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { compiled(self, work) }
    }
}

impl Neon<false> {
    /// The proof, where there is one.
    pub(crate) fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("neon").then_some(Neon(()))
    }

    /// Does the work in code that is compiled for these instructions.
    #[inline]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Result {
        #[target_feature(enable = "neon")]
        fn compiled<W: Work>(simd: Neon<false>, work: W) -> W::Result {
            work.run(simd)
        }
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { compiled(self, work) }
    }
}

type Four<T> = [T; 4];

#[inline(always)]
fn each<A: Copy, B>(of: Four<A>, make: impl Fn(A) -> B) -> Four<B> {
    [make(of[0]), make(of[1]), make(of[2]), make(of[3])]
}

#[inline(always)]
fn pairs<A: Copy, B: Copy, C>(one: Four<A>, other: Four<B>, make: impl Fn(A, B) -> C) -> Four<C> {
    [make(one[0], other[0]), make(one[1], other[1]), make(one[2], other[2]), make(one[3], other[3])]
}

// SAFETY of every block below: `Neon` exists only where the processor has these instructions, and where memory is read
// or written, the caller answers for it as the trait says.
impl<const DOT: bool> Simd for Neon<DOT> {
    type Bytes = Four<uint8x16_t>;
    type Ints = Four<int32x4_t>;
    type Products = Four<int32x4_t>;
    type Floats = Four<float32x4_t>;

    /// The products here are of signed bytes.
    const SIGNED_BYTES: bool = true;

    #[inline(always)]
    unsafe fn bytes(self, from: *const u8) -> Self::Bytes {
        unsafe { [0, 16, 32, 48].map(|at| vld1q_u8(from.add(at))) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, bytes: Self::Bytes) {
        for (at, bytes) in bytes.into_iter().enumerate() {
            unsafe { vst1q_u8(to.add(16 * at), bytes) }
        }
    }

    #[inline(always)]
    fn prefetch(self, from: *const u8) {
        // Its intrinsic is not stable. An address that cannot be read does nothing here.
        unsafe { asm!("prfm pldl1keep, [{from}]", from = in(reg) from, options(nostack, preserves_flags, readonly)) }
    }

    #[inline(always)]
    fn low(self, bytes: Self::Bytes) -> Self::Bytes {
        each(bytes, |bytes| unsafe { vandq_u8(bytes, vdupq_n_u8(15)) })
    }

    #[inline(always)]
    fn high(self, bytes: Self::Bytes) -> Self::Bytes {
        each(bytes, |bytes| unsafe { vshrq_n_u8::<4>(bytes) })
    }

    #[inline(always)]
    fn with_one_bit<const FROM: u32>(self, below: Self::Bytes, plane: Self::Bytes) -> Self::Bytes {
        pairs(below, plane, |below, plane| unsafe { masked_or(below, shifted::<FROM>(plane), 0x10) })
    }

    #[inline(always)]
    fn with_two_bits<const FROM: u32>(self, below: Self::Bytes, plane: Self::Bytes) -> Self::Bytes {
        pairs(below, plane, |below, plane| unsafe { masked_or(below, shifted::<FROM>(plane), 0x30) })
    }

    #[inline(always)]
    fn whole(self, bytes: Self::Bytes) -> Self::Bytes {
        each(bytes, |bytes| unsafe { veorq_u8(bytes, vdupq_n_u8(128)) })
    }

    #[inline(always)]
    fn no_ints(self) -> Self::Ints {
        unsafe { [vdupq_n_s32(0); 4] }
    }

    #[inline(always)]
    fn shifted<const BY: u32>(self, value: i32) -> Self::Ints {
        unsafe { [vdupq_n_s32(value << BY); 4] }
    }

    #[inline(always)]
    fn products(self, sum: Self::Ints) -> Self::Ints {
        sum
    }

    #[inline(always)]
    fn dot(self, sum: Self::Ints, weights: Self::Bytes, values: [i8; 4]) -> Self::Ints {
        let values = i32::from_ne_bytes(values.map(i8::cast_unsigned));
        pairs(sum, weights, |sum, weights| unsafe {
            let (weights, values) = (vreinterpretq_s8_u8(weights), vreinterpretq_s8_s32(vdupq_n_s32(values)));
            if DOT { dot_of_bytes(sum, weights, values) } else { dot_of_products(sum, weights, values) }
        })
    }

    #[inline(always)]
    fn dot_whole(self, sum: Self::Ints, weights: Self::Bytes, values: [i8; 4]) -> Self::Ints {
        self.dot(sum, weights, values)
    }

    #[inline(always)]
    fn settled(self, _: Self::Ints, products: Self::Ints) -> Self::Ints {
        products
    }

    #[inline(always)]
    fn floats_of(self, ints: Self::Ints) -> Self::Floats {
        each(ints, |ints| unsafe { vcvtq_f32_s32(ints) })
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Floats {
        unsafe { [vdupq_n_f32(value); 4] }
    }

    #[inline(always)]
    unsafe fn floats(self, from: *const f32) -> Self::Floats {
        unsafe { [0, 4, 8, 12].map(|at| vld1q_f32(from.add(at))) }
    }

    #[inline(always)]
    unsafe fn halves(self, from: *const u16) -> Self::Floats {
        unsafe { [0, 4, 8, 12].map(|at| vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from.add(at))))) }
    }

    #[inline(always)]
    unsafe fn unsigned_bytes(self, from: *const u8) -> Self::Floats {
        unsafe {
            let [one, other] = [0, 8].map(|at| vmovl_u8(vld1_u8(from.add(at))));
            let fours = [vget_low_u16(one), vget_high_u16(one), vget_low_u16(other), vget_high_u16(other)];
            fours.map(|four| vcvtq_f32_u32(vmovl_u16(four)))
        }
    }

    #[inline(always)]
    unsafe fn signed_bytes(self, from: *const i8) -> Self::Floats {
        unsafe {
            let [one, other] = [0, 8].map(|at| vmovl_s8(vld1_s8(from.add(at))));
            let fours = [vget_low_s16(one), vget_high_s16(one), vget_low_s16(other), vget_high_s16(other)];
            fours.map(|four| vcvtq_f32_s32(vmovl_s16(four)))
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, floats: Self::Floats) {
        unsafe {
            for (at, floats) in floats.into_iter().enumerate() {
                vst1q_f32(to.add(4 * at), floats);
            }
        }
    }

    #[inline(always)]
    fn add(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { vaddq_f32(one, other) })
    }

    #[inline(always)]
    fn mul(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { vmulq_f32(one, other) })
    }

    #[inline(always)]
    fn div(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { vdivq_f32(one, other) })
    }

    // Not `vmaxq_f32`, which gives what is not a number back whichever of the two it is; so below.
    #[inline(always)]
    fn max(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { vbslq_f32(vcgtq_f32(one, other), one, other) })
    }

    #[inline(always)]
    fn min(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { vbslq_f32(vcltq_f32(one, other), one, other) })
    }

    #[inline(always)]
    fn mul_add(self, one: Self::Floats, other: Self::Floats, more: Self::Floats) -> Self::Floats {
        std::array::from_fn(|at| unsafe { vfmaq_f32(more[at], one[at], other[at]) })
    }

    #[inline(always)]
    fn sub_mul(self, one: Self::Floats, other: Self::Floats, more: Self::Floats) -> Self::Floats {
        std::array::from_fn(|at| unsafe { vfmsq_f32(more[at], one[at], other[at]) })
    }

    #[inline(always)]
    fn round(self, floats: Self::Floats) -> Self::Floats {
        each(floats, |floats| unsafe { vrndnq_f32(floats) })
    }

    #[inline(always)]
    fn scale_by_power_of_two(self, floats: Self::Floats, powers: Self::Floats) -> Self::Floats {
        pairs(floats, powers, |floats, powers| unsafe {
            let exponents = vaddq_s32(vcvtnq_s32_f32(powers), vdupq_n_s32(127));
            vmulq_f32(floats, vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponents)))
        })
    }
}

/// Adds to each lane the products of its four bytes. Its intrinsic is not stable.
///
/// # Safety
///
/// The processor has dot products of bytes.
#[inline(always)]
unsafe fn dot_of_bytes(sum: int32x4_t, weights: int8x16_t, values: int8x16_t) -> int32x4_t {
    let mut sum = sum;
    unsafe {
        asm!(
            // For builds that do not put this into code that is compiled for it.
            ".arch_extension dotprod",
            "sdot {sum:v}.4s, {weights:v}.16b, {values:v}.16b",
            sum = inout(vreg) sum,
            weights = in(vreg) weights,
            values = in(vreg) values,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// The same with products of 16 bits, two of which are added before they are widened: `2 * 128 * 127` is below `2^15`.
///
/// # Safety
///
/// The processor has Neon, and no value is -128.
#[inline(always)]
unsafe fn dot_of_products(sum: int32x4_t, weights: int8x16_t, values: int8x16_t) -> int32x4_t {
    unsafe {
        let low = vmull_s8(vget_low_s8(weights), vget_low_s8(values));
        let high = vmull_s8(vget_high_s8(weights), vget_high_s8(values));
        vpadalq_s16(sum, vpaddq_s16(low, high))
    }
}

/// # Safety
///
/// The processor has Neon.
#[inline(always)]
unsafe fn masked_or(below: uint8x16_t, plane: uint8x16_t, mask: u8) -> uint8x16_t {
    unsafe { vorrq_u8(below, vandq_u8(plane, vdupq_n_u8(mask))) }
}

/// The bits of each byte moved so that bit `FROM` becomes bit 4.
///
/// # Safety
///
/// The processor has Neon.
#[inline(always)]
unsafe fn shifted<const FROM: u32>(plane: uint8x16_t) -> uint8x16_t {
    unsafe {
        match FROM {
            0 => vshlq_n_u8::<4>(plane),
            1 => vshlq_n_u8::<3>(plane),
            2 => vshlq_n_u8::<2>(plane),
            3 => vshlq_n_u8::<1>(plane),
            5 => vshrq_n_u8::<1>(plane),
            6 => vshrq_n_u8::<2>(plane),
            7 => vshrq_n_u8::<3>(plane),
            _ => plane,
        }
    }
}
