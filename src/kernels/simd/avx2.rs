//! 256 bits: two registers hold sixteen lanes.
#![expect(clippy::undocumented_unsafe_blocks, reason = "one reason holds for all of them, and stands above the first")]

use std::arch::x86_64::{
    __m128i, __m256, __m256i, _MM_FROUND_NO_EXC, _MM_FROUND_TO_NEAREST_INT, _MM_HINT_T0, _mm_loadl_epi64,
    _mm_loadu_si128, _mm_packs_epi16, _mm_prefetch, _mm_storeu_si128, _mm256_abs_epi8, _mm256_add_epi16,
    _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256, _mm256_castsi256_ps, _mm256_castsi256_si128,
    _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps, _mm256_cvtepu8_epi32, _mm256_cvtph_ps, _mm256_cvtps_epi32, _mm256_div_ps,
    _mm256_extracti128_si256, _mm256_fmadd_ps, _mm256_fnmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps, _mm256_or_si256,
    _mm256_packs_epi32, _mm256_permute4x64_epi64, _mm256_round_ps, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256, _mm256_sign_epi8, _mm256_slli_epi16, _mm256_slli_epi32,
    _mm256_srli_epi16, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_xor_si256,
};

use super::{Simd, Work};

/// Proof that the processor has AVX2, FMA and F16C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof, where there is one.
    pub(crate) fn detect() -> Option<Self> {
        let here =
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
        here.then_some(Avx2(()))
    }

    /// Does the work in code that is compiled for these instructions.
    #[inline]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Result {
        #[target_feature(enable = "avx2,fma,f16c")]
        fn compiled<W: Work>(simd: Avx2, work: W) -> W::Result {
            work.run(simd)
        }
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe { compiled(self, work) }
    }
}

type Two<T> = [T; 2];

#[inline(always)]
fn both<A: Copy, B>(of: Two<A>, make: impl Fn(A) -> B) -> Two<B> {
    [make(of[0]), make(of[1])]
}

#[inline(always)]
fn pairs<A: Copy, B: Copy, C>(one: Two<A>, other: Two<B>, make: impl Fn(A, B) -> C) -> Two<C> {
    [make(one[0], other[0]), make(one[1], other[1])]
}

// SAFETY of every block below: `Avx2` exists only where the processor has these instructions, and where memory is read
// or written, the caller answers for it as the trait says.
impl Simd for Avx2 {
    type Bytes = Two<__m256i>;
    type Ints = Two<__m256i>;
    /// Sums of two products in 16 bits, two of them for each lane.
    type Products = Two<__m256i>;
    type Floats = Two<__m256>;

    /// The dot product here adds two products of bytes in 16 bits: those of unsigned weights of eight bits overflow.
    const SIGNED_BYTES: bool = true;

    const PRODUCTS_ARE_SHORT: bool = true;

    /// Each column takes two of sixteen registers.
    const FEW_REGISTERS: bool = true;

