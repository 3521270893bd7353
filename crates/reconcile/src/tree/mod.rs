//! The tree of a window: a Merkle-sum tree in the order of (counterparty, key).
//!
//! **Shape.** A binary Patricia tree (Morrison 1968; also called crit-bit tree) over the bits of the place
//! `counterparty 00 key 00`: a node forks at the first bit in which the places below it differ. The shape depends on
//! the set of places only, so the same lines give the same root in whatever order they came. One line more or less
//! adds or removes one leaf and one fork and changes the hashes on one path; a tree split by index (RFC 6962) would
//! shift every later leaf, and a walk would find all of them different. The order is kept, so all lines of one
//! counterparty are below one node. The alternatives were a treap and a Merkle search tree with priorities from hashes
//! of the keys: who chooses keys can make those deep at will, while here no path is longer than a place has bits.
//!
//! **Hashes.** SHA-256. Every child's counts and sums stand beside its hash in the hash of the parent, so no sum can be
//! changed without changing the root (a Merkle-sum tree). See [`Node`] and [`SettlementLine::encoding`] for the bytes;
//! the root of no lines is the SHA-256 of nothing, as in RFC 9162 §2.1.1. Vectors:
//! `tests/vectors/settlement/window-tree.json`.
//!
//! **Cost.** Building is one sort and one pass with a stack; nothing here recurses.

mod diff;
mod node;
mod proof;
mod totals;

pub use diff::{Difference, NodeSource, diff};
pub use node::{Node, Prefix};
pub use proof::{Proof, ProofEnd, ProofError, ProofStep, verify_absence, verify_inclusion};
pub use totals::{AssetTotal, Summary, Totals};

use crate::line::SettlementLine;
use databourse_primitives::{Digest, Refusal};
use std::collections::BTreeMap;

/// Why a tree could not be built or walked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A line breaks the range or the sign rule.
    #[error("{0}")]
    Line(Refusal),
    /// More lines than a tree holds, or sums out of range.
    #[error("the tree is too large: expected fewer than 2^31 lines")]
    TooLarge,
    /// The source has no node of this hash.
    #[error("no node {0} at the other side")]
    NodeMissing(Digest),
    /// The node that came is not the one that was asked for, or stands where it cannot stand.
    #[error("the other side's node {0} is not what its parent says")]
    NodeDiffers(Digest),
    /// Lines matched and lines in breaks are not all lines: a defect of this crate, or a right root that counts other
    /// lines than its leaves hold.
    #[error("matched lines and lines in breaks are not all lines")]
    NotTied,
}

/// Where a node is kept; leaves name a range of the lines.
#[derive(Debug, Clone)]
enum Place {
    Leaf { from: usize, until: usize },
    Branch { bits: u16, left: usize, right: usize },
}

/// The whole tree of one side's lines, in memory.
#[derive(Debug, Clone)]
pub struct WindowTree {
    /// Ordered by place, encoding and time.
    lines: Vec<SettlementLine>,
    places: Vec<Place>,
    summaries: Vec<Summary>,
    by_hash: BTreeMap<Digest, usize>,
}

