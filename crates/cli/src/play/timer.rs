//! How long something took, for people; nothing depends on it.

use std::time::{Duration, Instant};

/// A running stop watch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer(Instant);

impl Timer {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "the one place of the player that measures")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// What has passed.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
