//! The same answers as two independent implementations: `ct-merkle` (roots, both proofs) and `tlog_tiles` (tile
//! paths, new tiles, tile bytes, tree hash). Neither is used outside tests.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use databourse_merkle::{
    FullTile, Hash, HashReader, MemoryTree, TileCoord, TileEdge, consistency_proof, inclusion_proof,
    leaf_hash, tile, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use sha2::Sha256;

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

fn both(entries: &[Vec<u8>]) -> (Oracle, MemoryTree) {
    let mut oracle = Oracle::new();
    entries.iter().for_each(|entry| oracle.push(entry.clone()));
    (oracle, entries.iter().map(|entry| leaf_hash(entry)).collect())
}

fn oracle_root(root: Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new((*root.as_bytes()).into(), size)
}

fn entries() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..700)
}

/// `tlog_tiles` has a tile height in its paths; ours is fixed at 8.
fn spelled(tile: &tlog_tiles::Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

/// All nodes of a tree, in the storage order that `tlog_tiles` asks for.
struct Stored<'a>(&'a MemoryTree);

impl tlog_tiles::HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let node = |index: &u64| {
            let (height, index) = tlog_tiles::split_stored_hash_index(*index);
            let node = self.0.node(databourse_merkle::Subtree { height, index }).expect("a complete subtree");
            tlog_tiles::Hash(*node.as_bytes())
        };
        Ok(indexes.iter().map(node).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn roots_and_inclusion_proofs_are_those_of_ct_merkle(entries in entries(), at in any::<prop::sample::Index>()) {
        let (oracle, tree) = both(&entries);
        let (index, size) = (at.index(entries.len()), tree.size());
        prop_assert!(oracle.root() == oracle_root(tree.root(), size));

        let proof = inclusion_proof(index as u64, size, &tree).expect("a proof");
        let bytes = tile::encode(&proof);
        let expected = oracle.prove_inclusion(index);
        prop_assert_eq!(expected.as_bytes(), &bytes);
        prop_assert_eq!(verify_inclusion(tree.leaves()[index], index as u64, size, &proof, tree.root()), Ok(()));
    }

    #[test]
    fn consistency_proofs_are_those_of_ct_merkle(entries in entries(), at in any::<prop::sample::Index>()) {
        let (oracle, tree) = both(&entries);
        let (old, new) = (at.index(entries.len()) as u64 + 1, tree.size());
        let old_root = tree.root_at(old).expect("a smaller tree");
        let proof = consistency_proof(old, new, &tree).expect("a proof");
        let expected = oracle.prove_consistency((new - old) as usize);
        prop_assert_eq!(expected.as_bytes(), &tile::encode(&proof));
        prop_assert_eq!(verify_consistency(old, old_root, new, tree.root(), &proof), Ok(()));
    }

    /// Whatever is claimed and however the proof is bent, both verifiers say the same.
    #[test]
    fn bent_inclusion_proofs_get_the_verdict_of_ct_merkle(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 1..40),
        at in any::<prop::sample::Index>(),
        index in 0u64..45, size in 0u64..45, claim_truth in any::<[bool; 2]>(),
        edit in 0usize..5, place in any::<prop::sample::Index>(),
    ) {
        let (_, tree) = both(&entries);
        let leaf = at.index(entries.len());
        let mut proof = inclusion_proof(leaf as u64, tree.size(), &tree).expect("a proof");
        bend(&mut proof, edit, place);
        let index = if claim_truth[0] { leaf as u64 } else { index };
        let size = if claim_truth[1] { tree.size() } else { size };
        let ours = verify_inclusion(tree.leaves()[leaf], index, size, &proof, tree.root());
        let theirs = oracle_root(tree.root(), size)
            .verify_inclusion(&entries[leaf], index, &InclusionProof::from_bytes(tile::encode(&proof)));
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
    }

    #[test]
    fn bent_consistency_proofs_get_the_verdict_of_ct_merkle(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 1..40),
        at in any::<prop::sample::Index>(),
        old in 1u64..45, new in 1u64..45, claim_truth in any::<[bool; 2]>(),
        edit in 0usize..5, place in any::<prop::sample::Index>(),
    ) {
        let (_, tree) = both(&entries);
        let true_old = at.index(entries.len()) as u64 + 1;
        let old_root = tree.root_at(true_old).expect("a smaller tree");
        let mut proof = consistency_proof(true_old, tree.size(), &tree).expect("a proof");
        bend(&mut proof, edit, place);
        let old = if claim_truth[0] { true_old } else { old };
        let new = if claim_truth[1] { tree.size() } else { new };
        let ours = verify_consistency(old, old_root, new, tree.root(), &proof);
        let theirs = ConsistencyProof::try_from_bytes(tile::encode(&proof)).and_then(|proof| {
            oracle_root(tree.root(), new).verify_consistency(&oracle_root(old_root, old), &proof)
        });
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
    }

    #[test]
    fn tile_paths_are_those_of_tlog_tiles(level in 0u8..=63, index in any::<u64>(), bits in 0u32..64, width in 1u16..=256) {
        let coord = TileCoord::new(level, index >> bits, width).expect("a tile");
        let theirs = tlog_tiles::Tile::new(8, level, index >> bits, u32::from(width), false);
        prop_assert_eq!(coord.path(), spelled(&theirs));
        prop_assert_eq!(TileCoord::parse(&coord.path()), Ok(coord));
    }

    #[test]
    fn new_tiles_are_those_of_tlog_tiles(old in 0u64..200_000, grown in 0u64..3_000) {
        let new = old + grown;
        // Theirs publishes the partial tiles that changed as well.
        let theirs: Vec<_> = tlog_tiles::Tile::new_tiles(8, old, new).iter().map(spelled).collect();
        let full: Vec<_> = tile::tiles_between(old, new).map(TileCoord::path).collect();
        prop_assert_eq!(theirs.iter().filter(|path| !path.contains(".p/")).cloned().collect::<Vec<_>>(), full);
        let partial: Vec<_> = tile::partial_tiles(new).map(TileCoord::path).collect();
        prop_assert!(theirs.iter().filter(|path| path.contains(".p/")).all(|path| partial.contains(path)));
    }
}

