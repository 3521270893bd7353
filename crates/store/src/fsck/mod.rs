//! Reading all of the database as it stands, for whoever compares it with what follows from the entries.
//!
//! | what | file |
//! |---|---|
//! | one moment, its tables and columns, rows in order of key | `scan` |
//! | what the server generates, against the record beside it | `generated` |
//! | the tables that there should be, and their migrations | `layout` |
//! | a snapshot's file without a database | `snapshot_file` |
//!
//! Cells come as the server writes them as text, so that whatever stands in them can be read and named; what they should
//! be is for the caller to say.

mod generated;
mod layout;
mod scan;
mod snapshot_file;

pub use generated::GeneratedDifference;
pub use layout::{AppliedMigration, TableKind, evidence_digest, kind_of, migrations};
pub use scan::{DatabaseScan, RowScan, ScannedColumn, ScannedRow, ScannedTable};
pub use snapshot_file::{SnapshotFile, read_snapshot};
