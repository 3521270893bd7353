//! Cells to values and back. A cell that is not what its column promises is `Damaged`, by table, column and row.

use crate::StoreError;
use databourse_merkle::Hash;
use databourse_primitives::{Digest, Timestamp};
use serde::de::DeserializeOwned;
use std::{fmt::Display, str::FromStr};
use tokio_postgres::{Row, types::FromSql};

/// A row on its way to a value.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    row: &'a Row,
    table: &'static str,
    key: &'a (dyn Display + Sync),
}

impl<'a> Cells<'a> {
    /// `key` names the row where something is wrong with it.
    pub(crate) fn new(row: &'a Row, table: &'static str, key: &'a (dyn Display + Sync)) -> Self {
        Self { row, table, key }
    }

    pub(crate) fn damaged(&self, column: &'static str) -> StoreError {
        StoreError::damaged(self.table, column, self.key)
    }

    pub(crate) fn get<T: FromSql<'a>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|_| self.damaged(column))
    }

    /// A count or place, which is never negative.
    pub(crate) fn number(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.get::<i64>(column)?).map_err(|_| self.damaged(column))
    }

    /// A round of the agreement.
    pub(crate) fn round(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.get::<i64>(column)?).map_err(|_| self.damaged(column))
    }

    /// A value from its JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(self.get(column)?).map_err(|_| self.damaged(column))
    }

    pub(crate) fn hash(&self, column: &'static str) -> Result<Hash, StoreError> {
        Hash::try_from(self.get::<&[u8]>(column)?).map_err(|_| self.damaged(column))
    }

    pub(crate) fn digest(&self, column: &'static str) -> Result<Digest, StoreError> {
        self.hash(column).map(|hash| Digest::from_bytes(*hash.as_bytes()))
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        let unix_ms: i64 = self.get(column)?;
        let time = Timestamp::from_unix_ms(unix_ms);
        // The constructor clamps; what was clamped was never written by us.
        if time.unix_ms() == unix_ms { Ok(time) } else { Err(self.damaged(column)) }
    }

    /// A value from its text form.
    pub(crate) fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.get::<&str>(column)?.parse().map_err(|_| self.damaged(column))
    }
}

/// A count or place as a `bigint`.
pub(crate) fn bigint(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::OutOfRange(number))
}

/// The same for reading: what no column can hold is not there, and the largest place stands for it.
pub(crate) fn bigint_or_max(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Whether PostgreSQL can hold `text`: it knows no NUL. What it cannot hold is found nowhere.
pub(crate) fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// Concatenated hashes, as a tile holds them; `None` if the length is not a multiple of 32.
pub(crate) fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<{ Hash::LENGTH }>();
    rest.is_empty().then(|| hashes.iter().copied().map(Hash::from_bytes).collect())
}
