//! A model file with a chat template that wishes no good: neither a panic nor memory or time without bound may come of it.
#![no_main]

#[path = "shared.rs"]
mod shared;
#[path = "../../support/tiny_gguf.rs"]
mod tiny_gguf;

use candle_core::quantized::gguf_file::Value;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|template: &str| {
    let template = Value::String(template.to_owned());
    tiny_gguf::write_with(&shared::path(), "qwen2", &[("tokenizer.chat_template", template)]);
    shared::load();
});
