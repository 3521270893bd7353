//! A ledger on a chain: which exchanges' keys may sign for it, and its name, which follows from them.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue as _;
use databourse_primitives::quorum_of;
use serde::{Deserialize, Serialize};

/// The most keys of a log (`KEYS_MAX` of the contract).
pub const KEYS_MAX: usize = 64;

/// Why keys are not a key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// None, or more than [`KEYS_MAX`].
    #[error("{0} keys: expected 1 to {KEYS_MAX}")]
    Count(usize),
    /// The same key twice.
    #[error("the key {0} is given twice")]
    Repeated(Address),
    /// Nobody has this key.
    #[error("zero is nobody's key")]
    Zero,
    /// Not more than two thirds, or more than there are.
    #[error("a quorum of {quorum}: expected {smallest} to {largest}")]
    Quorum {
        /// What was asked for.
        quorum: usize,
        /// The first number above two thirds.
        smallest: usize,
        /// All keys.
        largest: usize,
    },
}

/// The keys that sign for a log, in ascending order, and how many must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct KeySet {
    keys: Vec<Address>,
    quorum: usize,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    keys: Vec<Address>,
    quorum: usize,
}

impl KeySet {
    /// Puts keys, given in any order, together; without a quorum the smallest above two thirds.
    ///
    /// # Errors
    /// The first of [`KeySetError`] that applies.
    pub fn new(mut keys: Vec<Address>, quorum: Option<usize>) -> Result<Self, KeySetError> {
        keys.sort_unstable();
        if !(1..=KEYS_MAX).contains(&keys.len()) {
            return Err(KeySetError::Count(keys.len()));
        }
        if keys.first() == Some(&Address::ZERO) {
            return Err(KeySetError::Zero);
        }
        if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(KeySetError::Repeated(pair[0]));
        }
        let (smallest, largest) = (quorum_of(keys.len()), keys.len());
        let quorum = quorum.unwrap_or(smallest);
        if (smallest..=largest).contains(&quorum) {
            Ok(Self { keys, quorum })
        } else {
            Err(KeySetError::Quorum { quorum, smallest, largest })
        }
    }

    /// The keys' addresses, ascending.
    pub fn keys(&self) -> &[Address] {
        &self.keys
    }

    /// How many must sign.
    pub const fn quorum(&self) -> usize {
        self.quorum
    }

    /// Whether `key` is one of them.
    pub fn holds(&self, key: Address) -> bool {
        self.keys.binary_search(&key).is_ok()
    }
}

impl TryFrom<Written> for KeySet {
    type Error = KeySetError;
    fn try_from(written: Written) -> Result<Self, KeySetError> {
        Self::new(written.keys, Some(written.quorum))
    }
}

impl From<KeySet> for Written {
    fn from(set: KeySet) -> Self {
        Self { keys: set.keys, quorum: set.quorum }
    }
}

/// A ledger as it is founded on a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorLog {
    /// The origin of its checkpoints.
    pub origin: String,
    /// Its first keys; later ones do not change its name.
    pub founding: KeySet,
}

impl AnchorLog {
    /// Its name: Keccak-256 of the ABI form of origin, keys and quorum. Who founds a log with other keys founds another.
    pub fn id(&self) -> B256 {
        let quorum = U256::from(self.founding.quorum());
        keccak256((self.origin.clone(), self.founding.keys().to_vec(), quorum).abi_encode_params())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(numbers: &[u8]) -> Vec<Address> {
        numbers.iter().map(|number| Address::with_last_byte(*number)).collect()
    }

    #[test]
    fn a_key_set_is_ordered_and_its_quorum_is_above_two_thirds() {
        let set = KeySet::new(keys(&[3, 1, 2, 4]), None).unwrap();
        assert_eq!((set.keys(), set.quorum()), (keys(&[1, 2, 3, 4]).as_slice(), 3));
        assert!(set.holds(Address::with_last_byte(2)) && !set.holds(Address::with_last_byte(5)));
        let check = |numbers: &[u8], quorum, expected| {
            assert_eq!(KeySet::new(keys(numbers), quorum), Err(expected), "{numbers:?} {quorum:?}");
        };
        check(&[], None, KeySetError::Count(0));
        check(&[7; 65], None, KeySetError::Count(65));
        check(&[0, 1], None, KeySetError::Zero);
        check(&[2, 1, 2], None, KeySetError::Repeated(Address::with_last_byte(2)));
        for quorum in [0, 2, 5] {
            check(&[1, 2, 3, 4], Some(quorum), KeySetError::Quorum { quorum, smallest: 3, largest: 4 });
        }
    }

    #[test]
    fn a_name_follows_from_everything_that_a_log_is_founded_with() {
        let log = |origin: &str, numbers: &[u8], quorum| AnchorLog {
            origin: origin.to_owned(),
            founding: KeySet::new(keys(numbers), quorum).unwrap(),
        };
        let names = [
            log("a", &[1, 2, 3], None).id(),
            log("b", &[1, 2, 3], None).id(),
            log("a", &[1, 2, 4], None).id(),
            log("a", &[1, 2, 3, 4], None).id(),
            log("a", &[1, 2, 3, 4], Some(4)).id(),
        ];
        assert_eq!(std::collections::BTreeSet::from(names).len(), names.len());
        assert_eq!(log("a", &[2, 3, 1], None).id(), names[0]);
    }
}
