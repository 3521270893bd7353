//! The head: where the ledger ends.

use crate::{Store, StoreError, Writer, cell::Cells, sql};
use databourse_merkle::Hash;
use databourse_primitives::{Digest, Height, Timestamp};
use tokio_postgres::Row;

/// The last committed block and the tree up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// Height of the last block.
    pub height: Height,
    /// Its name.
    pub block_id: Digest,
    /// Its time.
    pub time: Timestamp,
    /// Number of leaves in the ledger.
    pub tree_size: u64,
    /// Root over them.
    pub root: Hash,
}

impl ChainHead {
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        let cells = Cells::new(row, "chain_head", &"only");
        Ok(Self {
            height: Height(cells.number("height")?),
            block_id: cells.digest("block_id")?,
            time: cells.time("time_ms")?,
            tree_size: cells.number("tree_size")?,
            root: cells.hash("root")?,
        })
    }
}

impl Store {
    /// Where the ledger ends; `None` before the first block.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn chain_head(&self) -> Result<Option<ChainHead>, StoreError> {
        self.rows(sql::CHAIN_HEAD, &[]).await?.first().map(ChainHead::from_row).transpose()
    }
}

impl Writer {
    /// Where the ledger ends, as the writing session sees it; `None` before the first block.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn chain_head(&self) -> Result<Option<ChainHead>, StoreError> {
        self.rows(sql::CHAIN_HEAD).await?.first().map(ChainHead::from_row).transpose()
    }
}
