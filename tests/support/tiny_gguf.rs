//! Writes tiny model files of every supported architecture: random weights, a byte-level vocabulary, a chat template.
//!
//! They speak nonsense, but through the real loader, tokenizer, template and decoder, with nothing downloaded.

use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

/// Every architecture that [`write`] knows.
pub const ARCHITECTURES: [&str; 6] = ["qwen2", "qwen3", "llama", "gemma3", "phi3", "lfm2"];

/// How many tokens of context the files allow.
pub const CONTEXT: u32 = 512;

const VOCABULARY: usize = 288;
const WIDTH: usize = 64;
const HEADS: usize = 4;
const KEY_HEADS: usize = 2;
const HEAD: usize = WIDTH / HEADS;
const INNER: usize = 128;
const CONVOLUTION: usize = 3;

const TEMPLATE: &str = "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}\
{%- endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/// Gemma's sixth layer is the first that sees everything.
fn layers(architecture: &str) -> usize {
    if architecture == "gemma3" { 7 } else { 2 }
}

/// Writes a model of `architecture` to `path`. Any other name is written as such, with the tensors of a Llama.
pub fn write(path: &Path, architecture: &str) {
    write_with(path, architecture, &[]);
}

/// The same with other values for some of the metadata.
pub fn write_with(path: &Path, architecture: &str, changes: &[(&str, Value)]) {
    write_tensors(path, architecture, changes, weights(INNER, &[]));
}

/// The same with rows of 256 numbers in `ffn_down`, and other types for the tensors whose names end so.
pub fn write_kinds(path: &Path, architecture: &str, kinds: &[(&str, GgmlDType)]) {
    let inner = Value::U32(256);
    let weights = weights(256, kinds);
    write_tensors(path, architecture, &[(&format!("{architecture}.feed_forward_length"), inner)], weights);
}

fn write_tensors(path: &Path, architecture: &str, changes: &[(&str, Value)], weights: Weights<'_>) {
    let mut metadata = metadata(architecture);
    for (key, value) in changes {
        metadata.retain(|(known, _)| known != key);
        metadata.push(((*key).to_owned(), value.clone()));
    }
    let tensors = weights.of(architecture);
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut file = std::fs::File::create(path).expect("the test's folder is writable");
    gguf_file::write(&mut file, &metadata, &tensors).expect("the values are of one type each");
}

