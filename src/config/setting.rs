//! How one value is read from TOML or from an environment variable, and how it is written back as TOML.
//!
//! Never quotes a secret in an error, and never turns one wrong type into another: `"4"` is not a number in the file.

use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::SecretString;

use super::suggest::nearest;
use crate::domain::Language;

/// A value as the owner wrote it. It has no `Debug` form, because it may be a secret.
pub enum Raw {
    /// The text of an environment variable or of a secret's file; it may stand for any type.
    Outside(String),
    /// A TOML string.
    Text(String),
    /// A TOML boolean.
    Bool(bool),
    /// A TOML integer.
    Integer(i64),
    /// A TOML float.
    Float(f64),
    /// A TOML date or time, as written.
    Date(String),
    /// A TOML array.
    List(Vec<Raw>),
    /// A TOML table.
    Table,
}

impl Raw {
    /// What this is, for an error.
    fn kind(&self) -> &'static str {
        match self {
            Raw::Outside(_) | Raw::Text(_) => "text",
            Raw::Bool(_) => "true or false",
            Raw::Integer(_) => "a whole number",
            Raw::Float(_) => "a number with decimals",
            Raw::Date(_) => "a date",
            Raw::List(_) => "a list",
            Raw::Table => "a section",
        }
    }

    /// The text, or an error that says what was expected.
    fn text(&self, expected: &str) -> Result<&str, String> {
        match self {
            Raw::Outside(text) | Raw::Text(text) => Ok(text.trim()),
            other => Err(format!("expected {expected}, found {}", other.kind())),
        }
    }
}

/// A type that a key can have.
pub trait Setting: Sized {
    /// Whether the value must never be shown, and may come from a file.
    const SECRET: bool = false;

    /// Reads a value; the error says what was expected and what was found.
    fn read(raw: &Raw) -> Result<Self, String>;

    /// The value as TOML. A secret is written as `"(set)"`.
    fn to_toml(&self) -> String;
}

/// A text as a TOML string.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Setting for String {
    fn read(raw: &Raw) -> Result<Self, String> {
        raw.text("text in quotes").map(str::to_owned)
    }

    fn to_toml(&self) -> String {
        quoted(self)
    }
}

impl Setting for PathBuf {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text("a path in quotes")? {
            "" => Err("expected a path, found nothing".to_owned()),
            path => Ok(PathBuf::from(path)),
        }
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Setting for bool {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Bool(value) => Ok(*value),
            Raw::Outside(text) => {
                text.trim().parse().map_err(|_| format!("expected true or false, found `{}`", text.trim()))
            }
            other => Err(format!("expected true or false without quotes, found {}", other.kind())),
        }
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_numbers {
    ($($type:ty)*) => {$(
        impl Setting for $type {
            fn read(raw: &Raw) -> Result<Self, String> {
                let expected = || format!("expected a whole number from 0 to {}", <$type>::MAX);
                match raw {
                    Raw::Integer(number) => {
                        <$type>::try_from(*number).map_err(|_| format!("{}, found {number}", expected()))
                    }
                    Raw::Outside(text) => {
                        text.trim().parse().map_err(|_| format!("{}, found `{}`", expected(), text.trim()))
                    }
                    other => Err(format!("{} without quotes, found {}", expected(), other.kind())),
                }
            }

            fn to_toml(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

whole_numbers!(u16 u32 u64 usize);

impl Setting for f32 {
    fn read(raw: &Raw) -> Result<Self, String> {
        let number = match raw {
            Raw::Float(number) => Some(*number),
            Raw::Integer(number) => Some(*number as f64),
            Raw::Outside(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(number as f32),
            None => Err(format!("expected a number without quotes such as 0.5, found {}", raw.kind())),
        }
    }

    fn to_toml(&self) -> String {
        format!("{self:?}")
    }
}

/// An absent value is an empty text.
impl<T: Setting> Setting for Option<T> {
    const SECRET: bool = T::SECRET;

    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Outside(text) | Raw::Text(text) if text.trim().is_empty() => Ok(None),
            given => T::read(given).map(Some),
        }
    }

    fn to_toml(&self) -> String {
        self.as_ref().map_or_else(|| quoted(""), T::to_toml)
    }
}

/// An environment variable lists its values with commas.
impl<T: Setting> Setting for Vec<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::List(values) => values.iter().map(T::read).collect(),
            Raw::Outside(text) => text
                .split(',')
                .filter(|value| !value.trim().is_empty())
                .map(|value| T::read(&Raw::Outside(value.to_owned())))
                .collect(),
            other => Err(format!("expected a list in square brackets, found {}", other.kind())),
        }
    }

    fn to_toml(&self) -> String {
        let values: Vec<String> = self.iter().map(T::to_toml).collect();
        format!("[{}]", values.join(", "))
    }
}

impl Setting for SecretString {
    const SECRET: bool = true;

    fn read(raw: &Raw) -> Result<Self, String> {
        raw.text("text in quotes").map(SecretString::from)
    }

    fn to_toml(&self) -> String {
        quoted("(set)")
    }
}

impl Setting for SocketAddr {
    fn read(raw: &Raw) -> Result<Self, String> {
        let text = raw.text("an address in quotes")?;
        text.parse().map_err(|_| {
            format!("expected a numeric address with a port such as `127.0.0.1:8080` or `0.0.0.0:8080`, found `{text}`")
        })
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Setting for Language {
    fn read(raw: &Raw) -> Result<Self, String> {
        let code = raw.text("a language code in quotes")?;
        code.parse().map_err(|_| {
            let known: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
            format!("unknown language `{code}`: expected one of {}", known.join(", "))
        })
    }

    fn to_toml(&self) -> String {
        quoted(self.code())
    }
}

impl Setting for TimeZone {
    fn read(raw: &Raw) -> Result<Self, String> {
        let name = raw.text("a time zone in quotes")?;
        TimeZone::get(name).map_err(|_| {
            let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.as_str().to_owned()).collect();
            let hint = nearest(name, known.iter().map(String::as_str));
            let hint = hint.map(|zone| format!("; did you mean `{zone}`?")).unwrap_or_default();
            format!("unknown time zone `{name}`: expected a name such as `Europe/Madrid`{hint}")
        })
    }

    fn to_toml(&self) -> String {
        quoted(self.iana_name().unwrap_or("UTC"))
    }
}

impl Setting for Date {
    fn read(raw: &Raw) -> Result<Self, String> {
        let text = match raw {
            Raw::Date(text) => text,
            other => other.text("a date such as \"2026-12-25\"")?,
        };
        text.parse().map_err(|_| format!("expected a date such as \"2026-12-25\", found `{text}`"))
    }

    fn to_toml(&self) -> String {
        quoted(&self.to_string())
    }
}

/// An absolute `http` or `https` address, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("expected an address such as `https://example.com`, found `{text}`");
        let url = reqwest::Url::parse(text.trim()).map_err(|_| expected())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(expected());
        }
        Ok(HttpUrl(text.trim().trim_end_matches('/').to_owned()))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for HttpUrl {
    fn read(raw: &Raw) -> Result<Self, String> {
        HttpUrl::parse(raw.text("an address in quotes")?)
    }

    fn to_toml(&self) -> String {
        quoted(&self.0)
    }
}
