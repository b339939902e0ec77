//! What the machine itself can do.

use std::hint::black_box;
use std::time::Instant;

use atiende_kernels::{Pool, read_all};

/// Far more than fits in any cache, in numbers of eight bytes: a gigabyte.
const NUMBERS: usize = 128 << 20;

/// Read by a thread before it takes the next part.
const PART: usize = 128 << 10;

/// Bytes a second that `threads` threads read from memory together: the best of several times.
pub fn read_bandwidth(threads: usize) -> anyhow::Result<f64> {
    let numbers: Vec<u64> = (0..NUMBERS as u64).collect();
    let pool = Pool::new(threads)?;
    let once = || {
        let started = Instant::now();
        pool.run_ranges(NUMBERS, PART, &|range| _ = black_box(read_all(&numbers[range])));
        started.elapsed().as_secs_f64()
    };
    #[expect(clippy::cast_precision_loss, reason = "a gigabyte is exact")]
    let bytes = (8 * NUMBERS) as f64;
    Ok((0..9).map(|_| bytes / once()).fold(0.0, f64::max))
}
