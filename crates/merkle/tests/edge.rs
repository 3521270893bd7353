//! The growing edge: which tiles it emits, how it is persisted, what it refuses.

use databourse_merkle::{EdgeError, FullTile, Hash, SIZE_MAX, TileEdge, leaf_hash, root_of, tile};

#[test]
fn pushing_emits_each_full_tile_once_and_in_order() {
    let mut edge = TileEdge::new();
    let mut finished = Vec::new();
    for size in 0..70_000u64 {
        let before = finished.len();
        edge.push(leaf_hash(&size.to_be_bytes()), &mut finished);
        let emitted: Vec<_> = finished[before..].iter().map(FullTile::coord).collect();
        assert_eq!(emitted, tile::tiles_between(size, size + 1).collect::<Vec<_>>(), "{size}");
    }
    let (bottom, above): (Vec<_>, Vec<_>) = finished.iter().partition(|tile| tile.level == 0);
    let roots = bottom.iter().map(|tile| root_of(tile.hashes.iter().copied()));
    let row = above.iter().flat_map(|tile| &tile.hashes).chain(edge.partial(1));
    assert!(roots.eq(row.copied()), "level 1 is the roots of level 0");
    assert_eq!(
        edge.partials().map(|(coord, _)| coord).collect::<Vec<_>>(),
        tile::partial_tiles(70_000).collect::<Vec<_>>()
    );
    assert!(edge.partials().all(|(coord, hashes)| hashes.len() == usize::from(coord.width())));
    assert_eq!(edge.partial(3), []);
    assert_eq!(finished[0].to_bytes().len(), 8_192);
}

#[test]
fn an_edge_restored_from_its_partial_tiles_is_the_same_edge() {
    let mut edge = TileEdge::new();
    for size in 0..1_100u64 {
        assert_eq!(TileEdge::from_partials(size, edge.to_partials()), Ok(edge.clone()), "{size}");
        edge.push(leaf_hash(&size.to_be_bytes()), &mut Vec::new());
    }
}

#[test]
fn partial_tiles_of_another_size_are_refused() {
    let check = |size, widths: &[usize], error| {
        let partials = widths.iter().map(|width| vec![Hash::from_bytes([7; 32]); *width]).collect();
        assert_eq!(TileEdge::from_partials(size, partials).err(), error, "{size} {widths:?}");
    };
    check(0, &[], None);
    check(256, &[0, 1], None);
    check(SIZE_MAX, &[255, 255, 255, 255, 255, 255, 255, 127], None);
    let levels = |size, expected, actual| Some(EdgeError::Levels { size, expected, actual });
    check(0, &[0], levels(0, 0, 1));
    check(256, &[0, 1, 0], levels(256, 2, 3));
    check(256, &[256], levels(256, 2, 1));
    let width = |size, level, expected, actual| Some(EdgeError::Width { size, level, expected, actual });
    check(256, &[256, 1], width(256, 0, 0, 256));
    check(300, &[44, 2], width(300, 1, 1, 2));
    check(300, &[43, 1], width(300, 0, 44, 43));
    check(u64::MAX, &[255; 8], Some(EdgeError::Size { size: u64::MAX }));
}
