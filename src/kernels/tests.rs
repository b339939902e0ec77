//! The kernels of every level against candle's arithmetic and against each other, with random shapes.

mod attention;
mod elementwise;
mod low_rank;
mod norm;
mod page;
mod pool;
mod probe;
mod product;
mod rotation;

use super::{Kernels, Level};

/// Kernels of every level that this processor has, on one thread and on two.
fn all_kernels() -> Vec<Kernels> {
    let of = |level| [1, 2].map(|threads| Kernels::with_level(level, threads).unwrap());
    Level::available().into_iter().flat_map(of).collect()
}

/// Numbers between -1 and 1 that look random.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(state >> 48).unwrap()) / 32_768.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn assert_near(one: &[f32], other: &[f32], tolerance: f32) {
    assert_eq!(one.len(), other.len());
    let largest = other.iter().fold(1e-6f32, |largest, number| largest.max(number.abs()));
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        assert!((one - other).abs() <= tolerance * largest, "at {at}: {one} is not {other}");
    }
}
