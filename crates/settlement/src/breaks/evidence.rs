//! Evidence of a break: proofs against the roots that the exchanges signed. Here only its form is checked; the proofs
//! themselves are verified where trees are known.

use databourse_primitives::{Digest, Label, Line, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

/// A line of a pair's tree, whose leaves are in the order of their business keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenLine {
    /// The line's business key.
    pub key: Label,
    /// Its place in the tree, from 0.
    pub index: u64,
    /// Hashes from the leaf up to the root, at most 64.
    pub proof: Vec<Digest>,
}

/// What supports one side's view of a break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub enum Evidence {
    /// A tree contains the line.
    Inclusion {
        /// Root of the tree, as an exchange signed it.
        tree_root: Digest,
        /// The line and its proof.
        line: ProvenLine,
    },
    /// A tree has no line of this key: its neighbours in the order of keys are next to one another.
    NonInclusion {
        /// Root of the tree, as an exchange signed it.
        tree_root: Digest,
        /// The business key that is not there.
        key: Label,
        /// The last line before it; none if it would be the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<ProvenLine>,
        /// The first line after it; none if it would be the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<ProvenLine>,
    },
    /// Both exchanges' signed heads of the pair.
    Heads {
        /// Root that the left exchange signed.
        left_root: Digest,
        /// Root that the right exchange signed.
        right_root: Digest,
    },
    /// A document outside the ledger, such as a bank statement.
    Document {
        /// Its digest.
        digest: Digest,
        /// What it is and shows.
        note: Line,
    },
}

impl Evidence {
    /// The longest proof, in hashes.
    pub const PROOF_HASHES_MAX: usize = 64;

    /// Refuses evidence that cannot prove anything, whatever its hashes are.
    ///
    /// # Errors
    /// `body.malformed`.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let (lines, shape, expected) = match self {
            Self::Inclusion { line, .. } => (vec![line], true, ""),
            Self::NonInclusion { key, before, after, .. } => {
                let ordered = before.as_ref().is_none_or(|line| line.key < *key)
                    && after.as_ref().is_none_or(|line| line.key > *key);
                // The first line has no other before it. That a line is the last one follows from its proof.
                let adjacent = match (before, after) {
                    (Some(before), Some(after)) => before.index.checked_add(1) == Some(after.index),
                    (None, Some(after)) => after.index == 0,
                    (_, None) => true,
                };
                let lines = before.iter().chain(after).collect();
                (lines, ordered && adjacent, "neighbours of the key, one right after the other")
            }
            Self::Heads { left_root, right_root } => {
                (Vec::new(), left_root != right_root, "two heads that differ")
            }
            Self::Document { .. } => (Vec::new(), true, ""),
        };
        if !shape {
            return Err(Refusal::new(RefusalCode::BodyMalformed, "evidence", expected));
        }
        if lines.iter().any(|line| line.proof.len() > Self::PROOF_HASHES_MAX) {
            return Err(Refusal::new(RefusalCode::BodyMalformed, "evidence", "proofs of at most 64 hashes"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(key: &str, index: u64, hash_count: usize) -> ProvenLine {
        ProvenLine { key: key.parse().unwrap(), index, proof: vec![Digest::of(b"h"); hash_count] }
    }

    fn missing(before: Option<ProvenLine>, after: Option<ProvenLine>) -> Evidence {
        Evidence::NonInclusion { tree_root: Digest::of(b"r"), key: "m".parse().unwrap(), before, after }
    }

    #[track_caller]
    fn check(evidence: &Evidence, accepted: bool) {
        assert_eq!(evidence.check().is_ok(), accepted, "{evidence:?}");
    }

    #[test]
    fn a_gap_is_between_neighbours() {
        check(&missing(Some(line("a", 3, 2)), Some(line("z", 4, 2))), true);
        check(&missing(Some(line("a", 3, 2)), Some(line("z", 5, 2))), false);
        check(&missing(Some(line("n", 3, 2)), Some(line("z", 4, 2))), false);
        check(&missing(Some(line("a", 3, 2)), Some(line("m", 4, 2))), false);
        check(&missing(None, Some(line("z", 0, 2))), true);
        check(&missing(None, Some(line("z", 1, 2))), false);
        check(&missing(Some(line("a", u64::MAX, 2)), None), true);
        check(&missing(None, None), true);
    }

    #[test]
    fn proofs_are_bounded_and_equal_heads_prove_nothing() {
        let root = Digest::of(b"r");
        check(&Evidence::Inclusion { tree_root: root, line: line("a", 0, 64) }, true);
        check(&Evidence::Inclusion { tree_root: root, line: line("a", 0, 65) }, false);
        check(&missing(Some(line("a", 0, 65)), None), false);
        check(&Evidence::Heads { left_root: root, right_root: root }, false);
        check(&Evidence::Heads { left_root: root, right_root: Digest::of(b"s") }, true);
    }
}
