//! Whether a node's database and files are what follows from the ledger's entries, and nothing else.
//!
//! | step | file |
//! |---|---|
//! | entries, blocks, agreement, tiles, journal: one walk over the ledger, executing it again | `walk` |
//! | the records of every kind, with the columns that lists go by | `records` |
//! | what is the node's own: final checkpoints, evidence, proposals, keys in custody; migrations | `own` |
//! | files: keys, snapshots | `files` |
//! | what was found, with proofs | `report` |
//!
//! One moment of the database is read, so a node may run beside it; what it writes to files meanwhile may not fit. Memory
//! holds the state and the tree's hashes, as an audit does, and a page of each table.
//!
//! Deliberately absent: SQL (`store`), rules (`audit` executes, and compares rows), repair. Who has findings restores.

mod files;
mod own;
mod records;
mod report;
mod walk;

pub use report::{NOT_COVERED, NotCovered, ProvenDifference, Report};

use databourse_audit::{Difference, DifferenceKind, FoundRow, KeyPart, Place, RowKey};
use databourse_ledger::VerifierKey;
use databourse_party::KeyPurpose;
use databourse_primitives::{ExchangeCode, KeyId, PartyId, PublicKey};
use databourse_store::{
    ConnectionConfig, Store, StoreError,
    fsck::{DatabaseScan, RowScan, ScannedRow, ScannedTable, TableKind, kind_of},
};
use std::{collections::BTreeMap, path::PathBuf};

/// Opens a sealed key that is kept for a party, and says which key it is; `None` if it does not open.
pub type Custodian = Box<dyn Fn(PartyId, &[u8]) -> Option<KeyId> + Send + Sync>;

/// What is checked, and what is known beside the database.
pub struct Check {
    /// The database.
    pub database: ConnectionConfig,
    /// Whose node it is.
    pub exchange: ExchangeCode,
    /// Whether the exchanges agree on blocks; if not, this one keeps the ledger alone.
    pub is_region: bool,
    /// The node's key file.
    pub keys: KeyFile,
    /// Where the node keeps snapshots.
    pub snapshot_folder: Option<PathBuf>,
}

/// The node's key file.
pub enum KeyFile {
    /// It is not there: what is kept with it cannot be checked.
    Absent,
    /// It is no key file.
    Unusable {
        /// The file, for messages.
        file: String,
        /// What it should be.
        expected: String,
    },
    /// It was read.
    Read(OwnKeys),
}

impl KeyFile {
    const fn own(&self) -> Option<&OwnKeys> {
        match self {
            Self::Read(keys) => Some(keys),
            Self::Absent | Self::Unusable { .. } => None,
        }
    }
}

/// The public halves of what the node's key file holds.
pub struct OwnKeys {
    /// The file, for messages.
    pub file: String,
    /// Each key that the ledger names.
    pub keys: Vec<(KeyPurpose, PublicKey)>,
    /// The keys with which the node signs checkpoints, as log and as witness.
    pub checkpoint_keys: Vec<VerifierKey>,
    /// Opens keys in custody with the file's custody key.
    pub custodian: Custodian,
}

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FsckError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A folder or file.
    #[error("{path} cannot be read: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Check {
    /// Reads all of it and says what differs.
    ///
    /// # Errors
    /// The database or a file cannot be read; also where PostgreSQL itself finds a page damaged.
    pub async fn run(&self) -> Result<Report, FsckError> {
        let scan = DatabaseScan::begin(self.database.clone()).await?;
        let tables = Tables::of(&scan).await?;
        let mut differences = tables.differences.clone();
        let mut walk = walk::Walk::new(&scan, &tables, self);
        walk.run().await?;
        let walked = walk.finish().await?;
        differences.extend(walked.differences.iter().cloned());
        let mut row_count = walked.row_count;
        if !walked.has_ended {
            let (found, count) = records::compare(&scan, &tables, &walked).await?;
            differences.extend(found);
            row_count += count;
        }
        let own = own::check(&scan, &tables, self, &walked).await?;
        differences.extend(own.differences);
        row_count += own.row_count;
        drop(scan);
        let (found, file_count) = files::check(self, &walked).await?;
        differences.extend(found);
        // The sums say in an operator's words what a difference of rows means for the money.
        let money = match Store::connect(self.database.clone(), 1).await?.check_money().await {
            Ok(money) => money,
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(_) => {
                let place = Place::Table { table: "account".to_owned() };
                differences.push(Difference::invalid(place, "records of which sums can be made"));
                Vec::new()
            }
        };
        Ok(Report::new(differences, walked, own.last_final, row_count, file_count, money))
    }
}

