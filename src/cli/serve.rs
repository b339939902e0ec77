//! `atiende serve`: runs the server until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use crate::app::{App, Folders, load_servers_model, open_brain_with};
use crate::channel::whatsapp::transport::WhatsApp;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::knowledge::Report;
use crate::store::Store;
use crate::{lifecycle, telemetry};

/// How to serve.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub async fn run(_: Args, config: Config) -> anyhow::Result<u8> {
    telemetry::install(&config.log);
    telemetry::install_panic_hook();
    let brain = open_brain_with(&config, &Folders::configured(&config), load_servers_model(&config))?;
    for problem in &brain.report.problems {
        tracing::warn!("{problem}");
    }
    if let Some(problem) = &brain.embedder_problem {
        tracing::warn!("Search works by words alone: {problem}");
    }
    // So that the first translations made ahead are seen too; where nothing may be written, there will be none.
    drop(std::fs::create_dir_all(&config.knowledge.translations));
    let _watch = if config.knowledge.watch { Some(brain.watch(tell_of_changes)?) } else { None };
    let store = Store::open(&PathBuf::from(&config.storage.database))?;
    let client = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).build()?;
    let transport = Arc::new(WhatsApp::new(&config.whatsapp)?);
    let listener = tokio::net::TcpListener::bind(&config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {} (`listen` in the section [server])", config.server.listen))?;
    tracing::info!(address = %listener.local_addr()?, passages = brain.report.passages, "Atiende is listening");
    let app = App::new(&config, &brain, store, transport, Arc::new(SystemClock), client);
    app.run(listener, lifecycle::stop_on_signal()).await?;
    tracing::info!("Atiende has stopped");
    Ok(0)
}

fn tell_of_changes(report: Report) {
    tracing::info!(files = report.files, passages = report.passages, "The knowledge changed and was indexed");
    for problem in &report.problems {
        tracing::warn!("{problem}");
    }
}
