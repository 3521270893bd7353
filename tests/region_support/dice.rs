//! Chance that a seed reproduces.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

/// SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From 0 to `count` - 1.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.word() % u64::try_from(count).unwrap()).unwrap()
    }

    /// From nothing to `limit`.
    pub(crate) fn pause(&mut self, limit: Duration) -> Duration {
        Duration::from_millis(self.word() % (u64::try_from(limit.as_millis()).unwrap() + 1))
    }
}

/// `DATABOURSE_CHAOS_SEED`, or a new one.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("DATABOURSE_CHAOS_SEED").ok();
    given.map_or_else(by_chance, |text| text.parse().expect("DATABOURSE_CHAOS_SEED is a number"))
}

pub(crate) fn by_chance() -> u64 {
    RandomState::new().hash_one("seed") >> 16
}
