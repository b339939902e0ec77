//! Whether the model files are there and whole, and what to do when one is not.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::{Model, UnknownModel};
use super::report::Reporter;
use super::stamp::Stamp;
use super::{Library, with_suffix};

/// How much is read at once, in bytes.
const BLOCK: usize = 1 << 20;

/// How a model's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// There, and found whole since it last changed.
    Ready,
    /// There with the right size, but never read whole.
    Unverified,
    /// Not there.
    Missing,
    /// Only this many bytes have been downloaded.
    Partial(u64),
    /// There with this many bytes, which is wrong.
    WrongSize(u64),
    /// There with the right size and the wrong content.
    WrongChecksum,
    /// There, but it cannot be read.
    Unreadable(String),
}

/// A model with its file and its state.
#[derive(Clone, Debug)]
pub struct ModelState {
    /// The model.
    pub model: Model,
    /// Where its file is, or would be.
    pub path: PathBuf,
    /// How the file is.
    pub state: State,
}

impl ModelState {
    /// Whether the file can be used.
    pub fn is_usable(&self) -> bool {
        matches!(self.state, State::Ready | State::Unverified)
    }

    /// The state and the remedy in one line.
    pub fn describe(&self) -> String {
        let id = &self.model.id;
        match &self.state {
            State::Ready => "ok".to_owned(),
            // Nobody published a checksum of a converted file: only converting it here tells.
            State::Unverified if self.model.convert.is_some() && Stamp::read(&self.path).is_none() => {
                format!("there, but not converted by this program: run `atiende models pull {id}` to make it anew")
            }
            State::Unverified => format!("there, not checked yet: run `atiende models verify {id}`"),
            State::Missing => format!("missing: run `atiende models pull {id}`"),
            State::Partial(bytes) => {
                format!("{bytes} bytes downloaded so far: run `atiende models pull {id}` to go on")
            }
            State::WrongSize(bytes) => {
                format!("wrong size, {bytes} bytes: run `atiende models pull {id}` to download it again")
            }
            State::WrongChecksum => {
                format!("damaged, its checksum is wrong: run `atiende models pull {id}` to download it again")
            }
            State::Unreadable(reason) => {
                format!("cannot be read ({reason}): check the rights of {}", self.path.display())
            }
        }
    }
}

/// A model file that must not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("the model file {path} is not usable: {description}", path = path.display())]
pub struct NotUsable {
    path: PathBuf,
    description: String,
}

impl Library {
    /// Every known model with a quick look at its file.
    pub fn list(&self) -> Vec<ModelState> {
        self.models.iter().map(|model| self.with_state(model, self.glance(model))).collect()
    }

    /// Reads the named models' files whole; without names, those of every known model that is there or a default.
    pub fn verify(&self, names: &[String], reporter: &dyn Reporter) -> Result<Vec<ModelState>, UnknownModel> {
        let models: Vec<&Model> = match names {
            [] => self.models.iter().filter(|model| model.default || self.glance(model) != State::Missing).collect(),
            names => self.select(names)?,
        };
        Ok(models.into_iter().map(|model| self.with_state(model, self.examine(model, reporter))).collect())
    }

    /// Checks a file before it is loaded: a look when it was found whole before, else a full reading.
    /// Files that the owner brought are not known here, and pass.
    pub fn check_before_loading(&self, path: &Path, reporter: &dyn Reporter) -> Result<(), NotUsable> {
        let Some(model) = self.models.iter().find(|model| self.path(model) == path) else {
            return Ok(());
        };
        let state = match self.glance(model) {
            State::Unverified => self.examine(model, reporter),
            state => state,
        };
        let found = self.with_state(model, state);
        let refused = || NotUsable { path: path.to_owned(), description: found.describe() };
        if found.is_usable() { Ok(()) } else { Err(refused()) }
    }

    fn with_state(&self, model: &Model, state: State) -> ModelState {
        ModelState { model: model.clone(), path: self.path(model), state }
    }

    /// The state as far as it shows without reading the file.
    pub(super) fn glance(&self, model: &Model) -> State {
        let path = self.path(model);
        let size = match path.metadata() {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.not_there(model),
            Err(error) => return State::Unreadable(error.to_string()),
        };
        let stamp = Stamp::read(&path);
        let expected = if model.convert.is_some() { stamp.as_ref().map(Stamp::size) } else { Some(model.size) };
        if expected.is_some_and(|expected| expected != size) {
            return State::WrongSize(size);
        }
        let known = |stamp: &Stamp| model.convert.is_some() || stamp.sha256 == model.sha256;
        match stamp {
            Some(stamp) if known(&stamp) && stamp.is_current(&path) => State::Ready,
            _ => State::Unverified,
        }
    }

    fn not_there(&self, model: &Model) -> State {
        let part = with_suffix(&self.fetched_path(model), ".part");
        part.metadata().map_or(State::Missing, |metadata| State::Partial(metadata.len()))
    }

    /// The state after reading the file whole.
    pub(super) fn examine(&self, model: &Model, reporter: &dyn Reporter) -> State {
        let state = self.glance(model);
        if !matches!(state, State::Ready | State::Unverified) {
            return state;
        }
        let path = self.path(model);
        let converted = || Stamp::read(&path).map(|stamp| stamp.sha256);
        let expected = if model.convert.is_some() { converted() } else { Some(model.sha256.clone()) };
        let Some(expected) = expected else {
            return State::Unverified;
        };
        match digest(&path, &format!("Checking {}", model.file), reporter) {
            Ok(found) if found == expected => {
                // On a read-only disk there is no stamp; the next start then reads the file again, and that is all.
                let _ = Stamp::write(&path, &found);
                State::Ready
            }
            Ok(_) => State::WrongChecksum,
            Err(error) => State::Unreadable(error.to_string()),
        }
    }
}

/// The SHA-256 of a file in lower-case hexadecimal digits, with progress.
pub(super) fn digest(path: &Path, label: &str, reporter: &dyn Reporter) -> io::Result<String> {
    let mut file = File::open(path)?;
    reporter.begin(label, file.metadata()?.len(), 0);
    let mut hasher = Sha256::new();
    let result = hash_into(&mut hasher, &mut file, |done| reporter.progress(done));
    reporter.end();
    result.map(|_| hex::encode(hasher.finalize()))
}

/// Hashes everything that `from` yields; returns how many bytes that was.
pub(super) fn hash_into(hasher: &mut Sha256, from: &mut impl Read, mut told: impl FnMut(u64)) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut done = 0;
    loop {
        match from.read(&mut block)? {
            0 => return Ok(done),
            read => {
                hasher.update(&block[..read]);
                done += read as u64;
                told(done);
            }
        }
    }
}
