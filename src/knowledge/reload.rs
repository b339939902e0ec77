//! Brings what is searched in line with the folder: reads, understands what changed, indexes, embeds.
//!
//! Works on its own copy; whoever searches meanwhile sees the snapshot before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Options;
use super::embedder::Embedder;
use super::index::{WordIndex, Words};
use super::load::{self, Document, RawFile};
use super::prepare::Prepared;
use super::report::{KnowledgeError, Problem, Report};
use super::snapshot::Snapshot;
use super::store::{FORMAT, Store};
use super::translations;
use super::vectors::{PassageVectors, VectorStore};
use crate::domain::Language;

/// The language of a file that shows none, in a folder in which no file shows one.
const LAST_RESORT: Language = Language::En;

/// What a reload starts from.
pub struct Builder {
    dir: PathBuf,
    translations: Option<PathBuf>,
    store: Store,
    index: WordIndex,
    vectors: Option<(Arc<dyn Embedder>, VectorStore)>,
    files: BTreeMap<String, Arc<Prepared>>,
    /// What keeps the index in memory although a folder was given.
    folder_problem: Option<Problem>,
}

impl Builder {
    /// Opens what an earlier run left in the index's folder.
    pub fn new(options: &Options) -> Result<Self, KnowledgeError> {
        let (index, index_dir, folder_problem) = open_index(options.index_dir.clone())?;
        let store = Store::new(index_dir.as_deref());
        let files = store
            .load()
            .into_iter()
            .map(|document| (document.name.clone(), Arc::new(Prepared::new(document))))
            .collect();
        let vectors = options.embedder.clone().map(|embedder| {
            let path = index_dir.as_ref().map(|folder| folder.join("vectors.bin"));
            let store = VectorStore::open(path, embedder.search_fingerprint());
            (embedder, store)
        });
        let (dir, translations) = (options.dir.clone(), options.translations.clone());
        Ok(Builder { dir, translations, store, index, vectors, files, folder_problem })
    }

    /// Reads the folder again. The report's time is left to the caller.
    pub fn build(&mut self) -> Result<(Snapshot, Report), KnowledgeError> {
        let raw =
            load::read_folder(&self.dir).map_err(|source| KnowledgeError::Folder { dir: self.dir.clone(), source })?;
        let mut problems: Vec<Problem> = self.folder_problem.iter().cloned().collect();
        let before = version(&self.files);
        let mut files = self.understand(&raw, &mut problems);
        problems.extend(files.values().flat_map(|file| orders(&file.document)));
        let mirrored = self.mirror(&files, &mut problems);
        files.extend(mirrored);
        self.index_changes(&before, &files, &mut problems)?;
        self.files = files;
        let version = version(&self.files);
        let files: Vec<Arc<Prepared>> = self.files.values().cloned().collect();
        let (vectors, embedded) = self.embed(&files, &mut problems);
        let words = self.words()?;
        let snapshot = Snapshot::new(files, Some(words), vectors, version);
        let report = Report {
            files: self.files.values().filter(|file| file.passages.iter().any(|it| it.original.is_none())).count(),
            passages: snapshot.passages.iter().filter(|passage| passage.original.is_none()).count(),
            embedded,
            problems,
            ..Report::default()
        };
        Ok((snapshot, report))
    }

    /// What was indexed; an index whose files were damaged while the program ran is built again in memory.
    fn words(&mut self) -> Result<Words, KnowledgeError> {
        if let Ok(words) = self.index.words() {
            return Ok(words);
        }
        self.index = WordIndex::in_memory()?;
        self.index.update(None, self.files.values().map(Arc::as_ref), &version(&self.files))?;
        Ok(self.index.words()?)
    }

    fn understand(&self, raw: &[RawFile], problems: &mut Vec<Problem>) -> BTreeMap<String, Arc<Prepared>> {
        let mut files = BTreeMap::new();
        for file in raw {
            if let Some(known) = self.files.get(&file.name).filter(|known| known.document.hash == file.hash) {
                files.insert(file.name.clone(), known.clone());
                continue;
            }
            match load::understand(file, LAST_RESORT) {
                Ok(document) => {
                    files.insert(file.name.clone(), Arc::new(Prepared::new(document)));
                }
                Err(found) => {
                    let last_good = self.files.get(&file.name);
                    problems.extend(found.into_iter().map(|problem| with_consequence(problem, last_good.is_some())));
                    files.extend(last_good.map(|known| (file.name.clone(), known.clone())));
                }
            }
        }
        let usual = usual_language(&files);
        for file in raw {
            let is_unsure =
                |known: &Arc<Prepared>| !known.document.language_is_sure && known.document.language != usual;
            if files.get(&file.name).is_some_and(is_unsure)
                && let Ok(document) = load::understand(file, usual)
            {
                files.insert(file.name.clone(), Arc::new(Prepared::new(document)));
            }
        }
        files
    }

