//! The business's own words: markdown files, cut into passages, indexed and searched.
//!
//! Never writes to the owner's folder and never talks to a customer.

mod check;
mod chunk;
mod command;
pub mod dot;
pub mod embed;
pub mod embedder;
#[cfg(test)]
mod fake;
mod faq;
pub mod fold;
mod front_matter;
pub mod identify;
mod index;
pub mod late;
mod load;
mod manner;
mod markdown;
pub mod passage;
mod prepare;
mod reload;
pub mod remember;
mod report;
mod search;
pub mod sentences;
mod snapshot;
mod stopwords;
mod store;
#[cfg(test)]
mod tests;
pub mod translations;
mod vectors;
mod watch;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use crate::domain::Language;

pub use embedder::{EmbedError, Embedder};
pub use load::{Document, UNWRITTEN};
pub use passage::{Block, Passage, PassageId};
pub use report::{KnowledgeError, Problem, Report};
pub use search::{Hit, Query};
pub use watch::Watch;

use manner::Manners;
use reload::Builder;
use snapshot::Snapshot;

/// Where the knowledge lies and how it is searched.
#[derive(Clone)]
pub struct Options {
    /// The folder with the owner's markdown.
    pub dir: PathBuf,
    /// The folder with what the owner's words are in other languages; it need not be there.
    pub translations: Option<PathBuf>,
    /// Where the index is kept between runs; in memory when there is none.
    pub index_dir: Option<PathBuf>,
    /// What finds passages by meaning and across languages; without it words alone are compared.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Messages as customers write them, by language, for telling subject from manner across languages; may be empty.
    pub examples: HashMap<Language, Vec<String>>,
}

/// The business's knowledge, to be searched from any thread. A clone is another handle to the same.
#[derive(Clone)]
pub struct Knowledge {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    manners: Manners,
    builder: Mutex<Builder>,
    snapshot: RwLock<Arc<Snapshot>>,
}

impl Knowledge {
    /// Reads the folder. Broken files are in the report; only a folder that cannot be read is an error.
    ///
    /// Blocks until everything is indexed and embedded: on a first run with an embedder that can take minutes.
    pub fn open(options: Options) -> Result<(Knowledge, Report), KnowledgeError> {
        let started = Instant::now();
        let mut builder = Builder::new(&options)?;
        let (snapshot, report) = builder.build()?;
        let manners = Manners::new(options.examples.clone());
        let inner = Inner { options, manners, builder: Mutex::new(builder), snapshot: RwLock::new(Arc::new(snapshot)) };
        Ok((Knowledge { inner: Arc::new(inner) }, Report { took: started.elapsed(), ..report }))
    }

    /// Reads the folder again, only what changed anew. Searches go on with what was there until it is done.
    pub fn reload(&self) -> Report {
        let started = Instant::now();
        // A reload that panicked left the builder as it was before or after a file: both can be built on.
        let mut builder = self.inner.builder.lock().unwrap_or_else(PoisonError::into_inner);
        let report = match builder.build() {
            Ok((snapshot, report)) => {
                *self.inner.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
                report
            }
            Err(fault) => self.unchanged(&fault),
        };
        Report { took: started.elapsed(), ..report }
    }

    fn unchanged(&self, fault: &KnowledgeError) -> Report {
        let snapshot = self.snapshot();
        let message = format!("{fault}; until then the knowledge stays as it was");
        let files: std::collections::HashSet<&str> =
            snapshot.passages.iter().map(|passage| passage.file.as_str()).collect();
        Report {
            files: files.len(),
            passages: snapshot.passages.len(),
            problems: vec![Problem::new("", 1, message)],
            ..Report::default()
        }
    }

    /// The passages that may answer, best first, at most `limit`. Takes milliseconds, plus one use of the embedder.
    pub fn search(&self, query: &Query, limit: usize) -> Vec<Hit> {
        let meaning = self.inner.options.embedder.as_deref().map(|embedder| (embedder, &self.inner.manners));
        search::search(&self.snapshot(), meaning, query, limit)
    }

    /// Computes what the first question in each language would wait for, as long as `goes_on` says so. Takes seconds, and
    /// holds up no question for longer than one language takes.
    pub fn learn_manners(&self, goes_on: impl Fn() -> bool) {
        if let Some(embedder) = &self.inner.options.embedder
            && self.snapshot().has_vectors()
        {
            self.inner.manners.learn(embedder.as_ref(), goes_on);
        }
    }

    /// What this finds passages by meaning with, if it does.
    pub fn embedder(&self) -> Option<Arc<dyn Embedder>> {
        self.inner.options.embedder.clone()
    }

    /// The fingerprint of what turns questions into vectors; none without an embedder.
    pub fn fingerprint(&self) -> Option<String> {
        self.inner.options.embedder.as_ref().map(|embedder| embedder.fingerprint())
    }

    /// The vectors of a customer's messages, in order. Takes milliseconds a message.
    ///
    /// # Errors
    /// When there is no embedder, or it fails.
    pub fn vectors(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let embedder = self.inner.options.embedder.as_ref();
        let embedder = embedder.ok_or_else(|| EmbedError::Unavailable("none was opened".to_owned()))?;
        embedder.embed_queries(texts)
    }

    /// Every passage, in the order of files and within each.
    pub fn passages(&self) -> Vec<Arc<Passage>> {
        self.snapshot().passages.clone()
    }

    /// The owner's files as they were understood, in order, drafts and translations left out.
    pub fn documents(&self) -> Vec<Document> {
        self.snapshot().documents()
    }

    /// A hash of everything in use: the same files give the same version.
    pub fn version(&self) -> String {
        self.snapshot().version.clone()
    }

    /// Reloads whenever the folder changes, as long as the guard lives; `told` hears of each reload.
    pub fn watch(&self, told: impl Fn(Report) + Send + 'static) -> Result<Watch, KnowledgeError> {
        watch::watch(self.clone(), told)
    }

    fn dirs(&self) -> impl Iterator<Item = &Path> {
        let options = &self.inner.options;
        std::iter::once(options.dir.as_path()).chain(options.translations.as_deref())
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