fn metadata(architecture: &str) -> Vec<(String, Value)> {
    let number = |value: usize| Value::U32(u32::try_from(value).expect("sizes are small"));
    let mut rows: Vec<(String, Value)> = [
        ("context_length", Value::U32(CONTEXT)),
        ("embedding_length", number(WIDTH)),
        ("block_count", number(layers(architecture))),
        ("feed_forward_length", number(INNER)),
        ("attention.head_count", number(HEADS)),
        ("attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("attention.key_length", number(HEAD)),
        ("attention.value_length", number(HEAD)),
        ("attention.sliding_window", number(CONTEXT as usize)),
        ("rope.dimension_count", number(HEAD)),
        ("rope.freq_base", Value::F32(10_000.0)),
        ("shortconv.l_cache", number(CONVOLUTION)),
    ]
    .map(|(key, value)| (format!("{architecture}.{key}"), value))
    .into();
    // LFM2 says by layer how many heads of keys there are: none where it convolves.
    let key_heads = match architecture {
        "lfm2" => Value::Array(vec![Value::U32(0), number(KEY_HEADS)]),
        _ => number(KEY_HEADS),
    };
    rows.push((format!("{architecture}.attention.head_count_kv"), key_heads));
    rows.push(("general.architecture".to_owned(), Value::String(architecture.to_owned())));
    rows.push(("general.name".to_owned(), Value::String(format!("Tiny {architecture}"))));
    rows.push(("general.file_type".to_owned(), Value::U32(7)));
    rows.extend(tokenizer(architecture == "gemma3").map(|(key, value)| (format!("tokenizer.{key}"), value)));
    rows
}

/// One token a byte and three special ones; the rest of the table means nothing.
fn tokenizer(sentence_piece: bool) -> [(&'static str, Value); 10] {
    let mut tokens: Vec<String> = (0..=u8::MAX).map(|byte| byte_token(byte, sentence_piece)).collect();
    let mut kinds = vec![if sentence_piece { 6 } else { 1 }; tokens.len()];
    for (token, kind) in [("<|endoftext|>", 3), ("<|im_start|>", 3), ("<|im_end|>", 3)] {
        tokens.push(token.to_owned());
        kinds.push(kind);
    }
    for unused in tokens.len()..VOCABULARY {
        tokens.push(format!("[PAD{unused}]"));
        kinds.push(5);
    }
    let merges: Vec<Value> = if sentence_piece { Vec::new() } else { vec![Value::String("h o".to_owned())] };
    if !sentence_piece {
        tokens[VOCABULARY - 1] = "ho".to_owned();
        kinds[VOCABULARY - 1] = 1;
    }
    [
        ("chat_template", Value::String(TEMPLATE.to_owned())),
        ("ggml.model", Value::String(if sentence_piece { "llama" } else { "gpt2" }.to_owned())),
        ("ggml.pre", Value::String("qwen2".to_owned())),
        ("ggml.scores", Value::Array(vec![Value::F32(0.0); VOCABULARY])),
        ("ggml.tokens", Value::Array(tokens.into_iter().map(Value::String).collect())),
        ("ggml.token_type", Value::Array(kinds.into_iter().map(Value::I32).collect())),
        ("ggml.merges", Value::Array(merges)),
        ("ggml.eos_token_id", Value::U32(258)),
        ("ggml.add_bos_token", Value::Bool(false)),
        ("ggml.add_space_prefix", Value::Bool(false)),
    ]
}

/// Vocabulary files write a byte as a printable character: GPT-2's way, or SentencePiece's.
fn byte_token(byte: u8, sentence_piece: bool) -> String {
    if sentence_piece {
        return format!("<0x{byte:02X}>");
    }
    let code = match byte {
        0..=0x20 => 0x100 + u32::from(byte),
        0x7F..=0xA0 => 0x121 + u32::from(byte) - 0x7F,
        0xAD => 0x143,
        _ => u32::from(byte),
    };
    char::from_u32(code).expect("these are characters").to_string()
}

fn weights<'a>(inner: usize, kinds: &'a [(&'a str, GgmlDType)]) -> Weights<'a> {
    Weights { seed: 7, inner, kinds, tensors: Vec::new() }
}

/// Makes tensors from a fixed sequence of numbers.
struct Weights<'a> {
    seed: u64,
    inner: usize,
    kinds: &'a [(&'a str, GgmlDType)],
    tensors: Vec<(String, QTensor)>,
}

impl Weights<'_> {
    fn of(mut self, architecture: &str) -> Vec<(String, QTensor)> {
        self.matrix("token_embd", VOCABULARY, WIDTH);
        self.matrix("output", VOCABULARY, WIDTH);
        self.vector("output_norm.weight", WIDTH);
        for layer in 0..layers(architecture) {
            self.layer(architecture, layer);
        }
        self.tensors
    }

    fn layer(&mut self, architecture: &str, layer: usize) {
        let prefix = format!("blk.{layer}");
        self.vector(&format!("{prefix}.attn_norm.weight"), WIDTH);
        self.vector(&format!("{prefix}.ffn_norm.weight"), WIDTH);
        if architecture == "lfm2" && layer == 0 {
            self.matrix(&format!("{prefix}.shortconv.in_proj"), 3 * WIDTH, WIDTH);
            self.matrix(&format!("{prefix}.shortconv.out_proj"), WIDTH, WIDTH);
            self.plain(&format!("{prefix}.shortconv.conv.weight"), &[WIDTH, CONVOLUTION]);
        } else {
            self.attention(architecture, &prefix);
        }
        if architecture == "phi3" {
            self.matrix(&format!("{prefix}.ffn_up"), 2 * self.inner, WIDTH);
        } else {
            self.matrix(&format!("{prefix}.ffn_up"), self.inner, WIDTH);
            self.matrix(&format!("{prefix}.ffn_gate"), self.inner, WIDTH);
        }
        self.matrix(&format!("{prefix}.ffn_down"), WIDTH, self.inner);
        if architecture == "gemma3" {
            self.vector(&format!("{prefix}.post_attention_norm.weight"), WIDTH);
            self.vector(&format!("{prefix}.post_ffw_norm.weight"), WIDTH);
        }
    }

    fn attention(&mut self, architecture: &str, prefix: &str) {
        let keys = KEY_HEADS * HEAD;
        if architecture == "phi3" {
            self.matrix(&format!("{prefix}.attn_qkv"), WIDTH + 2 * keys, WIDTH);
        } else {
            for (name, rows) in [("attn_q", WIDTH), ("attn_k", keys), ("attn_v", keys)] {
                self.matrix(&format!("{prefix}.{name}"), rows, WIDTH);
                if architecture == "qwen2" {
                    self.vector(&format!("{prefix}.{name}.bias"), rows);
                }
            }
        }
        self.matrix(&format!("{prefix}.attn_output"), WIDTH, WIDTH);
        if matches!(architecture, "qwen3" | "gemma3" | "lfm2") {
            self.vector(&format!("{prefix}.attn_q_norm.weight"), HEAD);
            self.vector(&format!("{prefix}.attn_k_norm.weight"), HEAD);
        }
    }

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) {
        self.push(format!("{name}.weight"), &[rows, columns], GgmlDType::Q8_0);
    }

    fn vector(&mut self, name: &str, length: usize) {
        self.plain(name, &[length]);
    }

    fn plain(&mut self, name: &str, shape: &[usize]) {
        self.push(name.to_owned(), shape, GgmlDType::F32);
    }

    fn push(&mut self, name: String, shape: &[usize], kind: GgmlDType) {
        let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| self.number()).collect();
        let tensor = Tensor::from_vec(numbers, shape, &Device::Cpu).expect("the shape fits");
        let other = self.kinds.iter().find(|(end, _)| name.ends_with(end));
        let kind = other.map_or(kind, |(_, kind)| *kind);
        self.tensors.push((name, QTensor::quantize(&tensor, kind).expect("rows are multiples of 32")));
    }

    /// A number between -0.5 and 0.5, from a linear congruential sequence.
    fn number(&mut self) -> f32 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(self.seed >> 48).expect("16 bits are left")) / 65_536.0 - 0.5
    }
}
