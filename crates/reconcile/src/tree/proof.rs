//! Proofs that a stranger checks with nothing but a root: that a line is in a tree, or that nothing stands at a place.
//!
//! A place is looked for by following its bits from the top. The walk ends at the leaf of the place, or at the first
//! node whose prefix the place does not share; then nothing below that node, and nothing anywhere else, can stand at the
//! place. Either end, with the summaries of the branches not taken, is the proof. Sums are checked on the way up: the
//! root must count and sum what the end and the other branches count and sum.

use super::node::{Node, Prefix, branch_hash};
use super::totals::Summary;
use super::{Place, WindowTree};
use crate::key::BusinessKey;
use crate::line::{self, SettlementLine};
use databourse_primitives::{Digest, Label};
use serde::{Deserialize, Serialize};

/// A fork on the way from the end of a proof to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofStep {
    /// Where it forks: the number of bits that everything below shares.
    pub bits: u16,
    /// The branch that was not taken.
    pub sibling: Summary,
}

/// Where the walk ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum ProofEnd {
    /// The tree has no lines.
    Empty {},
    /// The leaf of the place, or a node that the place is not below.
    Node(Node),
}

/// A proof of what stands at one place, or that nothing does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Where the walk ended.
    pub end: ProofEnd,
    /// The forks from the end up to the root.
    pub path: Vec<ProofStep>,
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The end is no node, or the path is not one that such a tree has.
    #[error("the proof is not formed as one")]
    Malformed,
    /// Hash, counts or sums are not those of the root.
    #[error("the proof leads to another root")]
    RootDiffers,
    /// The proof is about another place or another line, or proves the contrary.
    #[error("the proof does not show what it should")]
    ClaimDiffers,
}

impl WindowTree {
    /// The proof of what stands at (`counterparty`, `key`): for [`verify_inclusion`] if a line does, else for
    /// [`verify_absence`].
    pub fn proof(&self, counterparty: &Label, key: Option<&BusinessKey>) -> Proof {
        let target = Prefix::whole(&line::position(counterparty, key));
        let mut path = Vec::new();
        let Some(mut at) = self.top() else { return Proof { end: ProofEnd::Empty {}, path } };
        while let Place::Branch { bits, left, right } = self.places[at] {
            if self.prefix_at(at).common(&target) < bits {
                break;
            }
            let (next, other) = if target.bit(bits) { (right, left) } else { (left, right) };
            path.push(ProofStep { bits, sibling: self.summaries[other].clone() });
            at = next;
        }
        path.reverse();
        Proof { end: ProofEnd::Node(self.node_at(at)), path }
    }
}

/// Whether `line` stands in the tree of `root`, and how often.
///
/// # Errors
/// See [`ProofError`]. The time of a line is not hashed, so it is not proved.
pub fn verify_inclusion(root: &Summary, line: &SettlementLine, proof: &Proof) -> Result<usize, ProofError> {
    climb(root, proof)?;
    let ProofEnd::Node(Node::Leaf { lines }) = &proof.end else { return Err(ProofError::ClaimDiffers) };
    let encoding = line.encoding();
    match lines.iter().filter(|held| held.encoding() == encoding).count() {
        0 => Err(ProofError::ClaimDiffers),
        times => Ok(times),
    }
}

/// Whether nothing stands at (`counterparty`, `key`) in the tree of `root`.
///
/// # Errors
/// See [`ProofError`].
pub fn verify_absence(
    root: &Summary,
    counterparty: &Label,
    key: Option<&BusinessKey>,
    proof: &Proof,
) -> Result<(), ProofError> {
    let Some(end) = climb(root, proof)? else { return Ok(()) };
    let target = Prefix::whole(&line::position(counterparty, key));
    let common = end.common(&target);
    // The end must part from the place, and every fork above must lead the place to the end.
    if common < end.bits && proof.path.iter().all(|step| step.bits < common) {
        Ok(())
    } else {
        Err(ProofError::ClaimDiffers)
    }
}

/// Computes the root from the proof and compares. Returns the prefix of the end, `None` for the empty tree.
fn climb(root: &Summary, proof: &Proof) -> Result<Option<Prefix>, ProofError> {
    let node = match &proof.end {
        ProofEnd::Node(node) => node,
        ProofEnd::Empty {} => {
            let empty = root.totals.is_empty() && root.hash == Digest::of(b"") && proof.path.is_empty();
            return if empty { Ok(None) } else { Err(ProofError::RootDiffers) };
        }
    };
    let end = node.prefix().ok_or(ProofError::Malformed)?;
    let mut below = node.summary().ok_or(ProofError::Malformed)?;
    let mut bits = end.bits;
    for step in &proof.path {
        if step.bits >= bits || step.sibling.totals.is_empty() {
            return Err(ProofError::Malformed);
        }
        bits = step.bits;
        let totals = below.totals.plus(&step.sibling.totals).ok_or(ProofError::Malformed)?;
        let (left, right) = if end.bit(bits) { (&step.sibling, &below) } else { (&below, &step.sibling) };
        below = Summary { hash: branch_hash(&Prefix::of(&end.bytes, bits), left, right), totals };
    }
    if below == *root { Ok(Some(end)) } else { Err(ProofError::RootDiffers) }
}
