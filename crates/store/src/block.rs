//! Blocks as the store keeps them. Their headers are entries like any other.

use crate::{
    Store, StoreError,
    cell::{Cells, bigint_or_max},
    sql,
};
use databourse_merkle::Hash;
use databourse_primitives::{Digest, Height, LeafIndex, Timestamp};
use tokio_postgres::Row;

/// A committed block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockRow {
    /// Its place in the chain of blocks.
    pub height: Height,
    /// Its name.
    pub id: Digest,
    /// Its time.
    pub time: Timestamp,
    /// Place of its header in the ledger; its commands follow.
    pub header_index: LeafIndex,
    /// Number of leaves in the ledger after it.
    pub tree_size: u64,
    /// Root over them.
    pub root: Hash,
}

impl BlockRow {
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        let height = Cells::new(row, "block", &"?").number("height")?;
        let cells = Cells::new(row, "block", &height);
        Ok(Self {
            height: Height(height),
            id: cells.digest("block_id")?,
            time: cells.time("time_ms")?,
            header_index: LeafIndex(cells.number("header_index")?),
            tree_size: cells.number("tree_size")?,
            root: cells.hash("root")?,
        })
    }
}

impl Store {
    /// The block of that height.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn block(&self, height: Height) -> Result<Option<BlockRow>, StoreError> {
        let blocks = self.blocks(height, 1).await?;
        Ok(blocks.into_iter().next().filter(|block| block.height == height))
    }

    /// At most `limit` blocks, from height `from` on, in order.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn blocks(&self, from: Height, limit: u32) -> Result<Vec<BlockRow>, StoreError> {
        let rows = self.rows(sql::BLOCKS, &[&bigint_or_max(from.0), &i64::from(limit)]).await?;
        rows.iter().map(BlockRow::from_row).collect()
    }
}
