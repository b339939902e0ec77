//! `atiende chat`: a chat in the terminal, without a server or a channel.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::conversation::session::Session;

use super::session::{open, show};

/// How to chat.
#[derive(clap::Args)]
pub struct Args {
    /// The folder to answer from [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
}

/// Runs the command: a line is a message; `/why` tells how the last reply came about; `/quit` or the end of input ends it.
pub async fn run(args: Args, config: Config) -> anyhow::Result<u8> {
    let brain = open(&config, args.knowledge.as_deref())?;
    let mut session = Session::new(brain.assistant, Arc::new(SystemClock))?;
    println!("Write as a customer would. /why tells how the last reply came about, /quit ends the chat.");
    let mut trail = Vec::new();
    loop {
        print!("> ");
        std::io::stdout().flush()?;
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line)? == 0 || line.trim() == "/quit" {
            return Ok(0);
        }
        match line.trim() {
            "" => {}
            "/why" => trail.iter().for_each(|step| println!("  {step}")),
            text => {
                let turn = session.say(text).await?;
                println!("{}\n", show(&turn));
                trail = turn.trail;
            }
        }
    }
}
