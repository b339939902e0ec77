//! `atiende ask`: the same turn that customers get, without a server or a channel.

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::conversation::session::Session;

use super::session::{TurnView, open, show};

/// What to ask.
#[derive(clap::Args)]
pub struct Args {
    /// One customer's messages, one after another.
    #[arg(required = true, value_name = "TEXT")]
    texts: Vec<String>,
    /// The folder to answer from [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let brain = open(&config, args.knowledge.as_deref())?;
    let mut session = Session::new(brain.assistant, Arc::new(SystemClock))?;
    for text in &args.texts {
        let turn = session.say(text).await?;
        if args.json {
            println!("{}", serde_json::to_string(&TurnView::from(&turn))?);
        } else {
            println!("> {text}\n{}\n", show(&turn));
        }
    }
    Ok(0)
}
