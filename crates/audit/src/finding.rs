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
    /// A file of the ledger is not what the signed checkpoint says, or is not there.
    FileDiffers {
        /// Its path in the layout of C2SP tlog-tiles.
        path: String,
        /// What is wrong with it, stable.
        code: String,
        /// What is wrong with it, in words.
        reason: String,
    },
    /// The auditor's policy does not trust the checkpoint.
    CheckpointUntrusted {
        /// What is wrong with it, stable.
        code: String,
        /// What is wrong with it, in words.
        reason: String,
    },
    /// The checkpoint is not signed by enough of those who were members of the region as of its size.
    CheckpointUnsigned {
        /// What is missing.
        reason: String,
    },
    /// A signature line of the checkpoint is half a member's: the name of its key or the key's id, not both.
    CheckpointLineForeign {
        /// The line's name and id.
        name: String,
    },
    /// The ledger does not begin with the ledger of an earlier checkpoint.
    HistoryRewritten {
        /// Entries of the earlier checkpoint.
        size: u64,
        /// Its root, in hexadecimal.
        signed: String,
        /// The root over as many entries now, in hexadecimal.
        computed: String,
    },
    /// A node answers something else than what follows from the entries.
    AnswerDiffers {
        /// What was asked.
        path: String,
        /// What follows from the entries, as JSON; absent if nothing of the kind does.
        #[serde(skip_serializing_if = "Option::is_none")]
        expected: Option<String>,
        /// What the node answers, as JSON; absent if it has no answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        answered: Option<String>,
    },
    /// The root over the lines of a settlement window, which its statements rest on, is not the one that was signed or
    /// answered.
    StatementRootDiffers {
        /// The window.
        window: String,
        /// The pair of exchanges.
        pair: String,
        /// Who says otherwise: an exchange that signed, or the node.
        by: String,
        /// What it says, in hexadecimal.
        stated: String,
        /// What the lines give, in hexadecimal.
        computed: String,
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
            FindingKind::FileDiffers { path, code, reason } => write!(f, "{path}: {code}: {reason}"),
            FindingKind::CheckpointUntrusted { code, reason } => write!(f, "checkpoint: {code}: {reason}"),
            FindingKind::CheckpointUnsigned { reason } => {
                write!(f, "checkpoint not signed by enough members: {reason}")
            }
            FindingKind::CheckpointLineForeign { name } => {
                write!(f, "checkpoint: the line of {name} is half a member's")
            }
            FindingKind::HistoryRewritten { size, signed, computed } => {
                write!(
                    f,
                    "the signed root of {size} entries was {signed}, the same entries now give {computed}"
                )
            }
            FindingKind::AnswerDiffers { path, expected, answered } => {
                let text = |json: &Option<String>| json.clone().unwrap_or_else(|| "nothing".to_owned());
                write!(f, "{path} answers {}, the entries give {}", text(answered), text(expected))
            }
            FindingKind::StatementRootDiffers { window, pair, by, stated, computed } => {
                write!(f, "window {window}, {pair}: {by} states root {stated}, the lines give {computed}")
            }
            FindingKind::RecordDiffers { key } => write!(f, "record {key} is not what the entries give"),
        }
    }
}
