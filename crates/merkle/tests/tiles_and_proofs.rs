//! Proofs read from tiles alone, and what hostile sizes, tiles and paths do: nothing but a typed error.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use databourse_merkle::{
    BuildError, Hash, HashReader, MemoryTree, MissingTile, ProofError, TileCoord, TileNodes, TilePath,
    consistency_proof, inclusion_proof, leaf_hash, tiles_for_consistency, tiles_for_inclusion,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

fn numbered(size: u64) -> MemoryTree {
    (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// Tiles only, without the tree's own nodes; remembers what was asked.
struct Tiles<'a> {
    tree: &'a MemoryTree,
    asked: RefCell<BTreeSet<TileCoord>>,
}

impl HashReader for Tiles<'_> {
    type Error = MissingTile;

    fn tile(&self, coord: TileCoord) -> Result<Cow<'_, [Hash]>, MissingTile> {
        self.asked.borrow_mut().insert(coord);
        self.tree.tile(coord)
    }
}

fn load(tree: &MemoryTree, tiles: BTreeSet<TileCoord>) -> BTreeMap<TileCoord, Vec<Hash>> {
    tiles
        .into_iter()
        .map(|coord| (coord, tree.tile(coord).expect("a tile of the tree").into_owned()))
        .collect()
}

fn nodes(tiles: &BTreeMap<TileCoord, Vec<Hash>>) -> BTreeMap<TileCoord, Arc<TileNodes>> {
    let nodes =
        |coord: &TileCoord, hashes: &Vec<Hash>| TileNodes::new(*coord, hashes.clone()).expect("its width");
    tiles.iter().map(|(coord, hashes)| (*coord, Arc::new(nodes(coord, hashes)))).collect()
}

fn check_inclusion(tree: &MemoryTree, index: u64, size: u64) {
    let expected = inclusion_proof(index, size, tree).expect("a proof");
    let root = tree.root_at(size).expect("a root");
    assert_eq!(verify_inclusion(tree.leaves()[index as usize], index, size, &expected, root), Ok(()));

    let planned = tiles_for_inclusion(index, size);
    let tiles = Tiles { tree, asked: RefCell::default() };
    assert_eq!(inclusion_proof(index, size, &tiles), Ok(expected.clone()), "{index} {size}");
    assert_eq!(tiles.asked.into_inner(), planned, "{index} {size}");
    let loaded = load(tree, planned);
    assert_eq!(inclusion_proof(index, size, &nodes(&loaded)), Ok(expected.clone()));
    assert_eq!(inclusion_proof(index, size, &loaded), Ok(expected));
}

fn check_consistency(tree: &MemoryTree, old: u64, new: u64) {
    let expected = consistency_proof(old, new, tree).expect("a proof");
    let [old_root, new_root] = [old, new].map(|size| tree.root_at(size).expect("a root"));
    assert_eq!(verify_consistency(old, old_root, new, new_root, &expected), Ok(()), "{old} {new}");

    let planned = tiles_for_consistency(old, new);
    let tiles = Tiles { tree, asked: RefCell::default() };
    assert_eq!(consistency_proof(old, new, &tiles), Ok(expected.clone()), "{old} {new}");
    assert_eq!(tiles.asked.into_inner(), planned, "{old} {new}");
    let loaded = load(tree, planned);
    assert_eq!(consistency_proof(old, new, &nodes(&loaded)), Ok(expected.clone()));
    assert_eq!(consistency_proof(old, new, &loaded), Ok(expected));
}

#[test]
fn all_proofs_of_small_trees_build_and_verify() {
    let tree = numbered(40);
    for size in 0..=40 {
        (0..size).for_each(|index| check_inclusion(&tree, index, size));
        (0..=size).for_each(|old| check_consistency(&tree, old, size));
    }
}

#[test]
fn proofs_across_tile_borders_read_exactly_the_planned_tiles() {
    let tree = numbered(70_000);
    let sizes = [1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_047, 70_000];
    for size in sizes {
        for index in [0, 1, 127, 128, 255, 256, 300, 65_279, 65_280, 65_535, 65_536, 69_887, 69_999] {
            if index < size {
                check_inclusion(&tree, index, size);
            }
        }
        for old in sizes {
            if old <= size {
                check_consistency(&tree, old, size);
            }
        }
    }
}

#[test]
fn questions_without_an_answer_are_refused_before_anything_is_read() {
    let none = BTreeMap::<TileCoord, Vec<Hash>>::new();
    for (index, size) in [(0, 0), (7, 7), (8, 7), (u64::MAX, u64::MAX)] {
        assert_eq!(inclusion_proof(index, size, &none), Err(BuildError::IndexOutsideTree { index, size }));
    }
    for (old_size, new_size) in [(1, 0), (8, 7), (u64::MAX, 7)] {
        let error = BuildError::OldLargerThanNew { old_size, new_size };
        assert_eq!(consistency_proof(old_size, new_size, &none), Err(error));
    }
    for (old, new) in [(0, 0), (0, u64::MAX), (7, 7), (u64::MAX, u64::MAX)] {
        assert_eq!(consistency_proof(old, new, &none), Ok(vec![]));
    }
}

