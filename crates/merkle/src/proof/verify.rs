//! Checking proofs: RFC 9162 §2.1.3.2 and §2.1.4.2, step by step, for every `u64` size.
//!
//! A proof binds a leaf or an old root to a new root *for given sizes*. It does not prove the sizes: the same hashes
//! can fit another tree size of the same shape along the path. Index and sizes therefore come from a signed
//! checkpoint or receipt, never from the proof's bearer alone.

use core::fmt;

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// Checks that leaf `index` of the tree with this size and root has this leaf hash (RFC 9162 §2.1.3.2).
///
/// # Errors
/// In this order: [`ProofError::IndexOutsideTree`], [`ProofError::TooLong`], [`ProofError::TooShort`],
/// [`ProofError::RootMismatch`].
pub fn verify_inclusion(
    leaf_hash: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    if root_from_inclusion(leaf_hash, index, size, proof)? == root {
        Ok(())
    } else {
        Err(ProofError::RootMismatch)
    }
}

/// The root that an inclusion proof leads to, for callers that compare it with several.
///
/// # Errors
/// As [`verify_inclusion`], without the last.
pub fn root_from_inclusion(
    leaf_hash: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutsideTree { index, size });
    }
    let mut path = Path { node: index, last: size - 1 };
    let mut hash = leaf_hash;
    for sibling in proof {
        hash = match path.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    path.end()?;
    Ok(hash)
}

/// Checks that the old tree is the beginning of the new one (RFC 9162 §2.1.4.2).
///
/// Beyond the RFC, which starts at one leaf: the empty tree begins every tree, with an empty proof (tlog-witness), and
/// a tree of size 0 has [`EMPTY_ROOT`].
///
/// # Errors
/// In this order: [`ProofError::OldLargerThanNew`], [`ProofError::TooLong`], [`ProofError::TooShort`],
/// [`ProofError::OldRootMismatch`], [`ProofError::NewRootMismatch`].
pub fn verify_consistency(
    old_size: u64,
    old_root: Hash,
    new_size: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::OldLargerThanNew { old_size, new_size });
    }
    if old_size == 0 || old_size == new_size {
        return verify_trivial(old_size, old_root, new_size, new_root, proof);
    }
    // Step 2: an old tree that is one perfect subtree is its own first hash.
    let (first, rest) = match proof {
        rest if old_size.is_power_of_two() => (old_root, rest),
        [first, rest @ ..] => (*first, rest),
        [] => return Err(ProofError::TooShort),
    };
    // Steps 3 and 4: start at the root of the last perfect subtree of the old tree.
    let shift = (old_size - 1).trailing_ones();
    let mut path = Path { node: shifted(old_size - 1, shift), last: shifted(new_size - 1, shift) };
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        match path.step()? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            }
            Side::Right => new_hash = node_hash(&new_hash, sibling),
        }
    }
    path.end()?;
    if old_hash != old_root {
        return Err(ProofError::OldRootMismatch);
    }
    if new_hash != new_root { Err(ProofError::NewRootMismatch) } else { Ok(()) }
}

/// The two cases that take no hashes: from the empty tree, and from a tree to itself.
fn verify_trivial(
    old_size: u64,
    old_root: Hash,
    new_size: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::TooLong);
    }
    if old_size == 0 && old_root != EMPTY_ROOT {
        return Err(ProofError::OldRootMismatch);
    }
    if old_size == new_size && old_root != new_root { Err(ProofError::NewRootMismatch) } else { Ok(()) }
}

/// Where a proof's next hash stands beside the node in hand.
enum Side {
    Left,
    Right,
}

/// The walk up to the root: the RFC's fn and sn, the number of the node in hand and of the last one in its row.
struct Path {
    node: u64,
    last: u64,
}

impl Path {
    /// One hash of the proof: on which side it is joined; then up, past rows where the node has no sibling.
    fn step(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::TooLong);
        }
        let side = if self.node & 1 == 1 || self.node == self.last { Side::Left } else { Side::Right };
        let rows = match side {
            // An even node that is the last of its row rises alone until it is a right child.
            Side::Left if self.node != 0 => self.node.trailing_zeros() + 1,
            _ => 1,
        };
        self.node = shifted(self.node, rows);
        self.last = shifted(self.last, rows);
        Ok(side)
    }

    /// The end of the proof: only at the root.
    fn end(&self) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::TooShort) }
    }
}

/// `value >> rows`, 0 when all bits are gone.
fn shifted(value: u64, rows: u32) -> u64 {
    value.checked_shr(rows).unwrap_or(0)
}

/// Why a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// The tree of this size has no such leaf.
    IndexOutsideTree {
        /// The leaf claimed.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A tree does not shrink.
    OldLargerThanNew {
        /// The size claimed for the old tree.
        old_size: u64,
        /// The size of the new tree.
        new_size: u64,
    },
    /// Hashes are left over at the root.
    TooLong,
    /// The hashes end below the root.
    TooShort,
    /// The inclusion proof leads to another root.
    RootMismatch,
    /// The consistency proof leads to another old root.
    OldRootMismatch,
    /// The consistency proof leads to another new root.
    NewRootMismatch,
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexOutsideTree { index, size } => {
                write!(f, "a tree of {size} leaves has no leaf {index}")
            }
            Self::OldLargerThanNew { old_size, new_size } => {
                write!(f, "a tree of {old_size} leaves is not the beginning of one of {new_size}")
            }
            Self::TooLong => f.write_str("the proof goes on above the root"),
            Self::TooShort => f.write_str("the proof ends below the root"),
            Self::RootMismatch => f.write_str("the proof leads to another root"),
            Self::OldRootMismatch => f.write_str("the proof leads to another old root"),
            Self::NewRootMismatch => f.write_str("the proof leads to another new root"),
        }
    }
}

impl core::error::Error for ProofError {}
