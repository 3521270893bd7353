//! Entries and their leaf hashes, as readers and the publisher want them.

use crate::{
    Store, StoreError,
    cell::{Cells, bigint_or_max},
    sql,
};
use databourse_merkle::Hash;
use databourse_primitives::{EntryId, Height, LeafIndex, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

/// The most entries or leaf hashes that one call gives.
pub const ENTRIES_MAX: u32 = 65_536;

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Where it stands.
    pub leaf_index: LeafIndex,
    /// The block that holds it.
    pub height: Height,
    /// Its name.
    pub id: EntryId,
    /// Its type.
    pub entry_type: String,
    /// Its bytes, which the leaf is made of.
    pub bytes: Vec<u8>,
    /// Its leaf hash.
    pub leaf_hash: Hash,
}

/// What is known of an entry without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFacts {
    /// Where it stands.
    pub leaf_index: LeafIndex,
    /// The block that holds it.
    pub height: Height,
    /// The block's time.
    pub time: Timestamp,
    /// Its name.
    pub id: EntryId,
    /// Its type.
    pub entry_type: String,
    /// Who acted, `party:<id>` or `exchange:<code>`; absent of a block's header.
    pub actor: Option<String>,
    /// How long it is, in bytes.
    pub byte_count: u32,
}

impl EntryFacts {
    fn from_row(cells: &Cells<'_>) -> Result<Self, StoreError> {
        let byte_count: i32 = cells.get("byte_count")?;
        Ok(Self {
            leaf_index: LeafIndex(cells.number("leaf_index")?),
            height: Height(cells.number("height")?),
            time: cells.time("time_ms")?,
            id: entry_id(cells)?,
            entry_type: cells.get("entry_type")?,
            actor: cells.get("actor")?,
            byte_count: u32::try_from(byte_count).map_err(|_| cells.damaged("bytes"))?,
        })
    }
}

impl StoredEntry {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let leaf_index = Cells::new(row, "entry", &"?").number("leaf_index")?;
        let cells = Cells::new(row, "entry", &leaf_index);
        Ok(Self {
            leaf_index: LeafIndex(leaf_index),
            height: Height(cells.number("height")?),
            id: entry_id(&cells)?,
            entry_type: cells.get("entry_type")?,
            bytes: cells.get("bytes")?,
            leaf_hash: cells.hash("leaf_hash")?,
        })
    }
}

pub(crate) fn entry_id(cells: &Cells<'_>) -> Result<EntryId, StoreError> {
    EntryId::from_uuid(cells.get::<Uuid>("entry_id")?).map_err(|_| cells.damaged("entry_id"))
}

impl Store {
    /// The entry at that place.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn entry(&self, leaf_index: u64) -> Result<Option<StoredEntry>, StoreError> {
        let Ok(place) = i64::try_from(leaf_index) else { return Ok(None) };
        self.rows(sql::ENTRY, &[&place]).await?.first().map(StoredEntry::from_row).transpose()
    }

    /// The bytes of at most `count` entries from place `first` on, in order: fewer where the ledger ends, and at most
    /// [`ENTRIES_MAX`].
    ///
    /// # Errors
    /// `Damaged` if a place among them is empty; `Unavailable`.
    pub async fn entries(&self, first: u64, count: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows = self.rows_between(sql::ENTRY_BYTES, first, count).await?;
        in_order(&rows, first, |cells| cells.get("bytes"))
    }

    /// What is known of the same entries without reading them.
    ///
    /// # Errors
    /// As [`Store::entries`].
    pub async fn entry_facts(&self, first: u64, count: u32) -> Result<Vec<EntryFacts>, StoreError> {
        let rows = self.rows_between(sql::ENTRY_FACTS, first, count).await?;
        in_order(&rows, first, |cells| EntryFacts::from_row(&cells))
    }

    /// The leaf hashes of the same entries.
    ///
    /// # Errors
    /// As [`Store::entries`].
    pub async fn leaf_hashes(&self, first: u64, count: u32) -> Result<Vec<Hash>, StoreError> {
        let rows = self.rows_between(sql::LEAF_HASHES, first, count).await?;
        in_order(&rows, first, |cells| cells.hash("leaf_hash"))
    }

    async fn rows_between(&self, sql: &str, first: u64, count: u32) -> Result<Vec<Row>, StoreError> {
        let Some(more) = count.min(ENTRIES_MAX).checked_sub(1) else { return Ok(Vec::new()) };
        let Ok(start) = i64::try_from(first) else { return Ok(Vec::new()) };
        self.rows(sql, &[&start, &bigint_or_max(first.saturating_add(u64::from(more)))]).await
    }
}

/// The values of rows that must stand at `first`, the place after it, and so on.
pub(crate) fn in_order<T>(
    rows: &[Row],
    first: u64,
    value: impl Fn(Cells<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let places = first..;
    let values = rows.iter().zip(places).map(|(row, place)| {
        let cells = Cells::new(row, "entry", &place);
        if cells.number("leaf_index")? == place { value(cells) } else { Err(cells.damaged("leaf_index")) }
    });
    values.collect()
}
