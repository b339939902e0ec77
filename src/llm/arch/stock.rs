//! The quantized models of candle-transformers 0.11, each behind [`OneText`] with what it can and cannot do.
//!
//! None of them cuts its keys and values back. They differ in whether several tokens may be read at once after the
//! first call:
//! - `qwen2`, `llama`, `phi3`: always. They keep every attention mask that they ever built, by length and position.
//! - `qwen3`: until a single token was read, which goes into a second cache that only single tokens use.
//! - `gemma3`: never; its mask hides all that was read before. Single tokens also see past the sliding window.
//! - `lfm2`: never; several tokens restart its convolutions.

use candle_core::quantized::gguf_file::Value;
use candle_core::{Device, Tensor};
use candle_transformers::models::{
    quantized_gemma3, quantized_lfm2, quantized_llama, quantized_phi3, quantized_qwen2, quantized_qwen3,
};

use super::{Architecture, OneText};
use crate::llm::weights::WeightsFile;

/// Prompt tokens per call: small enough that cancelling is prompt, large enough that the weights are read rarely.
const CHUNK: usize = 128;

/// Chunks begin and end at multiples of this, so that the masks which the models keep stay few.
const ALIGNMENT: usize = 16;

/// How many tokens of context the stock model can take at most, whatever its file says.
pub(super) fn longest_context(architecture: Architecture) -> usize {
    match architecture {
        Architecture::Llama => quantized_llama::MAX_SEQ_LEN,
        Architecture::Gemma3 => quantized_gemma3::MAX_SEQ_LEN,
        Architecture::Qwen2 | Architecture::Qwen3 | Architecture::Phi3 | Architecture::Lfm2 => usize::MAX,
    }
}

enum Model {
    Qwen2(quantized_qwen2::ModelWeights),
    Qwen3(quantized_qwen3::ModelWeights),
    Llama(quantized_llama::ModelWeights),
    Gemma3(quantized_gemma3::ModelWeights),
    Phi3(quantized_phi3::ModelWeights),
    Lfm2(quantized_lfm2::ModelWeights),
}

/// A stock model and how much it has read.
pub(super) struct StockDecoder {
    model: Model,
    length: usize,
    read_single: bool,
}

impl StockDecoder {
    /// Reads the weights of a file that was found whole.
    pub(super) fn load(architecture: Architecture, weights: WeightsFile, context: usize) -> anyhow::Result<Self> {
        let WeightsFile { mut file, mut content, .. } = weights;
        // Their position tables are as long as the metadata says: 32,768 rows and more where 4,096 are used.
        let context = u32::try_from(context)?;
        content.metadata.insert(format!("{}.context_length", architecture.name()), Value::U32(context));
        // Without this, qwen3 computes its positions in half precision, where 2,049 is 2,048.
        content.metadata.insert("general.dtype".to_owned(), Value::U32(0));
        let (file, device) = (&mut file, &Device::Cpu);
        let model = match architecture {
            Architecture::Qwen2 => Model::Qwen2(quantized_qwen2::ModelWeights::from_gguf(content, file, device)?),
            Architecture::Qwen3 => Model::Qwen3(quantized_qwen3::ModelWeights::from_gguf(content, file, device)?),
            Architecture::Llama => Model::Llama(quantized_llama::ModelWeights::from_gguf(content, file, device)?),
            Architecture::Gemma3 => Model::Gemma3(quantized_gemma3::ModelWeights::from_gguf(content, file, device)?),
            Architecture::Phi3 => Model::Phi3(quantized_phi3::ModelWeights::from_gguf(false, content, file, device)?),
            Architecture::Lfm2 => Model::Lfm2(quantized_lfm2::ModelWeights::from_gguf(content, file, device)?),
        };
        Ok(StockDecoder { model, length: 0, read_single: false })
    }

    /// Whether several tokens can be read at once after what was read so far.
    fn takes_several(&self) -> bool {
        match self.model {
            Model::Qwen2(_) | Model::Llama(_) | Model::Phi3(_) => true,
            Model::Qwen3(_) => !self.read_single,
            Model::Gemma3(_) | Model::Lfm2(_) => self.length == 0,
        }
    }
}

impl OneText for StockDecoder {
    fn forward(&mut self, tokens: &[u32], position: usize) -> anyhow::Result<Vec<f32>> {
        anyhow::ensure!(position == self.length, "tokens at {position} do not follow the {} read", self.length);
        anyhow::ensure!(tokens.len() == 1 || self.takes_several(), "this model cannot read several tokens here");
        let restarts_by_itself = !matches!(self.model, Model::Lfm2(_)) || tokens.len() > 1;
        anyhow::ensure!(position > 0 || restarts_by_itself, "lfm2 needs a prompt of two tokens or more");
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        let logits = match &mut self.model {
            Model::Qwen2(model) => model.forward(&input, position),
            Model::Qwen3(model) => model.forward(&input, position),
            Model::Llama(model) => model.forward(&input, position),
            Model::Gemma3(model) => model.forward(&input, position),
            Model::Phi3(model) => model.forward(&input, position),
            Model::Lfm2(model) => model.forward(&input, position),
        }?;
        self.length += tokens.len();
        self.read_single |= tokens.len() == 1;
        Ok(logits.flatten_all()?.to_vec1()?)
    }

    /// Keeps all or nothing, and nothing where the next tokens would have to go in one by one.
    fn rewind(&mut self, length: usize) -> usize {
        if length == self.length && self.takes_several() {
            return length;
        }
        // The other models drop their keys and values by themselves when they read at position 0.
        if let Model::Qwen3(model) = &mut self.model {
            model.clear_kv_cache();
        }
        self.length = 0;
        self.read_single = false;
        0
    }

    fn longest_piece(&self) -> usize {
        match self.model {
            Model::Gemma3(_) | Model::Lfm2(_) => usize::MAX,
            _ => CHUNK,
        }
    }

    fn threads(&self) -> usize {
        candle_core::utils::barrier_pool().n_workers() + 1
    }

    /// They are chosen when the program is compiled.
    fn kernels(&self) -> &'static str {
        if cfg!(all(target_feature = "avx512vnni", target_feature = "avx512bw")) {
            "avx512vnni"
        } else if cfg!(target_feature = "avx2") {
            "avx2"
        } else if cfg!(target_feature = "neon") {
            "neon"
        } else {
            "portable"
        }
    }

    fn chunk(&self, position: usize, remaining: usize) -> usize {
        match self.model {
            Model::Gemma3(_) | Model::Lfm2(_) if position == 0 => remaining,
            _ if !self.takes_several() => 1,
            Model::Qwen3(_) => CHUNK.min(remaining),
            _ if remaining < ALIGNMENT => remaining,
            _ if !position.is_multiple_of(ALIGNMENT) => ALIGNMENT - position % ALIGNMENT,
            _ => CHUNK.min(remaining - remaining % ALIGNMENT),
        }
    }
}
