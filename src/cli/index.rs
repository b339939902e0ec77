//! `atiende index`: indexes the knowledge now and reports what is wrong with it.

use std::path::PathBuf;

use crate::app::{Folders, open_knowledge};
use crate::config::Config;

/// What to index.
#[derive(clap::Args)]
pub struct Args {
    /// The folder to index [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
}

/// Runs the command. Exit code 1 when a file could not be used.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let configured = Folders::configured(&config);
    let folders = match args.knowledge {
        Some(knowledge) => Folders { knowledge, translations: None, ..configured },
        None => configured,
    };
    let (opened, embedder_problem) = open_knowledge(&config, &folders)?;
    let (_, report) = opened;
    println!(
        "{} files, {} passages, {} embedded anew, in {:.1} s",
        report.files,
        report.passages,
        report.embedded,
        report.took.as_secs_f64()
    );
    for problem in &report.problems {
        println!("warning: {problem}");
    }
    if let Some(problem) = embedder_problem {
        println!("warning: search works by words alone: {problem}");
    }
    Ok(u8::from(!report.problems.is_empty()))
}
