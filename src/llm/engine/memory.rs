//! Whether there is room for a model before it is loaded: a server that runs out of memory takes everything down.

use std::path::Path;

use crate::llm::arch::{self, Architecture, DecoderChoice};
use crate::llm::load_error::LoadError;
use crate::llm::weights::WeightsFile;
use crate::llm::worker::live;

/// Beside weights, keys and values: the numbers on their way, the tokenizer, the threads.
const BESIDE: u64 = 120_000_000;

/// Candle's stock models keep weights twice and the tokens' table as numbers: so many tenths of the file.
const STOCK_TENTHS: u64 = 26;

/// How much memory this process may still take, in bytes: what the system has left, or what its control group allows
/// (a container's or a service's limit), whichever is less. Nothing where neither says.
pub fn available_memory() -> Option<u64> {
    let group = std::fs::read_to_string("/proc/self/cgroup").ok();
    let group = group.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("0::/")));
    let allowed = group.and_then(|group| left_in_group(Path::new("/sys/fs/cgroup"), group));
    [system_memory(), allowed].into_iter().flatten().min()
}

/// What a control group and those above it leave, in bytes; nothing where none of them has a limit (the kernel's
/// cgroup-v2.rst, "Memory Interface Files"). What the cache of files takes can be had back.
fn left_in_group(root: &Path, group: &str) -> Option<u64> {
    let left = |folder: &Path| {
        let number = |file: &str| std::fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
        let stat = std::fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let of_files = |line: &str| {
            let number = line.strip_prefix("inactive_file ").or_else(|| line.strip_prefix("active_file "));
            number?.trim().parse::<u64>().ok()
        };
        let cached: u64 = stat.lines().filter_map(of_files).sum();
        let used = number("memory.current")?.saturating_sub(cached);
        Some(number("memory.max")?.saturating_sub(used))
    };
    let folder = root.join(group);
    folder.ancestors().take_while(|folder| folder.starts_with(root)).filter_map(left).min()
}

/// What Linux says can be used without swapping (proc(5), `MemAvailable`), in bytes.
fn system_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// What loading a model takes at the least: its weights, the texts at hand, and what goes with them.
pub(super) fn needed(file: &WeightsFile, choice: DecoderChoice, architecture: Architecture, context: usize) -> u64 {
    let stock = || (file.bytes().saturating_mul(STOCK_TENTHS) / 10, 0);
    let (weights, position) = arch::bytes_of_own(choice, architecture, file).unwrap_or_else(stock);
    weights.saturating_add(position.saturating_mul(live(context) as u64)).saturating_add(BESIDE)
}

/// The same for a file that is not opened yet; nothing when it cannot be read.
pub fn memory_needed(path: &Path, context: usize) -> Option<u64> {
    let file = WeightsFile::open(path).ok()?;
    let architecture = Architecture::of(&file).ok()?;
    Some(needed(&file, DecoderChoice::Best, architecture, context))
}

/// How much of `remembered` the beginnings of prompts may take: what is left is shared with the texts at hand. Refuses
/// a model for which there is not enough.
pub(super) fn share(path: &Path, needed: u64, remembered: usize, available: Option<u64>) -> Result<usize, LoadError> {
    let Some(available) = available else { return Ok(remembered) };
    let Some(left) = available.checked_sub(needed) else {
        return Err(LoadError::Memory { path: path.to_owned(), needed, available });
    };
    let share = usize::try_from(left / 2).unwrap_or(usize::MAX).min(remembered);
    if share < remembered {
        tracing::warn!(
            "there is little memory: beginnings of prompts may take {} MB, not {}",
            share >> 20,
            remembered >> 20
        );
    }
    Ok(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_limit_of_the_groups_above_counts() {
        let root = tempfile::tempdir().expect("a folder");
        let group = root.path().join("system.slice/atiende.service");
        std::fs::create_dir_all(&group).expect("creates");
        let write = |folder: &Path, file: &str, text: &str| std::fs::write(folder.join(file), text).expect("writes");
        let left = || left_in_group(root.path(), "system.slice/atiende.service");
        assert_eq!(left(), None);
        write(&group, "memory.max", "max\n");
        write(&group, "memory.current", "500\n");
        assert_eq!(left(), None);
        write(&group, "memory.max", "2000\n");
        assert_eq!(left(), Some(1500));
        write(&group, "memory.stat", "anon 100\ninactive_file 200\nactive_file 100\n");
        assert_eq!(left(), Some(1800));
        let slice = root.path().join("system.slice");
        write(&slice, "memory.max", "1000\n");
        write(&slice, "memory.current", "900\n");
        assert_eq!(left(), Some(100));
    }
}
