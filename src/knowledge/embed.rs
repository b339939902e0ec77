//! The default embedder: multilingual-e5-small, or another model of its family, from a GGUF file.
//!
//! The model as its file holds it knows what a text is about: moods, intents and whole passages are computed with it. With
//! an adapter's updates it knows how customers ask and what answers them: questions and single sentences are, once more.
//!
//! One OS thread owns the model and is spoken to over a bounded queue; texts are cut into tokens by whoever asks. Long
//! lists go through the queue in small packs, so that a customer's question never waits for a whole index.
//!
//! It computes with the project's own kernels, which are chosen for the processor when the program starts: one program is
//! fast on every machine, and a text's vector does not depend on what is computed beside it.

mod adapter;
mod bert;
mod charsmap;
mod gguf;
pub mod learn;
mod linear;
mod pieces;
mod tokenizer;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use atiende_kernels::Kernels;
use sha2::{Digest, Sha256};

use super::embedder::{DIMENSION, EmbedError, Embedder, Odds};
use adapter::{Adapter, ODDS};
use bert::{Bert, Weights};
use gguf::{Flaw, ModelFile};
use tokenizer::Tokenizer;

/// The model was trained with these before every text; without them search across languages fails.
const QUERY: &str = "query: ";
const PASSAGE: &str = "passage: ";
/// What computes, for fingerprints: vectors that were kept are those of the same arithmetic.
const COMPUTED_BY: &str = "kernels";
/// How many packs may wait; whoever brings one more waits too.
const QUEUE: usize = 16;
/// About this many tokens are computed at once: enough to use each weight well, little enough to be done soon.
const PACK_TOKENS: usize = 512;

/// Why the model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("the search model is not at {path}: fetch it with `atiende models pull`")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read the search model at {path}: {source}. Check the file's permissions and the disk")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no model of this kind.
    #[error(
        "the search model at {path} cannot be used: {reason}. Use a GGUF of multilingual-e5-small: delete this file and \
         fetch it with `atiende models pull`"
    )]
    Unsuitable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system gave no thread.
    #[error("cannot start the search model's thread: {0}")]
    Thread(io::Error),
}

/// Some texts as token ids, and where their vectors go.
struct Pack {
    texts: Vec<Vec<u32>>,
    weights: Weights,
    reply: SyncSender<Result<Vec<Vec<f32>>, EmbedError>>,
}

/// An E5 model on a thread of its own, which ends when this is dropped.
#[derive(Debug)]
pub struct E5 {
    tokenizer: Tokenizer,
    context: usize,
    queue: SyncSender<Pack>,
    fingerprint: String,
    search_fingerprint: String,
    is_adapted: bool,
}

impl E5 {
    /// Loads the model at `path`, computes one text to see that it works, and starts its thread.
    ///
    /// # Errors
    /// When the file is missing, unreadable or of another kind; the error says what to do.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let digest = digest(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => OpenError::Missing { path: path.to_owned() },
            _ => OpenError::Unreadable { path: path.to_owned(), source },
        })?;
        let kernels = thread::available_parallelism().map_or(1, usize::from);
        let kernels = Kernels::new(kernels).map_err(OpenError::Thread)?;
        let unsuitable = |flaw: Flaw| OpenError::Unsuitable { path: path.to_owned(), reason: flaw.to_string() };
        let (tokenizer, model) = load(path, kernels).map_err(unsuitable)?;
        let context = model.context();
        let is_adapted = model.is_adapted();
        if !is_adapted {
            tracing::warn!(path = %path.display(), "this search model was not taught how customers ask: it finds less");
        }
        let (queue, packs) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("embed".to_owned());
        thread.spawn(move || serve(&model, &packs)).map_err(OpenError::Thread)?;
        let fingerprint = format!("e5-1-{}-{COMPUTED_BY}", &digest[..16]);
        let search_fingerprint = match is_adapted {
            true => format!("{fingerprint}-{}", Adapter::built_in_digest()),
            false => fingerprint.clone(),
        };
        Ok(E5 { tokenizer, context, queue, fingerprint, search_fingerprint, is_adapted })
    }

    fn embed(&self, prefix: &str, texts: &[String], weights: Weights) -> Result<Vec<Vec<f32>>, EmbedError> {
        let encode = |text: &String| self.tokenizer.encode(&format!("{prefix}{text}"), self.context);
        let packs = packs(texts.iter().map(encode).collect());
        // All but one pack of a long list wait here and not in the queue, so that others get their turn in between.
        let vectors = packs.into_iter().map(|texts| self.compute(texts, weights)).collect::<Result<Vec<_>, _>>()?;
        Ok(vectors.into_iter().flatten().collect())
    }

    fn compute(&self, texts: Vec<Vec<u32>>, weights: Weights) -> Result<Vec<Vec<f32>>, EmbedError> {
        let stopped = || EmbedError::Unavailable("its thread has ended: restart Atiende".to_owned());
        let (reply, vectors) = sync_channel(1);
        self.queue.send(Pack { texts, weights, reply }).map_err(|_| stopped())?;
        vectors.recv().map_err(|_| stopped())?
    }
}

