//! The vectors of `tests/vectors/merkle`, which Solidity and JavaScript read too. They were written from the RFC's
//! definitions by `generate.py`, which shares nothing with this crate.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::collections::BTreeMap;

use databourse_merkle::tile::{PathError, encode};
use databourse_merkle::{
    BundleCoord, Hash, HashReader, MemoryTree, ProofError, TileCoord, TileEdge, TilePath, consistency_proof,
    inclusion_proof, leaf_hash, tile, verify_consistency, verify_inclusion,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

fn vector<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/../../tests/vectors/merkle/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect(&path);
    serde_json::from_str(&text).expect(&path)
}

/// A hash as the vectors spell it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Hex(Hash);

impl TryFrom<String> for Hex {
    type Error = databourse_merkle::HashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

fn hashes(list: &[Hex]) -> Vec<Hash> {
    list.iter().map(|hex| hex.0).collect()
}

/// The tree whose leaf i is the number i, eight bytes, big-endian.
fn numbered(size: u64) -> MemoryTree {
    (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn proof_verdict(verdict: Result<(), ProofError>) -> &'static str {
    match verdict {
        Ok(()) => "ok",
        Err(ProofError::IndexOutsideTree { .. }) => "index_outside_tree",
        Err(ProofError::OldLargerThanNew { .. }) => "old_larger_than_new",
        Err(ProofError::TooLong) => "too_long",
        Err(ProofError::TooShort) => "too_short",
        Err(ProofError::RootMismatch) => "root_mismatch",
        Err(ProofError::OldRootMismatch) => "old_root_mismatch",
        Err(ProofError::NewRootMismatch) => "new_root_mismatch",
    }
}

#[test]
fn numbered_leaves_have_the_listed_roots() {
    #[derive(Deserialize)]
    struct Root {
        size: u64,
        root: Hex,
    }
    #[derive(Deserialize)]
    struct File {
        roots: Vec<Root>,
        all_of_1_to_1000: Hex,
    }
    let file: File = vector("roots.json");
    let tree = numbered(70_000);
    for Root { size, root } in &file.roots {
        assert_eq!(tree.root_at(*size), Some(root.0), "{size}");
    }
    let thousand = "c89faf3395d034a77c12c76d636db96358d6d2839c3c68f6329a07231e82fce2".parse().ok();
    assert_eq!(tree.root_at(1_000), thousand, "the vector that the design names");

    let mut edge = TileEdge::new();
    let mut all = Sha256::new();
    for leaf in &tree.leaves()[..1_000] {
        edge.push(*leaf, &mut Vec::new());
        all.update(edge.root());
    }
    assert_eq!(Hash::from_bytes(all.finalize().into()), file.all_of_1_to_1000.0);
}

#[test]
fn the_eight_reference_leaves_have_their_known_roots_and_proofs() {
    #[derive(Deserialize)]
    struct Inclusion {
        index: u64,
        size: u64,
        proof: Vec<Hex>,
    }
    #[derive(Deserialize)]
    struct Consistency {
        old: u64,
        new: u64,
        proof: Vec<Hex>,
    }
    #[derive(Deserialize)]
    struct File {
        leaves: Vec<String>,
        roots: Vec<Hex>,
        inclusion: Vec<Inclusion>,
        consistency: Vec<Consistency>,
    }
    let file: File = vector("rfc6962.json");
    let tree: MemoryTree =
        file.leaves.iter().map(|leaf| leaf_hash(&hex::decode(leaf).expect("hex"))).collect();
    let root = |size: u64| file.roots[size as usize].0;
    for size in 0..=8 {
        assert_eq!(tree.root_at(size), Some(root(size)));
    }
    for Inclusion { index, size, proof } in &file.inclusion {
        let proof = hashes(proof);
        assert_eq!(inclusion_proof(*index, *size, &tree), Ok(proof.clone()), "{index} {size}");
        assert_eq!(
            verify_inclusion(tree.leaves()[*index as usize], *index, *size, &proof, root(*size)),
            Ok(())
        );
    }
    for Consistency { old, new, proof } in &file.consistency {
        let proof = hashes(proof);
        assert_eq!(consistency_proof(*old, *new, &tree), Ok(proof.clone()), "{old} {new}");
        assert_eq!(verify_consistency(*old, root(*old), *new, root(*new), &proof), Ok(()));
    }
}

#[test]
fn inclusion_proofs_get_the_listed_verdict() {
    #[derive(Deserialize)]
    struct Case {
        case: String,
        leaf_hash: Hex,
        index: u64,
        size: u64,
        proof: Vec<Hex>,
        root: Hex,
        expect: String,
    }
    let mut file: BTreeMap<String, serde_json::Value> = vector("inclusion.json");
    let cases: Vec<Case> = serde_json::from_value(file.remove("cases").expect("cases")).expect("the cases");
    let tree = numbered(70_000);
    for Case { case, leaf_hash, index, size, proof, root, expect } in cases {
        let proof = hashes(&proof);
        let verdict = verify_inclusion(leaf_hash.0, index, size, &proof, root.0);
        assert_eq!(proof_verdict(verdict), expect, "{case}: {index} of {size}");
        if expect == "ok" {
            assert_eq!(inclusion_proof(index, size, &tree), Ok(proof), "{index} of {size}");
        }
    }
}

#[test]
fn consistency_proofs_get_the_listed_verdict() {
    #[derive(Deserialize)]
    struct Case {
        case: String,
        old_size: u64,
        old_root: Hex,
        new_size: u64,
        new_root: Hex,
        proof: Vec<Hex>,
        expect: String,
    }
    let mut file: BTreeMap<String, serde_json::Value> = vector("consistency.json");
    let cases: Vec<Case> = serde_json::from_value(file.remove("cases").expect("cases")).expect("the cases");
    let tree = numbered(70_000);
    for Case { case, old_size, old_root, new_size, new_root, proof, expect } in cases {
        let proof = hashes(&proof);
        let verdict = verify_consistency(old_size, old_root.0, new_size, new_root.0, &proof);
        assert_eq!(proof_verdict(verdict), expect, "{case}: {old_size} to {new_size}");
        if expect == "ok" {
            assert_eq!(consistency_proof(old_size, new_size, &tree), Ok(proof), "{old_size} to {new_size}");
        }
    }
}

#[test]
fn tiles_have_the_listed_names_and_bytes() {
    #[derive(Deserialize)]
    struct Tile {
        size: u64,
        path: String,
        level: u8,
        index: u64,
        width: u16,
        sha256: Hex,
    }
    let mut file: BTreeMap<String, serde_json::Value> = vector("tiles.json");
    let tiles: Vec<Tile> = serde_json::from_value(file.remove("tiles").expect("tiles")).expect("the tiles");
    let tree = numbered(70_000);
    for Tile { size, path, level, index, width, sha256 } in tiles {
        let coord = TileCoord::new(level, index, width).expect("a valid coordinate");
        assert_eq!(TileCoord::parse(&path), Ok(coord));
        assert_eq!(tile::tile_at(level, index, size), Some(coord), "{path} at {size}");
        let body = encode(&tree.tile(coord).expect("the tree has it"));
        assert_eq!(Hash::from_bytes(Sha256::digest(&body).into()), sha256.0, "{path}");
    }
}

#[test]
fn paths_are_read_in_one_spelling_only() {
    #[derive(Deserialize)]
    struct Accepted {
        path: String,
        level: String,
        index: String,
        width: u16,
    }
    #[derive(Deserialize)]
    struct Refused {
        path: String,
        expect: String,
    }
    #[derive(Deserialize)]
    struct File {
        accepted: Vec<Accepted>,
        refused: Vec<Refused>,
    }
    let file: File = vector("tile_paths.json");
    for Accepted { path, level, index, width } in file.accepted {
        let index = index.parse().expect("a u64");
        let expected = match level.as_str() {
            "entries" => TilePath::Bundle(BundleCoord::new(index, width).expect("a bundle")),
            level => {
                TilePath::Tile(TileCoord::new(level.parse().expect("a level"), index, width).expect("a tile"))
            }
        };
        assert_eq!(path.parse(), Ok(expected));
        assert_eq!(expected.to_string(), path);
        let (tile, bundle) = (TileCoord::parse(&path), BundleCoord::parse(&path));
        match expected {
            TilePath::Tile(coord) => assert_eq!((tile, bundle), (Ok(coord), Err(PathError::Frame))),
            TilePath::Bundle(coord) => assert_eq!((tile, bundle), (Err(PathError::Level), Ok(coord))),
        }
    }
    for Refused { path, expect } in file.refused {
        let reason = match TilePath::parse(&path) {
            Ok(_) => "ok",
            Err(PathError::Frame) => "frame",
            Err(PathError::Level) => "level",
            Err(PathError::Width) => "width",
            Err(PathError::Index) => "index",
            Err(PathError::Padding) => "padding",
            Err(PathError::Overflow) => "overflow",
        };
        assert_eq!(reason, expect, "{path}");
    }
}
