//! A GGUF file of architecture `bert`: its metadata by key, its tensors by name, each checked as it is taken.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use candle_core::Device;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{Content, Value};

/// What is wrong with a file, as the end of a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Flaw(pub String);

impl From<candle_core::Error> for Flaw {
    fn from(error: candle_core::Error) -> Self {
        Flaw(error.to_string())
    }
}

/// An open model file.
pub(super) struct ModelFile {
    content: Content,
    reader: BufReader<File>,
}

impl ModelFile {
    /// Opens the file and reads its metadata.
    pub(super) fn open(path: &Path) -> Result<Self, Flaw> {
        let file = File::open(path).map_err(|error| Flaw(error.to_string()))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let content = Content::read(&mut reader)?;
        Ok(ModelFile { content, reader })
    }

    fn value(&self, key: &str) -> Result<&Value, Flaw> {
        self.content.metadata.get(key).ok_or_else(|| Flaw(format!("it says nothing about `{key}`")))
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Result<&str, Flaw> {
        Ok(self.value(key)?.to_string()?)
    }

    /// A whole number that is not negative.
    pub(super) fn size(&self, key: &str) -> Result<usize, Flaw> {
        let value = match self.value(key)? {
            Value::I32(value) => u64::try_from(*value).ok(),
            value => value.to_u64().ok(),
        };
        let value = value.and_then(|value| usize::try_from(value).ok());
        value.ok_or_else(|| Flaw(format!("`{key}` is no size")))
    }

    /// The same, or `default` when the file says nothing.
    pub(super) fn size_or(&self, key: &str, default: usize) -> Result<usize, Flaw> {
        if self.content.metadata.contains_key(key) { self.size(key) } else { Ok(default) }
    }

    /// A number.
    pub(super) fn float(&self, key: &str) -> Result<f32, Flaw> {
        Ok(self.value(key)?.to_f32()?)
    }

    /// A list, taken out of the metadata so that its memory is free afterwards.
    pub(super) fn take_list(&mut self, key: &str) -> Result<Vec<Value>, Flaw> {
        match self.content.metadata.remove(key) {
            Some(Value::Array(values)) => Ok(values),
            Some(_) => Err(Flaw(format!("`{key}` is no list"))),
            None => Err(Flaw(format!("it says nothing about `{key}`"))),
        }
    }

    /// The tensor `name`, which must have the shape `dims`.
    pub(super) fn tensor(&mut self, name: &str, dims: &[usize]) -> Result<QTensor, Flaw> {
        let shape = self.dims(name)?;
        if shape != dims {
            return Err(Flaw(format!("the weights `{name}` have the shape {shape:?} instead of {dims:?}")));
        }
        Ok(self.content.tensor(&mut self.reader, name, &Device::Cpu)?)
    }

    /// The shape of the tensor `name`.
    pub(super) fn dims(&self, name: &str) -> Result<Vec<usize>, Flaw> {
        let info = self.content.tensor_infos.get(name);
        info.map(|info| info.shape.dims().to_vec()).ok_or_else(|| Flaw(format!("the weights `{name}` are missing")))
    }

    /// Everything else that the file says, for tests of single parts.
    #[cfg(test)]
    pub(super) fn metadata(&mut self) -> &mut std::collections::HashMap<String, Value> {
        &mut self.content.metadata
    }
}
