//! 512 bits, with dot products of bytes: one register holds sixteen lanes.
#![expect(clippy::undocumented_unsafe_blocks, reason = "one reason holds for all of them, and stands above the first")]

use std::arch::x86_64::{
    __m128i, __m256i, __m512, __m512i, _MM_FROUND_NO_EXC, _MM_FROUND_TO_NEAREST_INT, _MM_HINT_T0, _mm_loadu_si128,
    _mm_prefetch, _mm_storeu_si128, _mm256_loadu_si256, _mm512_add_ps, _mm512_and_si512, _mm512_cvtepi8_epi32,
    _mm512_cvtepi32_ps, _mm512_cvtepu8_epi32, _mm512_cvtph_ps, _mm512_cvtps_epi32, _mm512_cvtsepi32_epi8,
    _mm512_div_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_fnmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_roundscale_ps, _mm512_scalef_ps, _mm512_set1_epi8,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_slli_epi16, _mm512_slli_epi32, _mm512_srli_epi16,
    _mm512_storeu_ps, _mm512_storeu_si512, _mm512_ternarylogic_epi32,
};

use super::{Avx2, Simd, Work};

/// Proof that the processor has AVX2 with FMA and F16C, and AVX-512 F, BW, VL and VNNI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The proof, where there is one.
    pub(crate) fn detect() -> Option<Self> {
        let here = Avx2::detect().is_some()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        here.then_some(Avx512(()))
    }

    /// Does the work in code that is compiled for these instructions.
    #[inline]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Result {
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
        fn compiled<W: Work>(simd: Avx512, work: W) -> W::Result {
            work.run(simd)
        }
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { compiled(self, work) }
    }
}

/// `(plane & mask) | below`, as a table of three inputs.
const MASKED_OR: i32 = 0b1110_1010;

// SAFETY of every block below: `Avx512` exists only where the processor has these instructions, and where memory is
// read or written, the caller answers for it as the trait says.
impl Simd for Avx512 {
    type Bytes = __m512i;
    type Ints = __m512i;
    type Products = __m512i;
    type Floats = __m512;

    const SIGNED_BYTES: bool = false;

    #[inline(always)]
    unsafe fn bytes(self, from: *const u8) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, bytes: __m512i) {
        unsafe { _mm512_storeu_si512(to.cast(), bytes) }
    }

    #[inline(always)]
    fn prefetch(self, from: *const u8) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }

    #[inline(always)]
    fn low(self, bytes: __m512i) -> __m512i {
        unsafe { _mm512_and_si512(bytes, _mm512_set1_epi8(15)) }
    }

    #[inline(always)]
    fn high(self, bytes: __m512i) -> __m512i {
        unsafe { _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), _mm512_set1_epi8(15)) }
    }

    #[inline(always)]
    fn with_one_bit<const FROM: u32>(self, below: __m512i, plane: __m512i) -> __m512i {
        unsafe {
            let moved = shifted::<FROM>(plane);
            _mm512_ternarylogic_epi32::<MASKED_OR>(moved, _mm512_set1_epi8(0x10), below)
        }
    }

    #[inline(always)]
    fn with_two_bits<const FROM: u32>(self, below: __m512i, plane: __m512i) -> __m512i {
        unsafe {
            let moved = shifted::<FROM>(plane);
            _mm512_ternarylogic_epi32::<MASKED_OR>(moved, _mm512_set1_epi8(0x30), below)
        }
    }

    #[inline(always)]
    fn whole(self, bytes: __m512i) -> __m512i {
        bytes
    }

    #[inline(always)]
    fn no_ints(self) -> __m512i {
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    fn shifted<const BY: u32>(self, value: i32) -> __m512i {
        unsafe { _mm512_slli_epi32::<BY>(_mm512_set1_epi32(value)) }
    }

    #[inline(always)]
    fn products(self, sum: __m512i) -> __m512i {
        sum
    }

    #[inline(always)]
    fn dot(self, sum: __m512i, weights: __m512i, values: [i8; 4]) -> __m512i {
        let values = i32::from_ne_bytes(values.map(i8::cast_unsigned));
        unsafe { _mm512_dpbusd_epi32(sum, weights, _mm512_set1_epi32(values)) }
    }

    #[inline(always)]
    fn dot_whole(self, sum: __m512i, weights: __m512i, values: [i8; 4]) -> __m512i {
        self.dot(sum, weights, values)
    }

    #[inline(always)]
    fn settled(self, _: __m512i, products: __m512i) -> __m512i {
        products
    }

    #[inline(always)]
    fn floats_of(self, ints: __m512i) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(ints) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn floats(self, from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn halves(self, from: *const u16) -> __m512 {
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast::<__m256i>())) }
    }

    #[inline(always)]
    unsafe fn unsigned_bytes(self, from: *const u8) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast::<__m128i>()))) }
    }

    #[inline(always)]
    unsafe fn signed_bytes(self, from: *const i8) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast::<__m128i>()))) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, floats: __m512) {
        unsafe { _mm512_storeu_ps(to, floats) }
    }

    #[inline(always)]
    unsafe fn store_rounded(self, to: *mut i8, floats: __m512) {
        unsafe { _mm_storeu_si128(to.cast::<__m128i>(), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(floats))) }
    }

    #[inline(always)]
    fn add(self, one: __m512, other: __m512) -> __m512 {
        unsafe { _mm512_add_ps(one, other) }
    }

    #[inline(always)]
    fn mul(self, one: __m512, other: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(one, other) }
    }

    #[inline(always)]
    fn div(self, one: __m512, other: __m512) -> __m512 {
        unsafe { _mm512_div_ps(one, other) }
    }

    #[inline(always)]
    fn max(self, one: __m512, other: __m512) -> __m512 {
        unsafe { _mm512_max_ps(one, other) }
    }

    #[inline(always)]
    fn min(self, one: __m512, other: __m512) -> __m512 {
        unsafe { _mm512_min_ps(one, other) }
    }

    #[inline(always)]
    fn mul_add(self, one: __m512, other: __m512, more: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(one, other, more) }
    }

    #[inline(always)]
    fn sub_mul(self, one: __m512, other: __m512, more: __m512) -> __m512 {
        unsafe { _mm512_fnmadd_ps(one, other, more) }
    }

    #[inline(always)]
    fn round(self, floats: __m512) -> __m512 {
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(floats) }
    }

    #[inline(always)]
    fn scale_by_power_of_two(self, floats: __m512, powers: __m512) -> __m512 {
        unsafe { _mm512_scalef_ps(floats, powers) }
    }
}

/// The bits of each byte moved so that bit `FROM` becomes bit 4. What comes from the neighbouring byte is masked away.
///
/// # Safety
///
/// The processor has AVX-512 BW.
#[inline(always)]
unsafe fn shifted<const FROM: u32>(plane: __m512i) -> __m512i {
    unsafe {
        match FROM {
            0 => _mm512_slli_epi16::<4>(plane),
            1 => _mm512_slli_epi16::<3>(plane),
            2 => _mm512_slli_epi16::<2>(plane),
            3 => _mm512_slli_epi16::<1>(plane),
            5 => _mm512_srli_epi16::<1>(plane),
            6 => _mm512_srli_epi16::<2>(plane),
            7 => _mm512_srli_epi16::<3>(plane),
            _ => plane,
        }
    }
}
