//! The predecessor 前任账本 of a ledger: where it ended, and the proof of it, in the first entry of the ledger that goes on.

use crate::CloseLedger;
use databourse_ledger::{CertificateFile, Entry, Policy, Receipt, SignedCheckpoint};
use databourse_primitives::{Digest, Line, PublicKey, Refusal, RefusalCode, TreeSize};
use serde::{Deserialize, Serialize};

/// Where a ledger ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEnd {
    /// Its origin.
    pub origin: Line,
    /// Number of its leaves.
    pub size: TreeSize,
    /// Root over them.
    pub root: Digest,
}

/// `region.found`, member `predecessor`: where the ledger ended that the new one goes on from, and everything that it takes
/// to verify that, but the trust in the exchanges of then: whoever has their policy compares it with `policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predecessor {
    /// Its origin.
    pub origin: Line,
    /// Number of its leaves.
    pub size: TreeSize,
    /// Root over them.
    pub root: Digest,
    /// Under which policy its last checkpoint is final: more than two thirds of its exchanges (C2SP tlog-policy).
    pub policy: String,
    /// Its last entry, `ledger.close`, which names this ledger.
    pub entry: String,
    /// The key that signed that entry.
    pub author_key: PublicKey,
    /// That this is its last leaf, under its last checkpoint with the quorum's cosignatures (C2SP tlog-proof).
    pub receipt: String,
}

impl Predecessor {
    /// Puts it together from what the ended ledger gives out.
    ///
    /// # Errors
    /// `predecessor.invalid` at `receipt` if the checkpoint's origin is not one line.
    pub fn new(policy: &Policy, end: &CertificateFile) -> Result<Self, Refusal> {
        let checkpoint = &end.receipt.checkpoint.checkpoint;
        let origin = checkpoint.origin.parse().map_err(|_| invalid("receipt", "an origin of one line"))?;
        Ok(Self {
            origin,
            size: checkpoint.size,
            root: Digest::from_bytes(*checkpoint.root.as_bytes()),
            policy: policy.to_string(),
            entry: end.entry.as_str().to_owned(),
            author_key: end.author_key,
            receipt: end.receipt.to_string(),
        })
    }

    /// Where it ended, unverified.
    pub fn end(&self) -> LedgerEnd {
        LedgerEnd { origin: self.origin.clone(), size: self.size, root: self.root }
    }

    /// Its last checkpoint with the lines under it, unverified.
    ///
    /// # Errors
    /// `predecessor.invalid` at `receipt`.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint, Refusal> {
        Ok(self.parse_receipt()?.checkpoint)
    }

    /// The policy that it states.
    ///
    /// # Errors
    /// `predecessor.invalid` at `policy` unless it asks for more than two thirds of its witnesses.
    pub fn parse_policy(&self) -> Result<Policy, Refusal> {
        let policy: Policy = self.policy.parse().map_err(|error| invalid("policy", format!("{error}")))?;
        let (logs, witnesses) = (policy.logs().to_vec(), policy.witnesses().to_vec());
        match Policy::more_than_two_thirds(logs, witnesses) {
            Ok(expected) if expected == policy => Ok(policy),
            _ => Err(invalid("policy", "more than two thirds of its witnesses")),
        }
    }

    fn parse_receipt(&self) -> Result<Receipt, Refusal> {
        Receipt::parse(self.receipt.as_bytes()).map_err(|error| invalid("receipt", error.to_string()))
    }

    /// Verifies that a ledger ended there, under the policy that it states, and that its last entry names `successor`.
    ///
    /// # Errors
    /// `predecessor.invalid` with the member that does not hold.
    pub fn verify(&self, successor: &Line) -> Result<LedgerEnd, Refusal> {
        let policy = self.parse_policy()?;
        let receipt = self.parse_receipt()?;
        let (checkpoint, index) = (receipt.checkpoint.checkpoint.clone(), receipt.index);
        if checkpoint.origin != self.origin.as_str() || self.origin == *successor {
            return Err(invalid(
                "origin",
                "the origin of the last checkpoint, and of another ledger than this",
            ));
        }
        if checkpoint.size != self.size {
            return Err(invalid("size", format!("{}, as in the last checkpoint", checkpoint.size)));
        }
        if checkpoint.root.as_bytes() != self.root.as_bytes() {
            return Err(invalid("root", "the root of the last checkpoint"));
        }
        let entry =
            Entry::parse(self.entry.as_bytes()).map_err(|error| invalid("entry", error.to_string()))?;
        let file = CertificateFile { entry, author_key: self.author_key, receipt };
        let verified = file.verify(&policy).map_err(|error| invalid("receipt", error.to_string()))?;
        if index.0.checked_add(1) != Some(self.size.0) {
            return Err(invalid("entry", "the last leaf"));
        }
        let close = serde_json::from_str::<CloseLedger>(verified.claims.body.get()).ok();
        let close = close.filter(|_| verified.claims.entry_type == CloseLedger::ENTRY_TYPE);
        match close {
            Some(close) if close.successor == *successor => Ok(self.end()),
            _ => Err(invalid("entry", format!("`ledger.close` that names {}", successor.as_str()))),
        }
    }
}

fn invalid(field: &'static str, expected: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(RefusalCode::PredecessorInvalid, field, expected)
}
