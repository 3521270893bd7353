//! Tiles (C2SP tlog-tiles, "Merkle Tree"): the tree cut into pieces of height 8 that never change once written.
//!
//! [`coord`] says which tile, [`path`] spells it as a URL path, [`layout`] says which tiles a tree size has, [`nodes`]
//! keeps a tile with its interior hashes worked out. This file turns a tile's hashes into bytes and back.

pub mod coord;
pub mod layout;
pub mod nodes;
pub mod path;

use core::fmt;

pub use coord::{BundleCoord, CoordError, TileCoord};
pub use layout::{
    bundle_at, bundles_between, full_bundles, partial_bundle, partial_tiles, tile_at, tiles_between, tiles_of,
};
pub use nodes::{TileNodes, WidthError};
pub use path::{PathError, TilePath};

use crate::Hash;

/// Hashes in a full tile and entries in a full bundle (tlog-tiles, "Merkle Tree").
pub const TILE_WIDTH: u16 = 256;

/// The body of a tile: its hashes one after another, 32 bytes each, 8,192 for a full one.
#[must_use]
pub fn encode(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// Reads the body of the tile `coord`.
///
/// # Errors
/// [`BodyError`] if the body is not exactly `32 * coord.width()` bytes.
pub fn decode(coord: TileCoord, body: &[u8]) -> Result<Vec<Hash>, BodyError> {
    let (hashes, rest) = body.as_chunks::<{ Hash::LENGTH }>();
    if !rest.is_empty() || hashes.len() != usize::from(coord.width()) {
        return Err(BodyError { coord, actual: body.len() });
    }
    Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
}

/// A tile's body whose length does not fit its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyError {
    /// The tile that was expected.
    pub coord: TileCoord,
    /// Bytes in the body.
    pub actual: usize,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = usize::from(self.coord.width()) * Hash::LENGTH;
        write!(f, "{} has {expected} bytes, not {}", self.coord, self.actual)
    }
}

impl core::error::Error for BodyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    #[test]
    fn a_body_is_read_back_only_at_its_own_width() {
        let hashes: Vec<_> = (0..5u8).map(|i| leaf_hash(&[i])).collect();
        let body = encode(&hashes);
        let coord = |width| TileCoord::new(0, 0, width).expect("a valid width");
        assert_eq!(decode(coord(5), &body), Ok(hashes));
        for (width, length) in [(4, 160), (6, 160), (256, 160), (5, 159), (5, 128), (5, 0)] {
            let error = BodyError { coord: coord(width), actual: length };
            assert_eq!(decode(coord(width), &body[..length]), Err(error), "{width} {length}");
        }
        assert_eq!(decode(coord(5), &[body, vec![0]].concat()).map_err(|e| e.actual), Err(161));
    }
}