impl WindowTree {
    /// Builds the tree of `lines`, given in any order. The same key twice is kept: both lines stand in one leaf.
    ///
    /// # Errors
    /// [`TreeError::Line`] if a line breaks [`SettlementLine::check`], with its place in `lines`;
    /// [`TreeError::TooLarge`] from 2^31 lines.
    pub fn build(lines: Vec<SettlementLine>) -> Result<Self, TreeError> {
        if lines.len() >= 1 << 31 {
            return Err(TreeError::TooLarge);
        }
        let mut keyed = Vec::with_capacity(lines.len());
        for (index, line) in lines.into_iter().enumerate() {
            line.check().map_err(|refusal| TreeError::Line(refusal.within(&format!("lines[{index}]"))))?;
            keyed.push((line.position(), line.encoding(), line));
        }
        keyed.sort_unstable_by(|a, b| (&a.0, &a.1, a.2.occurred_at).cmp(&(&b.0, &b.1, b.2.occurred_at)));
        let mut tree = Self {
            lines: Vec::new(),
            places: Vec::with_capacity(keyed.len() * 2),
            summaries: Vec::with_capacity(keyed.len() * 2),
            by_hash: BTreeMap::new(),
        };
        // A fork waits here, with its left branch, until its right branch is complete: the deeper fork is on top.
        let mut waiting: Vec<(u16, usize)> = Vec::new();
        let mut from = 0;
        for leaf in keyed.chunk_by(|a, b| a.0 == b.0) {
            let encodings: Vec<&[u8]> = leaf.iter().map(|(_, encoding, _)| encoding.as_slice()).collect();
            let totals = Totals::of(leaf.iter().map(|(_, _, line)| line));
            let until = from + leaf.len();
            let hash = node::leaf_hash(&encodings);
            let mut top = tree.add(Place::Leaf { from, until }, Summary { hash, totals });
            if let Some((next, _, _)) = keyed.get(until) {
                // Forks below the one that separates this leaf from the next are complete.
                let fork = node::common_bits(&leaf[0].0, next);
                top = tree.close(&mut waiting, top, Some(fork), &leaf[0].0)?;
                waiting.push((fork, top));
            } else {
                tree.close(&mut waiting, top, None, &leaf[0].0)?;
            }
            from = until;
        }
        tree.lines = keyed.into_iter().map(|(_, _, line)| line).collect();
        tree.by_hash = tree.summaries.iter().enumerate().map(|(at, summary)| (summary.hash, at)).collect();
        Ok(tree)
    }

    /// Makes nodes of the waiting forks deeper than `until`, `top` being the rightmost branch so far.
    fn close(
        &mut self,
        waiting: &mut Vec<(u16, usize)>,
        mut top: usize,
        until: Option<u16>,
        position: &[u8],
    ) -> Result<usize, TreeError> {
        while let Some((bits, left)) = waiting.pop_if(|(bits, _)| until.is_none_or(|until| *bits > until)) {
            let (left_summary, right_summary) = (&self.summaries[left], &self.summaries[top]);
            let totals = left_summary.totals.plus(&right_summary.totals).ok_or(TreeError::TooLarge)?;
            let hash = node::branch_hash(&Prefix::of(position, bits), left_summary, right_summary);
            top = self.add(Place::Branch { bits, left, right: top }, Summary { hash, totals });
        }
        Ok(top)
    }

    fn add(&mut self, place: Place, summary: Summary) -> usize {
        self.places.push(place);
        self.summaries.push(summary);
        self.places.len() - 1
    }

    /// The lines in the order of the tree.
    pub fn lines(&self) -> &[SettlementLine] {
        &self.lines
    }

    /// The summary of the whole: what the holder signs as its head of the window.
    pub fn root(&self) -> Summary {
        // The topmost node is added last.
        self.summaries
            .last()
            .cloned()
            .unwrap_or_else(|| Summary { hash: Digest::of(b""), totals: Totals::default() })
    }

    /// Number of the topmost node; `None` of a tree without lines.
    fn top(&self) -> Option<usize> {
        self.places.len().checked_sub(1)
    }

    /// Any line below the node.
    fn first_line(&self, mut at: usize) -> usize {
        loop {
            match self.places[at] {
                Place::Leaf { from, .. } => return from,
                Place::Branch { left, .. } => at = left,
            }
        }
    }

    fn prefix_at(&self, at: usize) -> Prefix {
        let position = self.lines[self.first_line(at)].position();
        match self.places[at] {
            Place::Leaf { .. } => Prefix::whole(&position),
            Place::Branch { bits, .. } => Prefix::of(&position, bits),
        }
    }

    fn node_at(&self, at: usize) -> Node {
        match self.places[at] {
            Place::Leaf { from, until } => Node::Leaf { lines: self.lines[from..until].to_vec() },
            Place::Branch { left, right, .. } => Node::Branch {
                prefix: self.prefix_at(at),
                left: self.summaries[left].clone(),
                right: self.summaries[right].clone(),
            },
        }
    }
}

impl NodeSource for WindowTree {
    fn root(&self) -> Summary {
        self.root()
    }

    fn node(&self, hash: &Digest) -> Result<Node, TreeError> {
        self.by_hash.get(hash).map(|at| self.node_at(*at)).ok_or(TreeError::NodeMissing(*hash))
    }
}
