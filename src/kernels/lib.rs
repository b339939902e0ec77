//! The arithmetic of the language model and of the search model, on the processor's own vector instructions.
//!
//! Quantized matrices are laid out once, when they are loaded, in groups of sixteen rows; activations are quantized to
//! eight bits; everything else is `f32`, but keys and values, which are kept as `f16`. The instructions are chosen at
//! run time ([`Level`]), so that one program is fast on every processor.
//!
//! All `unsafe` code of the project lives in this package, each block with its reason, behind functions that are safe
//! to call. Never knows of models or tokens.
//!
//! What one column of a product or one row of attention comes to does not depend on what else is computed beside it:
//! the same operations happen in the same order for it, alone or among others. Caches, batches and speculation rest on
//! that.

mod activation;
mod attention;
mod elementwise;
mod format;
mod level;
mod low_rank;
mod matrix;
mod memory;
mod norm;
mod page;
mod pool;
mod probe;
mod product;
mod rotation;
mod simd;
#[cfg(test)]
mod tests;

pub use self::activation::Activations;
pub use self::attention::{Attention, Queries, Sees};
pub use self::elementwise::{Gate, log_sum_exp};
pub use self::format::Format;
pub use self::level::Level;
pub use self::low_rank::{LowRank, Update};
pub use self::matrix::{Matrix, MatrixBuilder};
pub use self::memory::{Mapped, read_all};
pub use self::page::{POSITIONS as PAGE_POSITIONS, Page, PageShape};
pub use self::pool::Pool;
pub use self::probe::{Probe, dot_of_rows, pack};
pub use self::product::Product;
pub use self::rotation::{Angles, Pairs};

/// What computes: a processor's instructions, and the threads that use them.
pub struct Kernels {
    level: Level,
    pool: Pool,
}

impl Kernels {
    /// Computes on `threads` threads, at least one, with the best instructions that the processor has.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        Self::with_level(Level::best(), threads)
    }

    /// Computes with given instructions, which the processor must have: they come from [`Level::available`].
    pub fn with_level(level: Level, threads: usize) -> std::io::Result<Self> {
        Ok(Kernels { level, pool: Pool::new(threads)? })
    }

    /// The instructions in use.
    pub fn level(&self) -> Level {
        self.level
    }

    /// How many threads compute, the asking one included.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// The threads.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }
}
