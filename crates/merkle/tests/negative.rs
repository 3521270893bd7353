//! What RFC 9162 §2.1.3 and §2.1.4 do not prove is refused: every way to bend a true statement, for every leaf of every
//! tree up to 65 leaves, for every pair of sizes up to that, and for large ones at random; and the vectors of
//! `tests/vectors/merkle/negative*.json`, which `verify_negative.py` beside them reads too.
//!
//! A proof does not prove the size it is shown with: the same hashes can fit another size of the same shape along the path.
//! So a claim with another size only must be refused exactly where the definition of the proof, unrolled from the root
//! down (`reference`), gives another root. Every other bent claim must be refused always.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod reference;

use databourse_merkle::{
    EMPTY_ROOT, Hash, MemoryTree, consistency_proof, inclusion_proof, leaf_hash, node_hash,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use reference::{Consistency, Inclusion};
use serde_json::Value;
use std::{collections::BTreeMap, fs, sync::LazyLock};

static TREE: LazyLock<MemoryTree> =
    LazyLock::new(|| (0..70_000u64).map(|i| leaf_hash(&i.to_be_bytes())).collect());

fn root(size: u64) -> Hash {
    TREE.root_at(size).expect("a size that the tree had")
}

fn changed(hash: Hash) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[31] ^= 1;
    Hash::from_bytes(bytes)
}

/// Every proof that is not this one and looks like it: another length, another order, another hash.
fn bent_proofs(proof: &[Hash], strangers: &[Hash]) -> Vec<(&'static str, Vec<Hash>)> {
    let mut bent =
        vec![("no hash at all", Vec::new()), ("turned around", proof.iter().rev().copied().collect())];
    let mut edit = |case, change: &dyn Fn(&mut Vec<Hash>)| {
        let mut proof = proof.to_vec();
        change(&mut proof);
        bent.push((case, proof));
    };
    for place in 0..proof.len() {
        edit("a hash changed", &|proof| proof[place] = changed(proof[place]));
        edit("a hash missing", &|proof| _ = proof.remove(place));
        edit("a hash twice", &|proof| proof.insert(place, proof[place]));
        edit("cut off", &|proof| proof.truncate(place));
        edit("cut off below", &|proof| drop(proof.drain(..=place)));
        if place > 0 {
            edit("neighbours swapped", &|proof| proof.swap(place - 1, place));
            edit("two joined to one", &|proof| {
                let joined = node_hash(&proof[place - 1], &proof[place]);
                proof.splice(place - 1..=place, [joined]);
            });
        }
    }
    for stranger in strangers {
        edit("one hash more at the root", &|proof| proof.push(*stranger));
        edit("one hash more at the leaf", &|proof| proof.insert(0, *stranger));
        if !proof.is_empty() {
            edit("another hash", &|proof| proof[0] = *stranger);
        }
    }
    bent.retain(|(_, bent)| bent != proof);
    bent
}

/// The sizes and places near `number`, and the far ends.
fn other_numbers(number: u64) -> Vec<u64> {
    let near = [
        number.wrapping_sub(1),
        number.wrapping_add(1),
        number ^ 1,
        number << 1,
        number >> 1,
        0,
        1,
        u64::MAX,
    ];
    let bits = (0..8).map(|bit| number ^ 1 << bit);
    let mut others: Vec<_> = near.into_iter().chain(bits).chain([number.next_power_of_two()]).collect();
    others.retain(|other| *other != number);
    others
}

fn refuse_inclusion(case: &str, claim: &Inclusion) {
    let verdict = verify_inclusion(claim.leaf, claim.index, claim.size, &claim.proof, claim.root);
    assert!(verdict.is_err() && !claim.holds(), "{case}: {} of {}", claim.index, claim.size);
}

