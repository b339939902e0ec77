//! How the process ends: the first signal lets what has begun finish, the second ends it at once.

use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first interrupt or termination signal.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let soft = stop.clone();
    tokio::spawn(async move {
        signal().await;
        tracing::info!("Stopping: what has begun is finished first");
        soft.cancel();
        signal().await;
        // What was accepted is on disk; the next start goes on from there.
        std::process::exit(130);
    });
    stop
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
