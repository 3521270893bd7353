//! A tile with its interior nodes worked out.
//!
//! A tile stores only its bottom row; a subtree of height h inside it costs 2^h − 1 hashes, and a proof through a full
//! tile 247. A cache that keeps these nodes instead of the row pays 255 hashes once and twice the memory, and builds
//! proofs without hashing.

use crate::hash::{Hash, node_hash};

use super::{TILE_WIDTH, TileCoord};
use crate::Subtree;

/// The hashes of a tile and of every perfect subtree within it below height 8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileNodes {
    width: usize,
    /// Row after row: the tile's own hashes, then those of height 1, and so on to height 7.
    nodes: Vec<Hash>,
}

impl TileNodes {
    /// Works out the nodes over the hashes of a tile. Hashes beyond the 256th are left out.
    #[must_use]
    pub fn new(mut hashes: Vec<Hash>) -> Self {
        hashes.truncate(usize::from(TILE_WIDTH));
        let width = hashes.len();
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
        Self { width, nodes }
    }

    /// The tile's own hashes.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.nodes[..self.width]
    }

    /// The hash of a subtree that lies in this tile, `None` if the tile is too narrow to have all of it. Level and
    /// index of the tile are the caller's to match: see [`Subtree::tile`].
    #[must_use]
    pub fn subtree(&self, subtree: Subtree) -> Option<Hash> {
        let height = subtree.height_in_tile();
        let range = subtree.range_in_tile();
        if range.end > self.width {
            return None;
        }
        let row: usize = (0..height).map(|below| self.width >> below).sum();
        self.nodes.get(row + (range.start >> height)).copied()
    }

    /// Whether it has as many hashes as that coordinate says.
    #[must_use]
    pub fn fits(&self, coord: TileCoord) -> bool {
        self.width == usize::from(coord.width())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CompactRange, leaf_hash};

    #[test]
    fn every_width_has_exactly_the_subtrees_that_fit() {
        let leaves: Vec<_> = (0..256u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        for width in 0..=256 {
            let nodes = TileNodes::new(leaves[..width].to_vec());
            assert_eq!(nodes.hashes(), &leaves[..width]);
            let mut seen = 0;
            let mut range = CompactRange::new();
            for leaf in &leaves {
                range.append_with(*leaf, |subtree, hash| {
                    if subtree.height < 8 {
                        let fits = subtree.range_in_tile().end <= width;
                        assert_eq!(
                            nodes.subtree(subtree),
                            fits.then_some(hash),
                            "{width} {subtree:?}"
                        );
                        seen += usize::from(fits);
                    }
                });
            }
            assert_eq!(seen, nodes.nodes.len());
        }
    }
}
