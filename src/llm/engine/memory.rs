//! Whether there is room for a model before it is loaded: a server that runs out of memory takes everything down.

use crate::llm::load_error::LoadError;
use crate::llm::weights::WeightsFile;

/// Beside weights, keys and values: the numbers on their way, the tokenizer, the threads.
const BESIDE: u64 = 120_000_000;

/// What Linux says can be used without swapping (proc(5), `MemAvailable`), in bytes; nothing where it does not say.
pub fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Refuses a model for whose `weights`, and `memories` for keys and values, there is not enough of `available`.
pub(super) fn check(file: &WeightsFile, weights: u64, memories: u64, available: Option<u64>) -> Result<(), LoadError> {
    let needed = weights.saturating_add(memories).saturating_add(BESIDE);
    match available {
        Some(available) if available < needed => Err(LoadError::Memory { path: file.path.clone(), needed, available }),
        _ => Ok(()),
    }
}
