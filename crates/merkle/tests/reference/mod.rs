//! Proofs by their definition, from the root down: PATH and SUBPROOF of RFC 9162 §2.1.3.1 and §2.1.4.1, unrolled. The crate
//! verifies from the leaf up, by the bits of the numbers, and shares nothing with this.

use databourse_merkle::{EMPTY_ROOT, Hash, node_hash};
use std::cmp::Ordering;

/// That a leaf stands at an index of a tree.
#[derive(Clone)]
pub(crate) struct Inclusion {
    pub(crate) leaf: Hash,
    pub(crate) index: u64,
    pub(crate) size: u64,
    pub(crate) proof: Vec<Hash>,
    pub(crate) root: Hash,
}

impl Inclusion {
    pub(crate) fn holds(&self) -> bool {
        self.index < self.size && path_root(self.leaf, self.index, self.size, &self.proof) == Some(self.root)
    }
}

fn path_root(leaf: Hash, index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    if size == 1 {
        return proof.is_empty().then_some(leaf);
    }
    let (other, below) = proof.split_last()?;
    let k = split(size);
    if index < k {
        Some(node_hash(&path_root(leaf, index, k, below)?, other))
    } else {
        Some(node_hash(other, &path_root(leaf, index - k, size - k, below)?))
    }
}

/// That a tree is the beginning of another one.
#[derive(Clone)]
pub(crate) struct Consistency {
    pub(crate) old: u64,
    pub(crate) old_root: Hash,
    pub(crate) new: u64,
    pub(crate) new_root: Hash,
    pub(crate) proof: Vec<Hash>,
}

impl Consistency {
    pub(crate) fn holds(&self) -> bool {
        let Self { old, old_root, new, new_root, proof } = self;
        match (*old, old.cmp(new)) {
            (_, Ordering::Greater) => false,
            (0, Ordering::Equal) => proof.is_empty() && *old_root == EMPTY_ROOT && *new_root == EMPTY_ROOT,
            (_, Ordering::Equal) => proof.is_empty() && old_root == new_root,
            (0, _) => proof.is_empty() && *old_root == EMPTY_ROOT,
            _ => subproof_roots(*old_root, *old, *new, true, proof) == Some((*old_root, *new_root)),
        }
    }
}

fn subproof_roots(old_root: Hash, m: u64, n: u64, whole: bool, proof: &[Hash]) -> Option<(Hash, Hash)> {
    if m == n {
        return match (whole, proof) {
            (true, []) => Some((old_root, old_root)),
            (false, [hash]) => Some((*hash, *hash)),
            _ => None,
        };
    }
    let (other, below) = proof.split_last()?;
    let k = split(n);
    if m <= k {
        let (old, new) = subproof_roots(old_root, m, k, whole, below)?;
        Some((old, node_hash(&new, other)))
    } else {
        let (old, new) = subproof_roots(old_root, m - k, n - k, false, below)?;
        Some((node_hash(other, &old), node_hash(other, &new)))
    }
}

/// The largest power of two below `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
