//! Why a checkpoint is not cosigned, and what HTTP status says so (C2SP tlog-witness, section "add-checkpoint").

use crate::request::Malformed;
use databourse_ledger::CheckpointError;
use databourse_merkle::ProofError;
use databourse_primitives::TreeSize;
use std::fmt;

/// Why nothing was cosigned. In the order in which it is found: who is refused for two reasons is told the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddError {
    /// 400, or 413 if it is too large: not a request.
    Malformed(Malformed),
    /// 404: a log that this witness does not know.
    UnknownOrigin,
    /// 403: no trusted key signed, or the line of one does not hold.
    NotSigned(CheckpointError),
    /// 400: the old size is greater than that of the checkpoint.
    OldLarger,
    /// 409 with the size in the body: the last checkpoint cosigned is of another size.
    Conflict {
        /// Its size; 0 if there was none.
        size: TreeSize,
    },
    /// 422: a tree without leaves has another root than SHA-256 of nothing.
    EmptyRootWrong,
    /// 422: the checkpoint cosigned before has the same size and another root. Kept as evidence.
    RootDiffers,
    /// 422: the proof does not lead from the old root to the new one, or is not empty though the old size is 0.
    Proof(ProofError),
    /// 500: it could not be made durable, now or before. Says no more; the log of the process does.
    Storage,
}

impl AddError {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(Malformed::TooLarge) => 413,
            Self::Malformed(_) | Self::OldLarger => 400,
            Self::UnknownOrigin => 404,
            Self::NotSigned(_) => 403,
            Self::Conflict { .. } => 409,
            Self::EmptyRootWrong | Self::RootDiffers | Self::Proof(_) => 422,
            Self::Storage => 500,
        }
    }
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(error) => return error.fmt(f),
            Self::UnknownOrigin => "this witness does not know the log",
            Self::NotSigned(error) => return write!(f, "the checkpoint: {error}"),
            Self::OldLarger => "the old size is greater than that of the checkpoint",
            Self::Conflict { size } => return write!(f, "the last checkpoint cosigned has {size} leaves"),
            Self::EmptyRootWrong => "the root of an empty tree is SHA-256 of nothing",
            Self::RootDiffers => "another root was cosigned for this size",
            Self::Proof(error) => return write!(f, "the consistency proof: {error}"),
            Self::Storage => "the witness cannot store checkpoints of this log",
        })
    }
}

impl std::error::Error for AddError {}
