//! `atiende init`: asks a few questions and writes a commented configuration.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::config::{Answers, DEFAULT_FILE, RandomBytes};
use crate::domain::Language;

/// How to write it.
#[derive(clap::Args)]
pub struct Args {
    /// Ask nothing: write the defaults, to be edited.
    #[arg(long)]
    yes: bool,
    /// Replace a file that is there; the old one is kept beside it.
    #[arg(long)]
    force: bool,
}

/// Runs the command. A file that is there is never lost.
pub fn run(args: Args, path: Option<PathBuf>) -> anyhow::Result<u8> {
    let path = path.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    if path.exists() && !args.force {
        bail!("{} is there already: use --force to write it anew, the old one is kept beside it", path.display());
    }
    let ask = !args.yes && std::io::stdin().is_terminal();
    let answers = if ask { ask_all()? } else { defaults()? };
    if path.exists() {
        let kept = path.with_extension("toml.old");
        std::fs::rename(&path, &kept).with_context(|| format!("cannot keep the old file as {}", kept.display()))?;
        println!("The old configuration is kept as {}.", kept.display());
    }
    write(&path, &crate::config::Config::render(&answers))?;
    println!("Wrote {}. Next: fill in the section [whatsapp], then run `atiende doctor`.", path.display());
    Ok(0)
}

fn ask_all() -> anyhow::Result<Answers> {
    let defaults = defaults()?;
    let language = ask("Language of your customers, two letters", defaults.language.code())?;
    Ok(Answers {
        name: ask("Name of your business", &defaults.name)?,
        language: language.parse::<Language>()?,
        timezone: ask_timezone(&defaults.timezone)?,
        phone_number_id: Some(ask("WhatsApp phone number id (empty if you do not have it yet)", "")?)
            .filter(|id| !id.is_empty()),
        random: defaults.random,
    })
}

fn defaults() -> anyhow::Result<Answers> {
    Ok(Answers {
        name: "My business".into(),
        language: Language::Es,
        timezone: "Europe/Madrid".into(),
        phone_number_id: None,
        random: random()?,
    })
}

fn ask_timezone(default: &str) -> anyhow::Result<String> {
    let name = ask("Time zone", default)?;
    jiff::tz::TimeZone::get(&name)
        .with_context(|| format!("`{name}` is no time zone: use a name like `Europe/Madrid` or `America/Bogota`"))?;
    Ok(name)
}

/// Bytes for the tokens, from the system.
fn random() -> anyhow::Result<RandomBytes> {
    let mut bytes = [0; 80];
    for chunk in bytes.chunks_mut(16) {
        chunk.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    }
    Ok(RandomBytes(bytes))
}

fn ask(question: &str, default: &str) -> anyhow::Result<String> {
    let hint = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    print!("{question}{hint}: ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let answer = line.trim();
    Ok(if answer.is_empty() { default.to_owned() } else { answer.to_owned() })
}

/// Writes the file so that only its owner can read it: it will hold secrets.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
