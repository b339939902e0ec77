//! The model files: where they come from, where they lie, whether they are whole.
//!
//! `models/models.toml` is the table of known models. Files are kept in a cache folder that all of a user's
//! installations share; what the owner puts into the configured folder comes first. Nothing here runs a model.

pub mod e5;
mod gguf;
mod manifest;
mod resolve;

mod hub;
mod packages;
mod part;
mod pip;
mod pull;

mod report;
mod stamp;
mod status;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use gguf::{NotGguf, architecture};
pub use manifest::{Conversion, Model, UnknownModel, Use, known_models};
pub use pull::{Convert, PullError, Tools};
pub use report::{Reporter, Silent, for_standard_error};
pub use resolve::ResolveError;
pub use status::{ModelState, NotUsable, State};

/// The known models and the folder in which their files are kept.
#[derive(Clone, Debug)]
pub struct Library {
    folder: PathBuf,
    models: Vec<Model>,
}

impl Library {
    /// The known models in this folder, which need not exist yet.
    pub fn new(folder: PathBuf) -> Self {
        Library { folder, models: known_models() }
    }

    /// The folder in which the files are kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The models of these names, without names the defaults.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Model>, UnknownModel> {
        if names.is_empty() {
            return Ok(self.models.iter().filter(|model| model.default).collect());
        }
        names.iter().map(|name| manifest::find(&self.models, name)).collect()
    }

    /// Where a model's file is, or would be.
    pub fn path(&self, model: &Model) -> PathBuf {
        self.folder.join(&model.file)
    }

    /// Where what is downloaded for it is, or would be.
    fn fetched_path(&self, model: &Model) -> PathBuf {
        self.folder.join(model.fetched_file())
    }
}

/// No folder for the models can be told from the environment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no home folder to keep the models in; set ATIENDE_MODELS_DIR to a folder")]
pub struct NoCacheFolder;

/// The cache folder: `ATIENDE_MODELS_DIR`, else `atiende/models` in `XDG_CACHE_HOME`, else in `~/.cache`.
pub fn cache_folder(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, NoCacheFolder> {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // The XDG specification has relative paths ignored.
    let cache = || path("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let home = || path("HOME").map(|home| home.join(".cache"));
    let folder = path("ATIENDE_MODELS_DIR").or_else(|| Some(cache().or_else(home)?.join("atiende/models")));
    folder.ok_or(NoCacheFolder)
}

/// Converts a downloaded file into a GGUF: what [`Tools::new`] is given.
pub fn convert(
    conversion: Conversion,
    source: &Path,
    destination: &Path,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match conversion {
        Conversion::E5 => Ok(e5::convert(source, destination)?),
    }
}

/// The path with something added to the file's name.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;
