//! The growing right edge as tiles (C2SP tlog-tiles, "Partial Tiles"): what a writer keeps in memory so that each
//! appended leaf yields the tiles it finishes.
//!
//! A hash is computed once. The compact range joins subtrees as leaves arrive; whenever it completes one whose height
//! is a multiple of 8, that hash is also the next one of a tile. So a push costs one node hash and one copy on
//! average, whatever the size of the tree.

use core::fmt;

use crate::SIZE_MAX;
use crate::compact::CompactRange;
use crate::hash::Hash;
use crate::subtree::perfect_root;
use crate::tile::{self, TILE_WIDTH, TileCoord};

/// A tile that has just become full and will never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// 0 for leaf hashes.
    pub level: u8,
    /// Its place in the level, from 0.
    pub index: u64,
    /// Its 256 hashes.
    pub hashes: Vec<Hash>,
}

impl FullTile {
    /// Its coordinate, of width 256.
    #[must_use]
    pub fn coord(&self) -> TileCoord {
        TileCoord::trusted(self.level, self.index, TILE_WIDTH)
    }

    /// Its body, 8,192 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        tile::encode(&self.hashes)
    }
}

/// A tree reduced to its unfinished tiles, one per level, and its compact range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileEdge {
    range: CompactRange,
    /// By level, 0 to 255 hashes each; as many levels as `level_count` says.
    partials: Vec<Vec<Hash>>,
}

impl TileEdge {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Restores an edge from the unfinished tiles of a tree of `size` leaves, lowest level first, an empty list where
    /// a level has none. Costs at most 255 hashes per level.
    ///
    /// # Errors
    /// [`EdgeError`] if the levels or widths are not those of the size. Wrong hashes cannot be seen from here:
    /// compare [`root`](Self::root) with the checkpoint.
    pub fn from_partials(size: u64, partials: Vec<Vec<Hash>>) -> Result<Self, EdgeError> {
        if size > SIZE_MAX {
            return Err(EdgeError::Size { size });
        }
        let expected = level_count(size);
        if partials.len() != expected {
            return Err(EdgeError::Levels { size, expected, actual: partials.len() });
        }
        for (level, hashes) in (0u8..).zip(&partials) {
            let expected = (size >> (8 * level) & 0xff) as usize;
            if hashes.len() != expected {
                return Err(EdgeError::Width { size, level, expected, actual: hashes.len() });
            }
        }
        let subtrees = partials.iter().rev().flat_map(|hashes| perfect_subtrees(hashes)).collect();
        // One subtree per set bit of each width, so one per set bit of the size.
        let range = CompactRange::from_parts(size, subtrees).map_err(|_| EdgeError::Size { size })?;
        Ok(Self { range, partials })
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

    /// The same tree as a compact range.
    #[must_use]
    pub fn compact(&self) -> &CompactRange {
        &self.range
    }

    /// The hashes of the unfinished tile of a level: 0 to 255, empty where the level has none.
    #[must_use]
    pub fn partial(&self, level: u8) -> &[Hash] {
        self.partials.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// The unfinished tiles that are not empty, lowest level first, with their coordinates.
    pub fn partials(&self) -> impl Iterator<Item = (TileCoord, &[Hash])> {
        tile::partial_tiles(self.size()).map(|coord| (coord, self.partial(coord.level())))
    }

    /// What [`from_partials`](Self::from_partials) takes back.
    #[must_use]
    pub fn to_partials(&self) -> Vec<Vec<Hash>> {
        self.partials.clone()
    }

    /// Appends a leaf by its hash and adds to `finished` the tiles that this makes full, lowest level first.
    pub fn push(&mut self, leaf: Hash, finished: &mut Vec<FullTile>) {
        let Self { range, partials } = self;
        range.append_with(leaf, |subtree, hash| {
            if subtree.height_in_tile() != 0 {
                return;
            }
            let level = usize::from(subtree.height / 8);
            if level == partials.len() {
                partials.push(Vec::new());
            }
            let Some(partial) = partials.get_mut(level) else {
                return;
            };
            if partial.capacity() == 0 {
                partial.reserve_exact(usize::from(TILE_WIDTH));
            }
            partial.push(hash);
            if partial.len() == usize::from(TILE_WIDTH) {
                let hashes = core::mem::take(partial);
                finished.push(FullTile {
                    level: subtree.height / 8,
                    index: subtree.index / u64::from(TILE_WIDTH),
                    hashes,
                });
            }
        });
    }
}

/// Levels with at least one hash in a tree of `size` leaves.
fn level_count(size: u64) -> usize {
    (u64::BITS - size.leading_zeros()).div_ceil(8) as usize
}

/// The hashes of the perfect subtrees over a row of fewer than 256 hashes, largest first.
fn perfect_subtrees(hashes: &[Hash]) -> impl Iterator<Item = Hash> {
    let mut rest = hashes;
    (0..8).rev().filter(|height| hashes.len() >> height & 1 == 1).filter_map(move |height| {
        let (subtree, right) = rest.split_at_checked(1 << height)?;
        rest = right;
        perfect_root(subtree)
    })
}

/// Why [`TileEdge::from_partials`] refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeError {
    /// More leaves than [`SIZE_MAX`].
    Size {
        /// The size given.
        size: u64,
    },
    /// Not one list per level of the tree.
    Levels {
        /// The size given.
        size: u64,
        /// Levels that a tree of that size has.
        expected: usize,
        /// Lists given.
        actual: usize,
    },
    /// A level whose unfinished tile is wider or narrower than the size says.
    Width {
        /// The size given.
        size: u64,
        /// The level.
        level: u8,
        /// Hashes that its unfinished tile has.
        expected: usize,
        /// Hashes given.
        actual: usize,
    },
}

impl fmt::Display for EdgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { size } => write!(f, "a tree of {size} leaves is larger than {SIZE_MAX}"),
            Self::Levels { size, expected, actual } => {
                write!(f, "a tree of {size} leaves has {expected} levels of tiles, not {actual}")
            }
            Self::Width { size, level, expected, actual } => {
                write!(
                    f,
                    "at {size} leaves the unfinished tile of level {level} has {expected} hashes, not {actual}"
                )
            }
        }
    }
}

impl core::error::Error for EdgeError {}
