//! Evidence of a break: proofs against the roots that the exchanges signed, checked before they are taken.

use databourse_primitives::{Digest, Label, Line, Refusal, RefusalCode};
use databourse_reconcile::{
    BusinessKey, SettlementLine,
    tree::{Proof, ProofError, Summary, verify_absence, verify_inclusion},
};
use serde::{Deserialize, Serialize};

/// A piece of evidence. Everybody can check a proof again with nothing but the root that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub enum Evidence {
    /// A line stands in the tree of a window.
    Inclusion {
        /// The tree's hash, counts and sums.
        root: Summary,
        /// The line.
        line: Box<SettlementLine>,
        /// That it stands there.
        proof: Proof,
    },
    /// Nothing stands in the tree of a window under a key.
    NonInclusion {
        /// The tree's hash, counts and sums.
        root: Summary,
        /// The counterparty of the line that is not there.
        counterparty: Label,
        /// Its business key; absent for lines without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<BusinessKey>,
        /// That nothing stands there.
        proof: Proof,
    },
    /// The heads that both exchanges signed for the pair.
    Heads {
        /// The root that the left exchange signed.
        left_root: Digest,
        /// The root that the right exchange signed.
        right_root: Digest,
    },
    /// A document outside the ledger.
    Document {
        /// Its digest.
        digest: Digest,
        /// What it is and shows.
        note: Line,
    },
}

impl Evidence {
    /// The most forks between a line and its root. A tree of a million lines with keys as the market makes them has
    /// about thirty; what needs more is handed in as a document.
    pub const PROOF_FORKS_MAX: usize = 64;

    /// Refuses evidence that shows nothing.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let shown = match self {
            Self::Inclusion { root, line, proof } => {
                bounded(proof)?;
                verify_inclusion(root, line, proof).map(drop)
            }
            Self::NonInclusion { root, counterparty, key, proof } => {
                bounded(proof)?;
                verify_absence(root, counterparty, key.as_ref(), proof)
            }
            Self::Heads { left_root, right_root } if left_root == right_root => {
                return Err(malformed("two heads that differ"));
            }
            Self::Heads { .. } | Self::Document { .. } => Ok(()),
        };
        shown.map_err(|error: ProofError| malformed(format!("a proof that holds; {error}")))
    }
}

fn bounded(proof: &Proof) -> Result<(), Refusal> {
    if proof.path.len() <= Evidence::PROOF_FORKS_MAX {
        return Ok(());
    }
    Err(malformed(format!("a proof of at most {} forks", Evidence::PROOF_FORKS_MAX)))
}

fn malformed(expected: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(RefusalCode::BodyMalformed, "evidence", expected)
}
