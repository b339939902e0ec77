//! Whether the machine is up to it: processor, memory, disk, clock.

use std::path::{Path, PathBuf};

use crate::app::library;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::llm::{available_memory, kernels, memory_needed};
use crate::models::Use;

use super::Finding;

/// With less than this left, the database and the index soon cannot grow.
const LEAST_DISK: u64 = 500_000_000;
/// What the program needs beside the language model: search, its model, the database.
const BESIDE_MODEL: u64 = 600_000_000;

/// Which of the processor's instructions the model's kernels use.
pub fn engine() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let text = format!("kernels: {}; {cores} cores", kernels());
    if kernels() == "portable" {
        let advice = "there are no fast kernels for this processor; others run, slower and with more memory";
        return Finding::warning("processor", format!("{text}: {advice}"));
    }
    Finding::ok("processor", text)
}

/// Memory, disk and clock.
pub fn findings(config: &Config) -> Vec<Finding> {
    let mut findings = vec![memory(config), clock()];
    findings.extend([&config.storage.database, &config.storage.index].map(|path| disk(path)));
    findings.dedup_by(|a, b| a.text == b.text);
    findings
}

fn memory(config: &Config) -> Finding {
    let Some(available) = available_memory() else {
        return Finding::ok("memory", "cannot be told on this system");
    };
    let model = library()
        .ok()
        .filter(|_| config.models.use_llm)
        .and_then(|library| library.resolve(Use::Llm, &config.models).ok())
        .and_then(|path| memory_needed(&path, config.models.context))
        .unwrap_or_default();
    let needed = model + BESIDE_MODEL;
    let text = format!("{} free, about {} needed", gigabytes(available), gigabytes(needed));
    if available < needed {
        let advice = "choose a smaller model: `llm = \"qwen2.5-coder-0.5b\"` in the section [models]";
        return Finding::warning("memory", format!("{text}: {advice}"));
    }
    Finding::ok("memory", text)
}

fn disk(path: &Path) -> Finding {
    // The folder may not be there yet: the nearest one above it is on the same disk.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    let Some(existing) = absolute.ancestors().find(|folder| folder.exists()) else {
        return Finding::error("disk", format!("{} has no folder above it", path.display()));
    };
    match rustix::fs::statvfs(existing) {
        Err(error) => Finding::error("disk", format!("{}: {error}", existing.display())),
        Ok(disk) => {
            let free = disk.f_bavail * disk.f_frsize;
            let text = format!("{} free for {}", gigabytes(free), path.display());
            if free < LEAST_DISK {
                Finding::warning("disk", format!("{text}: free some space"))
            } else {
                Finding::ok("disk", text)
            }
        }
    }
}

/// A clock that is far off closes the 24-hour window at the wrong time; one before the program's own making surely is.
fn clock() -> Finding {
    let now = SystemClock.now();
    let built: jiff::Timestamp = jiff::Timestamp::constant(1_795_000_000, 0);
    if now < built {
        return Finding::error(
            "clock",
            format!("the clock shows {now}, which is past: switch on time synchronisation"),
        );
    }
    Finding::ok("clock", now.to_string())
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
