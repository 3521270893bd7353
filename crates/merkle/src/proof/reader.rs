//! Where a proof's tiles come from.

use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hash::Hash;
use crate::subtree::Subtree;
use crate::tile::{TileCoord, TileNodes};

/// A source of tiles of hashes: a map of loaded tiles, a cache, a [`MemoryTree`](crate::MemoryTree).
///
/// Tiles never change, so an implementation may answer from any copy it has. It is trusted: a wrong hash gives a proof
/// that does not verify.
pub trait HashReader {
    /// What can go wrong while reading.
    type Error;

    /// The hashes of a tile: exactly `coord.width()` of them. A reader that holds the tile wider than asked answers
    /// with its first `coord.width()` hashes.
    ///
    /// # Errors
    /// Whatever the source reports; the building of the proof ends with it.
    fn tile(&self, coord: TileCoord) -> Result<Cow<'_, [Hash]>, Self::Error>;

    /// The hash of a perfect subtree within that tile, if the reader has it at hand. Otherwise the tile is read and
    /// hashed, about 250 hashes per tile; a cache of [`TileNodes`] saves them.
    fn subtree(&self, coord: TileCoord, subtree: Subtree) -> Option<Hash> {
        let _ = (coord, subtree);
        None
    }
}

/// Tiles loaded beforehand, under exactly the coordinates of
/// [`tiles_for_inclusion`](super::tiles_for_inclusion) or [`tiles_for_consistency`](super::tiles_for_consistency).
impl HashReader for BTreeMap<TileCoord, Vec<Hash>> {
    type Error = MissingTile;

    fn tile(&self, coord: TileCoord) -> Result<Cow<'_, [Hash]>, MissingTile> {
        self.get(&coord).map(|hashes| Cow::Borrowed(hashes.as_slice())).ok_or(MissingTile(coord))
    }
}

/// Tiles loaded beforehand or shared with a cache, their interior nodes worked out: proofs without hashing.
impl HashReader for BTreeMap<TileCoord, Arc<TileNodes>> {
    type Error = MissingTile;

    fn tile(&self, coord: TileCoord) -> Result<Cow<'_, [Hash]>, MissingTile> {
        self.get(&coord).map(|nodes| Cow::Borrowed(nodes.hashes())).ok_or(MissingTile(coord))
    }

    fn subtree(&self, coord: TileCoord, subtree: Subtree) -> Option<Hash> {
        self.get(&coord).filter(|nodes| nodes.coord() == coord)?.subtree(subtree)
    }
}

/// A tile that the reader does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingTile(
    /// The tile.
    pub TileCoord,
);

impl fmt::Display for MissingTile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is missing", self.0)
    }
}

impl core::error::Error for MissingTile {}
