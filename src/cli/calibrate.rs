//! `atiende calibrate`: how far down the ladder of translations this model may go, on the owner's cases. Exit code 1
//! when there are too few cases to tell.

use std::path::{Path, PathBuf};

use anyhow::Context;
use toml_edit::DocumentMut;

use crate::answer::ladder::Rung;
use crate::config::{Config, DEFAULT_FILE};
use crate::eval::calibrate::{FEWEST, furthest, standings, table};

use super::eval::{read_cases, try_all};
use super::session;

/// A slow machine is not to look like a bad model.
const PATIENCE_MS: u64 = 60_000;

/// What to try it on.
#[derive(clap::Args)]
pub struct Args {
    /// The cases, one JSON object a line, with customers who write in other languages than your knowledge.
    #[arg(value_name = "CASES.jsonl")]
    cases: PathBuf,
    /// The folder to answer from [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
    /// How many of a kind of translations must be right, as a share.
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    least: f64,
    /// Only print it; leave the configuration as it is.
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub async fn run(args: Args, mut config: Config, file: Option<PathBuf>) -> anyhow::Result<u8> {
    anyhow::ensure!((0.0..=1.0).contains(&args.least), "--least is a share: give a number from 0 to 1");
    let cases = read_cases(&args.cases)?;
    let configured = config.decide.translations;
    config.decide.translations = Rung::Live;
    config.conversation.deadline_ms = PATIENCE_MS;
    let brain = session::open(&config, args.knowledge.as_deref())?;
    let results = try_all(&cases, &brain, false).await?;
    let standings = standings(&results);
    print!("{}", table(&standings));
    let Some(rung) = furthest(&standings, args.least, configured) else {
        println!(
            "Too few answers were translated to tell: give cases in other languages, at least {FEWEST} that are answered."
        );
        return Ok(1);
    };
    println!("translations = \"{}\" (at least {:.0} % right)", rung.name(), args.least * 100.0);
    if !args.dry_run {
        let file = file.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        write(&file, rung)?;
        println!("Written to {}; a running server takes it from its next start on.", file.display());
    }
    Ok(0)
}

/// Sets the key, and leaves everything else of the owner's file as it is.
fn write(file: &Path, rung: Rung) -> anyhow::Result<()> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read {name}: `atiende init` writes one, and `--dry-run` leaves it alone"))?;
    let changed = with_rung(&text, rung).with_context(|| format!("cannot change {name}"))?;
    // The file may be a link, and holds secrets: what replaces it lies in the same place, readable by the same people.
    let replace = || -> std::io::Result<()> {
        let file = file.canonicalize()?;
        let permissions = std::fs::metadata(&file)?.permissions();
        let temporary = file.with_extension("toml.new");
        std::fs::write(&temporary, "")?;
        std::fs::set_permissions(&temporary, permissions)?;
        std::fs::write(&temporary, changed)?;
        std::fs::rename(&temporary, &file)
    };
    replace().with_context(|| format!("cannot write {name}"))
}

fn with_rung(text: &str, rung: Rung) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let section = document.entry("decide").or_insert_with(toml_edit::table);
    let section = section.as_table_mut().context("`decide` is not a section")?;
    match section.get_mut("translations").and_then(toml_edit::Item::as_value_mut) {
        // What stands around the value, a comment, stays.
        Some(value) => {
            let decor = value.decor().clone();
            *value = rung.name().into();
            *value.decor_mut() = decor;
        }
        None => {
            section.insert("translations", toml_edit::value(rung.name()));
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_else_in_the_file_stays_as_the_owner_wrote_it() {
        let before = "# mine\n[business]\nname = 'X' # short\n\n[decide]\n# how far\ntranslations = \"live\" # for now\nmin_confidence = 0.6\n";
        let after = with_rung(before, Rung::Drafts).unwrap();
        assert_eq!(after, before.replace("\"live\"", "\"drafts\""));
    }

    #[test]
    fn a_missing_section_is_added() {
        let after = with_rung("[business]\nname = 'X'\n", Rung::Approved).unwrap();
        assert!(after.contains("[decide]\ntranslations = \"approved\"\n"), "{after}");
        assert!(with_rung("[decide", Rung::Approved).is_err());
    }
}