#[test]
fn a_missing_or_misshapen_tile_is_named() {
    let tree = numbered(300);
    let loaded = load(&tree, tiles_for_inclusion(5, 300));
    let [full, partial] =
        [(0, 256), (1, 44)].map(|(index, width)| TileCoord::new(0, index, width).expect("a tile"));
    assert_eq!(loaded.keys().copied().collect::<Vec<_>>(), [full, partial]);
    let swapped = BTreeMap::from([full, partial].map(|coord| (coord, nodes(&loaded)[&partial].clone())));
    assert_eq!(inclusion_proof(5, 300, &swapped), Err(BuildError::TileWidth { coord: full, actual: 44 }));
    for coord in [full, partial] {
        let mut lacking = loaded.clone();
        lacking.remove(&coord);
        assert_eq!(inclusion_proof(5, 300, &lacking), Err(BuildError::Reader(MissingTile(coord))));
        let width = usize::from(coord.width());
        for actual in [0, 1, width - 1, width + 1, 1_000] {
            let mut misshapen = loaded.clone();
            misshapen.insert(coord, vec![leaf_hash(b""); actual]);
            assert_eq!(inclusion_proof(5, 300, &misshapen), Err(BuildError::TileWidth { coord, actual }));
        }
    }
}

#[test]
fn a_proof_of_the_largest_tree_ends_at_the_right_length() {
    let root = leaf_hash(b"");
    let inclusion = |index, size, count| verify_inclusion(root, index, size, &vec![root; count], root);
    for (index, size, length) in
        [(0, u64::MAX, 64), (u64::MAX - 1, u64::MAX, 63), (1 << 63, (1 << 63) + 1, 1), (0, 1 << 63, 63)]
    {
        assert_eq!(inclusion(index, size, length - 1), Err(ProofError::TooShort), "{index} {size}");
        assert_eq!(inclusion(index, size, length), Err(ProofError::RootMismatch), "{index} {size}");
        assert_eq!(inclusion(index, size, length + 1), Err(ProofError::TooLong), "{index} {size}");
    }
    let consistency = |old, new, count| verify_consistency(old, root, new, root, &vec![root; count]);
    for (old, new, length) in [(1 << 63, u64::MAX, 1), (1, u64::MAX, 64), (u64::MAX - 1, u64::MAX, 64)] {
        assert_eq!(consistency(old, new, length - 1), Err(ProofError::TooShort), "{old} {new}");
        assert!(
            !matches!(consistency(old, new, length), Err(ProofError::TooShort | ProofError::TooLong)),
            "{old} {new}"
        );
        assert_eq!(consistency(old, new, length + 1), Err(ProofError::TooLong), "{old} {new}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_path_is_refused_or_is_its_own_spelling(path in "(tile/)?([0-9]{1,3}|entries|[a-z.]*)/((x?[0-9]{0,4}|\\PC{0,3})/){0,8}[0-9]{0,4}(\\.p/?[0-9]{0,4})?") {
        if let Ok(read) = TilePath::parse(&path) {
            prop_assert_eq!(read.to_string(), path);
        }
    }

    #[test]
    fn any_text_is_refused_or_is_its_own_spelling(path in "\\PC*") {
        prop_assert!(TilePath::parse(&path).is_err());
        let _ = TilePath::parse(&format!("tile/{path}"));
        let _ = TilePath::parse(&format!("tile/0/{path}"));
    }

    #[test]
    fn any_claim_is_answered(a in any::<u64>(), b in any::<u64>(), bits in any::<[u8; 2]>(), count in 0usize..70) {
        let (a, b) = (a >> (bits[0] % 64), b >> (bits[1] % 64));
        let hash = leaf_hash(&[]);
        let proof = vec![hash; count];
        prop_assert!(verify_inclusion(hash, a, b, &proof, leaf_hash(&[1])).is_err());
        prop_assert!(verify_consistency(a, hash, b, leaf_hash(&[1]), &proof).is_err());
        prop_assert!(tiles_for_inclusion(a, b).len() <= 16);
        prop_assert!(tiles_for_consistency(a, b).len() <= 16);
        let none = BTreeMap::<TileCoord, Vec<Hash>>::new();
        prop_assert_eq!(inclusion_proof(a, b, &none).is_ok(), b == 1 && a == 0);
        prop_assert_eq!(consistency_proof(a, b, &none).is_ok(), a == b || a == 0);
    }
}
