//! PostgreSQL: the only crate that speaks SQL.
//!
//! The ledger, the state that follows from it, and the journal of money live in one database. Two handles share it:
//!
//! | handle | connections | what it does |
//! |---|---|---|
//! | [`Store`] | a pool | reads: records by name, lists, entries, tiles, the journal; [`JournalSnapshot`] reads one moment |
//! | [`Writer`] | one, with a lock that only one session of the database can hold | commits blocks, keeps proposed ones |
//!
//! [`Writer::commit`] writes a whole block in one transaction and one fsync: entries, tiles, records, postings, head.
//! After any error of it the caller forgets what it has in memory and reads the head again, because an error on the
//! way back does not say whether the server committed.
//!
//! A [`Store`] of a read replica answers as one of its primary does, a little later. What is this node's own and no block
//! (keys in custody, final checkpoints, evidence) is written through the [`Store`], beside any commit under way.
//!
//! [`StateCopy`] writes everything that the nodes of a region have alike into one file, and [`Store::read_state`] fills an
//! empty database from it.
//!
//! [`fsck`] reads all of it, table by table, for a comparison with what follows from the entries.
//!
//! A value that cannot be what was written is reported as [`StoreError::Damaged`] with table, column and row.
//!
//! Where things are: tables in `migrations/`, each fixed statement in `sql`, one module per noun.
//!
//! Deliberately absent: rules (`market` decides, this crate keeps), a cache (the node's), other databases, TLS.

pub mod cluster;
pub mod fsck;

mod agreement;
mod balance;
mod block;
mod cell;
mod check;
mod checkpoint;
mod column;
mod commit;
mod custody;
mod decided;
mod entry;
mod error;
mod evidence;
mod facets;
mod head;
mod history;
mod hold;
mod journal;
mod list;
mod migrate;
mod readers;
mod record;
mod replica;
mod rows;
mod session;
mod snapshot;
mod sql;
mod state_copy;
mod statistics;
mod store;
mod tile;
mod undecided;
mod writer;

pub use agreement::{Agreement, TurnRow};
pub use block::BlockRow;
pub use check::{MoneyFinding, MoneyRule};
pub use checkpoint::FinalCheckpoint;
pub use column::Column;
pub use commit::{CommitBatch, NewEntry};
pub use custody::CustodyKey;
pub use decided::DecidedRow;
pub use entry::{ENTRIES_MAX, EntryFacts, StoredEntry};
pub use error::{DatabaseInconsistency, StoreError};
pub use facets::{ProductCount, ProductCounts, SEARCH_COUNTED_MAX};
pub use head::ChainHead;
pub use history::ProductEntry;
pub use journal::{JournalPosting, PostingCursor, TrialBalance, TrialLine};
pub use list::{LIST_LIMIT_MAX, ListQuery, Page};
pub use migrate::MigrationReport;
pub use replica::ReplicaLag;
pub use snapshot::{JournalLeg, JournalSnapshot};
pub use state_copy::{AgreementCheck, ExpectedState, StateCopy, StateCopyError, StateSummary};
pub use statistics::{Day, Sales, SalesKey, WindowSettlement};
pub use store::Store;
pub use undecided::UndecidedRow;
pub use writer::Writer;

/// How to reach a database; see the documentation of `tokio_postgres::Config`.
pub use tokio_postgres::Config as ConnectionConfig;
