//! What a section of the configuration is: a struct whose fields, doc comments and defaults are the single source of
//! the reader, of the environment variables' names and of the example file.

use super::setting::Raw;

/// One key of a section.
#[derive(Clone, Debug)]
pub struct Key {
    /// The name in the file.
    pub name: &'static str,
    /// The lines of its doc comment.
    pub about: &'static [&'static str],
    /// Whether its value must never be shown, and may come from a file.
    pub secret: bool,
    /// Its present value as TOML.
    pub value: String,
}

/// One section with its keys.
#[derive(Clone, Debug)]
pub struct SectionInfo {
    /// The name in the file.
    pub name: &'static str,
    /// The lines of its doc comment.
    pub about: &'static [&'static str],
    /// Its keys in order.
    pub keys: Vec<Key>,
}

/// A section, as [`section!`] writes it.
pub trait Section: Default {
    /// The section with the present values.
    fn info(&self) -> SectionInfo;

    /// Sets one key; the error says what was expected.
    fn set(&mut self, key: &str, raw: &Raw) -> Result<(), String>;
}

/// What a value's own type cannot know: ranges, and keys that depend on each other.
pub trait Check {
    /// What is wrong, as pairs of a key and a sentence.
    fn check(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Collects a complaint about `key` unless `valid`.
pub fn require(problems: &mut Vec<(&'static str, String)>, key: &'static str, valid: bool, otherwise: &str) {
    if !valid {
        problems.push((key, otherwise.to_owned()));
    }
}

/// Declares a section: the struct, its defaults, and its [`Section`] implementation.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        pub struct $name:ident in $table:literal {
            $($(#[doc = $doc:literal])* $field:ident: $type:ty = $default:expr,)*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $default,)* }
            }
        }

        impl $crate::config::section::Section for $name {
            fn info(&self) -> $crate::config::section::SectionInfo {
                use $crate::config::setting::Setting;
                $crate::config::section::SectionInfo {
                    name: $table,
                    about: &[$($about),*],
                    keys: vec![$($crate::config::section::Key {
                        name: stringify!($field),
                        about: &[$($doc),*],
                        secret: <$type>::SECRET,
                        value: self.$field.to_toml(),
                    },)*],
                }
            }

            fn set(&mut self, key: &str, raw: &$crate::config::setting::Raw) -> Result<(), String> {
                use $crate::config::setting::Setting;
                match key {
                    $(stringify!($field) => self.$field = <$type>::read(raw)?,)*
                    other => return Err(format!("unknown key `{other}`")),
                }
                Ok(())
            }
        }
    };
}

pub(crate) use section;
