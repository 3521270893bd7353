//! Which leaves each hash of a proof covers: PATH of RFC 9162 §2.1.3.1 and SUBPROOF of §2.1.4.1, as ranges.
//!
//! Both walk from the root down, halving at the largest power of two and writing down the half that they leave. At
//! most one of these halves is not a perfect subtree: the one that ends at the end of the tree.

use core::ops::Range;
use std::collections::BTreeSet;

use crate::subtree::{decompose, split};
use crate::tile::TileCoord;

/// The ranges of PATH(index, D_size), from the leaf up. Empty if the index is outside the tree.
pub(super) fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut here = 0..size;
    if index < size {
        while here.end - here.start > 1 {
            let middle = here.start + split(here.end - here.start);
            let (side, other) = (here.start..middle, middle..here.end);
            let (side, other) = if index < middle { (side, other) } else { (other, side) };
            ranges.push(other);
            here = side;
        }
    }
    ranges.reverse();
    ranges
}

/// The ranges of PROOF(old_size, D_new_size), in its order. Empty if there is nothing to prove: the old tree is
/// empty or as large as the new one, or larger.
pub(super) fn consistency_ranges(old_size: u64, new_size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut here = 0..new_size;
    if 0 < old_size && old_size < new_size {
        while here.end != old_size {
            let middle = here.start + split(here.end - here.start);
            let (side, other) = (here.start..middle, middle..here.end);
            let (side, other) = if old_size <= middle { (side, other) } else { (other, side) };
            ranges.push(other);
            here = side;
        }
        // SUBPROOF(m, D_m, true) adds nothing, as the verifier has the old root; SUBPROOF(m, D_m, false) adds D_m.
        if here.start > 0 {
            ranges.push(here);
        }
    }
    ranges.reverse();
    ranges
}

/// The tiles that hold the perfect subtrees of these ranges, as wide as they are at `size`.
fn tiles(ranges: Vec<Range<u64>>, size: u64) -> BTreeSet<TileCoord> {
    ranges.into_iter().flat_map(decompose).filter_map(|subtree| subtree.tile(size)).collect()
}

/// The tiles that [`inclusion_proof`](super::inclusion_proof) will read: full ones where the tree of `size` leaves has
/// them full, else as wide as it has them. Empty if the index is outside the tree.
#[must_use]
pub fn tiles_for_inclusion(index: u64, size: u64) -> BTreeSet<TileCoord> {
    tiles(inclusion_ranges(index, size), size)
}

/// The tiles that [`consistency_proof`](super::consistency_proof) will read, all of the tree of `new_size` leaves.
/// Empty if the proof is.
#[must_use]
pub fn tiles_for_consistency(old_size: u64, new_size: u64) -> BTreeSet<TileCoord> {
    tiles(consistency_ranges(old_size, new_size), new_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_reads_the_ranges_it_names() {
        // RFC 9162 §2.1.5: the tree of seven leaves.
        assert_eq!(inclusion_ranges(0, 7), [1..2, 2..4, 4..7]);
        assert_eq!(inclusion_ranges(3, 7), [2..3, 0..2, 4..7]);
        assert_eq!(inclusion_ranges(4, 7), [5..6, 6..7, 0..4]);
        assert_eq!(inclusion_ranges(6, 7), [4..6, 0..4]);
        assert_eq!(consistency_ranges(3, 7), [2..3, 3..4, 0..2, 4..7]);
        assert_eq!(consistency_ranges(4, 7), vec![Range { start: 4, end: 7 }]);
        assert_eq!(consistency_ranges(6, 7), [4..6, 6..7, 0..4]);
    }

    #[test]
    fn nothing_is_read_for_proofs_that_do_not_exist() {
        for (index, size) in [(0, 0), (0, 1), (7, 7), (u64::MAX, 7), (u64::MAX, u64::MAX)] {
            assert_eq!(tiles_for_inclusion(index, size), BTreeSet::new(), "{index} {size}");
        }
        for (old, new) in [(0, 0), (0, 7), (7, 7), (8, 7), (u64::MAX, u64::MAX), (u64::MAX, 0)] {
            assert_eq!(tiles_for_consistency(old, new), BTreeSet::new(), "{old} {new}");
        }
    }

    #[test]
    fn tiles_are_as_wide_as_the_size_has_them() {
        let paths = |tiles: BTreeSet<TileCoord>| tiles.into_iter().map(TileCoord::path).collect::<Vec<_>>();
        assert_eq!(paths(tiles_for_inclusion(5, 256)), ["tile/0/000"]);
        assert_eq!(paths(tiles_for_inclusion(5, 300)), ["tile/0/000", "tile/0/001.p/44"]);
        assert_eq!(paths(tiles_for_inclusion(299, 300)), ["tile/0/001.p/44", "tile/1/000.p/1"]);
        assert_eq!(
            paths(tiles_for_inclusion(0, 70_000)),
            ["tile/0/000", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17"]
        );
        assert_eq!(paths(tiles_for_consistency(256, 300)), ["tile/0/001.p/44"]);
        assert!(tiles_for_inclusion(u64::MAX - 1, u64::MAX).len() <= 8);
        assert!(tiles_for_inclusion(0, u64::MAX).len() <= 16);
        assert!(tiles_for_consistency(u64::MAX / 3, u64::MAX).len() <= 16);
    }
}
