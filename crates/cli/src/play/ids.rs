//! Names of what the player makes: a function of the run's seed and a label, so that a run that is played again uses
//! the same ids and gets its first answers.

use anyhow::{Context as _, Result};
use databourse_exchange::Entropy;
use databourse_ledger::SigningKey;
use databourse_primitives::{EntryId, Timestamp};

/// The source of a run's ids and keys.
#[derive(Debug)]
pub(crate) struct Ids {
    entropy: Entropy,
    start: Timestamp,
}

impl Ids {
    /// The ids of run `seed`, which began at `start`.
    pub(crate) fn new(seed: u64, start: Timestamp) -> Self {
        Self { entropy: Entropy::seeded(seed), start }
    }

    /// When the run began.
    pub(crate) const fn start(&self) -> Timestamp {
        self.start
    }

    /// The id called `label`, made `after_ms` milliseconds after the start: lists are in the order of ids.
    pub(crate) fn id(&self, after_ms: u64, label: &str) -> Result<EntryId> {
        let at = self.start.plus_ms(i64::try_from(after_ms).unwrap_or(i64::MAX));
        self.entropy.entry_id(at, &format!("player id {label}")).context("an id cannot be made")
    }

    /// The key that the party called `label` keeps itself.
    pub(crate) fn key(&self, label: &str) -> Result<SigningKey> {
        let seed = self.entropy.bytes(&format!("player key {label}")).context("a key cannot be made")?;
        Ok(SigningKey::from_seed(*seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_function_of_seed_label_and_time() {
        let ids = |seed| Ids::new(seed, Timestamp::from_unix_ms(1_767_574_800_000));
        let id = |seed, after_ms, label| ids(seed).id(after_ms, label).unwrap();
        assert_eq!(id(1, 0, "a"), id(1, 0, "a"));
        for other in [id(2, 0, "a"), id(1, 1, "a"), id(1, 0, "b")] {
            assert_ne!(id(1, 0, "a"), other);
        }
        assert!(id(1, 0, "z") < id(1, 1, "a"), "ids are in the order of time");
        assert_eq!(ids(1).key("a").unwrap().public_key(), ids(1).key("a").unwrap().public_key());
    }
}
