//! What differs between what a node keeps and what follows from the ledger's entries.

use crate::FindingKind;
use databourse_primitives::LeafIndex;
use serde::Serialize;
use std::fmt;

/// Where something stands that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Place {
    /// A cell of a table, by the row's key.
    Cell {
        /// The table.
        table: String,
        /// The columns of the key, with a dot between them.
        row: String,
        /// The column.
        column: String,
    },
    /// A whole row.
    Row {
        /// The table.
        table: String,
        /// The columns of the key, with a dot between them.
        row: String,
    },
    /// A whole table.
    Table {
        /// Its name.
        table: String,
    },
    /// A file.
    File {
        /// Its name.
        file: String,
    },
    /// The ledger itself, which is its entries.
    Ledger,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where.
    pub place: Place,
    /// The entry that says what should stand there, or that is itself meant; absent if no single one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<LeafIndex>,
    /// What.
    #[serde(flatten)]
    pub kind: DifferenceKind,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "difference")]
pub enum DifferenceKind {
    /// It follows from the entries and is not there.
    Missing,
    /// It is there and does not follow from the entries.
    Superfluous,
    /// Another value stands there.
    Differs {
        /// What follows.
        expected: String,
        /// What is there.
        found: String,
    },
    /// What is there cannot be right, whatever it should be.
    Invalid {
        /// What it should be.
        expected: String,
    },
    /// What the audit of the entries found.
    Audit {
        /// See [`FindingKind`].
        finding: FindingKind,
    },
}

impl Place {
    /// A cell.
    pub fn cell(table: &str, row: impl fmt::Display, column: &str) -> Self {
        Self::Cell { table: table.to_owned(), row: row.to_string(), column: column.to_owned() }
    }

    /// A row.
    pub fn row(table: &str, row: impl fmt::Display) -> Self {
        Self::Row { table: table.to_owned(), row: row.to_string() }
    }

    /// A file.
    pub fn file(file: impl Into<String>) -> Self {
        Self::File { file: file.into() }
    }
}

impl Difference {
    /// Something that cannot be right.
    pub fn invalid(place: Place, expected: impl Into<String>) -> Self {
        Self { place, entry: None, kind: DifferenceKind::Invalid { expected: expected.into() } }
    }

    /// Another value than the one that follows.
    pub fn differs(place: Place, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        let (expected, found) = (short(&expected.to_string()), short(&found.to_string()));
        Self { place, entry: None, kind: DifferenceKind::Differs { expected, found } }
    }

    /// The same, with the entry that it follows from.
    #[must_use]
    pub fn of(mut self, entry: Option<LeafIndex>) -> Self {
        self.entry = entry;
        self
    }
}

/// How much of a value is shown.
const SHOWN_CHARS_MAX: usize = 200;

fn short(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS_MAX {
        return text.to_owned();
    }
    let start: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{start}…")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell { table, row, column } => write!(f, "{table} {row}, {column}"),
            Self::Row { table, row } => write!(f, "{table} {row}"),
            Self::Table { table } => write!(f, "table {table}"),
            Self::File { file } => write!(f, "file {file}"),
            Self::Ledger => f.write_str("ledger"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match &self.kind {
            DifferenceKind::Missing => f.write_str("missing")?,
            DifferenceKind::Superfluous => f.write_str("follows from no entry")?,
            DifferenceKind::Differs { expected, found } => write!(f, "is {found}, should be {expected}")?,
            DifferenceKind::Invalid { expected } => write!(f, "should be {expected}")?,
            DifferenceKind::Audit { finding } => {
                let leaf_index = self.entry.unwrap_or_default();
                return write!(f, "{}", crate::Finding { leaf_index, kind: finding.clone() });
            }
        }
        self.entry.map_or(Ok(()), |entry| write!(f, " (entry {entry})"))
    }
}
