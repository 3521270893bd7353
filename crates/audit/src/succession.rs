//! The chain of two ledgers: the end of one is the beginning of the next.

use databourse_ledger::{Entry, Policy, SignedCheckpoint, Untrusted};
use databourse_market::Command;
use databourse_party::LedgerEnd;
use databourse_primitives::{Refusal, RefusalCode};
use std::fmt;

/// Why a ledger is not shown to go on from another, in the order in which it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuccessionError {
    /// The policy does not trust the last checkpoint.
    LastUntrusted(Untrusted),
    /// The first entry does not found a ledger.
    FirstEntry(Refusal),
    /// The founding names no predecessor.
    PredecessorMissing,
    /// What it says of its predecessor does not hold.
    Predecessor(Refusal),
    /// It goes on from somewhere else: another ledger, or this one at another size or with another root.
    Differs {
        /// Where the founding says that its predecessor ended.
        named: LedgerEnd,
    },
    /// The policy does not trust the checkpoint under which the founding proves the end.
    EndUntrusted(Untrusted),
}

impl fmt::Display for SuccessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LastUntrusted(error) => write!(f, "the last checkpoint: {error}"),
            Self::FirstEntry(refusal) => write!(f, "the first entry: {refusal}"),
            Self::PredecessorMissing => f.write_str("the founding names no predecessor"),
            Self::Predecessor(refusal) => write!(f, "the predecessor: {refusal}"),
            Self::Differs { named } => {
                write!(f, "the founding goes on from {} at size {}", named.origin.as_str(), named.size)
            }
            Self::EndUntrusted(error) => write!(f, "the checkpoint in the founding: {error}"),
        }
    }
}

impl std::error::Error for SuccessionError {}

/// Verifies that the ledger whose first entry is `first` (`region.found`, leaf 1 behind the header of its first block) goes
/// on from the ledger whose last checkpoint is `last`, of which the caller trusts `policy`: the last root, size and origin
/// are in the first entry, and the last entry of the one names the other.
///
/// # Errors
/// The first of [`SuccessionError`] that applies.
pub fn verify_succession(
    last: &SignedCheckpoint,
    policy: &Policy,
    first: &[u8],
) -> Result<LedgerEnd, SuccessionError> {
    policy.check(last).map_err(SuccessionError::LastUntrusted)?;
    let entry = Entry::parse(first).map_err(SuccessionError::FirstEntry)?;
    let claims = entry.claims();
    let founding = match Command::from_json(&claims.entry_type, claims.body.get()) {
        Ok(Command::FoundRegion(founding)) => founding,
        Ok(_) => {
            let refusal = Refusal::new(RefusalCode::RegionNotFounded, "type", "`region.found`");
            return Err(SuccessionError::FirstEntry(refusal));
        }
        Err(refusal) => return Err(SuccessionError::FirstEntry(refusal)),
    };
    let predecessor = founding.predecessor.ok_or(SuccessionError::PredecessorMissing)?;
    let named = predecessor.verify(&founding.origin).map_err(SuccessionError::Predecessor)?;
    let last = &last.checkpoint;
    let is_same = named.origin.as_str() == last.origin
        && named.size == last.size
        && named.root.as_bytes() == last.root.as_bytes();
    if !is_same {
        return Err(SuccessionError::Differs { named });
    }
    let proven = predecessor.checkpoint().map_err(SuccessionError::Predecessor)?;
    policy.check(&proven).map_err(SuccessionError::EndUntrusted)?;
    Ok(named)
}