impl Embedder for E5 {
    fn embed_queries(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(QUERY, texts, Weights::Own)
    }

    fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(PASSAGE, texts, Weights::Own)
    }

    fn embed_asked(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(QUERY, texts, Weights::Adapted)
    }

    fn embed_answers(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(PASSAGE, texts, Weights::Adapted)
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn search_fingerprint(&self) -> String {
        self.search_fingerprint.clone()
    }

    fn odds(&self) -> Option<Odds> {
        self.is_adapted.then_some(ODDS)
    }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    loop {
        let part = reader.fill_buf()?;
        if part.is_empty() {
            break;
        }
        hasher.update(part);
        let length = part.len();
        reader.consume(length);
    }
    Ok(hex::encode(hasher.finalize()))
}

/// A model whose vectors have the length that search wants.
fn load(path: &Path, kernels: Kernels) -> Result<(Tokenizer, Bert), Flaw> {
    let dimension = ModelFile::open(path)?.size("bert.embedding_length")?;
    if dimension != DIMENSION {
        return Err(Flaw(format!("its vectors have {dimension} numbers instead of {DIMENSION}")));
    }
    let (tokenizer, model) = load_any(path, kernels, |name| Ok(Adapter::built_in(name)?))?;
    // The first text also brings the weights into the form in which they are computed with.
    for weights in [Weights::Own, Weights::Adapted] {
        let trial = model.embed(&[tokenizer.encode(QUERY, model.context())], weights)?;
        if !trial.iter().flatten().all(|number| number.is_finite()) {
            return Err(Flaw("it computes no numbers: its weights are damaged".to_owned()));
        }
    }
    Ok((tokenizer, model))
}

/// The same for vectors of any length, with the adapter that `adapter` has for a model of this name.
fn load_any(
    path: &Path,
    kernels: Kernels,
    adapter: impl Fn(&str) -> Result<Option<Adapter>, Flaw>,
) -> Result<(Tokenizer, Bert), Flaw> {
    let mut file = ModelFile::open(path)?;
    let adapter = adapter(file.text("general.name").unwrap_or_default())?;
    let tokenizer = Tokenizer::from_file(&mut file)?;
    let model = Bert::from_file(&mut file, kernels, adapter.as_ref())?;
    Ok((tokenizer, model))
}

/// The thread: computes packs until the last asker is gone.
fn serve(model: &Bert, packs: &Receiver<Pack>) {
    for pack in packs {
        let vectors = model.embed(&pack.texts, pack.weights).map_err(|error| EmbedError::Failed(error.to_string()));
        // An asker that has gone away needs no answer.
        let _ = pack.reply.send(vectors);
    }
}

/// Cuts a list, in order, into packs of about [`PACK_TOKENS`] tokens, each of at least one text.
fn packs(texts: Vec<Vec<u32>>) -> Vec<Vec<Vec<u32>>> {
    let mut packs: Vec<Vec<Vec<u32>>> = Vec::new();
    let mut tokens = 0;
    for text in texts {
        let length = text.len();
        match packs.last_mut() {
            Some(pack) if tokens + length <= PACK_TOKENS => pack.push(text),
            _ => {
                tokens = 0;
                packs.push(vec![text]);
            }
        }
        tokens += length;
    }
    packs
}

#[cfg(test)]
mod tests;
