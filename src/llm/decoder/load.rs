//! From a file to a transformer.

use super::Transformer;
use super::layer::{Layer, Projection, Scratch};
use super::rope::{Rope, speeds};
use super::shape::Shape;
use super::tensors::Tensors;
use crate::llm::arch::Architecture;
use crate::llm::weights::WeightsFile;
use atiende_kernels::{Kernels, Level, PAGE_POSITIONS};

impl Transformer {
    /// Whether a model is of the family that this decoder knows.
    fn knows(architecture: Architecture) -> bool {
        match architecture {
            Architecture::Qwen2 | Architecture::Qwen3 | Architecture::Llama | Architecture::Gemma3 => true,
            Architecture::Phi3 | Architecture::Lfm2 => false,
        }
    }

    /// Refuses a file whose figures make no sense, whoever is to run it.
    pub(in crate::llm) fn check(architecture: Architecture, weights: &WeightsFile) -> anyhow::Result<()> {
        if Self::knows(architecture) {
            Shape::read(architecture, weights.metadata(), 1)?;
        }
        Ok(())
    }

    /// Whether this decoder should run a file's model. It may still find it broken. Where there are no kernels for the
    /// processor, candle's are faster: they know NEON.
    pub(in crate::llm) fn covers(architecture: Architecture, weights: &WeightsFile) -> bool {
        let has_experts = weights.metadata().unsigned(&format!("{}.expert_count", architecture.name())) > Some(0);
        let fits = || Shape::read(architecture, weights.metadata(), 1).is_ok_and(|shape| shape.is_supported());
        Level::best().is_fast()
            && Self::knows(architecture)
            && !has_experts
            && fits()
            && Tensors::are_supported(&weights.content)
    }

    /// How many bytes the keys and values of a token take; 0 when its figures make no sense.
    pub(in crate::llm) fn bytes_a_position(architecture: Architecture, weights: &WeightsFile) -> u64 {
        let shape = Shape::read(architecture, weights.metadata(), 1);
        shape.map_or(0, |shape| (shape.page().bytes() / PAGE_POSITIONS) as u64)
    }

    /// How many bytes the weights take in memory: all but the tokens' embeddings, which stay in the file unless they are
    /// the last matrix, too.
    pub(in crate::llm) fn bytes_once(weights: &WeightsFile) -> u64 {
        let tensors = &weights.content.tensor_infos;
        let has_output = tensors.contains_key("output.weight");
        let stays = |name: &str| has_output && name == "token_embd.weight";
        tensors.iter().filter(|(name, _)| !stays(name)).map(|(_, info)| Tensors::bytes(info)).sum()
    }

    /// Loads the weights for a context of `context` tokens.
    pub(in crate::llm) fn load(
        architecture: Architecture,
        weights: &WeightsFile,
        context: usize,
        kernels: Kernels,
    ) -> anyhow::Result<Self> {
        let shape = Shape::read(architecture, weights.metadata(), context)?;
        let tensors = Tensors { file: &weights.file, content: &weights.content, kernels: &kernels };
        let embedding = tensors.embedding("token_embd.weight", shape.width)?;
        let layers = (0..shape.layers).map(|number| layer(&tensors, &shape, number)).collect::<anyhow::Result<_>>()?;
        let norm = tensors.vector("output_norm.weight", shape.width)?;
        let head = if tensors.has("output.weight") { "output.weight" } else { "token_embd.weight" };
        let head = tensors.matrix(head, Some(embedding.rows()), shape.width)?;
        let rope = rope(&tensors, &shape)?;
        Ok(Transformer { shape, embedding, layers, norm, head, rope, kernels, scratch: Scratch::default() })
    }
}

fn layer(tensors: &Tensors<'_>, shape: &Shape, number: usize) -> anyhow::Result<Layer> {
    let Shape { width, inner, head, .. } = *shape;
    let (queries, keys) = (shape.heads * head, shape.key_heads * head);
    let name = |part: &str| format!("blk.{number}.{part}");
    let projection = |part: &str, rows: usize, width: usize| {
        let matrix = tensors.matrix(&name(&format!("{part}.weight")), Some(rows), width)?;
        let bias = tensors.vector_if_any(&name(&format!("{part}.bias")), rows)?;
        anyhow::Ok(Projection { matrix, bias })
    };
    let norm = |part: &str, length: usize, has: bool| has.then(|| tensors.vector(&name(part), length)).transpose();
    Ok(Layer {
        norm: tensors.vector(&name("attn_norm.weight"), width)?,
        query: projection("attn_q", queries, width)?,
        key: projection("attn_k", keys, width)?,
        value: projection("attn_v", keys, width)?,
        query_norm: norm("attn_q_norm.weight", head, shape.has_head_norms)?,
        key_norm: norm("attn_k_norm.weight", head, shape.has_head_norms)?,
        output: projection("attn_output", width, queries)?,
        attended_norm: norm("post_attention_norm.weight", width, shape.has_result_norms)?,
        feed_norm: tensors.vector(&name("ffn_norm.weight"), width)?,
        gate: tensors.matrix(&name("ffn_gate.weight"), Some(inner), width)?,
        up: tensors.matrix(&name("ffn_up.weight"), Some(inner), width)?,
        down: tensors.matrix(&name("ffn_down.weight"), Some(width), inner)?,
        fed_norm: norm("post_ffw_norm.weight", width, shape.has_result_norms)?,
    })
}

/// The speeds of rotation; some files (Llama 3) bring a divisor for each.
fn rope(tensors: &Tensors<'_>, shape: &Shape) -> anyhow::Result<Rope> {
    let [base, local_base] = shape.bases;
    let divisors = tensors.vector_if_any("rope_freqs.weight", shape.turning / 2)?;
    let divisors = divisors.unwrap_or_else(|| vec![1.0; shape.turning / 2]);
    let global =
        speeds(shape.turning, base).iter().zip(&divisors).map(|(speed, by)| speed / by / shape.stretch).collect();
    Ok(Rope::new(shape.pairs, global, speeds(shape.turning, local_base)))
}
