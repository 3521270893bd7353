//! The contract's verifier against the ledger's own (RFC 9162 §2.1.3.2, §2.1.4.2): what one takes, the other takes.

use crate::evm::{Evm, refusal};
use alloy_primitives::B256;
use databourse_anchor::{
    ContractRefusal,
    contracts::CheckpointAnchor::{self as contract, verifyConsistencyCall, verifyInclusionCall},
};
use databourse_merkle::{
    Hash, MemoryTree, consistency_proof, inclusion_proof, leaf_hash, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use std::cell::RefCell;

fn tree(size: u64) -> MemoryTree {
    let mut tree = MemoryTree::new();
    for index in 0..size {
        tree.push(leaf_hash(&index.to_be_bytes()));
    }
    tree
}

fn word(hash: Hash) -> B256 {
    B256::from(*hash.as_bytes())
}

fn words(proof: &[Hash]) -> Vec<B256> {
    proof.iter().map(|hash| word(*hash)).collect()
}

/// What is done to a proof: the negative cases of RFC 9162's algorithms.
#[derive(Debug, Clone)]
enum Harm {
    None,
    /// A number is another one: 0 the index or old size, 1 the size.
    Number(u8, u64),
    /// A hash of the statement is another one: 0 the leaf or old root, 1 the root.
    Hash(u8),
    /// The hash at this place is another one.
    Flip(usize),
    /// Two neighbours change places.
    Swap(usize),
    /// One is missing.
    Drop(usize),
    /// One too many, at this place.
    Pad(usize),
    /// Nothing at all.
    Empty,
}

fn harm() -> impl Strategy<Value = Harm> {
    let number = prop_oneof![0..70_u64, Just(u64::MAX), Just(u64::MAX - 1), any::<u64>()];
    prop_oneof![
        3 => Just(Harm::None),
        3 => (0..2_u8, number).prop_map(|(which, value)| Harm::Number(which, value)),
        1 => (0..2_u8).prop_map(Harm::Hash),
        2 => (0..8_usize).prop_map(Harm::Flip),
        2 => (0..8_usize).prop_map(Harm::Swap),
        2 => (0..8_usize).prop_map(Harm::Drop),
        2 => (0..8_usize).prop_map(Harm::Pad),
        1 => Just(Harm::Empty),
    ]
}

fn harmed(mut proof: Vec<Hash>, numbers: &mut [u64; 2], hashes: &mut [Hash; 2], harm: &Harm) -> Vec<Hash> {
    let other = leaf_hash(b"another");
    let count = proof.len();
    match harm {
        Harm::None => {}
        Harm::Number(which, value) => numbers[usize::from(*which)] = *value,
        Harm::Hash(which) => hashes[usize::from(*which)] = other,
        Harm::Flip(place) if *place < count => proof[*place] = other,
        Harm::Swap(place) if place + 1 < count => proof.swap(*place, place + 1),
        Harm::Drop(place) if *place < count => {
            proof.remove(*place);
        }
        Harm::Pad(place) if *place <= count => proof.insert(*place, other),
        Harm::Empty => proof.clear(),
        _ => {}
    }
    proof
}

thread_local! {
    /// One EVM for all cases of a test: nothing in them changes it.
    static EVM: RefCell<Evm> = RefCell::new(Evm::empty(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn contract_and_ledger_agree_on_inclusion(size in 1..70_u64, place in any::<u64>(), harm in harm()) {
        let tree = tree(size);
        let index = place % size;
        let (mut numbers, mut hashes) =
            ([index, size], [leaf_hash(&index.to_be_bytes()), tree.root()]);
        let proof = inclusion_proof(index, size, &tree).unwrap();
        let proof = harmed(proof, &mut numbers, &mut hashes, &harm);
        let [index, size] = numbers;
        let [leaf, root] = hashes;
        let here = verify_inclusion(leaf, index, size, &proof, root).is_ok();
        let call = verifyInclusionCall { root: word(root), size, index, leaf: word(leaf), proof: words(&proof) };
        let there = EVM.with_borrow_mut(|evm| evm.checkpoints(&call));
        prop_assert_eq!(here, there);
        prop_assert!(there || !matches!(harm, Harm::None));
    }

    #[test]
    fn contract_and_ledger_agree_on_consistency(new in 1..70_u64, place in any::<u64>(), harm in harm()) {
        let old = place % new + 1;
        let (mut numbers, mut hashes) = ([old, new], [tree(old).root(), tree(new).root()]);
        let proof = consistency_proof(old, new, &tree(new)).unwrap();
        let proof = harmed(proof, &mut numbers, &mut hashes, &harm);
        let [old_size, new_size] = numbers;
        let [old_root, new_root] = hashes;
        let here = old_size > 0 && verify_consistency(old_size, old_root, new_size, new_root, &proof).is_ok();
        let (old_root, new_root, proof) = (word(old_root), word(new_root), words(&proof));
        let call = verifyConsistencyCall { oldSize: old_size, oldRoot: old_root, newSize: new_size, newRoot: new_root, proof };
        let there = EVM.with_borrow_mut(|evm| evm.checkpoints(&call));
        prop_assert_eq!(here, there);
        prop_assert!(there || !matches!(harm, Harm::None));
    }
}

#[test]
fn every_leaf_and_every_beginning_of_small_trees_is_proven_and_no_other() {
    let mut evm = Evm::empty(1);
    for size in 1..=12 {
        let tree = tree(size);
        for index in 0..size {
            let proof = inclusion_proof(index, size, &tree).unwrap();
            for claimed in 0..=size {
                let leaf = word(leaf_hash(&claimed.to_be_bytes()));
                let call =
                    verifyInclusionCall { root: word(tree.root()), size, index, leaf, proof: words(&proof) };
                assert_eq!(evm.checkpoints(&call), claimed == index, "{claimed} as {index} of {size}");
            }
        }
        for old in 1..=size {
            let proof = words(&consistency_proof(old, size, &tree).unwrap());
            for claimed in 1..=size {
                let old_root = word(self::tree(claimed).root());
                let (new_root, proof) = (word(tree.root()), proof.clone());
                let call = verifyConsistencyCall {
                    oldSize: old,
                    oldRoot: old_root,
                    newSize: size,
                    newRoot: new_root,
                    proof,
                };
                assert_eq!(evm.checkpoints(&call), claimed == old, "{claimed} as {old} of {size}");
            }
        }
    }
}

#[test]
fn entries_and_consistency_are_proven_against_anchored_roots_only() {
    let mut evm = Evm::founded();
    let (log, to) = (evm.log(), evm.file.checkpoint_anchor);
    let (old, new) = (tree(9), tree(23));
    evm.submit(9, word(old.root())).unwrap();
    evm.submit(23, word(new.root())).unwrap();
    let proof = words(&inclusion_proof(8, 23, &new).unwrap());
    let entry = 8_u64.to_be_bytes().to_vec();
    let included = |entry: &[u8], size| contract::isIncludedCall {
        log,
        size,
        index: 8,
        entry: entry.to_vec().into(),
        proof: proof.clone(),
    };
    assert!(evm.checkpoints(&included(&entry, 23)));
    assert!(!evm.checkpoints(&included(&entry[1..], 23)));
    assert!(!evm.checkpoints(&included(&entry, 9)));
    let proof = words(&consistency_proof(9, 23, &new).unwrap());
    let consistent =
        |old, new| contract::isConsistentCall { log, oldSize: old, newSize: new, proof: proof.clone() };
    assert!(evm.checkpoints(&consistent(9, 23)));
    assert!(!evm.checkpoints(&consistent(23, 9)));
    let check = |found: Option<ContractRefusal>, size| {
        let expected = contract::CheckpointAnchorNotAnchored { log, size };
        assert_eq!(found, Some(refusal(expected)));
    };
    check(evm.ask(to, &included(&entry, 22)).err(), 22);
    check(evm.ask(to, &consistent(8, 23)).err(), 8);
    check(evm.ask(to, &consistent(9, 24)).err(), 24);
}
