//! The inclusion proofs of many leaves against one tree, built in one walk from the root.
//!
//! Proofs of a batch have most of their hashes in common. Here each node that any of them needs is looked up or computed
//! once and handed to all leaves on the other side of it; a node that has leaves of the batch on both sides costs one hash.
//! Each tile is read once at most.

use std::collections::BTreeSet;
use std::ops::Range;

use super::build::{BuildError, Tiles};
use super::plan::tiles_for_inclusion;
use super::reader::HashReader;
use crate::hash::{Hash, node_hash};
use crate::subtree::{Subtree, split};
use crate::tile::TileCoord;

/// PATH(index, D_size) for each of `indexes`, in their order, which may be any, with repetitions: what
/// [`inclusion_proof`](super::inclusion_proof) gives for them one by one. Reads nothing besides [`tiles_for_inclusions`].
///
/// # Errors
/// [`BuildError::IndexOutsideTree`] for the first index that is, before anything is read; or what the reader reports.
pub fn inclusion_proofs<R: HashReader>(
    indexes: &[u64],
    size: u64,
    reader: &R,
) -> Result<Vec<Vec<Hash>>, BuildError<R::Error>> {
    if let Some(&index) = indexes.iter().find(|index| **index >= size) {
        return Err(BuildError::IndexOutsideTree { index, size });
    }
    let mut leaves: Vec<_> =
        indexes.iter().copied().enumerate().map(|(place, index)| Leaf { index, place }).collect();
    leaves.sort_unstable();
    let height = (u64::BITS - size.saturating_sub(1).leading_zeros()) as usize;
    let mut walk = Walk {
        tiles: Tiles::new(size, reader),
        proofs: indexes.iter().map(|_| Vec::with_capacity(height)).collect(),
    };
    walk.down(0..size, &leaves, false)?;
    Ok(walk.proofs)
}

/// The tiles that [`inclusion_proofs`] may read: those that the proofs read one by one. Indexes outside the tree add none.
#[must_use]
pub fn tiles_for_inclusions(indexes: &[u64], size: u64) -> BTreeSet<TileCoord> {
    indexes.iter().flat_map(|index| tiles_for_inclusion(*index, size)).collect()
}

/// A leaf whose proof is built, and the place of that proof.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Leaf {
    index: u64,
    place: usize,
}

struct Walk<'a, R> {
    tiles: Tiles<'a, R>,
    proofs: Vec<Vec<Hash>>,
}

impl<R: HashReader> Walk<'_, R> {
    /// Completes, up to the root of `range`, the proofs of `leaves`, which are within it and in order. Gives the hash
    /// of the range if it is `wanted`. As deep as the tree is high, 64 at most.
    fn down(
        &mut self,
        range: Range<u64>,
        leaves: &[Leaf],
        wanted: bool,
    ) -> Result<Option<Hash>, BuildError<R::Error>> {
        let length = range.end - range.start;
        if leaves.is_empty() || length <= 1 {
            return if wanted { self.tiles.range(range) } else { Ok(None) };
        }
        let whole = Subtree { height: length.trailing_zeros() as u8, index: range.start / length };
        let known = if wanted && length.is_power_of_two() { self.tiles.at_hand(whole) } else { None };
        let to_join = wanted && known.is_none();
        let middle = range.start + split(length);
        let (below, above) = leaves.split_at(leaves.partition_point(|leaf| leaf.index < middle));
        let left = self.down(range.start..middle, below, to_join || !above.is_empty())?;
        let right = self.down(middle..range.end, above, to_join || !below.is_empty())?;
        self.extend(below, right);
        self.extend(above, left);
        Ok(known
            .or_else(|| left.zip(right).filter(|_| to_join).map(|(left, right)| node_hash(&left, &right))))
    }

    fn extend(&mut self, leaves: &[Leaf], sibling: Option<Hash>) {
        for leaf in leaves {
            if let Some(proof) = self.proofs.get_mut(leaf.place) {
                proof.extend(sibling);
            }
        }
    }
}
