//! Anchors 锚定: what the region put on a public chain, so that the ledger itself says where its checkpoints and
//! statements can be found. Whether a transaction happened is not asked here: no rule sees a chain. An auditor compares
//! the roots with the ledger, and anybody the transactions with the chain.

use databourse_primitives::{
    ChainAddress, ChainHash, Digest, EntryId, ExchangeCode, Holder, LeafIndex, Refusal, RefusalCode,
    Timestamp, TreeSize, WindowId,
};
use serde::{Deserialize, Serialize};

/// The largest number of a chain, a block or a count: what a JSON number holds exactly.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// `anchor.record`: an exchange records what was anchored, after its confirmations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordAnchor {
    /// Which chain (EIP-155), from 1.
    pub chain_id: u64,
    /// The contract that keeps it.
    pub contract: ChainAddress,
    /// The transaction that put it there.
    pub transaction: ChainHash,
    /// The transaction's block.
    pub block_number: u64,
    /// What was anchored.
    pub subject: AnchorSubject,
}

/// What was anchored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub enum AnchorSubject {
    /// A checkpoint of this ledger.
    Checkpoint {
        /// Number of leaves.
        size: TreeSize,
        /// RFC 6962 root over them.
        root: Digest,
    },
    /// A settlement statement.
    Statement {
        /// The settlement window.
        window: WindowId,
        /// Whose statement.
        holder: Holder,
        /// Number of its lines.
        line_count: u64,
        /// Root of the OpenZeppelin standard tree over them (Keccak-256).
        root: ChainHash,
        /// The anchored checkpoint that holds all their entries.
        size: TreeSize,
    },
}

impl AnchorSubject {
    /// Its name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Checkpoint { .. } => "checkpoint",
            Self::Statement { .. } => "statement",
        }
    }

    /// Size of the checkpoint that it is or rests on.
    pub const fn size(&self) -> TreeSize {
        match self {
            Self::Checkpoint { size, .. } | Self::Statement { size, .. } => *size,
        }
    }
}

/// A recorded anchor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Its entry.
    pub id: EntryId,
    /// Which chain.
    pub chain_id: u64,
    /// The contract that keeps it.
    pub contract: ChainAddress,
    /// The transaction that put it there.
    pub transaction: ChainHash,
    /// The transaction's block.
    pub block_number: u64,
    /// What was anchored.
    pub subject: AnchorSubject,
    /// The exchange that says so.
    pub recorded_by: ExchangeCode,
    /// Block time.
    pub recorded_at: Timestamp,
}

impl RecordAnchor {
    /// Makes the record. `last` is the size of the checkpoint recorded last for this chain and contract, `place` where
    /// this entry stands: what was anchored lies before it.
    ///
    /// # Errors
    /// In this order: `body.malformed` for a number out of range; `anchor.size_beyond_ledger`; `anchor.recorded` for the
    /// size recorded last; `anchor.size_not_grown` for a smaller one.
    pub fn record(
        &self,
        id: EntryId,
        by: &ExchangeCode,
        last: Option<TreeSize>,
        place: LeafIndex,
        now: Timestamp,
    ) -> Result<Anchor, Refusal> {
        let check = |field: &'static str, number: u64| match number {
            1..=NUMBER_MAX => Ok(()),
            _ => Err(Refusal::new(
                RefusalCode::BodyMalformed,
                field,
                format!("a number from 1 to {NUMBER_MAX}"),
            )),
        };
        check("chain_id", self.chain_id)?;
        check("block_number", self.block_number)?;
        if let AnchorSubject::Statement { line_count, .. } = &self.subject {
            check("subject.line_count", *line_count)?;
        }
        let size = self.subject.size();
        check("subject.size", size.0)?;
        if size.0 > place.0 {
            let expected = format!("at most {place}, what stands before this entry");
            return Err(Refusal::new(RefusalCode::AnchorSizeBeyondLedger, "subject.size", expected));
        }
        if let (AnchorSubject::Checkpoint { .. }, Some(last)) = (&self.subject, last)
            && size <= last
        {
            let code =
                if size == last { RefusalCode::AnchorRecorded } else { RefusalCode::AnchorSizeNotGrown };
            let expected = format!("more than {last}, recorded last for this contract");
            return Err(Refusal::new(code, "subject.size", expected));
        }
        Ok(Anchor {
            id,
            chain_id: self.chain_id,
            contract: self.contract,
            transaction: self.transaction,
            block_number: self.block_number,
            subject: self.subject.clone(),
            recorded_by: by.clone(),
            recorded_at: now,
        })
    }
}
