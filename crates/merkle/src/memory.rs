//! A whole tree in memory, for auditors, tests and small tools: every perfect subtree is kept, about 64 bytes per leaf,
//! so roots and proofs of all its sizes need no hashing beyond the right edge.

use std::borrow::Cow;

use crate::compact::CompactRange;
use crate::hash::{EMPTY_ROOT, Hash};
use crate::proof::{HashReader, MissingTile};
use crate::subtree::{Subtree, decompose, join};
use crate::tile::TileCoord;

/// A tree that remembers all its nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryTree {
    range: CompactRange,
    /// By height: the hashes of all perfect subtrees of that height, from left to right.
    rows: Vec<Vec<Hash>>,
}

impl MemoryTree {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let Self { range, rows } = self;
        range.append_with(leaf, |subtree, hash| {
            let height = usize::from(subtree.height);
            if height == rows.len() {
                rows.push(Vec::new());
            }
            if let Some(row) = rows.get_mut(height) {
                row.push(hash);
            }
        });
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.range.size()
    }

    /// MTH(D_size), RFC 9162 §2.1.1.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.range.root()
    }

    /// The root that the tree had at an earlier size, `None` if it never had that many leaves.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        if size == 0 {
            return Some(EMPTY_ROOT);
        }
        let subtrees: Option<Vec<_>> = decompose(0..size).map(|subtree| self.node(subtree)).collect();
        subtrees.and_then(|hashes| join(hashes.into_iter()))
    }

    /// The leaf hashes, in order.
    #[must_use]
    pub fn leaves(&self) -> &[Hash] {
        self.rows.first().map_or(&[], Vec::as_slice)
    }

    /// The hash of a perfect subtree, `None` if the tree does not have all of it.
    #[must_use]
    pub fn node(&self, subtree: Subtree) -> Option<Hash> {
        let index = usize::try_from(subtree.index).ok()?;
        self.rows.get(usize::from(subtree.height))?.get(index).copied()
    }
}

impl Extend<Hash> for MemoryTree {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.push(leaf));
    }
}

impl FromIterator<Hash> for MemoryTree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        tree.extend(leaves);
        tree
    }
}

/// Serves the tiles of its present size and of every earlier one.
impl HashReader for MemoryTree {
    type Error = MissingTile;

    fn tile(&self, coord: TileCoord) -> Result<Cow<'_, [Hash]>, MissingTile> {
        let find = || {
            let row = self.rows.get(8 * usize::from(coord.level()))?;
            let start = usize::try_from(coord.index()).ok()?.checked_mul(256)?;
            row.get(start..start.checked_add(usize::from(coord.width()))?)
        };
        find().map(Cow::Borrowed).ok_or(MissingTile(coord))
    }

    fn subtree(&self, _: TileCoord, subtree: Subtree) -> Option<Hash> {
        self.node(subtree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{leaf_hash, root_of, tile};

    #[test]
    fn it_remembers_every_root_it_had() {
        let tree: MemoryTree = (0..600u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        for size in 0..=600 {
            assert_eq!(
                tree.root_at(size),
                Some(root_of(tree.leaves()[..size as usize].iter().copied())),
                "{size}"
            );
        }
        assert_eq!((tree.root_at(601), tree.root_at(u64::MAX)), (None, None));
        assert_eq!(tree.root_at(600), Some(tree.root()));
        assert_eq!(MemoryTree::new().root_at(0), Some(EMPTY_ROOT));
    }

    #[test]
    fn it_serves_the_tiles_of_all_its_sizes_and_no_others() {
        let tree: MemoryTree = (0..600u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        for coord in (0..=600).flat_map(tile::tiles_of) {
            assert_eq!(
                tree.tile(coord).map(|hashes| hashes.len()),
                Ok(usize::from(coord.width())),
                "{coord}"
            );
        }
        for (level, index, width) in [(0, 2, 89), (1, 0, 3), (2, 0, 1), (63, 0, 1), (0, u64::MAX, 256)] {
            let coord = TileCoord::new(level, index, width).expect("a valid coordinate");
            assert_eq!(tree.tile(coord), Err(MissingTile(coord)));
        }
    }
}
