//! Perfect subtrees and how a range of leaves falls apart into them (RFC 9162 §2.1.1: the split at the largest power
//! of two). Everything that a proof or a root needs is one of these.

use core::ops::Range;

use crate::hash::{Hash, node_hash};
use crate::tile::{self, TileCoord};

/// The perfect subtree over the leaves `index << height .. (index + 1) << height`. Height 0 is a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// Levels of nodes below its root, 0 to 63.
    pub height: u8,
    /// Its place among the subtrees of this height, from 0.
    pub index: u64,
}

impl Subtree {
    /// The tile that holds this subtree in a tree of `size` leaves, with the width it has there. The subtree's root is
    /// then `height % 8` levels above the tile's own hashes. `None` if the tree does not contain the whole subtree.
    #[must_use]
    pub fn tile(self, size: u64) -> Option<TileCoord> {
        let complete = size.checked_shr(u32::from(self.height)).unwrap_or(0);
        if self.index >= complete {
            return None;
        }
        tile::tile_at(self.height / 8, self.index >> (8 - self.height % 8), size)
    }

    /// Levels between the hashes of the tile and the root of this subtree, 0 to 7.
    #[must_use]
    pub fn height_in_tile(self) -> u8 {
        self.height % 8
    }

    /// Which of the tile's hashes it spans, as a range within 0..256.
    #[must_use]
    pub fn range_in_tile(self) -> Range<usize> {
        let height = self.height_in_tile();
        let position = (self.index & (0xff >> height)) as usize;
        position << height..(position + 1) << height
    }
}

/// The perfect subtrees that make up the leaves of `range`, from left to right, when `range` is one that the RFC's
/// splits produce: its start is a multiple of the largest power of two not above its length.
pub(crate) fn decompose(range: Range<u64>) -> impl Iterator<Item = Subtree> {
    let mut rest = range;
    core::iter::from_fn(move || {
        let height = rest.end.checked_sub(rest.start)?.checked_ilog2()? as u8;
        let subtree = Subtree { height, index: rest.start >> height };
        rest.start += 1 << height;
        Some(subtree)
    })
}

/// Joins the subtrees of a range, given from left to right, into its one hash. `None` without subtrees.
pub(crate) fn join(subtrees: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    subtrees.rev().reduce(|right, left| node_hash(&left, &right))
}

/// The root over a row of hashes whose length is a power of two; `None` over none.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Option<Hash> {
    let mut row = hashes.to_vec();
    let mut length = row.len();
    while length > 1 {
        length /= 2;
        for place in 0..length {
            row[place] = node_hash(&row[2 * place], &row[2 * place + 1]);
        }
    }
    row.first().copied()
}

/// The largest power of two smaller than `length`, which is at least 2: the k of RFC 9162 §2.1.1.
pub(crate) fn split(length: u64) -> u64 {
    debug_assert!(length >= 2, "a single leaf is not split");
    1 << length.saturating_sub(1).max(1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: Range<u64>, expected: &[(u8, u64)]) {
        let actual: Vec<_> = decompose(range.clone()).map(|s| (s.height, s.index)).collect();
        assert_eq!(actual, expected, "{range:?}");
    }

    #[test]
    fn a_range_falls_apart_into_its_powers_of_two() {
        check(0..0, &[]);
        check(0..1, &[(0, 0)]);
        check(0..7, &[(2, 0), (1, 2), (0, 6)]);
        check(4..7, &[(1, 2), (0, 6)]);
        check(4..8, &[(2, 1)]);
        check(0..1 << 63, &[(63, 0)]);
        check(1 << 63..(1 << 63) + 5, &[(2, 1 << 61), (0, (1 << 63) + 4)]);
        assert_eq!(decompose(0..u64::MAX).count(), 64);
    }

    #[test]
    fn the_split_is_the_largest_smaller_power_of_two() {
        for (length, k) in
            [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1 << 63, 1 << 62), (u64::MAX, 1 << 63)]
        {
            assert_eq!(split(length), k, "{length}");
        }
    }

    #[test]
    fn a_subtree_knows_its_tile_only_when_the_tree_has_it_whole() {
        let at = |height, index, size| {
            Subtree { height, index }.tile(size).map(|t| (t.level(), t.index(), t.width()))
        };
        assert_eq!(at(0, 255, 256), Some((0, 0, 256)));
        assert_eq!(at(0, 255, 255), None);
        assert_eq!(at(7, 1, 300), Some((0, 0, 256)));
        assert_eq!(at(8, 0, 300), Some((1, 0, 1)));
        assert_eq!(at(1, 128, 300), Some((0, 1, 44)));
        assert_eq!(at(9, 127, 65_536), Some((1, 0, 256)));
        assert_eq!(at(9, 127, 65_535), None);
        assert_eq!(at(63, 0, u64::MAX), Some((7, 0, 255)));
        assert_eq!(at(255, 0, u64::MAX), None);
        assert_eq!(Subtree { height: 9, index: 129 }.range_in_tile(), 2..4);
    }
}
