//! Read replicas: PostgreSQL's own streaming copies of a node's database, to which reads can go.
//!
//! A node names them and reads there what it has shown already ([`Store::with_replicas`]). [`Store::connect`] takes a replica as it takes a primary. Everything that reads answers, from the last block that has
//! arrived; what writes is `ReadOnly`. A read that stands in the way of what arrives may be ended by the server, which is
//! `Unavailable`.

use crate::{Store, StoreError, cell::Cells, sql};
use databourse_primitives::Height;

/// How far a replica has come. How far its primary is ahead is the difference of heights; a replica cannot know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaLag {
    /// Height of the last block that can be read on it; 0 before the first.
    pub height: Height,
    /// Whether it is connected to its primary. If not, it falls behind with every block.
    pub is_streaming: bool,
    /// Bytes of write-ahead log that have arrived and cannot be read yet.
    pub bytes_waiting: u64,
}

impl Store {
    /// How far this replica has come; `None` if the database is no replica.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn replica_lag(&self) -> Result<Option<ReplicaLag>, StoreError> {
        let rows = self.rows(sql::REPLICA_LAG, &[]).await?;
        let row = rows.first().ok_or_else(|| StoreError::unavailable("no answer about the replica"))?;
        let cells = Cells::new(row, "chain_head", &"only");
        if !cells.get::<bool>("is_replica")? {
            return Ok(None);
        }
        Ok(Some(ReplicaLag {
            height: Height(cells.number("height")?),
            is_streaming: cells.get("is_streaming")?,
            bytes_waiting: cells.number("bytes_waiting")?,
        }))
    }
}
