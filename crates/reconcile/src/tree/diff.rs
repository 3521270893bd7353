//! Walking two trees where they differ.

use super::node::{Node, Prefix};
use super::totals::Summary;
use super::{Place, TreeError, WindowTree};
use crate::line::SettlementLine;
use databourse_primitives::Digest;
use std::cmp::Ordering;

/// A tree that somebody else holds: a peer over the network, or a [`WindowTree`] here.
///
/// A node is named by its hash, so what comes is checked and a peer cannot answer one walk in two ways. An answer that
/// does not hash to the name, does not count what its parent says, or stands outside its parent's prefix ends the walk.
pub trait NodeSource {
    /// Its summary. Compare it with the head that its holder signed.
    fn root(&self) -> Summary;

    /// The node of this hash.
    ///
    /// # Errors
    /// [`TreeError::NodeMissing`] if the holder has none or cannot be reached.
    fn node(&self, hash: &Digest) -> Result<Node, TreeError>;
}

/// What two trees do not share, and what finding it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Places in [`WindowTree::lines`] of the left lines that the right side has not, or not as often.
    pub left: Vec<usize>,
    /// Right lines that the left side has not, or not as often, in the order of the tree.
    pub right: Vec<SettlementLine>,
    /// Hashes that came from the right side: its root and two for each fork.
    pub hashes_fetched: u64,
    /// Nodes that came from the right side, forks and leaves.
    pub nodes_fetched: u64,
}

/// What is still to compare; at least one side is present. The right side is named by its parent's word.
struct Pair {
    left: Option<usize>,
    right: Option<Right>,
}

enum Right {
    /// Announced by its parent: the summary, how its prefix must begin, and how many bits it must have at least.
    Unseen {
        summary: Summary,
        begins: Prefix,
    },
    Seen {
        node: Node,
        hash: Digest,
        prefix: Prefix,
    },
}

impl Right {
    fn hash(&self) -> Digest {
        match self {
            Self::Unseen { summary, .. } => summary.hash,
            Self::Seen { hash, .. } => *hash,
        }
    }
}

/// Compares a tree at hand with one that another holds, branch by branch. Equal hashes end a branch, so equal roots end
/// it all after one hash. The number of nodes fetched is at most twice the lines that the right root counts.
///
/// # Errors
/// [`TreeError::NodeMissing`], or [`TreeError::NodeDiffers`] if the right side answers with something else.
pub fn diff(left: &WindowTree, right: &impl NodeSource) -> Result<Difference, TreeError> {
    let mut found = Difference { hashes_fetched: 1, ..Difference::default() };
    let right_root = right.root();
    if right_root == left.root() {
        return Ok(found);
    }
    let empty = right_root.hash == Digest::of(b"") && right_root.totals.is_empty();
    let begins = Prefix { bits: 0, bytes: Vec::new() };
    let top = (!empty).then_some(Right::Unseen { summary: right_root, begins });
    // The last is compared next, so what comes first in the order is pushed last.
    let mut open = vec![Pair { left: left.top(), right: top }];
    while let Some(pair) = open.pop() {
        match (pair.left, pair.right) {
            (None, None) => {}
            (Some(at), None) => match left.places[at] {
                Place::Leaf { from, until } => found.left.extend(from..until),
                Place::Branch { left, right, .. } => {
                    open.extend([right, left].map(|at| Pair { left: Some(at), right: None }));
                }
            },
            (Some(at), Some(unequal)) if left.summaries[at].hash == unequal.hash() => {}
            (at, Some(unseen)) => {
                let (node, hash, prefix) = fetch(unseen, right, &mut found)?;
                compare(left, at, node, hash, prefix, &mut open, &mut found);
            }
        }
    }
    Ok(found)
}

/// Fetches what is not here yet and holds it against its parent's word.
fn fetch(
    right: Right,
    source: &impl NodeSource,
    found: &mut Difference,
) -> Result<(Node, Digest, Prefix), TreeError> {
    let (summary, begins) = match right {
        Right::Seen { node, hash, prefix } => return Ok((node, hash, prefix)),
        Right::Unseen { summary, begins } => (summary, begins),
    };
    let differs = || TreeError::NodeDiffers(summary.hash);
    let node = source.node(&summary.hash)?;
    let prefix = node.prefix().ok_or_else(differs)?;
    if node.summary().as_ref() != Some(&summary) || prefix.common(&begins) != begins.bits {
        return Err(differs());
    }
    found.nodes_fetched += 1;
    found.hashes_fetched += if matches!(node, Node::Branch { .. }) { 2 } else { 0 };
    Ok((node, summary.hash, prefix))
}

