//! `tile/…` paths, and the bodies behind them.

use databourse_merkle::{
    BundleCoord, SIZE_MAX, TileCoord, TileEdge, TileNodes, TilePath, root_of,
    tile::{self, tile_at},
};

/// The first line is a path; what follows is the body of that tile.
pub(crate) fn tile(input: &[u8]) {
    let (path, body) = match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, &[][..]),
    };
    let Ok(text) = std::str::from_utf8(path) else { return };
    let Ok(path) = TilePath::parse(text) else {
        assert!(TileCoord::parse(text).is_err() && BundleCoord::parse(text).is_err());
        return;
    };
    assert_eq!(path.to_string(), text, "a path has one spelling");
    match path {
        TilePath::Tile(coord) => {
            assert_eq!(TileCoord::parse(text), Ok(coord));
            hashes(coord, body);
        }
        TilePath::Bundle(coord) => {
            assert_eq!(BundleCoord::parse(text), Ok(coord));
            let first = coord.first_leaf();
            assert_eq!(first, coord.index().checked_mul(256));
            // The log that ends with this bundle has it, exactly this wide.
            if let Some(size) = first.and_then(|first| first.checked_add(u64::from(coord.width()))) {
                assert_eq!(tile::bundle_at(coord.index(), size), Some(coord));
            }
        }
    }
}

fn hashes(coord: TileCoord, body: &[u8]) {
    let Ok(hashes) = tile::decode(coord, body) else {
        assert_ne!(body.len(), 32 * usize::from(coord.width()));
        return;
    };
    assert_eq!(tile::encode(&hashes), body);
    let nodes = TileNodes::new(coord, hashes.clone()).expect("as many hashes as the tile is wide");
    assert_eq!(nodes.hashes(), hashes);
    // Read as the leaves of a small tree, a row gives the same root by its edge and by its compact range.
    let mut edge = TileEdge::new();
    let mut finished = Vec::new();
    hashes.iter().for_each(|hash| edge.push(*hash, &mut finished));
    assert_eq!(edge.root(), root_of(hashes.iter().copied()));
    assert_eq!(TileEdge::from_partials(edge.size(), edge.to_partials()), Ok(edge));
    let leaves = (coord.index() << 8).checked_add(u64::from(coord.width()));
    if let Some(size) =
        leaves.filter(|size| coord.level() == 0 && coord.index() < SIZE_MAX >> 8 && *size < SIZE_MAX)
    {
        assert_eq!(tile_at(0, coord.index(), size), Some(coord));
    }
}
