//! `[log]`: what the program says about itself.

use tracing_subscriber::EnvFilter;

use super::section::{Check, require, section};
use super::setting::{Raw, Setting, quoted};

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

impl Setting for LogFormat {
    fn read(raw: &Raw) -> Result<Self, String> {
        match String::read(raw)?.as_str() {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => Err(format!("expected \"text\" or \"json\", found `{other}`")),
        }
    }

    fn to_toml(&self) -> String {
        quoted(match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        })
    }
}

section! {
    /// What the program says about itself. It never logs what customers write, nor their numbers.
    pub struct Log in "log" {
        /// How much: "error", "warn", "info", "debug" or "trace"; or per module: "info,atiende::channel=debug".
        level: String = "info".to_owned(),
        /// "text" for people, "json" for programs.
        format: LogFormat = LogFormat::Text,
    }
}

impl Check for Log {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        // A bare word that is no level would be read as a module's name and silence everything else.
        let levels = ["error", "warn", "info", "debug", "trace", "off"];
        let known = self.level.split(',').all(|part| part.contains('=') || levels.contains(&part.trim()));
        let valid = known && EnvFilter::try_new(&self.level).is_ok();
        require(&mut problems, "level", valid, "expected \"error\", \"warn\", \"info\", \"debug\" or \"trace\"");
        problems
    }
}
