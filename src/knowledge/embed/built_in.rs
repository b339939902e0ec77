//! The GGUF files that are part of the program and belong to one search model: how what they say about themselves is
//! written and read. Knows none of the numbers in them.

use std::io::{Seek, Write};

use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{self, Content, Value};
use candle_core::{Result, bail};

/// The model that they were made for, by the name that its file carries.
pub const TRAINED_FOR: &str = "multilingual-e5-small";

/// A kind of such file.
pub(super) struct Kind {
    /// What its keys begin with.
    pub(super) prefix: &'static str,
    /// What it is called in an error.
    pub(super) name: &'static str,
}

impl Kind {
    fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.prefix)
    }

    /// What a file says under a key of its kind.
    pub(super) fn text(&self, content: &Content, key: &str) -> Result<String> {
        match content.metadata.get(&self.key(key)) {
            Some(value) => value.to_string().cloned(),
            None => bail!("{} says nothing about `{}`", self.name, self.key(key)),
        }
    }

    /// How a file came to be.
    ///
    /// # Errors
    /// When it does not say so, or was made for another model.
    pub(super) fn recipe(&self, content: &Content) -> Result<String> {
        let base = self.text(content, "base_model")?;
        if base != TRAINED_FOR {
            bail!("{} is for `{base}` instead of `{TRAINED_FOR}`", self.name);
        }
        self.text(content, "recipe")
    }

    /// Writes a file with its recipe, what else it says, and its tensors.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn write(
        &self,
        file: &mut (impl Write + Seek),
        recipe: &str,
        says: &[(&str, &str)],
        tensors: &[(String, QTensor)],
    ) -> Result<()> {
        let (base, came) = (self.key("base_model"), self.key("recipe"));
        let own = [("general.architecture", "bert"), (base.as_str(), TRAINED_FOR), (came.as_str(), recipe)];
        let text = |text: &str| Value::String(text.to_owned());
        let values: Vec<(&str, Value)> = own.iter().chain(says).map(|(key, value)| (*key, text(value))).collect();
        let metadata: Vec<(&str, &Value)> = values.iter().map(|(key, value)| (*key, value)).collect();
        let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        gguf_file::write(file, &metadata, &tensors)
    }
}