/// Leaves a proof as it is, or drops, repeats, changes or swaps one of its hashes.
fn bend(proof: &mut Vec<Hash>, edit: usize, place: prop::sample::Index) {
    if proof.is_empty() {
        return;
    }
    let place = place.index(proof.len());
    match edit {
        1 => drop(proof.remove(place)),
        2 => proof.insert(place, proof[place]),
        3 => proof[place] = leaf_hash(b"another"),
        4 => proof.swap(0, place),
        _ => (),
    }
}

#[test]
fn tiles_and_roots_hold_the_bytes_of_tlog_tiles() {
    let mut tree = MemoryTree::new();
    let mut edge = TileEdge::new();
    let mut full: Vec<FullTile> = Vec::new();
    for i in 0..66_000u64 {
        tree.push(leaf_hash(&i.to_be_bytes()));
        edge.push(leaf_hash(&i.to_be_bytes()), &mut full);
        if i % 997 == 0 {
            let theirs = tlog_tiles::tree_hash(tree.size(), &Stored(&tree)).expect("a root");
            assert_eq!(&theirs.0, edge.root().as_bytes(), "{i}");
        }
    }
    let emitted = full.iter().map(|tile| (tile.coord(), tile.to_bytes()));
    let unfinished = edge.partials().map(|(coord, hashes)| (coord, tile::encode(hashes)));
    let mut count = 0;
    for (coord, body) in emitted.chain(unfinished) {
        let theirs = tlog_tiles::Tile::new(8, coord.level(), coord.index(), u32::from(coord.width()), false);
        assert_eq!(theirs.read_data(&Stored(&tree)).expect("a tile"), body, "{coord}");
        assert_eq!(tile::encode(&tree.tile(coord).expect("a tile")), body, "{coord}");
        count += 1;
    }
    assert_eq!(count, tile::tiles_of(66_000).count());
}
