//! Proposed blocks that are not agreed yet: what this node must still have when it comes back after a vote.

use crate::{
    Store, StoreError, Writer,
    cell::{Cells, bigint, bigint_or_max},
    session::{COMMIT_LIMIT, within},
    sql,
};
use databourse_primitives::{Digest, ExchangeCode, Height};

/// A proposed block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndecidedRow {
    /// Its height.
    pub height: Height,
    /// The round in which it was proposed.
    pub round: u32,
    /// Its name.
    pub block_id: Digest,
    /// The earlier round in which more than two thirds prevoted it, if there was one.
    pub valid_round: Option<u32>,
    /// Who proposed it in that round.
    pub proposer: ExchangeCode,
    /// What this node said of it.
    pub is_valid: bool,
    /// The block: 1 byte to 16 MiB.
    pub bytes: Vec<u8>,
}

impl Writer {
    /// Keeps a proposed block: it is durable when this returns. The same block again in the same round changes nothing.
    /// The commit of its height, or of a later one, deletes it.
    ///
    /// # Errors
    /// `Refused`, `OutOfRange`, and nothing was kept; `Unavailable`, and it is not known: see [`Writer::commit`].
    pub async fn save_undecided(&mut self, undecided: &UndecidedRow) -> Result<(), StoreError> {
        let height = bigint(undecided.height.0)?;
        self.begin()?;
        self.undecided_from = self.undecided_from.min(height);
        let answer = within(COMMIT_LIMIT, self.insert_undecided(height, undecided)).await;
        self.end(&answer);
        answer
    }

    async fn insert_undecided(&self, height: i64, undecided: &UndecidedRow) -> Result<(), StoreError> {
        let (round, valid_round) = (i64::from(undecided.round), undecided.valid_round.map(i64::from));
        let block_id = undecided.block_id.as_bytes().as_slice();
        let proposer = undecided.proposer.as_str();
        let (is_valid, bytes) = (undecided.is_valid, undecided.bytes.as_slice());
        let statement = &self.statements.save_undecided;
        // One statement is one transaction.
        self.client
            .execute(statement, &[&height, &round, &block_id, &valid_round, &proposer, &is_valid, &bytes])
            .await?;
        Ok(())
    }
}

impl Store {
    /// The proposed blocks that are kept for `height`, in order of round and name.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn undecided(&self, height: Height) -> Result<Vec<UndecidedRow>, StoreError> {
        let rows = self.rows(sql::UNDECIDED, &[&bigint_or_max(height.0)]).await?;
        let undecided = rows.iter().map(|row| {
            let cells = Cells::new(row, "block_undecided", &height);
            let is_reproposed = cells.get::<Option<i64>>("valid_round")?.is_some();
            Ok(UndecidedRow {
                height,
                round: cells.round("round")?,
                block_id: cells.digest("block_id")?,
                valid_round: is_reproposed.then(|| cells.round("valid_round")).transpose()?,
                proposer: cells.parsed("proposer")?,
                is_valid: cells.get("is_valid")?,
                bytes: cells.get("bytes")?,
            })
        });
        undecided.collect()
    }
}
