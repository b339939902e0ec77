//! The `atiende` command.

use std::process::ExitCode;

use clap::Parser;

use atiende::cli::{Cli, run};
use atiende::processor;

fn main() -> ExitCode {
    // Before anything else runs that the processor may not know.
    match processor::refusal() {
        Some(refusal) => {
            eprintln!("error: {refusal}");
            ExitCode::from(2)
        }
        None => start(),
    }
}

#[tokio::main]
async fn start() -> ExitCode {
    // The TLS of every outgoing request; a second installation is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(Cli::parse()).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
