//! The body of a block's header entry.

use crate::Entry;
use databourse_merkle::{Hash, root_of};
use databourse_primitives::{Digest, Height, Timestamp, TreeSize};
use serde::{Deserialize, Serialize};

/// The body of a header entry. Roots are written like every digest, `sha256:<hex>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockHeader {
    /// Place in the chain of blocks, from 1.
    pub height: Height,
    /// The block's time, which is the time of every rule that it runs. Never before the previous block's.
    pub time: Timestamp,
    /// Number of commands behind the header.
    pub command_count: u32,
    /// RFC 6962 root over the leaf hashes of the commands, in order; see [`commands_root`].
    #[serde(with = "root_text")]
    pub commands_root: Hash,
    /// Digest of what the commands change, as `market` computes it.
    pub effects_digest: Digest,
    /// Number of leaves before this block's header.
    pub previous_size: TreeSize,
    /// Root over those leaves.
    #[serde(with = "root_text")]
    pub previous_root: Hash,
}

impl BlockHeader {
    /// A header whose count and root are those of `commands`.
    pub fn for_commands(
        height: Height,
        time: Timestamp,
        commands: &[Entry],
        effects_digest: Digest,
        previous_size: TreeSize,
        previous_root: Hash,
    ) -> Self {
        Self {
            height,
            time,
            command_count: u32::try_from(commands.len()).unwrap_or(u32::MAX),
            commands_root: commands_root(commands),
            effects_digest,
            previous_size,
            previous_root,
        }
    }
}

/// RFC 6962 root over the leaf hashes of `commands`; that of an empty tree if there are none.
pub fn commands_root(commands: &[Entry]) -> Hash {
    root_of(commands.iter().map(Entry::leaf_hash))
}

/// A tree hash in JSON, spelt like a [`Digest`].
mod root_text {
    use super::{Digest, Hash};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(root: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        Digest::from_bytes(*root.as_bytes()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        Digest::deserialize(deserializer).map(|digest| Hash::from_bytes(*digest.as_bytes()))
    }
}
