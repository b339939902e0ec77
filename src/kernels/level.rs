//! Which vector instructions this processor has.

/// A set of instructions that the kernels are written for. A value of it exists only where the processor has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 512 bits wide, with dot products of bytes (x86-64, from 2019).
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 256 bits wide (x86-64, from 2013).
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler makes of plain loops: right everywhere, and slow.
    Portable,
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
            let has_avx2 =
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
            let has_avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni");
            if has_avx2 && has_avx512 {
                levels.push(Level(Kind::Avx512));
            }
            if has_avx2 {
                levels.push(Level(Kind::Avx2));
            }
        }
        levels.push(Level(Kind::Portable));
        levels
    }

    /// Whether kernels were written for it, with the processor's own instructions.
    pub fn is_fast(self) -> bool {
        self.0 != Kind::Portable
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512vnni",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            Kind::Portable => "portable",
        }
    }

    pub(super) fn kind(self) -> Kind {
        self.0
    }
}
