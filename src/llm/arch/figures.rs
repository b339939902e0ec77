//! Figures of a model file that no model has: refused before anything is allocated by them.
//!
//! Candle's stock models take a file at its word: a count of a billion layers is memory for a billion layers, and a head
//! count of zero a division by zero. The decoder of our own looks closer by itself (`llm/decoder/shape.rs`).

use std::ops::RangeInclusive;

use anyhow::ensure;

use super::Architecture;
use crate::llm::weights::Metadata;

/// What each figure may be, where a file gives it.
const LIMITS: [(&str, RangeInclusive<u64>); 11] = [
    ("block_count", 1..=1000),
    ("embedding_length", 1..=1 << 20),
    ("feed_forward_length", 1..=1 << 20),
    ("attention.head_count", 1..=1024),
    ("attention.head_count_kv", 1..=1024),
    ("attention.key_length", 1..=4096),
    ("attention.value_length", 1..=4096),
    ("rope.dimension_count", 2..=4096),
    ("shortconv.l_cache", 2..=64),
    ("expert_count", 0..=1024),
    ("expert_used_count", 0..=1024),
];

/// Refuses a file with such a figure.
pub(super) fn check(architecture: Architecture, metadata: Metadata<'_>) -> anyhow::Result<()> {
    for (name, limits) in &LIMITS {
        let key = format!("{}.{name}", architecture.name());
        let number = metadata.unsigned(&key).unwrap_or(*limits.start());
        ensure!(limits.contains(&number), "`{key}` is {number}, which no model has");
    }
    let of = |name: &str| metadata.unsigned(&format!("{}.{name}", architecture.name()));
    if let (Some(width), Some(heads)) = (of("embedding_length"), of("attention.head_count")) {
        ensure!(width >= heads, "its tokens have {width} numbers for {heads} heads");
        let turning = of("rope.dimension_count").unwrap_or(0);
        ensure!(
            of("attention.key_length").unwrap_or(width / heads) >= turning,
            "{turning} numbers of a head cannot turn"
        );
    }
    Ok(())
}
