//! What the targets share: a file that is written again and again, and what loading it may come to.
//!
//! libFuzzer's hook aborts at every panic, before anything can catch it. Two kinds are caught on purpose and become
//! errors: candle's parser divides by figures of the header, and minijinja runs a program that came with the file.
//! Those are let through here, or a run would end with what works as it should. Every other panic is a finding, on the
//! engine's threads, too.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::path::PathBuf;
use std::sync::{Once, OnceLock};

use atiende::llm::{Engine, EngineOptions};
use tempfile::TempDir;

/// A model that asks for more than this is refused.
const MEMORY: u64 = 400_000_000;

/// Where the file lies, in a folder of this process.
pub fn path() -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder for the model file")).path().join("hostile.gguf")
}

/// The sources whose panics loading catches.
const CAUGHT: [&str; 2] = ["quantized/gguf_file.rs", "/minijinja-"];

fn is_caught(panic: &PanicHookInfo<'_>) -> bool {
    panic.location().is_some_and(|place| CAUGHT.iter().any(|source| place.file().contains(source)))
}

fn let_caught_panics_through() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let abort = take_hook();
        set_hook(Box::new(move |panic| {
            if !is_caught(panic) {
                abort(panic);
            }
        }));
    });
}

/// Loads the file: either it works, or the error names it. A panic, an abort or memory without bound is a finding.
pub fn load() {
    let_caught_panics_through();
    let options = EngineOptions { memory: Some(MEMORY), threads: Some(1), ..EngineOptions::new(path()) };
    if let Err(error) = Engine::start(options) {
        let text = error.to_string();
        assert!(text.contains("hostile.gguf"), "{text}");
    }
}
