//! Watches the folder and reloads the knowledge when the owner changes something.
//!
//! Searches go on meanwhile. Reads nothing itself: the reload does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify_debouncer_full::notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, DebouncedEvent, Debouncer, RecommendedCache, new_debouncer};

use super::Knowledge;
use super::load::is_markdown;
use super::report::{KnowledgeError, Report};

/// Changes are gathered this long: editors write a file in several steps, and a copy brings many files.
const QUIET: Duration = Duration::from_millis(400);

/// Watches as long as it lives.
pub struct Watch {
    _debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
}

/// Starts to watch the folders that are there; `told` hears of every reload, on the watching thread.
pub fn watch(knowledge: Knowledge, told: impl Fn(Report) + Send + 'static) -> Result<Watch, KnowledgeError> {
    // Events name files by their real path.
    let real = |dir: &Path| dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let roots: Vec<PathBuf> = knowledge.dirs().map(real).collect();
    let failed = |source| KnowledgeError::Watch { dir: roots[0].clone(), source };
    let seen_from = roots.clone();
    let mut debouncer = new_debouncer(QUIET, None, move |result: DebounceEventResult| {
        // Watching that failed for a moment may have missed something.
        if result.is_err() || result.is_ok_and(|events| events.iter().any(|event| concerns(&seen_from, event))) {
            told(knowledge.reload());
        }
    })
    .map_err(failed)?;
    debouncer.watch(&roots[0], RecursiveMode::Recursive).map_err(failed)?;
    for root in roots[1..].iter().filter(|root| root.is_dir()) {
        debouncer.watch(root, RecursiveMode::Recursive).map_err(failed)?;
    }
    Ok(Watch { _debouncer: debouncer })
}

/// Whether an event can change what the folder says. Reading, which a reload does itself, cannot.
fn concerns(roots: &[PathBuf], event: &DebouncedEvent) -> bool {
    let is_relevant = |path: &PathBuf| roots.iter().any(|root| path.starts_with(root) && is_relevant(root, path));
    !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(is_relevant)
}

fn is_relevant(root: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let is_hidden = inside.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
    // A folder that was moved or removed takes its files along and can no longer be asked what it was.
    !is_hidden && (is_markdown(path) || path.extension().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Language;
    use crate::knowledge::{Options, Query};
    use std::fs;
    use std::sync::mpsc;
    use tempfile::TempDir;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn finds(knowledge: &Knowledge, text: &str) -> bool {
        let query = Query { text: text.into(), context: None, language: Language::Es };
        !knowledge.search(&query, 1).is_empty()
    }

    #[test]
    fn a_changed_folder_is_found_with_its_new_content() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("a.es.md"), "Tenemos pan.").unwrap();
        let options = Options {
            dir: dir.path().to_path_buf(),
            translations: None,
            index_dir: None,
            embedder: None,
            examples: Default::default(),
        };
        let (knowledge, _) = Knowledge::open(options).unwrap();
        let (sender, receiver) = mpsc::channel();
        let watch = knowledge.watch(move |report| sender.send(report).unwrap_or_default()).unwrap();
        fs::write(dir.path().join("b.es.md"), "Tenemos tartas.").unwrap();
        let report = receiver.recv_timeout(PATIENCE).unwrap();
        assert_eq!((report.files, report.passages), (2, 2));
        assert!(finds(&knowledge, "¿tartas?"));
        fs::remove_file(dir.path().join("b.es.md")).unwrap();
        while finds(&knowledge, "¿tartas?") {
            receiver.recv_timeout(PATIENCE).unwrap();
        }
        drop(watch);
    }

    #[test]
    fn hidden_and_foreign_files_do_not_matter() {
        let root = Path::new("/k");
        let matters = |path: &str| is_relevant(root, Path::new(path));
        assert!(matters("/k/a.md") && matters("/k/sub"));
        assert!(!matters("/k/.a.md.swp") && !matters("/k/.git/index") && !matters("/k/photo.jpg"));
    }
}
