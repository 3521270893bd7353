//! What an audit can find.

use databourse_market::Key;
use databourse_primitives::{Digest, LeafIndex, Refusal, TreeSize};
use serde::Serialize;
use std::fmt;

/// One difference between what the ledger says and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The entry that it is about; for findings about the whole, the number of entries.
    pub leaf_index: LeafIndex,
    /// What differs.
    #[serde(flatten)]
    pub kind: FindingKind,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FindingKind {
    /// The bytes are not an entry, or the entry carries no known command.
    EntryUnreadable {
        /// Why.
        refusal: Refusal,
    },
    /// A block does not begin with its header, or the header does not describe the block.
    BlockMalformed {
        /// What was expected.
        expected: String,
    },
    /// The header was not signed by an exchange of the region.
    ProposerUnknown,
    /// The ledger holds a command that the rules refuse.
    CommandRefused {
        /// Why.
        refusal: Refusal,
    },
    /// The ledger holds an entry twice.
    EntryRepeated {
        /// Where it stood first.
        first: LeafIndex,
    },
    /// The block's effects are not those that its header states.
    EffectsDiffer {
        /// What the header states.
        stated: Digest,
        /// What was computed.
        computed: Digest,
    },
    /// The ledger ends in the middle of a block.
    BlockCutShort,
    /// The root over the entries is not the one that was signed.
    RootDiffers {
        /// What was signed, in hexadecimal.
        signed: String,
        /// What was computed, in hexadecimal.
        computed: String,
    },
    /// An exchange recorded an anchor of a checkpoint that this ledger never had.
    AnchorDiffers {
        /// The recorded size.
        size: TreeSize,
        /// The recorded root.
        recorded: Digest,
        /// The root of the ledger at that size; absent if no block ended there.
        #[serde(skip_serializing_if = "Option::is_none")]
        computed: Option<Digest>,
    },
    /// A record that something holds is not the one that follows from the entries.
    RecordDiffers {
        /// Its kind and name.
        key: String,
    },
}

impl FindingKind {
    /// A record that differs.
    pub fn record_differs(key: &Key) -> Self {
        Self::RecordDiffers { key: key.to_string() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: ", self.leaf_index)?;
        match &self.kind {
            FindingKind::EntryUnreadable { refusal } => write!(f, "cannot be read: {refusal}"),
            FindingKind::BlockMalformed { expected } => write!(f, "expected {expected}"),
            FindingKind::ProposerUnknown => f.write_str("header not signed by an exchange of the region"),
            FindingKind::CommandRefused { refusal } => write!(f, "the rules refuse it: {refusal}"),
            FindingKind::EntryRepeated { first } => write!(f, "the same as entry {first}"),
            FindingKind::EffectsDiffer { stated, computed } => {
                write!(f, "the block states effects {stated}, they are {computed}")
            }
            FindingKind::BlockCutShort => f.write_str("the ledger ends in the middle of a block"),
            FindingKind::RootDiffers { signed, computed } => {
                write!(f, "the signed root is {signed}, the entries give {computed}")
            }
            FindingKind::AnchorDiffers { size, recorded, computed: Some(computed) } => {
                write!(f, "the anchored root at size {size} is {recorded}, the entries give {computed}")
            }
            FindingKind::AnchorDiffers { size, recorded, computed: None } => {
                write!(f, "the anchored root {recorded} is for the size {size}, where no block ended")
            }
            FindingKind::RecordDiffers { key } => write!(f, "record {key} is not what the entries give"),
        }
    }
}
