//! From a file to a model that has proved that it works.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::EngineOptions;
use super::describe::Description;
use super::form::Origin;
use super::memory::{self, available_memory};
use crate::llm::arch::{self, Architecture, Decoder};
use crate::llm::beginnings::Beginnings;
use crate::llm::beginnings::file::{BeginningsFile, Form};
use crate::llm::decoder::{Memory, Piece, Wanted};
use crate::llm::load_error::LoadError;
use crate::llm::sample;
use crate::llm::template::ChatTemplate;
use crate::llm::tokenizer::{Tokenizer, Vocabulary};
use crate::llm::weights::WeightsFile;

/// How many tokens are read to prove that a model works; several and then one, which take different kernels.
const WARM_UP: usize = 4;

/// A model with everything that belongs to it.
pub(super) struct Loaded {
    pub(super) decoder: Box<dyn Decoder>,
    pub(super) beginnings: Beginnings,
    /// Where those that last are kept.
    pub(super) file: Option<BeginningsFile>,
    pub(super) guesses: bool,
    pub(super) tokenizer: Arc<Tokenizer>,
    pub(super) template: ChatTemplate,
    pub(super) context: usize,
    pub(super) description: Description,
}

impl Loaded {
    /// Checks the file, builds what belongs to the model, the weights last, and runs the model once.
    pub(super) fn from_file(options: &EngineOptions) -> Result<Self, LoadError> {
        let started = Instant::now();
        let path = &options.path;
        let mut weights = WeightsFile::open(path)?;
        let architecture = Architecture::of(&weights)?;
        let tokenizer = Vocabulary::read(weights.metadata())
            .and_then(Tokenizer::new)
            .map_err(|detail| LoadError::Tokenizer { path: path.clone(), detail })?;
        let template = template(&weights, &tokenizer, options)?;
        let mut description = describe(&weights, architecture, options);
        let origin = options.kept_in.as_ref().and_then(|_| Origin::of(&weights));
        // The tokenizer's tables are large, and were read.
        weights.content.metadata.retain(|key, _| !key.starts_with("tokenizer."));
        let context = description.context;
        let threads = options.threads.unwrap_or_else(default_threads);
        let needed = memory::needed(&weights, options.decoder, architecture, context);
        let available = options.memory.or_else(available_memory);
        let remembered = memory::share(path, needed, options.remembered, available)?;
        let mut decoder = arch::load(options.decoder, architecture, weights, context, threads)?;
        (description.threads, description.kernels) = (decoder.threads(), decoder.kernels());
        description.bytes_a_token = decoder.bytes_a_token();
        let first = warm_up(decoder.as_mut(), &tokenizer, path)?;
        let shape = decoder.page_shape();
        let most_pages = shape.map_or(1, |shape| remembered / shape.bytes());
        let mut beginnings = Beginnings::new(most_pages, shape);
        let form = origin.zip(shape).map(|(origin, shape)| Form {
            digest: origin.digest(decoder.kernels(), shape, &first),
            shape,
            vocabulary: tokenizer.size(),
            context,
        });
        let file = options.kept_in.clone().zip(form).map(|(path, form)| BeginningsFile { path, form });
        beginnings.restore(file.as_ref().map(|file| file.read(most_pages)).unwrap_or_default());
        description.loading = started.elapsed();
        report(&description, options);
        Ok(Loaded {
            decoder,
            beginnings,
            file,
            guesses: options.guesses,
            tokenizer: Arc::new(tokenizer),
            template,
            context,
            description,
        })
    }
}

/// One thread for each processor that this process may use.
fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn template(weights: &WeightsFile, tokenizer: &Tokenizer, options: &EngineOptions) -> Result<ChatTemplate, LoadError> {
    let source = weights.metadata().string("tokenizer.chat_template");
    ChatTemplate::new(source, tokenizer.bos_text(), tokenizer.eos_text(), options.clock.clone())
        .map_err(|detail| LoadError::Template { path: options.path.clone(), detail })
}

/// What the file says; what it runs on is known once it is loaded.
fn describe(weights: &WeightsFile, architecture: Architecture, options: &EngineOptions) -> Description {
    let metadata = weights.metadata();
    Description {
        name: metadata.string("general.name").unwrap_or_default().to_owned(),
        architecture: architecture.name().to_owned(),
        parameters: weights.parameters(),
        quantization: weights.quantization(),
        context: architecture.context(options.decoder, weights, options.max_context),
        bytes_a_token: 0,
        threads: 0,
        kernels: "",
        has_chat_template: metadata.string("tokenizer.chat_template").is_some(),
        loading: std::time::Duration::ZERO,
    }
}

/// Reads a few tokens: broken weights show here, and what is built at the first use is built now. Gives the logits.
fn warm_up(decoder: &mut dyn Decoder, tokenizer: &Tokenizer, path: &Path) -> Result<Vec<f32>, LoadError> {
    let broken = |detail: String| LoadError::Model { path: path.to_owned(), detail };
    let text = tokenizer.ends().iter().copied().chain(0..);
    let text: Vec<u32> = text.take(WARM_UP.min(tokenizer.size())).collect();
    let mut memory = Memory::default();
    let mut first = Vec::new();
    for tokens in [&text, &text[..1]] {
        let pieces = &mut [Piece { memory: &mut memory, tokens, wanted: Wanted::Logits(1) }];
        let logits = decoder.read(pieces).map_err(|error| broken(format!("{error:#}")))?;
        if logits.first().and_then(|logits| sample::greedy(logits)).is_none() {
            return Err(broken("what it computes are not numbers".to_owned()));
        }
        // A token without a row would fail in the middle of a customer's text, and with it all that are read beside it.
        let known = logits.first().map_or(0, Vec::len);
        if known < tokenizer.size() {
            return Err(broken(format!("its tokenizer has {} tokens and its weights {known}", tokenizer.size())));
        }
        first.extend(logits.into_iter().flatten());
    }
    Ok(first)
}

fn report(description: &Description, options: &EngineOptions) {
    tracing::info!(
        architecture = description.architecture,
        quantization = description.quantization,
        context = description.context,
        threads = description.threads,
        kernels = description.kernels,
        seconds = description.loading.as_secs_f32(),
        "loaded the language model",
    );
    if !description.has_chat_template {
        tracing::warn!("the model's file has no chat template; it may be a base model, which cannot chat");
    }
    if let Some(wanted) = options.threads.filter(|wanted| *wanted != description.threads) {
        let threads = description.threads;
        tracing::warn!(
            "the model computes on {threads} threads, not {wanted}: set CANDLE_NUM_THREADS={wanted} in the environment"
        );
    }
}
