//! The `atiende` command.

use std::process::ExitCode;

use clap::Parser;

use atiende::cli::{Cli, run};

#[tokio::main]
async fn main() -> ExitCode {
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