fn bend_inclusion(index: u64, size: u64) {
    let leaf = TREE.leaves()[index as usize];
    let proof = inclusion_proof(index, size, &*TREE).expect("a proof");
    let good = Inclusion { leaf, index, size, proof, root: root(size) };
    assert!(good.holds());
    assert_eq!(verify_inclusion(leaf, index, size, &good.proof, good.root), Ok(()));
    let strangers = [leaf, good.root, EMPTY_ROOT, Hash::from_bytes([0; 32])];
    for (case, proof) in bent_proofs(&good.proof, &strangers) {
        refuse_inclusion(case, &Inclusion { proof, ..good.clone() });
    }
    for other in other_numbers(index) {
        refuse_inclusion("another index", &Inclusion { index: other, ..good.clone() });
    }
    refuse_inclusion("the size as index", &Inclusion { index: size, ..good.clone() });
    for other in other_numbers(size) {
        let claim = Inclusion { size: other, ..good.clone() };
        let verdict = verify_inclusion(leaf, index, other, &claim.proof, claim.root);
        assert_eq!(verdict.is_ok(), claim.holds(), "another size: {index} of {other}, not {size}");
        if let Some(root) = TREE.root_at(other) {
            refuse_inclusion("another tree", &Inclusion { root, ..claim });
            refuse_inclusion("another root", &Inclusion { root, ..good.clone() });
        }
    }
    let sibling = good.proof.first().copied().unwrap_or(EMPTY_ROOT);
    let leaves = [changed(leaf), sibling, node_hash(&leaf, &sibling), node_hash(&sibling, &leaf), EMPTY_ROOT];
    for other in leaves {
        refuse_inclusion("another leaf", &Inclusion { leaf: other, ..good.clone() });
    }
    // A node passed off as a leaf of a shorter tree: the prefixes of leaves and nodes are what stops it, so the hash of the
    // node as data is another one. Its path alone would lead to the root.
    if let [sibling, rest @ ..] = good.proof.as_slice() {
        let (left, right) = if index & 1 == 1 { (*sibling, leaf) } else { (leaf, *sibling) };
        let data = [*left.as_bytes(), *right.as_bytes()].concat();
        let claim = Inclusion {
            leaf: leaf_hash(&data),
            index: index / 2,
            size: size.div_ceil(2),
            proof: rest.to_vec(),
            root: good.root,
        };
        refuse_inclusion("a node as a leaf", &claim);
    }
    for root in [changed(good.root), EMPTY_ROOT] {
        refuse_inclusion("another root", &Inclusion { root, ..good.clone() });
    }
}

fn refuse_consistency(case: &str, claim: &Consistency) {
    let verdict = verify_consistency(claim.old, claim.old_root, claim.new, claim.new_root, &claim.proof);
    assert!(verdict.is_err() && !claim.holds(), "{case}: {} to {}", claim.old, claim.new);
}

fn bend_consistency(old: u64, new: u64) {
    let proof = consistency_proof(old, new, &*TREE).expect("a proof");
    let good = Consistency { old, old_root: root(old), new, new_root: root(new), proof };
    assert!(good.holds());
    assert_eq!(verify_consistency(old, good.old_root, new, good.new_root, &good.proof), Ok(()));
    let strangers = [good.old_root, good.new_root, EMPTY_ROOT, Hash::from_bytes([0; 32])];
    for (case, proof) in bent_proofs(&good.proof, &strangers) {
        refuse_consistency(case, &Consistency { proof, ..good.clone() });
    }
    for (old_case, new_case) in [(true, false), (false, true), (true, true)] {
        let other = Consistency {
            old_root: if old_case { changed(good.old_root) } else { good.old_root },
            new_root: if new_case { changed(good.new_root) } else { good.new_root },
            ..good.clone()
        };
        // From the empty tree every new root follows, and one root from itself; the checkpoint has to be believed for it.
        let trivial = (old == 0 && new > 0 && !old_case) || (old == new && old > 0 && old_case && new_case);
        if !trivial {
            refuse_consistency("another root", &other);
        }
    }
    if old != new {
        let turned = Consistency {
            old: new,
            old_root: good.new_root,
            new: old,
            new_root: good.old_root,
            ..good.clone()
        };
        refuse_consistency("old larger than new", &turned);
        let swapped = Consistency { old_root: good.new_root, new_root: good.old_root, ..good.clone() };
        refuse_consistency("the roots swapped", &swapped);
        let equal = Consistency { old: new, proof: Vec::new(), ..good.clone() };
        refuse_consistency("equal sizes of two roots", &equal);
    }
    for other in other_numbers(old) {
        same_verdict(&Consistency { old: other, ..good.clone() });
        if let Some(old_root) = TREE.root_at(other).filter(|_| other <= new && other > 0 && old > 0) {
            refuse_consistency("an older or newer root", &Consistency { old_root, ..good.clone() });
        }
    }
    for other in other_numbers(new) {
        same_verdict(&Consistency { new: other, ..good.clone() });
    }
}