    /// What translations made ahead add. A language in which the owner wrote the same himself needs none.
    fn mirror(
        &self,
        files: &BTreeMap<String, Arc<Prepared>>,
        problems: &mut Vec<Problem>,
    ) -> BTreeMap<String, Arc<Prepared>> {
        let Some(folder) = &self.translations else { return BTreeMap::new() };
        let written: HashSet<(&str, Language)> =
            files.values().map(|file| (file.document.group.as_str(), file.document.language)).collect();
        let mut mirrored = BTreeMap::new();
        for translated in translations::read(folder) {
            let Some(file) = files.get(&translated.name) else { continue };
            if written.contains(&(file.document.group.as_str(), translated.to)) {
                continue;
            }
            let name = translations::mirrored_name(&translated.name, translated.to);
            let hash = translations::mirrored_hash(&file.document, &translated);
            let known = self.files.get(&name).filter(|known| known.document.hash == hash).cloned();
            // Checked each time, so that what is wrong is told as long as it is.
            let table = translations::table(&file.document, &translated, problems);
            let document = || translations::mirrored(&file.document, &table, &translated);
            if let Some(prepared) = known.or_else(|| document().map(|document| Arc::new(Prepared::new(document)))) {
                mirrored.insert(name, prepared);
            }
        }
        mirrored
    }

    /// Writes what changed to the index, or all of it when the index does not stand where the files stood.
    fn index_changes(
        &mut self,
        before: &str,
        files: &BTreeMap<String, Arc<Prepared>>,
        problems: &mut Vec<Problem>,
    ) -> Result<(), KnowledgeError> {
        let version = version(files);
        let stands = self.index.version();
        if stands.as_deref() == Some(version.as_str()) {
            return Ok(());
        }
        let is_incremental = stands.as_deref() == Some(before);
        let is_new = |name: &String| {
            files.get(name).is_none_or(|file| self.files.get(name).is_none_or(|known| !Arc::ptr_eq(known, file)))
        };
        let changed: HashSet<String> =
            self.files.keys().chain(files.keys()).filter(|name| is_new(name)).cloned().collect();
        let come = files.values().filter(|file| !is_incremental || changed.contains(&file.document.name));
        let written = self.index.update(is_incremental.then_some(&changed), come.map(Arc::as_ref), &version);
        if let Err(fault) = written {
            problems.push(Problem::new("", 1, format!("the search index on disk cannot be written ({fault}); it is kept in memory instead: make sure that no second Atiende uses the same folder and that the disk has room")));
            self.index = WordIndex::in_memory()?;
            self.index.update(None, files.values().map(Arc::as_ref), &version)?;
        }
        if let Err(fault) = self.store.save(files.values().map(|file| &file.document).collect()) {
            tracing::warn!(%fault, "what was read of the knowledge cannot be kept on disk");
        }
        Ok(())
    }

    fn embed(&mut self, files: &[Arc<Prepared>], problems: &mut Vec<Problem>) -> (Vec<Option<PassageVectors>>, usize) {
        let Some((embedder, store)) = &mut self.vectors else { return (Vec::new(), 0) };
        let passages: Vec<_> = files.iter().flat_map(|file| file.passages.iter().cloned()).collect();
        let (vectors, embedded, fault) = store.vectors(&passages, embedder.as_ref());
        if let Some(fault) = fault {
            problems.push(Problem::new(
                "",
                1,
                format!("{fault}; until that is repaired some passages are found by their words alone"),
            ));
        }
        (vectors, embedded)
    }
}

fn open_index(index_dir: Option<PathBuf>) -> Result<(WordIndex, Option<PathBuf>, Option<Problem>), KnowledgeError> {
    let Some(folder) = index_dir else { return Ok((WordIndex::in_memory()?, None, None)) };
    let opened = fs::create_dir_all(&folder)
        .map_err(tantivy::TantivyError::from)
        .and_then(|()| WordIndex::in_folder(&folder.join("words")));
    match opened {
        Ok(index) => Ok((index, Some(folder), None)),
        Err(fault) => {
            let message = format!(
                "the search index cannot be kept in `{}` ({fault}); it is built in memory at each start instead: check who may write there",
                folder.display()
            );
            Ok((WordIndex::in_memory()?, None, Some(Problem::new("", 1, message))))
        }
    }
}

/// What the owner is told of passages that are left out because they give orders to a machine.
fn orders(document: &Document) -> impl Iterator<Item = Problem> {
    let message = "this gives orders to a machine (\"ignore all rules …\") and is left out: take it out, or put it in other words";
    document.left_out.iter().map(move |line| Problem::new(&document.name, *line, message))
}

fn with_consequence(problem: Problem, has_last_good: bool) -> Problem {
    let consequence =
        if has_last_good { "until then its last good version is used" } else { "until then the file is left out" };
    Problem { message: format!("{}; {consequence}", problem.message), ..problem }
}

/// The language of most passages whose files show one.
fn usual_language(files: &BTreeMap<String, Arc<Prepared>>) -> Language {
    let mut counts: HashMap<Language, usize> = HashMap::new();
    for file in files.values().filter(|file| file.document.language_is_sure) {
        *counts.entry(file.document.language).or_default() += file.passages.len();
    }
    counts.into_iter().max_by_key(|(language, count)| (*count, *language)).map_or(LAST_RESORT, |(language, _)| language)
}

fn version(files: &BTreeMap<String, Arc<Prepared>>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(FORMAT.to_le_bytes());
    for (name, file) in files {
        for part in [name.as_str(), &file.document.hash, file.document.language.code()] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
    }
    hex::encode(&hasher.finalize()[..8])
}
