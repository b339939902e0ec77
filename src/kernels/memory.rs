//! Reading memory as fast as the machine can: the limit that decoding is measured against.

/// How far ahead lines are fetched.
const AHEAD: usize = 4096;

/// Reads every cache line of some numbers, and gives a sum that needs all of them.
pub fn read_all(numbers: &[u64]) -> u64 {
    let (lines, rest) = numbers.as_chunks::<8>();
    let mut sums = [0u64; 4];
    for (at, line) in lines.iter().enumerate() {
        prefetch(line.as_ptr().cast::<u8>().wrapping_add(AHEAD));
        sums[at % 4] = sums[at % 4].wrapping_add(line[0]);
    }
    sums.iter().chain(rest).fold(0, |sum, number| sum.wrapping_add(*number))
}

#[cfg(target_arch = "x86_64")]
fn prefetch(from: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: every processor of this kind has the instruction, and it never faults, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
fn prefetch(_: *const u8) {}
