//! Waiting for a store that failed.

use crate::LedgerApp;
use std::time::Duration;
use tokio::sync::watch;
use tracing::warn;

/// First and longest pause between two attempts to reach the store again.
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(50);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(2);

/// A pause that is nothing at first and then doubles.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pause(Duration);

impl Pause {
    /// Waits; `false` if halted before.
    pub(crate) async fn wait(&mut self, halt: &mut watch::Receiver<bool>) -> bool {
        let pause = self.0;
        self.0 = (pause * 2).clamp(RETRY_PAUSE_MIN, RETRY_PAUSE_MAX);
        if pause.is_zero() {
            return true;
        }
        tokio::select! {
            _ = halt.wait_for(|halted| *halted) => false,
            () = tokio::time::sleep(pause) => true,
        }
    }
}

/// Tries until the store answers; `false` if halted before.
pub(crate) async fn recover<A: LedgerApp>(
    app: &mut A,
    pause: &mut Pause,
    halt: &mut watch::Receiver<bool>,
) -> bool {
    while let Err(failure) = app.recover().await {
        warn!(error = %failure, "the store is still out of reach");
        if !pause.wait(halt).await {
            return false;
        }
    }
    true
}
