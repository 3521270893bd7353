//! Double signing that this node has seen.

use crate::{
    Store, StoreError,
    cell::{Cells, bigint},
    session::{READ_LIMIT, within},
    sql,
    store::begin_write,
};
use databourse_ledger::DoubleSigning;
use databourse_primitives::{Digest, ExchangeCode};
use std::collections::BTreeMap;
use tokio_postgres::types::ToSql;

/// Columns of `evidence`, one element per row.
#[derive(Default)]
struct EvidenceColumns<'a> {
    exchanges: Vec<&'a str>,
    heights: Vec<i64>,
    digests: Vec<Vec<u8>>,
    proofs: Vec<String>,
}

impl<'a> EvidenceColumns<'a> {
    fn of(evidence: &'a [DoubleSigning]) -> Result<Self, StoreError> {
        let mut columns = Self::default();
        for proof in evidence {
            let unwritable = |_| StoreError::BatchMalformed("evidence cannot be written as JSON");
            let digest = pair_digest(proof).map_err(unwritable)?;
            columns.exchanges.push(proof.exchange.as_str());
            columns.heights.push(bigint(proof.first.message.height.0)?);
            columns.digests.push(digest.as_bytes().to_vec());
            columns.proofs.push(serde_json::to_string(proof).map_err(unwritable)?);
        }
        Ok(columns)
    }
}

/// The name of a pair of messages: which of the two came first does not matter.
pub(crate) fn pair_digest(proof: &DoubleSigning) -> Result<Digest, serde_json::Error> {
    let mut messages = [serde_json::to_string(&proof.first)?, serde_json::to_string(&proof.second)?];
    messages.sort();
    Ok(Digest::of(messages.join("\n").as_bytes()))
}

impl Store {
    /// Keeps evidence, each pair of messages once, whichever came first; how much of it was new. That it proves anything
    /// is for the caller to check. The writing session is not needed.
    ///
    /// # Errors
    /// `ReadOnly`, `Refused`, `OutOfRange`, `Unavailable`.
    pub async fn save_evidence(&self, evidence: &[DoubleSigning]) -> Result<u64, StoreError> {
        let columns = EvidenceColumns::of(evidence)?;
        let EvidenceColumns { exchanges, heights, digests, proofs } = &columns;
        self.write_evidence(sql::INSERT_EVIDENCE, &[exchanges, heights, digests, proofs]).await
    }

    /// Marks evidence as reported; how much of it was not before.
    ///
    /// # Errors
    /// As [`Store::save_evidence`].
    pub async fn mark_evidence_reported(&self, evidence: &[DoubleSigning]) -> Result<u64, StoreError> {
        let columns = EvidenceColumns::of(evidence)?;
        let EvidenceColumns { exchanges, heights, digests, .. } = &columns;
        self.write_evidence(sql::MARK_EVIDENCE, &[exchanges, heights, digests]).await
    }

    /// At most `limit` pieces of evidence that nobody has marked as reported, in order of height.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn unreported_evidence(&self, limit: u32) -> Result<Vec<DoubleSigning>, StoreError> {
        let rows = self.rows(sql::UNREPORTED_EVIDENCE, &[&i64::from(limit)]).await?;
        let evidence = rows.iter().map(|row| {
            let height = Cells::new(row, "evidence", &"?").number("height")?;
            let cells = Cells::new(row, "evidence", &height);
            let proof: DoubleSigning = cells.json("proof")?;
            let is_filed = proof.first.message.height.0 == height
                && proof.exchange == cells.parsed::<ExchangeCode>("exchange")?;
            if is_filed { Ok(proof) } else { Err(cells.damaged("proof")) }
        });
        evidence.collect()
    }

    /// How many pieces of evidence there are of each exchange that has any, reported or not.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn evidence_counts(&self) -> Result<BTreeMap<ExchangeCode, u64>, StoreError> {
        let rows = self.rows(sql::EVIDENCE_COUNTS, &[]).await?;
        let counts = rows.iter().map(|row| {
            let cells = Cells::new(row, "evidence", &"count");
            Ok((cells.parsed("exchange")?, cells.number("evidence_count")?))
        });
        counts.collect()
    }

    async fn write_evidence(&self, sql: &str, columns: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        within(READ_LIMIT, async {
            let mut client = self.connection().await?;
            let tx = begin_write(&mut client).await?;
            let statement = tx.prepare_cached(sql).await?;
            let written = tx.execute(&statement, columns).await?;
            tx.commit().await?;
            Ok(written)
        })
        .await
    }
}
