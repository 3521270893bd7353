//! A tile with its interior nodes worked out.
//!
//! A tile stores only its bottom row; a subtree of height h inside it costs 2^h − 1 hashes, and a proof through a full
//! tile 247. A cache that keeps these nodes instead of the row pays 255 hashes once and twice the memory, and builds
//! proofs without hashing.

use core::fmt;

use super::TileCoord;
use crate::Subtree;
use crate::hash::{Hash, node_hash};

/// The hashes of one tile and of every perfect subtree within it below height 8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileNodes {
    coord: TileCoord,
    /// Row after row: the tile's own hashes, then those of height 1, and so on to height 7.
    nodes: Vec<Hash>,
}

impl TileNodes {
    /// Works out the nodes over the hashes of a tile.
    ///
    /// # Errors
    /// [`WidthError`] if there are not exactly `coord.width()` hashes.
    pub fn new(coord: TileCoord, hashes: Vec<Hash>) -> Result<Self, WidthError> {
        let width = usize::from(coord.width());
        if hashes.len() != width {
            return Err(WidthError { coord, actual: hashes.len() });
        }
        let mut nodes = hashes;
        nodes.reserve_exact(width);
        let mut row = 0;
        for height in 0..7 {
            let length = width >> height;
            for pair in 0..length / 2 {
                let left = row + 2 * pair;
                let node = node_hash(&nodes[left], &nodes[left + 1]);
                nodes.push(node);
            }
            row += length;
        }
        Ok(Self { coord, nodes })
    }

    /// Which tile it is.
    #[must_use]
    pub fn coord(&self) -> TileCoord {
        self.coord
    }

    /// The tile's own hashes.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.nodes[..usize::from(self.coord.width())]
    }

    /// The hash of a subtree that this tile holds, `None` if another one does or if it is too narrow to have all of
    /// the subtree.
    #[must_use]
    pub fn subtree(&self, subtree: Subtree) -> Option<Hash> {
        let width = usize::from(self.coord.width());
        let height = subtree.height_in_tile();
        let range = subtree.range_in_tile();
        let place = (subtree.height / 8, subtree.index >> (8 - height));
        if place != (self.coord.level(), self.coord.index()) || range.end > width {
            return None;
        }
        let row: usize = (0..height).map(|below| width >> below).sum();
        self.nodes.get(row + (range.start >> height)).copied()
    }
}

/// A tile with more or fewer hashes than its coordinate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WidthError {
    /// The tile.
    pub coord: TileCoord,
    /// How many hashes there were.
    pub actual: usize,
}

impl fmt::Display for WidthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has {} hashes, not {}", self.coord, self.coord.width(), self.actual)
    }
}

impl core::error::Error for WidthError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CompactRange, leaf_hash};

    #[test]
    fn every_width_has_exactly_the_subtrees_that_fit() {
        let leaves: Vec<_> = (0..600u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        for width in 1..=256u16 {
            // The second tile of level 0.
            let coord = TileCoord::trusted(0, 1, width);
            let hashes = &leaves[256..256 + usize::from(width)];
            let nodes = TileNodes::new(coord, hashes.to_vec()).expect("the right width");
            assert_eq!(nodes.hashes(), hashes);
            let mut seen = 0;
            let mut range = CompactRange::new();
            for leaf in &leaves {
                range.append_with(*leaf, |subtree, hash| {
                    let fits = subtree.tile(256 + u64::from(width)) == Some(coord);
                    assert_eq!(nodes.subtree(subtree), fits.then_some(hash), "{width} {subtree:?}");
                    seen += usize::from(fits);
                });
            }
            assert_eq!(seen, nodes.nodes.len());
        }
    }

    #[test]
    fn hashes_of_another_width_are_refused() {
        for (width, actual) in [(256, 255), (256, 257), (1, 0), (44, 256)] {
            let coord = TileCoord::trusted(0, 0, width);
            assert_eq!(
                TileNodes::new(coord, vec![leaf_hash(b""); actual]),
                Err(WidthError { coord, actual })
            );
        }
    }
}
