//! Where time enters. Rules get the block's time; everything else asks the node's clock.

use databourse_primitives::Timestamp;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A source of time.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still between blocks and advances one second with each, so that a seeded run repeats.
    Stepped(AtomicI64),
    /// A clock that the simulator sets: Unix time in milliseconds.
    #[cfg(test)]
    Simulated(std::sync::Arc<AtomicI64>),
}

/// How far a stepped clock advances with each block.
const STEP_MS: i64 = 1_000;

impl Clock {
    /// A stepped clock that starts at `start`.
    pub const fn stepped(start: Timestamp) -> Self {
        Self::Stepped(AtomicI64::new(start.unix_ms()))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Stepped(unix_ms) => Timestamp::from_unix_ms(unix_ms.load(Ordering::Relaxed)),
            #[cfg(test)]
            Self::Simulated(unix_ms) => Timestamp::from_unix_ms(unix_ms.load(Ordering::Relaxed)),
        }
    }

    /// Whether it goes on by itself, so that others' times can be compared with it.
    pub(crate) const fn is_real(&self) -> bool {
        !matches!(self, Self::Stepped(_))
    }

    /// The time of a block after one of `previous`: never before it.
    pub(crate) fn block_time(&self, previous: Timestamp) -> Timestamp {
        match self {
            Self::Stepped(_) => self.now().max(previous).plus_ms(STEP_MS),
            _ => self.now().max(previous),
        }
    }

    /// Tells a stepped clock that a block of `time` is committed.
    pub(crate) fn advance_to(&self, time: Timestamp) {
        if let Self::Stepped(unix_ms) = self {
            unix_ms.fetch_max(time.unix_ms(), Ordering::Relaxed);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
fn system_now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
