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

    /// `count` per second so far, whole numbers.
    pub(crate) fn rate(&self, count: u64) -> u64 {
        let millis = u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        count.saturating_mul(1000) / millis
    }
}
