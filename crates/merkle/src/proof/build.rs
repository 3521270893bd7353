//! Building proofs from tiles: RFC 9162 §2.1.3.1 and §2.1.4.1.

use core::fmt;
use core::ops::Range;
use std::borrow::Cow;

use super::plan::{consistency_ranges, inclusion_ranges};
use super::reader::HashReader;
use crate::hash::Hash;
use crate::subtree::{Subtree, decompose, join, perfect_root};
use crate::tile::TileCoord;

/// PATH(index, D_size): the hashes that lead from leaf `index` to the root of the tree of `size` leaves, from the leaf
/// up (RFC 9162 §2.1.3.1). Reads exactly [`tiles_for_inclusion`](super::tiles_for_inclusion).
///
/// # Errors
/// [`BuildError::IndexOutsideTree`], or what the reader reports.
pub fn inclusion_proof<R: HashReader>(
    index: u64,
    size: u64,
    reader: &R,
) -> Result<Vec<Hash>, BuildError<R::Error>> {
    if index >= size {
        return Err(BuildError::IndexOutsideTree { index, size });
    }
    read(inclusion_ranges(index, size), size, reader)
}

/// PROOF(old_size, D_new_size): the hashes that show the tree of `old_size` leaves to be the beginning of that of
/// `new_size` (RFC 9162 §2.1.4.1). Empty if the sizes are equal, and from the empty tree, which begins every tree
/// (tlog-witness). Reads exactly [`tiles_for_consistency`](super::tiles_for_consistency).
///
/// # Errors
/// [`BuildError::OldLargerThanNew`], or what the reader reports.
pub fn consistency_proof<R: HashReader>(
    old_size: u64,
    new_size: u64,
    reader: &R,
) -> Result<Vec<Hash>, BuildError<R::Error>> {
    if old_size > new_size {
        return Err(BuildError::OldLargerThanNew { old_size, new_size });
    }
    read(consistency_ranges(old_size, new_size), new_size, reader)
}

/// The hash of each range in a tree of `size` leaves.
fn read<R: HashReader>(
    ranges: Vec<Range<u64>>,
    size: u64,
    reader: &R,
) -> Result<Vec<Hash>, BuildError<R::Error>> {
    let mut tiles = Tiles::new(size, reader);
    let mut proof = Vec::with_capacity(ranges.len());
    for range in ranges {
        proof.extend(tiles.range(range)?);
    }
    Ok(proof)
}

/// The reader, and the tile that it gave last at each level: neighbours in a proof mostly share one, and so do
/// neighbouring leaves.
pub(super) struct Tiles<'a, R> {
    size: u64,
    reader: &'a R,
    last: [Option<(TileCoord, Cow<'a, [Hash]>)>; LEVELS],
}

/// Levels of tiles that a `u64` size can have.
const LEVELS: usize = 8;

impl<'a, R: HashReader> Tiles<'a, R> {
    pub(super) fn new(size: u64, reader: &'a R) -> Self {
        Self { size, reader, last: [const { None }; LEVELS] }
    }

    /// The hash over a range that the RFC's splits produce.
    pub(super) fn range(&mut self, range: Range<u64>) -> Result<Option<Hash>, BuildError<R::Error>> {
        let hashes: Result<Vec<_>, _> = decompose(range).map(|subtree| self.hash(subtree)).collect();
        Ok(join(hashes?.into_iter()))
    }

    /// The hash of a perfect subtree if the reader has it at hand.
    pub(super) fn at_hand(&self, subtree: Subtree) -> Option<Hash> {
        self.reader.subtree(subtree.tile(self.size)?, subtree)
    }

    fn hash(&mut self, subtree: Subtree) -> Result<Hash, BuildError<R::Error>> {
        let Some(coord) = subtree.tile(self.size) else {
            return Err(BuildError::SubtreeOutsideTree { subtree, size: self.size });
        };
        if let Some(hash) = self.reader.subtree(coord, subtree) {
            return Ok(hash);
        }
        let mut last = self.last.get_mut(usize::from(coord.level()));
        let tile = match last.as_mut().and_then(|last| last.take()) {
            Some((last, hashes)) if last == coord => hashes,
            _ => self.reader.tile(coord).map_err(BuildError::Reader)?,
        };
        let actual = tile.len();
        if actual != usize::from(coord.width()) {
            return Err(BuildError::TileWidth { coord, actual });
        }
        let hash = tile.get(subtree.range_in_tile()).and_then(perfect_root);
        if let Some(last) = last {
            *last = Some((coord, tile));
        }
        hash.ok_or(BuildError::TileWidth { coord, actual })
    }
}

/// Why a proof could not be built: first the questions that have no answer, then the failures of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError<E> {
    /// The tree of this size has no such leaf.
    IndexOutsideTree {
        /// The leaf asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A tree does not shrink.
    OldLargerThanNew {
        /// The size to prove from.
        old_size: u64,
        /// The size to prove to.
        new_size: u64,
    },
    /// A subtree that the tree does not have whole. The plans never ask for one.
    SubtreeOutsideTree {
        /// The subtree.
        subtree: Subtree,
        /// The size of the tree.
        size: u64,
    },
    /// The reader failed.
    Reader(E),
    /// The reader gave a tile of another width than asked.
    TileWidth {
        /// The tile asked for.
        coord: TileCoord,
        /// How many hashes came.
        actual: usize,
    },
}

impl<E: fmt::Display> fmt::Display for BuildError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexOutsideTree { index, size } => {
                write!(f, "a tree of {size} leaves has no leaf {index}")
            }
            Self::OldLargerThanNew { old_size, new_size } => {
                write!(f, "a tree of {old_size} leaves is not the beginning of one of {new_size}")
            }
            Self::SubtreeOutsideTree { subtree, size } => {
                write!(
                    f,
                    "a tree of {size} leaves lacks part of subtree {} of height {}",
                    subtree.index, subtree.height
                )
            }
            Self::Reader(error) => error.fmt(f),
            Self::TileWidth { coord, actual } => write!(f, "{coord} came with {actual} hashes"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for BuildError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Reader(error) => error.source(),
            _ => None,
        }
    }
}
