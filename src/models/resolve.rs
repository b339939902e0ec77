//! Decides which file is loaded: the one that is configured, else the owner's own, else the default.

use std::path::{Path, PathBuf};

use super::Library;
use super::gguf::{NotGguf, architecture};
use super::manifest::{self, Use};
use crate::config::Models as Settings;

/// Why it is not clear which file to load, or the file is not there.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The default, or a known model that is configured, was not pulled yet.
    #[error("the {usage} `{id}` is not there yet; run `atiende models pull {id}`")]
    NotPulled {
        /// What it is for.
        usage: Use,
        /// The model.
        id: String,
    },
    /// The configured name is neither a file nor a known model.
    #[error("no {usage} is called `{name}`: there is no such file in {}, and {reason}", folder.display())]
    NotFound {
        /// What it is for.
        usage: Use,
        /// The configured name.
        name: String,
        /// The owner's folder.
        folder: PathBuf,
        /// What the table of known models says.
        reason: String,
    },
    /// The owner's folder holds several.
    #[error(
        "{} holds several files that can be the {usage}: {}; name one of them as `{key}` under [models], or take the \
         others out", folder.display(), files.join(", ")
    )]
    Several {
        /// What it is for.
        usage: Use,
        /// The owner's folder.
        folder: PathBuf,
        /// The files.
        files: Vec<String>,
        /// The key to set.
        key: &'static str,
    },
    /// A file in the owner's folder is not a model.
    #[error(transparent)]
    NotGguf(#[from] NotGguf),
    /// The owner's folder cannot be read.
    #[error("cannot read the folder {}: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The table of known models has no default for this.
    #[error("there is no default {0}; name one in the configuration")]
    NoDefault(Use),
}

impl Library {
    /// The file to load for this use.
    pub fn resolve(&self, usage: Use, settings: &Settings) -> Result<PathBuf, ResolveError> {
        let name = match usage {
            Use::Llm => settings.llm.as_str(),
            Use::Embedder => settings.embedder.as_str(),
            Use::Test => "",
        };
        if !name.is_empty() {
            return self.named(usage, name, &settings.folder);
        }
        match own_files(usage, &settings.folder)?.as_slice() {
            [] => self.default(usage),
            [only] => Ok(only.clone()),
            several => {
                let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let key = if usage == Use::Embedder { "embedder" } else { "llm" };
                let files = several.iter().map(name).collect();
                Err(ResolveError::Several { usage, folder: settings.folder.clone(), files, key })
            }
        }
    }

    /// A file by its path, a file in the owner's folder with or without `.gguf`, or a known model.
    fn named(&self, usage: Use, name: &str, folder: &Path) -> Result<PathBuf, ResolveError> {
        let candidates = [folder.join(name), folder.join(format!("{name}.gguf")), PathBuf::from(name)];
        if let Some(file) = candidates.into_iter().find(|path| path.is_file()) {
            return Ok(file);
        }
        match manifest::find(&self.models, name) {
            Ok(model) => self.pulled(usage, model),
            Err(error) => {
                let (name, folder, reason) = (name.to_owned(), folder.to_owned(), error.to_string());
                Err(ResolveError::NotFound { usage, name, folder, reason })
            }
        }
    }

    fn default(&self, usage: Use) -> Result<PathBuf, ResolveError> {
        let model = self.models.iter().find(|model| model.usage == usage && model.default);
        self.pulled(usage, model.ok_or(ResolveError::NoDefault(usage))?)
    }

    fn pulled(&self, usage: Use, model: &manifest::Model) -> Result<PathBuf, ResolveError> {
        let path = self.path(model);
        if path.is_file() { Ok(path) } else { Err(ResolveError::NotPulled { usage, id: model.id.clone() }) }
    }
}

/// The GGUF files for this use that the owner put into the folder, in order of their names.
fn own_files(usage: Use, folder: &Path) -> Result<Vec<PathBuf>, ResolveError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(ResolveError::Folder { folder: folder.to_owned(), source }),
    };
    let is_gguf = |path: &PathBuf| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_gguf).collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let is_embedder = architecture(&file)?.contains("bert");
        if is_embedder == (usage == Use::Embedder) {
            found.push(file);
        }
    }
    Ok(found)
}
