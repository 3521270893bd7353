//! How blocks were agreed: the votes that prove it, and whose turns it took.

use crate::{
    Store, StoreError,
    cell::{Cells, bigint_or_max},
    sql,
};
use databourse_ledger::ConsensusSignature;
use databourse_primitives::{ExchangeCode, Height};
use std::collections::BTreeMap;
use tokio_postgres::{Row, types::ToSql};

/// How a block was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The round, from 0.
    pub round: u32,
    /// Whose turn it was to propose in round 0.
    pub turn: ExchangeCode,
    /// Who authored the block.
    pub proposer: ExchangeCode,
    /// Who precommitted it in that round, and the signatures. Empty in a region of one.
    pub precommits: BTreeMap<ExchangeCode, ConsensusSignature>,
}

impl Agreement {
    /// That of a region of one exchange.
    pub const fn solo(turn: ExchangeCode, proposer: ExchangeCode) -> Self {
        Self { round: 0, turn, proposer, precommits: BTreeMap::new() }
    }

    pub(crate) fn from_cells(cells: &Cells<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            round: cells.round("round")?,
            turn: cells.parsed("turn")?,
            proposer: cells.parsed("proposer")?,
            precommits: cells.json("precommits")?,
        })
    }
}

/// Whose turn a block took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnRow {
    /// The block.
    pub height: Height,
    /// The round in which it was agreed, from 0.
    pub round: u32,
    /// Whose turn it was to propose in round 0.
    pub turn: ExchangeCode,
    /// Who authored the block.
    pub proposer: ExchangeCode,
}

impl TurnRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let height = Cells::new(row, "block_agreement", &"?").number("height")?;
        let cells = Cells::new(row, "block_agreement", &height);
        Ok(Self {
            height: Height(height),
            round: cells.round("round")?,
            turn: cells.parsed("turn")?,
            proposer: cells.parsed("proposer")?,
        })
    }
}

/// Columns of `block_agreement`, one row.
pub(crate) struct AgreementColumns<'a> {
    round: i64,
    turn: &'a str,
    proposer: &'a str,
    precommits: String,
}

impl<'a> AgreementColumns<'a> {
    pub(crate) fn of(agreement: &'a Agreement) -> Result<Self, StoreError> {
        let unwritable = |_| StoreError::BatchMalformed("precommits cannot be written as JSON");
        Ok(Self {
            round: i64::from(agreement.round),
            turn: agreement.turn.as_str(),
            proposer: agreement.proposer.as_str(),
            precommits: serde_json::to_string(&agreement.precommits).map_err(unwritable)?,
        })
    }

    /// The parameters of the statement, in order.
    pub(crate) fn columns<'b>(&'b self, height: &'b i64) -> Vec<&'b (dyn ToSql + Sync)> {
        vec![height, &self.round, &self.turn, &self.proposer, &self.precommits]
    }
}

impl Store {
    /// How the block of that height was agreed.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn agreement(&self, height: Height) -> Result<Option<Agreement>, StoreError> {
        let rows = self.rows(sql::AGREEMENT, &[&bigint_or_max(height.0)]).await?;
        let agreement = rows.first().map(|row| {
            let cells = Cells::new(row, "block_agreement", &height);
            Agreement::from_cells(&cells)
        });
        agreement.transpose()
    }

    /// Whose turns at most `limit` blocks took, from height `from` on, in order.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn turns(&self, from: Height, limit: u32) -> Result<Vec<TurnRow>, StoreError> {
        let rows = self.rows(sql::TURNS, &[&bigint_or_max(from.0), &i64::from(limit)]).await?;
        rows.iter().map(TurnRow::from_row).collect()
    }
}
