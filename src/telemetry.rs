//! Log lines: each reads alone and filters well, and none carries a customer's words, number or a token.

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging to standard error. A second call is of no effect.
pub fn install(config: &Log) {
    let filter = EnvFilter::try_new(format!("{level},tantivy=warn", level = config.level))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Already installed is what tests and the demo run into; the first one stays.
    let _ = match config.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.try_init(),
    };
}

/// A panic is told by its place alone: its text may quote what a customer wrote.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_else(|| "an unknown place".into());
        tracing::error!(place, "A panic was caught. This is a bug");
    }));
}
