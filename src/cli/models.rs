//! `atiende models`: see, pull or check the model files.

use clap::Subcommand;

use crate::app::library;
use crate::config::Config;
use crate::models::{Library, Tools, Use, convert, for_standard_error};

/// What to do with the models.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Every known model, where it is, and which ones are in use.
    List,
    /// Pull models that are missing; without names, the default ones.
    Pull {
        /// Which.
        names: Vec<String>,
    },
    /// Read the files whole and compare their checksums; without names, those that are there.
    Verify {
        /// Which.
        names: Vec<String>,
    },
}

/// Runs the command. Exit code 1 when a file is not as it should be.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let library = library()?;
    match args.action {
        Action::List => {
            list(&library, &config);
            Ok(0)
        }
        Action::Pull { names } => {
            pull(&library, &names).await?;
            Ok(0)
        }
        Action::Verify { names } => {
            let states = library.verify(&names, &*for_standard_error())?;
            for state in &states {
                println!("{:<22} {}", state.model.id, state.describe());
            }
            Ok(u8::from(!states.iter().all(|state| state.is_usable())))
        }
    }
}

/// Pulls what is missing, with progress.
pub async fn pull(library: &Library, names: &[String]) -> anyhow::Result<()> {
    Ok(library.pull(names, &Tools::new(convert), &*for_standard_error()).await?)
}

fn list(library: &Library, config: &Config) {
    println!("in {}", library.folder().display());
    for state in library.list() {
        let default = if state.model.default { "default" } else { "" };
        println!("{:<22} {:<9} {:<8} {}", state.model.id, state.model.usage.to_string(), default, state.describe());
    }
    for usage in [Use::Llm, Use::Embedder] {
        match library.resolve(usage, &config.models) {
            Ok(path) => println!("in use as {usage}: {}", path.display()),
            Err(error) => println!("in use as {usage}: none: {error}"),
        }
    }
}
