//! A growing tree reduced to the perfect subtrees of its right edge: at most 64 hashes, from which the root follows
//! and to which the next leaf is joined (the incremental form of RFC 9162 §2.1.2).

use core::fmt;

use crate::SIZE_MAX;
use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::subtree::{Subtree, join};

/// The compact form of a tree of `size` leaves: one hash per set bit of `size`, the largest subtree first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    hashes: Vec<Hash>,
}

impl CompactRange {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Restores a tree from [`size`](Self::size) and [`hashes`](Self::hashes).
    ///
    /// # Errors
    /// [`PartsError`] if the size is above [`SIZE_MAX`] or does not have that many subtrees. Wrong hashes cannot be
    /// seen from here: compare [`root`](Self::root) with the checkpoint.
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Result<Self, PartsError> {
        if size > SIZE_MAX {
            return Err(PartsError::Size { size });
        }
        let expected = size.count_ones() as usize;
        if hashes.len() != expected {
            return Err(PartsError::Count { size, expected, actual: hashes.len() });
        }
        Ok(Self { size, hashes })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its perfect subtrees, largest (leftmost) first; what to persist beside the size.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// MTH(D_size), RFC 9162 §2.1.1; [`EMPTY_ROOT`] without leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        join(self.hashes.iter().copied()).unwrap_or(EMPTY_ROOT)
    }

    /// Appends a leaf by its hash. One node hash on average, at most 63.
    pub fn append(&mut self, leaf: Hash) {
        self.append_with(leaf, |_, _| ());
    }

    /// Appends a leaf and shows `visit` each perfect subtree that this completes with its hash: the leaf itself, then
    /// larger and larger ones. Over the life of a tree it sees every perfect subtree exactly once.
    pub fn append_with(&mut self, leaf: Hash, mut visit: impl FnMut(Subtree, Hash)) {
        let index = self.size;
        visit(Subtree { height: 0, index }, leaf);
        let mut hash = leaf;
        let mut height = 0;
        // A set low bit of the old size is a subtree as large as the one in hand, waiting to its left.
        while index >> height & 1 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            height += 1;
            visit(Subtree { height, index: index >> height }, hash);
        }
        self.hashes.push(hash);
        // No overflow: `from_parts` stops at 2^63 − 1, and nobody appends 2^63 leaves more.
        self.size += 1;
    }
}

impl Extend<Hash> for CompactRange {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.append(leaf));
    }
}

/// The root of the tree over these leaf hashes, MTH(D_n) of RFC 9162 §2.1.1, in constant memory.
#[must_use]
pub fn root_of(leaves: impl Iterator<Item = Hash>) -> Hash {
    let mut range = CompactRange::new();
    range.extend(leaves);
    range.root()
}

/// Why [`CompactRange::from_parts`] refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartsError {
    /// More leaves than [`SIZE_MAX`].
    Size {
        /// The size given.
        size: u64,
    },
    /// Not one hash per set bit of the size.
    Count {
        /// The size given.
        size: u64,
        /// How many subtrees a tree of that size has.
        expected: usize,
        /// How many hashes were given.
        actual: usize,
    },
}

impl fmt::Display for PartsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { size } => write!(f, "a tree of {size} leaves is larger than {SIZE_MAX}"),
            Self::Count { size, expected, actual } => {
                write!(f, "a tree of {size} leaves has {expected} subtrees at its edge, not {actual}")
            }
        }
    }
}

impl core::error::Error for PartsError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;

    /// The definition of RFC 9162 §2.1.1, word for word.
    fn definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => EMPTY_ROOT,
            [leaf] => *leaf,
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                node_hash(&definition(&leaves[..k]), &definition(&leaves[k..]))
            }
        }
    }

    #[test]
    fn every_size_has_the_root_of_the_definition_and_survives_persistence() {
        let leaves: Vec<_> = (0..600u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        let mut range = CompactRange::new();
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(range.root(), definition(&leaves[..count]), "{count}");
            assert_eq!(root_of(leaves[..count].iter().copied()), range.root());
            assert_eq!(CompactRange::from_parts(range.size(), range.hashes().to_vec()), Ok(range.clone()));
            range.append(*leaf);
        }
    }

    #[test]
    fn a_leaf_after_the_largest_size_still_has_a_root() {
        let mut range = CompactRange::from_parts(SIZE_MAX, vec![EMPTY_ROOT; 63]).expect("one hash per bit");
        range.append(EMPTY_ROOT);
        assert_eq!((range.size(), range.hashes().len()), (1 << 63, 1));
        assert_eq!(range.root(), range.hashes()[0]);
    }

    #[test]
    fn parts_that_fit_no_tree_are_refused() {
        let check = |size, count, error| {
            assert_eq!(
                CompactRange::from_parts(size, vec![EMPTY_ROOT; count]).err(),
                error,
                "{size} {count}"
            );
        };
        check(0, 0, None);
        check(7, 3, None);
        check(SIZE_MAX, 63, None);
        check(0, 1, Some(PartsError::Count { size: 0, expected: 0, actual: 1 }));
        check(8, 3, Some(PartsError::Count { size: 8, expected: 1, actual: 3 }));
        check(7, 2, Some(PartsError::Count { size: 7, expected: 3, actual: 2 }));
        check(1 << 63, 1, Some(PartsError::Size { size: 1 << 63 }));
        check(u64::MAX, 64, Some(PartsError::Size { size: u64::MAX }));
    }
}
