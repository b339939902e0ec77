//! The languages in which Atiende understands and answers customers.
//!
//! A closed list on purpose: a language is listed when `prompts/` holds its fixed replies and examples.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! languages {
    ($($variant:ident $code:literal $english:literal $native:literal,)*) => {
        /// A language that the product answers in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Language {
            $(#[doc = $english] $variant,)*
        }

        impl Language {
            /// Every language, ordered by code.
            pub const ALL: &'static [Language] = &[$(Language::$variant,)*];

            /// The ISO 639-1 code: `es`.
            pub fn code(self) -> &'static str {
                match self { $(Language::$variant => $code,)* }
            }

            /// The English name: `Spanish`.
            pub fn english_name(self) -> &'static str {
                match self { $(Language::$variant => $english,)* }
            }

            /// The language's own name for itself: `español`.
            pub fn native_name(self) -> &'static str {
                match self { $(Language::$variant => $native,)* }
            }
        }
    };
}

languages! {
    Ar "ar" "Arabic" "العربية",
    Ca "ca" "Catalan" "català",
    De "de" "German" "Deutsch",
    El "el" "Greek" "ελληνικά",
    En "en" "English" "English",
    Es "es" "Spanish" "español",
    Fr "fr" "French" "français",
    Hi "hi" "Hindi" "हिन्दी",
    Id "id" "Indonesian" "Bahasa Indonesia",
    It "it" "Italian" "italiano",
    Ja "ja" "Japanese" "日本語",
    Ko "ko" "Korean" "한국어",
    Nl "nl" "Dutch" "Nederlands",
    Pl "pl" "Polish" "polski",
    Pt "pt" "Portuguese" "português",
    Ro "ro" "Romanian" "română",
    Ru "ru" "Russian" "русский",
    Th "th" "Thai" "ไทย",
    Tr "tr" "Turkish" "Türkçe",
    Uk "uk" "Ukrainian" "українська",
    Vi "vi" "Vietnamese" "Tiếng Việt",
    Zh "zh" "Chinese" "中文",
}

/// A language code that the product does not know.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown language `{0}`: use one of the two-letter codes, for example `es`, `en` or `pt`")]
pub struct UnknownLanguage(String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads `es`, `ES`, `es-MX` and `es_MX` alike.
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let base = code.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Language::ALL
            .iter()
            .copied()
            .find(|language| language.code() == base)
            .ok_or_else(|| UnknownLanguage(code.to_owned()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_with_and_without_a_region() {
        for language in Language::ALL {
            assert_eq!(language.code().parse(), Ok(*language));
        }
        assert_eq!("es-MX".parse(), Ok(Language::Es));
        assert_eq!("pt_BR".parse(), Ok(Language::Pt));
        assert!("xx".parse::<Language>().is_err());
    }
}
