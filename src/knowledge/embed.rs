//! The default embedder: multilingual-e5-small, or another model of its family, from a GGUF file.
//!
//! The model as its file holds it knows what a text is about: moods, intents and whole passages are computed with it. With
//! an adapter's updates it knows how customers ask and what answers them: questions and single sentences are, once more,
//! and with them the tokens that late interaction compares.
//!
//! One OS thread owns the model and is spoken to over a bounded queue; texts are cut into tokens by whoever asks. Long
//! lists go through the queue in small packs, so that a customer's question never waits for a whole index.
//!
//! It computes with the project's own kernels, which are chosen for the processor when the program starts: one program is
//! fast on every machine, and a text's vector does not depend on what is computed beside it.

mod adapter;
mod bert;
mod built_in;
mod charsmap;
mod gguf;
mod late;
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
use super::late::{Answer, Asked};
use adapter::{Adapter, ODDS};
use bert::{Bert, Read, Weights};
use gguf::{Flaw, ModelFile};
use late::{LAYERS, Late};
use tokenizer::Tokenizer;

/// The model was trained with these before every text; without them search across languages fails.
const QUERY: &str = "query: ";
const PASSAGE: &str = "passage: ";
/// What computes, for fingerprints: vectors that were kept are those of the same arithmetic.
const COMPUTED_BY: &str = "kernels";
/// The same of what is read with an adapter.
const ADAPTED_BY: &str = "apart";
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

/// Some texts as token ids, and where what they are read as goes.
struct Pack {
    texts: Vec<Vec<u32>>,
    weights: Weights,
    /// After which layers the states of tokens are kept.
    kept: &'static [usize],
    reply: SyncSender<Result<Vec<Read>, EmbedError>>,
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
    late: Option<Late>,
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
        let late = late_for(path, &model).map_err(unsuitable)?;
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
            true => format!("{fingerprint}-{}-{}-{ADAPTED_BY}", Adapter::built_in_digest(), Late::built_in_digest()),
            false => fingerprint.clone(),
        };
        Ok(E5 { tokenizer, context, queue, fingerprint, search_fingerprint, is_adapted, late })
    }

    fn embed(&self, prefix: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.read(prefix, texts, (Weights::Own, &[]), |read| Ok(read.vector))
    }

    /// After which layers the states of tokens are kept.
    fn kept(&self) -> &'static [usize] {
        if self.late.is_some() { &LAYERS } else { &[] }
    }

    /// A question as it was read with the adapter.
    fn asked(&self, read: Read) -> Result<Asked, EmbedError> {
        let tokens = self.late.as_ref().map(|late| late.asked(&read.states)).transpose();
        let tokens = tokens.map_err(|error| EmbedError::Failed(error.to_string()))?;
        Ok(Asked { vector: read.vector, tokens })
    }

    /// Reads texts, a pack at a time, and makes of each what `make` makes of it: the states of a long list's tokens would take
    /// much memory.
    fn read<T>(
        &self,
        prefix: &str,
        texts: &[String],
        (weights, kept): (Weights, &'static [usize]),
        make: impl Fn(Read) -> Result<T, EmbedError>,
    ) -> Result<Vec<T>, EmbedError> {
        // All but one pack of a long list wait here and not in the queue, so that others get their turn in between.
        let made = self.packs(prefix, texts).map(|texts| {
            let read = self.compute(texts, weights, kept)?;
            read.into_iter().map(&make).collect::<Result<Vec<T>, EmbedError>>()
        });
        Ok(made.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn packs(&self, prefix: &str, texts: &[String]) -> impl Iterator<Item = Vec<Vec<u32>>> {
        let encode = |text: &String| self.tokenizer.encode(&format!("{prefix}{text}"), self.context);
        packs(texts.iter().map(encode).collect()).into_iter()
    }

    fn compute(&self, texts: Vec<Vec<u32>>, weights: Weights, kept: &'static [usize]) -> Result<Vec<Read>, EmbedError> {
        let stopped = || EmbedError::Unavailable("its thread has ended: restart Atiende".to_owned());
        let (reply, read) = sync_channel(1);
        self.queue.send(Pack { texts, weights, kept, reply }).map_err(|_| stopped())?;
        read.recv().map_err(|_| stopped())?
    }
}

impl Embedder for E5 {
    fn embed_queries(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(QUERY, texts)
    }

    fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(PASSAGE, texts)
    }

    fn embed_asked(&self, texts: &[String]) -> Result<Vec<Asked>, EmbedError> {
        self.read(QUERY, texts, (Weights::Adapted, self.kept()), |read| self.asked(read))
    }

    fn embed_both(&self, texts: &[String]) -> Result<Vec<(Vec<f32>, Asked)>, EmbedError> {
        let mut both = Vec::with_capacity(texts.len());
        for texts in self.packs(QUERY, texts) {
            let count = texts.len();
            let twice = texts.iter().chain(&texts).cloned().collect();
            let mut own = self.compute(twice, Weights::OwnThenAdapted(count), self.kept())?;
            let adapted = own.split_off(count);
            for (own, adapted) in own.into_iter().zip(adapted) {
                both.push((own.vector, self.asked(adapted)?));
            }
        }
        Ok(both)
    }

    fn embed_answers(&self, texts: &[String]) -> Result<Vec<Answer>, EmbedError> {
        self.read(PASSAGE, texts, (Weights::Adapted, self.kept()), |read| {
            let tokens = self.late.as_ref().map(|late| late.answer(&read.states)).transpose();
            let tokens = tokens.map_err(|error| EmbedError::Failed(error.to_string()))?.unwrap_or_default();
            Ok(Answer { vector: read.vector.into(), tokens })
        })
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

/// What compares a question with an answer token by token, for a model that it was learnt with.
fn late_for(path: &Path, model: &Bert) -> Result<Option<Late>, Flaw> {
    let late = Late::built_in(ModelFile::open(path)?.text("general.name").unwrap_or_default())?;
    Ok(late.filter(|late| model.layers() >= LAYERS[1] && late.states() == LAYERS.len() * model.dimension()))
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
        let read = model.read(&pack.texts, pack.weights, pack.kept);
        // An asker that has gone away needs no answer.
        let _ = pack.reply.send(read.map_err(|error| EmbedError::Failed(error.to_string())));
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
