//! What can go wrong between this crate and the database.

use databourse_primitives::Height;
use std::{error::Error, fmt};
use tokio_postgres::error::SqlState;

/// A cell that cannot be what this program wrote: the database is damaged, was changed by hand, or is of another
/// version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseInconsistency {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row, by its key.
    pub row: String,
}

impl fmt::Display for DatabaseInconsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} of row {}", self.table, self.column, self.row)
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The server cannot be reached, is too slow, or gave up for a reason that passes. Whether an interrupted commit
    /// happened is not known: read the head again.
    #[error("the database is not available: {source}")]
    Unavailable {
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another session holds the right to write this database: a node of its own must be running.
    #[error("another node writes this database")]
    LockedByAnother,
    /// A cell is wrong.
    #[error("the database is damaged: {0}")]
    Damaged(DatabaseInconsistency),
    /// The tables are missing or of an older version: run [`crate::Store::migrate`].
    #[error("the database has not been migrated: {source}")]
    NotMigrated {
        /// What the server misses.
        source: tokio_postgres::Error,
    },
    /// A migration failed; the ones before it hold.
    #[error("migrating the database failed: {0}")]
    Migration(#[source] Box<refinery::Error>),
    /// The batch does not follow the head of the database; nothing was written.
    #[error("block {height} on {tree_size} leaves does not follow the database's head")]
    Conflict {
        /// Height of the batch.
        height: Height,
        /// Number of leaves that it should stand on.
        tree_size: u64,
    },
    /// The batch contradicts itself; nothing was sent.
    #[error("the batch is malformed: {0}")]
    BatchMalformed(&'static str),
    /// A statement wrote fewer rows than it was given; nothing is kept.
    #[error("{table}: {written} rows written instead of {expected}")]
    RowsMissing {
        /// The table.
        table: &'static str,
        /// How many rows should have been written.
        expected: u64,
        /// How many were.
        written: u64,
    },
    /// The server refused a statement: a CHECK or another rule of the tables. Nothing is kept.
    #[error("the database refused a statement: {}", described(source))]
    Refused {
        /// What it said.
        source: tokio_postgres::Error,
    },
    /// A number above 2^63 - 1, which no column holds.
    #[error("{0} is too large for the database")]
    OutOfRange(u64),
    /// A list of a kind by a column that it has not.
    #[error("a {noun} has no `{column}` to be listed by")]
    ColumnUnknown {
        /// The kind of record.
        noun: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The server only reads: it is a replica.
    #[error("the database is a read replica and takes no writes: they go to its primary")]
    ReadOnly,
    /// A final checkpoint is not that of the block at its height: more than two thirds of the exchanges have another
    /// ledger than this one. Nothing was written.
    #[error(
        "the final checkpoint of {tree_size} leaves is not that of block {height} here: the ledgers have forked"
    )]
    Forked {
        /// Height of the block.
        height: Height,
        /// Number of leaves that the checkpoint names.
        tree_size: u64,
    },
    /// What was to be kept belongs to a block that is not here (yet).
    #[error("there is no block {0}")]
    BlockUnknown(Height),
    /// Another key is kept for this party; it was not overwritten.
    #[error("another key is kept for this party")]
    CustodyKeyExists,
}

impl StoreError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    pub(crate) fn damaged(table: &'static str, column: &'static str, row: impl fmt::Display) -> Self {
        Self::Damaged(DatabaseInconsistency { table, column, row: row.to_string() })
    }
}

/// The server's own words; the library's text is only "db error".
fn described(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |error| format!("{} ({})", error, error.code().code()))
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(source: tokio_postgres::Error) -> Self {
        match source.code() {
            Some(code) if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN => {
                Self::NotMigrated { source }
            }
            Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly,
            Some(code) if !passes(code) => Self::Refused { source },
            // What is not from the server is from the way to it.
            _ => Self::unavailable(source),
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(source) => source.into(),
            other => Self::unavailable(other),
        }
    }
}

impl From<refinery::Error> for StoreError {
    fn from(error: refinery::Error) -> Self {
        Self::Migration(Box::new(error))
    }
}

/// Classes of PostgreSQL's Appendix A that a retry can get past: connection, rollback (deadlock, serialization),
/// resources, lock timeout, operator intervention (shutdown, statement timeout), system.
fn passes(code: &SqlState) -> bool {
    let code = code.code();
    ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || code == "55P03"
}
