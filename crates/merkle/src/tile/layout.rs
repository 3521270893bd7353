//! Which tiles and bundles a tree size has (C2SP tlog-tiles, "Merkle Tree" and "Partial Tiles").
//!
//! Level l of a tree of s leaves has floor(s / 256^l) hashes: full tiles of 256, then what is left over as a partial
//! one. The iterators are lazy, so a hostile size costs nothing until somebody walks it.

use super::{BundleCoord, TILE_WIDTH, TileCoord};

/// Levels that a `u64` size can reach: 256^8 is beyond it.
const LEVELS: u8 = 8;

/// Hashes of one level in a tree of `size` leaves.
fn hashes_at(level: u8, size: u64) -> u64 {
    if level < LEVELS { size >> (8 * level) } else { 0 }
}

/// The width of the tile at `index` in a row of `count` hashes, `None` if it would be empty.
fn width_at(index: u64, count: u64) -> Option<u16> {
    let full = count / u64::from(TILE_WIDTH);
    let rest = (count % u64::from(TILE_WIDTH)) as u16;
    match index.cmp(&full) {
        core::cmp::Ordering::Less => Some(TILE_WIDTH),
        core::cmp::Ordering::Equal if rest > 0 => Some(rest),
        _ => None,
    }
}

/// The tile at this level and index in a tree of `size` leaves, with the width it has there; `None` if it has none.
#[must_use]
pub fn tile_at(level: u8, index: u64, size: u64) -> Option<TileCoord> {
    width_at(index, hashes_at(level, size)).map(|width| TileCoord::trusted(level, index, width))
}

/// All tiles of a tree of `size` leaves, by level and index, the partial one of a level last.
pub fn tiles_of(size: u64) -> impl Iterator<Item = TileCoord> {
    (0..LEVELS).flat_map(move |level| {
        let full = hashes_at(level, size) / u64::from(TILE_WIDTH);
        (0..full)
            .map(move |index| TileCoord::trusted(level, index, TILE_WIDTH))
            .chain(tile_at(level, full, size))
    })
}

/// The tiles of a tree of `size` leaves that are not full: at most one per level, lowest first.
pub fn partial_tiles(size: u64) -> impl Iterator<Item = TileCoord> {
    (0..LEVELS)
        .filter_map(move |level| tile_at(level, hashes_at(level, size) / u64::from(TILE_WIDTH), size))
        .filter(|tile| !tile.is_full())
}

/// The tiles that are full at `new_size` and were not at `old_size`, by level and index. None if the tree shrinks.
pub fn tiles_between(old_size: u64, new_size: u64) -> impl Iterator<Item = TileCoord> {
    (0..LEVELS).flat_map(move |level| {
        let [old, new] = [old_size, new_size].map(|size| hashes_at(level, size) / u64::from(TILE_WIDTH));
        (old..new).map(move |index| TileCoord::trusted(level, index, TILE_WIDTH))
    })
}

/// The entry bundle at this index in a log of `size` entries, with the width it has there; `None` if it has none.
#[must_use]
pub fn bundle_at(index: u64, size: u64) -> Option<BundleCoord> {
    width_at(index, size).map(|width| BundleCoord::trusted(index, width))
}

/// The entry bundles that are full at `new_size` and were not at `old_size`, by index.
pub fn bundles_between(old_size: u64, new_size: u64) -> impl Iterator<Item = BundleCoord> {
    (old_size / u64::from(TILE_WIDTH)..new_size / u64::from(TILE_WIDTH))
        .map(|index| BundleCoord::trusted(index, TILE_WIDTH))
}

/// The full entry bundles of a log of `size` entries, by index.
pub fn full_bundles(size: u64) -> impl Iterator<Item = BundleCoord> {
    bundles_between(0, size)
}

/// The entry bundle of a log of `size` entries that is not full, if the last one is not.
#[must_use]
pub fn partial_bundle(size: u64) -> Option<BundleCoord> {
    bundle_at(size / u64::from(TILE_WIDTH), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(tiles: impl Iterator<Item = TileCoord>) -> Vec<String> {
        tiles.map(TileCoord::path).collect()
    }

    #[test]
    fn seventy_thousand_leaves_have_the_tiles_of_the_specification() {
        let tiles: Vec<_> = tiles_of(70_000).collect();
        let full = |level| tiles.iter().filter(|t| t.level() == level && t.is_full()).count();
        assert_eq!([full(0), full(1), full(2)], [273, 1, 0]);
        assert_eq!(spelled(partial_tiles(70_000)), ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        assert_eq!(tiles.len(), 277);
    }

    #[test]
    fn a_full_tile_shows_at_the_level_above_at_once() {
        assert_eq!(spelled(tiles_of(256)), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(spelled(tiles_of(255)), ["tile/0/000.p/255"]);
        assert_eq!(spelled(tiles_of(0)), [""; 0]);
        assert_eq!(spelled(tiles_between(255, 256)), ["tile/0/000"]);
        assert_eq!(spelled(tiles_between(65_535, 65_536)), ["tile/0/255", "tile/1/000"]);
        assert_eq!(spelled(tiles_between(256, 511)), [""; 0]);
        assert_eq!(spelled(tiles_between(600, 0)), [""; 0]);
    }

    #[test]
    fn bundles_follow_the_lowest_level() {
        assert_eq!(bundle_at(0, 0), None);
        assert_eq!(bundle_at(1, 300).map(|b| b.path()), Some("tile/entries/001.p/44".into()));
        assert_eq!(bundle_at(2, 512), None);
        assert_eq!(partial_bundle(512), None);
        assert_eq!(full_bundles(70_000).count(), 273);
        assert_eq!(bundles_between(511, 600).map(BundleCoord::index).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn the_largest_size_neither_overflows_nor_reaches_level_eight() {
        assert_eq!(partial_tiles(u64::MAX).map(TileCoord::width).collect::<Vec<_>>(), [255; 8]);
        assert_eq!(tile_at(8, 0, u64::MAX), None);
        assert_eq!(tile_at(255, 0, u64::MAX), None);
        assert_eq!(tile_at(0, u64::MAX, u64::MAX), None);
        assert_eq!(tiles_of(u64::MAX).next().map(TileCoord::path), Some("tile/0/000".into()));
    }
}