/// One step: what differs at once goes to `found`, what must be looked into to `open`.
fn compare(
    left: &WindowTree,
    at: Option<usize>,
    node: Node,
    hash: Digest,
    prefix: Prefix,
    open: &mut Vec<Pair>,
    found: &mut Difference,
) {
    let Some(at) = at else { return push_children(None, None, node, &prefix, open, found) };
    let here = left.prefix_at(at);
    let common = here.common(&prefix);
    let seen = |node| Some(Right::Seen { node, hash, prefix: prefix.clone() });
    match &left.places[at] {
        // The left fork is above the right node, or neither is above the other: the right node belongs to one branch
        // of the left fork or to none.
        Place::Branch { bits, left: zero, right: one } if common == *bits && prefix.bits > *bits => {
            let (zero, one) = (Some(*zero), Some(*one));
            let pairs = if prefix.bit(*bits) {
                [Pair { left: one, right: seen(node) }, Pair { left: zero, right: None }]
            } else {
                [Pair { left: one, right: None }, Pair { left: zero, right: seen(node) }]
            };
            open.extend(pairs);
        }
        Place::Branch { left: zero, right: one, .. } if here == prefix => {
            push_children(Some(*zero), Some(*one), node, &prefix, open, found);
        }
        Place::Leaf { from, until } if here == prefix => {
            match node {
                Node::Leaf { lines } => leaves(*from, &left.lines[*from..*until], lines, found),
                // A fork where a whole place ends: none of its branches can be real, and the next fetch says so.
                fork => push_children(Some(at), None, fork, &prefix, open, found),
            }
        }
        // The right fork is above the left node.
        _ if common == prefix.bits && here.bits > prefix.bits => {
            let (zero, one) = if here.bit(prefix.bits) { (None, Some(at)) } else { (Some(at), None) };
            push_children(zero, one, node, &prefix, open, found);
        }
        // They part before either forks: nothing is shared. The order decides which is written down first.
        _ => {
            let (only_left, only_right) =
                (Pair { left: Some(at), right: None }, Pair { left: None, right: seen(node) });
            open.extend(if here.bit(common) { [only_left, only_right] } else { [only_right, only_left] });
        }
    }
}

/// Opens the branches of a right node against these branches of the left; a right leaf is different as a whole.
fn push_children(
    zero: Option<usize>,
    one: Option<usize>,
    node: Node,
    prefix: &Prefix,
    open: &mut Vec<Pair>,
    found: &mut Difference,
) {
    match node {
        Node::Leaf { lines } => found.right.extend(lines),
        Node::Branch { left, right, .. } => {
            for (at, summary, bit) in [(one, right, true), (zero, left, false)] {
                let right = Some(Right::Unseen { summary, begins: extend(prefix, bit) });
                open.push(Pair { left: at, right });
            }
        }
    }
}

/// The prefix with one more bit.
fn extend(prefix: &Prefix, bit: bool) -> Prefix {
    let mut longer = prefix.clone();
    if longer.bits.is_multiple_of(8) {
        longer.bytes.push(0);
    }
    if let Some(last) = longer.bytes.last_mut().filter(|_| bit) {
        *last |= 0x80 >> (longer.bits % 8);
    }
    longer.bits = longer.bits.saturating_add(1);
    longer
}

/// Two leaves of one place: what both have is taken out, as often as both have it.
fn leaves(from: usize, left: &[SettlementLine], right: Vec<SettlementLine>, found: &mut Difference) {
    let left: Vec<_> = left.iter().map(SettlementLine::encoding).collect();
    let mut at = 0;
    for line in right {
        let encoding = line.encoding();
        while left.get(at).is_some_and(|here| *here < encoding) {
            found.left.push(from + at);
            at += 1;
        }
        match left.get(at).map(|here| here.cmp(&encoding)) {
            Some(Ordering::Equal) => at += 1,
            _ => found.right.push(line),
        }
    }
    found.left.extend(from + at..from + left.len());
}
