//! Writes configurations: the example with every key and its default, and the first one of a new business.

use base64::Engine;

use super::Config;
use super::section::{Key, SectionInfo};
use super::setting::quoted;
use crate::domain::Language;

const EXAMPLE_HEAD: &str = "\
# The settings of Atiende, each with its default and why one would change it.
# This file is generated from the program: `atiende.toml` is the one to edit.
#
# A line `#key = value` is a setting: take the `#` away to change it. Every setting can also come from the environment,
# which wins over the file: `listen` under [server] is ATIENDE_SERVER__LISTEN. A list is written with commas there.
# A secret can come from a file: `token_file` under [whatsapp], or ATIENDE_WHATSAPP__TOKEN_FILE.
";

const CONFIG_HEAD: &str = "\
# The settings of Atiende. It holds secrets: keep it to yourself.
#
# A line `#key = value` is a setting at its default: take the `#` away to change it. Every setting can also come from
# the environment, which wins over this file: `listen` under [server] is ATIENDE_SERVER__LISTEN. A list is written with
# commas there. A secret can come from a file: `token_file` under [whatsapp], or ATIENDE_WHATSAPP__TOKEN_FILE.
";

/// What a new business answers before its first start, and the chance that its secrets are made of.
#[derive(Clone, Debug)]
pub struct Answers {
    /// The business's name.
    pub name: String,
    /// The language of its knowledge folder.
    pub language: Language,
    /// Its IANA time zone.
    pub timezone: String,
    /// The id of its WhatsApp number, when it has one already.
    pub phone_number_id: Option<String>,
    /// Random bytes from which `verify_token`, `api_token` and the handoff's `secret` are made.
    pub random: RandomBytes,
}

/// Random bytes for secrets. The `Debug` form hides them.
#[derive(Clone)]
pub struct RandomBytes(pub [u8; 80]);

impl std::fmt::Debug for RandomBytes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RandomBytes(…)")
    }
}

impl Config {
    /// The example file: every key, commented out, with its default.
    pub fn example() -> String {
        write(EXAMPLE_HEAD, &Config::default().sections(), &[])
    }

    /// The first configuration of a new business: as the example, with what the owner answered filled in.
    pub fn render(answers: &Answers) -> String {
        write(CONFIG_HEAD, &Config::default().sections(), &filled(answers))
    }

    /// The configuration in force as TOML, each secret shown as `"(set)"` or empty.
    pub fn redacted(&self) -> String {
        let mut text = String::new();
        for section in self.sections() {
            text.push_str(&format!("[{}]\n", section.name));
            for key in section.keys {
                text.push_str(&format!("{} = {}\n", key.name, key.value));
            }
            text.push('\n');
        }
        text
    }
}

/// The keys that `init` fills in: section, key, TOML value.
fn filled(answers: &Answers) -> Vec<(&'static str, &'static str, String)> {
    let (verify, rest) = answers.random.0.split_at(16);
    let (api, handoff) = rest.split_at(32);
    let handoff = base64::prelude::BASE64_STANDARD.encode(handoff);
    let mut values = vec![
        ("business", "name", quoted(&answers.name)),
        ("business", "default_language", quoted(answers.language.code())),
        ("business", "timezone", quoted(&answers.timezone)),
        ("whatsapp", "verify_token", quoted(&hex::encode(verify))),
        ("server", "api_token", quoted(&hex::encode(api))),
        ("handoff", "secret", quoted(&format!("whsec_{handoff}"))),
    ];
    if let Some(id) = &answers.phone_number_id {
        values.push(("whatsapp", "phone_number_id", quoted(id)));
    }
    values
}

fn write(head: &str, sections: &[SectionInfo], values: &[(&str, &str, String)]) -> String {
    let mut text = head.to_owned();
    for section in sections {
        text.push('\n');
        push_comment(&mut text, section.about);
        text.push_str(&format!("[{}]\n", section.name));
        for key in &section.keys {
            let value = values.iter().find(|(name, key_name, _)| *name == section.name && *key_name == key.name);
            push_key(&mut text, key, value.map(|(_, _, value)| value.as_str()));
        }
    }
    text
}

fn push_key(text: &mut String, key: &Key, value: Option<&str>) {
    text.push('\n');
    push_comment(text, key.about);
    match value {
        Some(value) => text.push_str(&format!("{} = {value}\n", key.name)),
        None => text.push_str(&format!("#{} = {}\n", key.name, key.value)),
    }
}

fn push_comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.push_str(&format!("# {}\n", line.trim()));
    }
}