/// The tables that are there.
struct Tables {
    known: BTreeMap<TableKind, ScannedTable>,
    differences: Vec<Difference>,
}

impl Tables {
    async fn of(scan: &DatabaseScan) -> Result<Self, FsckError> {
        let (mut known, mut differences) = (BTreeMap::new(), Vec::new());
        for table in scan.tables().await? {
            match kind_of(&table.name) {
                Some(kind) => _ = known.insert(kind, table),
                None => {
                    let place = Place::Table { table: table.name };
                    differences.push(Difference { place, entry: None, kind: DifferenceKind::Superfluous });
                }
            }
        }
        for kind in TableKind::all().filter(|kind| !known.contains_key(kind)) {
            let place = Place::Table { table: kind.as_str().to_owned() };
            differences.push(Difference { place, entry: None, kind: DifferenceKind::Missing });
        }
        Ok(Self { known, differences })
    }

    /// Begins to read a table; `None` if it is not there, which is a difference already.
    async fn open(&self, scan: &DatabaseScan, kind: TableKind) -> Result<Option<Rows<'_>>, FsckError> {
        let Some(table) = self.known.get(&kind) else { return Ok(None) };
        Ok(Some(Rows { table, rows: scan.open(table).await? }))
    }
}

/// A table that is being read.
struct Rows<'a> {
    table: &'a ScannedTable,
    rows: RowScan,
}

impl Rows<'_> {
    async fn next(&mut self, scan: &DatabaseScan) -> Result<Option<FoundRow>, FsckError> {
        Ok(scan.next(&mut self.rows).await?.map(|row| found(self.table, &row)))
    }

    /// The next row, if its key is one that `wanted` takes.
    async fn next_if(
        &mut self,
        scan: &DatabaseScan,
        wanted: impl Fn(&RowKey) -> bool,
    ) -> Result<Option<FoundRow>, FsckError> {
        let table = self.table;
        let Some(row) = scan.peek(&mut self.rows).await? else { return Ok(None) };
        if wanted(&found(table, row).key) { self.next(scan).await } else { Ok(None) }
    }

    async fn close(self, scan: &DatabaseScan) -> Result<(), FsckError> {
        Ok(scan.close(self.rows).await?)
    }
}

/// A row with its key.
fn found(table: &ScannedTable, row: &ScannedRow) -> FoundRow {
    let cells: Vec<(String, Option<String>)> =
        table.columns.iter().map(|column| column.name.clone()).zip(row.cells.iter().cloned()).collect();
    let part = |place: usize| {
        let text = row.cells.get(place).cloned().flatten().unwrap_or_default();
        let is_number = table
            .columns
            .get(place)
            .is_some_and(|column| matches!(column.data_type.as_str(), "smallint" | "integer" | "bigint"));
        match text.parse() {
            Ok(number) if is_number => KeyPart::Number(number),
            _ => KeyPart::Text(text),
        }
    };
    let mut key: Vec<(usize, usize)> = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        key.extend(column.key_place.map(|in_key| (in_key, place)));
    }
    key.sort_unstable();
    FoundRow { key: RowKey(key.into_iter().map(|(_, place)| part(place)).collect()), cells }
}

/// A cell of a row by its column; `None` for NULL and for a column that is not there.
fn cell<'a>(row: &'a FoundRow, column: &str) -> Option<&'a str> {
    row.cells.iter().find(|(name, _)| name == column).and_then(|(_, value)| value.as_deref())
}

/// A cell that holds a value with a text form.
fn parsed<T: std::str::FromStr>(row: &FoundRow, column: &str) -> Option<T> {
    cell(row, column)?.parse().ok()
}

/// The bytes of a cell of type `bytea`.
fn bytes(row: &FoundRow, column: &str) -> Option<Vec<u8>> {
    hex::decode(cell(row, column)?.strip_prefix("\\x")?).ok()
}

/// Bytes as the server writes them.
fn bytea(bytes: impl AsRef<[u8]>) -> String {
    format!("\\x{}", hex::encode(bytes))
}
