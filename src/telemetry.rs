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