    #[inline(always)]
    unsafe fn bytes(self, from: *const u8) -> Self::Bytes {
        unsafe { [_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(32).cast())] }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, bytes: Self::Bytes) {
        unsafe {
            _mm256_storeu_si256(to.cast(), bytes[0]);
            _mm256_storeu_si256(to.add(32).cast(), bytes[1]);
        }
    }

    #[inline(always)]
    fn prefetch(self, from: *const u8) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }

    #[inline(always)]
    fn low(self, bytes: Self::Bytes) -> Self::Bytes {
        both(bytes, |bytes| unsafe { _mm256_and_si256(bytes, _mm256_set1_epi8(15)) })
    }

    #[inline(always)]
    fn high(self, bytes: Self::Bytes) -> Self::Bytes {
        both(bytes, |bytes| unsafe { _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(15)) })
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
        both(bytes, |bytes| unsafe { _mm256_xor_si256(bytes, _mm256_set1_epi8(-128)) })
    }

    #[inline(always)]
    fn no_ints(self) -> Self::Ints {
        unsafe { [_mm256_setzero_si256(); 2] }
    }

    #[inline(always)]
    fn shifted<const BY: u32>(self, value: i32) -> Self::Ints {
        unsafe { [_mm256_set1_epi32(value << BY); 2] }
    }

    #[inline(always)]
    fn products(self, _: Self::Ints) -> Self::Products {
        unsafe { [_mm256_setzero_si256(); 2] }
    }

    #[inline(always)]
    fn dot(self, products: Self::Products, weights: Self::Bytes, values: [i8; 4]) -> Self::Products {
        let values = i32::from_ne_bytes(values.map(i8::cast_unsigned));
        pairs(products, weights, |products, weights| unsafe {
            in_order(_mm256_add_epi16(products, _mm256_maddubs_epi16(weights, _mm256_set1_epi32(values))))
        })
    }

    #[inline(always)]
    fn dot_whole(self, sum: Self::Ints, weights: Self::Bytes, values: [i8; 4]) -> Self::Ints {
        let values = i32::from_ne_bytes(values.map(i8::cast_unsigned));
        pairs(sum, weights, |sum, weights| unsafe {
            let values = _mm256_sign_epi8(_mm256_set1_epi32(values), weights);
            let products = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), values);
            _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)))
        })
    }

    #[inline(always)]
    fn settled(self, sum: Self::Ints, products: Self::Products) -> Self::Ints {
        pairs(sum, products, |sum, products| unsafe {
            _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)))
        })
    }

    #[inline(always)]
    fn floats_of(self, ints: Self::Ints) -> Self::Floats {
        both(ints, |ints| unsafe { _mm256_cvtepi32_ps(ints) })
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Floats {
        unsafe { [_mm256_set1_ps(value); 2] }
    }

    #[inline(always)]
    unsafe fn floats(self, from: *const f32) -> Self::Floats {
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
    }

    #[inline(always)]
    unsafe fn halves(self, from: *const u16) -> Self::Floats {
        unsafe { [0, 8].map(|at| _mm256_cvtph_ps(_mm_loadu_si128(from.add(at).cast::<__m128i>()))) }
    }

    #[inline(always)]
    unsafe fn unsigned_bytes(self, from: *const u8) -> Self::Floats {
        unsafe {
            let part = |at| _mm256_cvtepu8_epi32(_mm_loadl_epi64(from.add(at).cast::<__m128i>()));
            [_mm256_cvtepi32_ps(part(0)), _mm256_cvtepi32_ps(part(8))]
        }
    }

    #[inline(always)]
    unsafe fn signed_bytes(self, from: *const i8) -> Self::Floats {
        unsafe {
            let part = |at| _mm256_cvtepi8_epi32(_mm_loadl_epi64(from.add(at).cast::<__m128i>()));
            [_mm256_cvtepi32_ps(part(0)), _mm256_cvtepi32_ps(part(8))]
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, floats: Self::Floats) {
        unsafe {
            _mm256_storeu_ps(to, floats[0]);
            _mm256_storeu_ps(to.add(8), floats[1]);
        }
    }

    #[inline(always)]
    unsafe fn store_rounded(self, to: *mut i8, floats: Self::Floats) {
        unsafe {
            let [low, high] = both(floats, |floats| _mm256_cvtps_epi32(floats));
            // Each half of a register is packed by itself: the middle two quarters change places.
            let shorts = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(low, high));
            let bytes = _mm_packs_epi16(_mm256_castsi256_si128(shorts), _mm256_extracti128_si256::<1>(shorts));
            _mm_storeu_si128(to.cast::<__m128i>(), bytes);
        }
    }

    #[inline(always)]
    fn add(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { _mm256_add_ps(one, other) })
    }

    #[inline(always)]
    fn mul(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { _mm256_mul_ps(one, other) })
    }

    #[inline(always)]
    fn div(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { _mm256_div_ps(one, other) })
    }

    #[inline(always)]
    fn max(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { _mm256_max_ps(one, other) })
    }

    #[inline(always)]
    fn min(self, one: Self::Floats, other: Self::Floats) -> Self::Floats {
        pairs(one, other, |one, other| unsafe { _mm256_min_ps(one, other) })
    }

    #[inline(always)]
    fn mul_add(self, one: Self::Floats, other: Self::Floats, more: Self::Floats) -> Self::Floats {
        unsafe { [_mm256_fmadd_ps(one[0], other[0], more[0]), _mm256_fmadd_ps(one[1], other[1], more[1])] }
    }

    #[inline(always)]
    fn sub_mul(self, one: Self::Floats, other: Self::Floats, more: Self::Floats) -> Self::Floats {
        unsafe { [_mm256_fnmadd_ps(one[0], other[0], more[0]), _mm256_fnmadd_ps(one[1], other[1], more[1])] }
    }

    #[inline(always)]
    fn round(self, floats: Self::Floats) -> Self::Floats {
        both(floats, |floats| unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(floats) })
    }

    #[inline(always)]
    fn scale_by_power_of_two(self, floats: Self::Floats, powers: Self::Floats) -> Self::Floats {
        pairs(floats, powers, |floats, powers| unsafe {
            let exponents = _mm256_add_epi32(_mm256_cvtps_epi32(powers), _mm256_set1_epi32(127));
            _mm256_mul_ps(floats, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponents)))
        })
    }
}

/// The same, at the place where it is written: the compiler would add up in an order of its own, for which there are too
/// few registers, and go through memory. `cargo bench --bench parts` shows what it brings: a fifth.
///
/// # Safety
///
/// The processor has AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn in_order(mut sum: __m256i) -> __m256i {
    unsafe { std::arch::asm!("/* {0} */", inout(ymm_reg) sum, options(nomem, nostack, preserves_flags)) };
    sum
}

/// # Safety
///
/// The processor has AVX2.
#[inline(always)]
unsafe fn masked_or(below: __m256i, plane: __m256i, mask: i8) -> __m256i {
    unsafe { _mm256_or_si256(below, _mm256_and_si256(plane, _mm256_set1_epi8(mask))) }
}

/// The bits of each byte moved so that bit `FROM` becomes bit 4. What comes from the neighbouring byte is masked away.
///
/// # Safety
///
/// The processor has AVX2.
#[inline(always)]
unsafe fn shifted<const FROM: u32>(plane: __m256i) -> __m256i {
    unsafe {
        match FROM {
            0 => _mm256_slli_epi16::<4>(plane),
            1 => _mm256_slli_epi16::<3>(plane),
            2 => _mm256_slli_epi16::<2>(plane),
            3 => _mm256_slli_epi16::<1>(plane),
            5 => _mm256_srli_epi16::<1>(plane),
            6 => _mm256_srli_epi16::<2>(plane),
            7 => _mm256_srli_epi16::<3>(plane),
            _ => plane,
        }
    }
}
