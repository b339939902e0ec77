//! Which vector instructions this processor has.

#[cfg(target_arch = "aarch64")]
use super::simd::Neon;
#[cfg(target_arch = "x86_64")]
use super::simd::{Avx2, Avx512};
use super::simd::{Portable, Work};

/// A set of instructions that the kernels are written for. A value of it exists only where the processor has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// 512 bits wide, with dot products of bytes (x86-64, from 2019).
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// 256 bits wide (x86-64, from 2013).
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// 128 bits wide, with dot products of bytes (64-bit ARM, from 2018).
    #[cfg(target_arch = "aarch64")]
    NeonDot(Neon<true>),
    /// 128 bits wide (every 64-bit ARM).
    #[cfg(target_arch = "aarch64")]
    Neon(Neon<false>),
    /// What the compiler makes of plain loops: right everywhere, and slow.
    Portable(Portable),
}

impl Level {
    /// The fastest one.
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// All that this processor has, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut levels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(Avx512::detect().map(|proof| Level(Kind::Avx512(proof))));
            levels.extend(Avx2::detect().map(|proof| Level(Kind::Avx2(proof))));
        }
        #[cfg(target_arch = "aarch64")]
        {
            levels.extend(Neon::<true>::detect().map(|proof| Level(Kind::NeonDot(proof))));
            levels.extend(Neon::<false>::detect().map(|proof| Level(Kind::Neon(proof))));
        }
        levels.push(Level(Kind::Portable(Portable)));
        levels
    }

    /// Whether kernels were written for it, with the processor's own instructions.
    pub fn is_fast(self) -> bool {
        !matches!(self.0, Kind::Portable(_))
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => "avx512vnni",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Kind::NeonDot(_) => "neon with dot products",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon(_) => "neon",
            Kind::Portable(_) => "portable",
        }
    }

    /// Does the work with these instructions.
    #[inline]
    pub(super) fn run<W: Work>(self, work: W) -> W::Result {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(simd) => simd.run(work),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(simd) => simd.run(work),
            #[cfg(target_arch = "aarch64")]
            Kind::NeonDot(simd) => simd.run(work),
            #[cfg(target_arch = "aarch64")]
            Kind::Neon(simd) => simd.run(work),
            Kind::Portable(simd) => work.run(simd),
        }
    }
}
