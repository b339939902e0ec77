//! What a file's metadata say of a transformer: everything in which the family's members differ, as data.

use anyhow::{Context, ensure};

use atiende_kernels::{Attention, Gate, PageShape, Pairs, Sees};

use crate::llm::arch::Architecture;
use crate::llm::weights::Metadata;

/// A transformer in figures.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) layers: usize,
    /// Numbers of a token on its way through the layers.
    pub(super) width: usize,
    /// Heads of queries.
    pub(super) heads: usize,
    /// Heads of keys and values, of which each serves several heads of queries.
    pub(super) key_heads: usize,
    /// Numbers of a head.
    pub(super) head: usize,
    /// Numbers inside the feed-forward network.
    pub(super) inner: usize,
    /// How many tokens a text may have.
    pub(super) context: usize,
    pub(super) epsilon: f32,
    pub(super) gate: Gate,
    /// Whether each head of queries and keys is normed.
    pub(super) has_head_norms: bool,
    /// Whether what attention and the feed-forward network give is normed.
    pub(super) has_result_norms: bool,
    /// What the embeddings are multiplied by.
    pub(super) embedding_scale: f32,
    pub(super) pairs: Pairs,
    /// How many numbers of a head turn.
    pub(super) turning: usize,
    /// The base of the rotation in layers that see everything, and in those that see a window.
    pub(super) bases: [f32; 2],
    /// What positions are divided by in layers that see everything.
    pub(super) stretch: f32,
    scaling_is_known: bool,
    /// The window, and that all layers but every so many'th see only that.
    pub(super) window: Option<(usize, usize)>,
}

/// Gemma 3 files do not say it: five layers with a window, one without, and the base of those with one.
const GEMMA_PATTERN: usize = 6;
const GEMMA_LOCAL_BASE: f32 = 10_000.0;

/// More numbers than any model of this kind has; products of two such figures do not overflow.
const LARGEST: usize = 1 << 20;

impl Shape {
    /// Reads the figures, and checks that they make sense.
    pub(super) fn read(architecture: Architecture, metadata: Metadata<'_>, context: usize) -> anyhow::Result<Self> {
        let key = |name: &str| format!("{}.{name}", architecture.name());
        let optional = |name: &str| metadata.unsigned(&key(name)).and_then(|number| usize::try_from(number).ok());
        let number = |name: &str| optional(name).with_context(|| format!("the metadata lack `{}`", key(name)));
        let float = |name: &str| metadata.float(&key(name));
        let (width, heads) = (number("embedding_length")?, number("attention.head_count")?);
        let key_heads = optional("attention.head_count_kv").unwrap_or(heads);
        ensure!(heads > 0 && key_heads > 0 && width > 0, "a model has heads, and tokens have numbers");
        let head = optional("attention.key_length").unwrap_or(width / heads);
        let is_gemma = architecture == Architecture::Gemma3;
        let base = float("rope.freq_base").unwrap_or(if is_gemma { 1_000_000.0 } else { 10_000.0 });
        let local_base = float("rope.local_freq_base").unwrap_or(GEMMA_LOCAL_BASE);
        let window = optional("attention.sliding_window").filter(|window| is_gemma && *window > 0);
        let pattern = optional("attention.sliding_window_type").filter(|pattern| *pattern > 0).unwrap_or(GEMMA_PATTERN);
        #[expect(clippy::cast_precision_loss, reason = "tokens have some thousand numbers")]
        let embedding_scale = if is_gemma { (width as f32).sqrt() } else { 1.0 };
        let scaling = stretch(metadata, &key);
        let shape = Shape {
            layers: number("block_count")?,
            width,
            heads,
            key_heads,
            head,
            inner: number("feed_forward_length")?,
            context,
            epsilon: float("attention.layer_norm_rms_epsilon").unwrap_or(1e-6),
            gate: if is_gemma { Gate::Gelu } else { Gate::Silu },
            has_head_norms: is_gemma || architecture == Architecture::Qwen3,
            has_result_norms: is_gemma,
            embedding_scale,
            pairs: if architecture == Architecture::Llama { Pairs::Neighbours } else { Pairs::Halves },
            turning: optional("rope.dimension_count").unwrap_or(head),
            bases: [base, local_base],
            stretch: scaling.unwrap_or(1.0),
            scaling_is_known: scaling.is_some(),
            window: window.map(|window| (window, pattern)),
        };
        shape.check()?;
        Ok(shape)
    }

    /// Refuses figures that no model has, before anything is allocated by them.
    fn check(&self) -> anyhow::Result<()> {
        let Shape { layers, heads, key_heads, head, turning, width, inner, .. } = *self;
        ensure!((1..=1000).contains(&layers), "it has {layers} layers");
        ensure!(heads <= 1024 && key_heads <= heads, "it has {heads} heads of queries and {key_heads} of keys");
        ensure!(heads.is_multiple_of(key_heads), "{heads} heads of queries cannot share {key_heads} heads of keys");
        ensure!((1..=4096).contains(&head), "its heads have {head} numbers");
        ensure!((1..=LARGEST).contains(&width), "its tokens have {width} numbers");
        ensure!((1..=LARGEST).contains(&inner), "its feed-forward networks have {inner} numbers");
        ensure!(turning <= head && turning.is_multiple_of(2), "{turning} of {head} numbers of a head cannot turn");
        ensure!(self.stretch.is_finite() && self.stretch > 0.0, "its positions are scaled by {}", self.stretch);
        Ok(())
    }

    /// Whether the kernels take it, and its positions are scaled in a way that is known.
    pub(super) fn is_supported(&self) -> bool {
        self.head.is_multiple_of(16) && self.width.is_multiple_of(32) && self.scaling_is_known
    }

    pub(super) fn page(&self) -> PageShape {
        PageShape { layers: self.layers, heads: self.key_heads, head: self.head }
    }

    /// Whether a layer sees only a window.
    pub(super) fn is_local(&self, layer: usize) -> bool {
        self.window.is_some_and(|(_, pattern)| !(layer + 1).is_multiple_of(pattern))
    }

    pub(super) fn attention(&self, layer: usize) -> Attention {
        #[expect(clippy::cast_precision_loss, reason = "heads have some hundred numbers")]
        let scale = 1.0 / (self.head as f32).sqrt();
        let window = self.window.filter(|_| self.is_local(layer)).map(|(window, _)| window);
        Attention { shape: self.page(), layer, heads: self.heads, scale, sees: Sees::Past(window) }
    }
}

/// How far positions are drawn out beyond the context that the model was trained with; nothing where it is done in a
/// way that this decoder does not know.
fn stretch(metadata: Metadata<'_>, key: &dyn Fn(&str) -> String) -> Option<f32> {
    match metadata.string(&key("rope.scaling.type")) {
        None | Some("none") => Some(1.0),
        Some("linear") => Some(metadata.float(&key("rope.scaling.factor")).unwrap_or(1.0)),
        Some(_) => None,
    }
}
