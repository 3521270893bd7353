//! The state of one block as a file: everything that each node of the region has alike, row by row.
//!
//! | step | file |
//! |---|---|
//! | which tables and columns are alike everywhere, and in which order their rows go | `tables` |
//! | one moment, table by table, into a stream; what it comes to | `write` |
//! | out of a stream into an empty database, verified before it counts | `read` |
//! | the bytes of the file: frames of bounded length | `frames` |
//!
//! Rows travel in PostgreSQL's binary COPY form, which knows neither the session's settings nor the columns that the
//! server generates. The digest of a state is SHA-256 over `databourse-state@v1\n` and then, for each table in order,
//! `<name> <rows> <SHA-256 of its COPY, hex>\n`. How a block was agreed is the one thing that differs from node to node
//! (in which round, whose votes came in first): it travels, only its columns that are alike are under the digest, and whoever
//! reads it checks the votes.
//!
//! What is this node's own and stays here: proposals, votes, evidence, final checkpoints, keys in custody.

mod frames;
mod read;
mod tables;
mod write;

pub(crate) use frames::FrameReader;
pub use read::{AgreementCheck, ExpectedState};
pub(crate) use tables::replicated;
pub use write::StateCopy;
pub(crate) use write::digest_text;

use crate::{ChainHead, StoreError};
use databourse_primitives::Digest;

/// What the state of one block comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateSummary {
    /// The block.
    pub head: ChainHead,
    /// Number of rows of all tables.
    pub row_count: u64,
    /// Digest over all tables.
    pub digest: Digest,
}

/// Why a state could not be copied. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateCopyError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stream ended too early or broke.
    #[error("the snapshot cannot be read or written: {0}")]
    Stream(#[from] std::io::Error),
    /// The bytes are not a snapshot of this version.
    #[error("the file is no snapshot: expected {0}")]
    Malformed(String),
    /// The database holds something already.
    #[error("the database is not empty: table `{0}` has rows")]
    NotEmpty(&'static str),
    /// What was read is not what was expected.
    #[error("{what} of the snapshot is {found}, and not {expected}")]
    Differs {
        /// What of it.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
}

impl From<tokio_postgres::Error> for StateCopyError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

#[cfg(test)]
mod tests;
