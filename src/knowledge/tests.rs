//! The knowledge as a whole.

mod changes;
mod finding;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tempfile::TempDir;

use super::fake::FakeEmbedder;
use super::*;
use crate::domain::Language;

fn open(dir: &Path, index_dir: Option<&Path>, embedder: Option<Arc<dyn Embedder>>) -> (Knowledge, Report) {
    Knowledge::open(Options {
        dir: dir.to_path_buf(),
        translations: None,
        index_dir: index_dir.map(Path::to_path_buf),
        embedder,
        examples: Default::default(),
    })
    .unwrap()
}

fn fake() -> Option<Arc<dyn Embedder>> {
    Some(Arc::new(FakeEmbedder::default()))
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge")
}

fn query(text: &str, language: Language) -> Query {
    Query { text: text.to_owned(), context: None, language }
}

fn first_file(knowledge: &Knowledge, query: &Query) -> String {
    knowledge.search(query, 3).first().map_or(String::new(), |hit| hit.passage.file.clone())
}

fn write(dir: &TempDir, name: &str, text: &str) {
    fs::write(dir.path().join(name), text).unwrap();
}
