//! Committed blocks as they were agreed, for peers that catch up.

use crate::{
    Agreement, Store, StoreError,
    cell::{Cells, bigint_or_max},
    sql,
};
use databourse_primitives::Height;
use std::ops::RangeInclusive;
use tokio_postgres::Row;

/// A committed block with the proof that it was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedRow {
    /// Its height.
    pub height: Height,
    /// Its entries as a bundle, the header first: what [`databourse_ledger::Block::decode`] reads.
    pub block: Vec<u8>,
    /// How it was agreed.
    pub agreement: Agreement,
}

impl DecidedRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let height = Cells::new(row, "block", &"?").number("height")?;
        let entries = Cells::new(row, "entry", &height);
        if entries.number("entry_count")? != entries.number("found_count")? {
            return Err(StoreError::damaged("entry", "height", height));
        }
        let agreement = Agreement::from_cells(&Cells::new(row, "block_agreement", &height))?;
        Ok(Self { height: Height(height), block: entries.get("bytes")?, agreement })
    }
}

impl Store {
    /// The blocks of `range` that are there, from its start on and without a gap: the first whatever its length, and then
    /// as many as have `bytes_max` bytes together.
    ///
    /// # Errors
    /// `Damaged` if an entry or the agreement of one of them is missing; `Unavailable`.
    pub async fn decided_blocks(
        &self,
        range: RangeInclusive<Height>,
        bytes_max: u64,
    ) -> Result<Vec<DecidedRow>, StoreError> {
        let [first, last, bytes_max] = [range.start().0, range.end().0, bytes_max].map(bigint_or_max);
        self.rows(sql::DECIDED, &[&first, &last, &bytes_max])
            .await?
            .iter()
            .map(DecidedRow::from_row)
            .collect()
    }
}
