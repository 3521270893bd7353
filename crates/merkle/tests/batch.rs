//! Proofs of many leaves at once: the same as one by one, with each tile read once.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use databourse_merkle::{
    BuildError, Hash, HashReader, MemoryTree, MissingTile, TileCoord, TileNodes, inclusion_proof,
    inclusion_proofs, leaf_hash, tiles_for_inclusions,
};
use proptest::prelude::*;
use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

static TREE: LazyLock<MemoryTree> =
    LazyLock::new(|| (0..70_000u64).map(|i| leaf_hash(&i.to_be_bytes())).collect());

/// Tiles only; counts how often each is read.
#[derive(Default)]
struct Counting(RefCell<BTreeMap<TileCoord, usize>>);

impl HashReader for Counting {
    type Error = MissingTile;

    fn tile(&self, coord: TileCoord) -> Result<Cow<'_, [Hash]>, MissingTile> {
        *self.0.borrow_mut().entry(coord).or_default() += 1;
        TREE.tile(coord)
    }
}

fn check(indexes: &[u64], size: u64) {
    let one_by_one: Vec<_> =
        indexes.iter().map(|index| inclusion_proof(*index, size, &*TREE).expect("a proof")).collect();
    let planned = tiles_for_inclusions(indexes, size);
    let counting = Counting::default();
    assert_eq!(inclusion_proofs(indexes, size, &counting).as_ref(), Ok(&one_by_one), "{indexes:?} of {size}");
    let read = counting.0.into_inner();
    assert!(read.values().all(|times| *times == 1), "{read:?}");
    assert!(
        read.keys().collect::<BTreeSet<_>>().is_subset(&planned.iter().collect()),
        "{indexes:?} of {size}"
    );
    // With the nodes of the tiles at hand, as a node has them.
    let nodes = |coord: TileCoord| {
        let hashes = TREE.tile(coord).expect("a tile").into_owned();
        (coord, Arc::new(TileNodes::new(coord, hashes).expect("its width")))
    };
    let nodes: BTreeMap<_, _> = planned.into_iter().map(nodes).collect();
    assert_eq!(inclusion_proofs(indexes, size, &nodes), Ok(one_by_one), "{indexes:?} of {size}");
}

#[test]
fn every_pair_of_leaves_of_every_small_tree() {
    for size in 0..=20 {
        check(&[], size);
        check(&(0..size).collect::<Vec<_>>(), size);
        for first in 0..size {
            (0..size).for_each(|second| check(&[first, second], size));
        }
    }
}

#[test]
fn blocks_across_the_borders_of_tiles() {
    for (from, to, size) in
        [(0, 256, 256), (200, 300, 300), (255, 257, 513), (65_000, 66_000, 66_000), (1, 3, 70_000)]
    {
        check(&(from..to).collect::<Vec<_>>(), size);
        check(&(from..to).rev().collect::<Vec<_>>(), 70_000);
    }
}

#[test]
fn an_index_outside_the_tree_is_refused_before_anything_is_read() {
    let counting = Counting::default();
    let outside = |index, size| Err(BuildError::IndexOutsideTree { index, size });
    assert_eq!(inclusion_proofs(&[0, 7, 9], 7, &counting), outside(7, 7));
    assert_eq!(inclusion_proofs(&[0], 0, &counting), outside(0, 0));
    assert_eq!(inclusion_proofs(&[u64::MAX], u64::MAX, &counting), outside(u64::MAX, u64::MAX));
    assert!(counting.0.into_inner().is_empty());
    let none = BTreeMap::<TileCoord, Vec<Hash>>::new();
    assert!(matches!(inclusion_proofs(&[1, 2], 7, &none), Err(BuildError::Reader(MissingTile(_)))));
    assert!(tiles_for_inclusions(&[u64::MAX, 3], u64::MAX).len() <= 16);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_leaves_of_any_tree(size in 1u64..70_000, picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        let indexes: Vec<_> = picks.iter().map(|pick| pick.index(size as usize) as u64).collect();
        check(&indexes, size);
    }
}
