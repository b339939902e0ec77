//! What the targets share: a file that is written again and again, and what loading it may come to.

use std::path::PathBuf;
use std::sync::OnceLock;

use atiende::llm::{Engine, EngineOptions};
use tempfile::TempDir;

/// A model that asks for more than this is refused.
const MEMORY: u64 = 400_000_000;

/// Where the file lies, in a folder of this process.
pub fn path() -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder for the model file")).path().join("hostile.gguf")
}

/// Loads the file: either it works, or the error names it. A panic, an abort or memory without bound is a finding.
pub fn load() {
    let options = EngineOptions { memory: Some(MEMORY), threads: Some(1), ..EngineOptions::new(path()) };
    if let Err(error) = Engine::start(options) {
        let text = error.to_string();
        assert!(text.contains("hostile.gguf"), "{text}");
    }
}
