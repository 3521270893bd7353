//! What can go wrong when a ledger is read.

use crate::Evidence;
use databourse_client::ClientError;
use databourse_ledger::{CheckpointError, Untrusted};
use databourse_primitives::{LeafIndex, TreeSize};

/// Why a ledger could not be read, or was refused.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The node or file server has no answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The source does not have what its checkpoint says that it has.
    #[error("{path} is missing")]
    Missing {
        /// Its path in the layout of tlog-tiles.
        path: String,
    },
    /// The checkpoint cannot be read.
    #[error("checkpoint: {0}")]
    Checkpoint(CheckpointError),
    /// The policy does not trust the checkpoint.
    #[error("checkpoint: {0}")]
    Untrusted(Untrusted),
    /// A file is not what the checkpoint signs.
    #[error("{path} is not what the checkpoint signs{}: expected {expected}", at(.leaf_index))]
    Altered {
        /// Its path in the layout of tlog-tiles.
        path: String,
        /// The first entry that it concerns, where that is known.
        leaf_index: Option<LeafIndex>,
        /// What was expected.
        expected: &'static str,
    },
    /// The source shows a ledger that is shorter than what it showed before, and the beginning of it.
    #[error("the source shows {shown} entries, and showed {held} before")]
    Stale {
        /// Entries of the checkpoint that is held.
        held: TreeSize,
        /// Entries of the checkpoint that is shown.
        shown: TreeSize,
    },
    /// Two signed checkpoints cannot both be true.
    #[error("{0}")]
    Rewritten(Box<Evidence>),
    /// Another program writes into the folder.
    #[error("{folder} is in use by another mirror")]
    InUse {
        /// The folder.
        folder: String,
    },
}

fn at(leaf_index: &Option<LeafIndex>) -> String {
    leaf_index.as_ref().map(|index| format!(", from entry {index} on")).unwrap_or_default()
}

impl LogError {
    /// The stable code; a program decides by this.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Client(_) => "source.unreachable",
            Self::File { .. } => "file.unusable",
            Self::Missing { .. } => "file.missing",
            Self::Checkpoint(_) => "checkpoint.malformed",
            Self::Untrusted(Untrusted::OriginUnknown { .. }) => "checkpoint.origin_unknown",
            Self::Untrusted(Untrusted::SignatureInvalid { .. }) => "checkpoint.signature_invalid",
            Self::Untrusted(Untrusted::LogSignatureMissing { .. }) => "checkpoint.log_signature_missing",
            Self::Untrusted(Untrusted::QuorumMissing { .. }) => "checkpoint.quorum_missing",
            Self::Altered { .. } => "file.altered",
            Self::Stale { .. } => "checkpoint.stale",
            Self::Rewritten(evidence) => evidence.code(),
            Self::InUse { .. } => "folder.in_use",
        }
    }

    /// Whether the same may succeed later without anybody changing anything: what is served may be behind, or away.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Client(_) | Self::Missing { .. } | Self::Stale { .. })
    }

    pub(crate) fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), source }
    }

    pub(crate) fn missing(path: impl ToString) -> Self {
        Self::Missing { path: path.to_string() }
    }
}