/// Another size only: refused where the definition gives another root.
fn same_verdict(claim: &Consistency) {
    let verdict = verify_consistency(claim.old, claim.old_root, claim.new, claim.new_root, &claim.proof);
    assert_eq!(verdict.is_ok(), claim.holds(), "{} to {}", claim.old, claim.new);
}

#[test]
fn no_bent_inclusion_proof_of_any_leaf_of_any_small_tree_is_accepted() {
    (1..=65).for_each(|size| (0..size).for_each(|index| bend_inclusion(index, size)));
}

#[test]
fn no_bent_consistency_proof_between_any_small_trees_is_accepted() {
    (0..=65).for_each(|new| (0..=new).for_each(|old| bend_consistency(old, new)));
}

#[test]
fn no_bent_proof_at_a_power_of_two_or_a_border_of_tiles_is_accepted() {
    let edges = [127, 128, 129, 255, 256, 257, 511, 512, 513, 32_768, 65_535, 65_536, 65_537];
    for size in edges {
        [0, 1, size / 2 - 1, size / 2, size - 2, size - 1]
            .into_iter()
            .for_each(|index| bend_inclusion(index, size));
        edges.into_iter().filter(|old| *old <= size).for_each(|old| bend_consistency(old, size));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bent_proof_of_a_large_tree_is_accepted(size in 66u64..69_999, at in any::<prop::sample::Index>()) {
        let at = at.index(size as usize) as u64;
        bend_inclusion(at, size);
        bend_consistency(at, size);
    }
}

#[test]
fn the_committed_negative_vectors_are_refused() {
    let read = |name: &str| -> Vec<Value> {
        let path = format!("{}/../../tests/vectors/merkle/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(&path).expect(&path);
        let mut file: BTreeMap<String, Value> = serde_json::from_str(&text).expect(&path);
        serde_json::from_value(file.remove("cases").expect("cases")).expect("the cases")
    };
    let hash =
        |value: &Value| value.as_str().expect("a hash").parse::<Hash>().expect("a hash in hexadecimal");
    // Numbers beyond 2^53 are texts there, so that every reader of JSON sees them whole.
    let number = |value: &Value| value.as_str().expect("a number as text").parse::<u64>().expect("a u64");
    let hashes = |value: &Value| value.as_array().expect("a list").iter().map(hash).collect();
    let inclusion = read("negative_inclusion.json");
    for case in &inclusion {
        let (index, size) = (number(&case["index"]), number(&case["size"]));
        let claim = Inclusion {
            leaf: hash(&case["leaf_hash"]),
            index,
            size,
            proof: hashes(&case["proof"]),
            root: hash(&case["root"]),
        };
        refuse_inclusion(case["case"].as_str().unwrap_or_default(), &claim);
    }
    let consistency = read("negative_consistency.json");
    for case in &consistency {
        let (old, new) = (number(&case["old_size"]), number(&case["new_size"]));
        let (old_root, new_root) = (hash(&case["old_root"]), hash(&case["new_root"]));
        let claim = Consistency { old, old_root, new, new_root, proof: hashes(&case["proof"]) };
        refuse_consistency(case["case"].as_str().unwrap_or_default(), &claim);
    }
    assert!(inclusion.len() > 200 && consistency.len() > 200, "{} {}", inclusion.len(), consistency.len());
}
