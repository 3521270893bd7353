//! The checkpoint anchor: who founds, who signs, what grows, what freezes.

use crate::evm::{Evm, ORIGIN, key_set, keys, refusal};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent as _};
use databourse_anchor::{
    AnchorKey, AnchorLog, ContractRefusal, KeySet, Signed,
    contracts::CheckpointAnchor::{self as contract, CheckpointAnchorErrors},
};

const ROOT: B256 = B256::repeat_byte(0xa1);
const OTHER: B256 = B256::repeat_byte(0xb2);

#[track_caller]
fn refused<C: SolCall>(evm: &mut Evm, call: &C, expected: ContractRefusal) {
    let to = evm.file.checkpoint_anchor;
    let found = evm.send(to, call).map(|_| ()).unwrap_err();
    assert_eq!(found, expected);
}

#[track_caller]
fn submit_refused(evm: &mut Evm, size: u64, root: B256, signatures: Vec<Bytes>, expected: ContractRefusal) {
    let call = contract::submitCall { log: evm.log(), size, root, signatures };
    refused(evm, &call, expected);
}

#[test]
fn a_log_is_founded_once_and_its_name_says_with_which_keys() {
    let mut evm = Evm::empty(4);
    let log = evm.file.log.clone();
    let id = log.id();
    refused(
        &mut evm,
        &contract::latestCall { log: id },
        refusal(contract::CheckpointAnchorUnknownLog { log: id }),
    );
    let done = evm.found(&log).unwrap();
    assert_eq!(done.value, id);
    let event = contract::LogFounded::decode_log(&done.logs[0]).unwrap().data;
    assert_eq!((event.log, event.origin.as_str(), event.keys.as_slice()), (id, ORIGIN, log.founding.keys()));
    let again = evm.found(&log).map(|_| ()).unwrap_err();
    assert_eq!(again, refusal(contract::CheckpointAnchorLogExists { log: id }));
    // Somebody else takes the origin, and gets a log of another name.
    let squatter = AnchorLog { origin: ORIGIN.to_owned(), founding: key_set(&keys(40, 1)) };
    assert_ne!(evm.found(&squatter).unwrap().value, id);
    let state = evm.checkpoints(&contract::latestCall { log: id });
    assert_eq!((state.origin.as_str(), state.size, state.root, state.frozen), (ORIGIN, 0, B256::ZERO, false));
    let set = evm.checkpoints(&contract::keySetCall { log: id, version: 0 });
    assert_eq!((set.keys.as_slice(), set.quorum), (log.founding.keys(), U256::from(3)));
}

#[test]
fn what_is_no_log_is_not_founded() {
    let mut evm = Evm::empty(4);
    let address = Address::with_last_byte;
    let keys = |numbers: &[u8]| -> Vec<Address> { numbers.iter().copied().map(address).collect() };
    let mut check = |origin: String, keys: Vec<Address>, quorum: u64, expected: ContractRefusal| {
        let quorum = U256::from(quorum);
        refused(&mut evm, &contract::foundCall { origin, keys, quorum }, expected);
    };
    let origin = || ORIGIN.to_owned();
    let invalid_keys =
        |index: u64| refusal(contract::CheckpointAnchorInvalidKeys { index: U256::from(index) });
    check(String::new(), keys(&[1]), 1, refusal(contract::CheckpointAnchorInvalidOrigin {}));
    check("a".repeat(256), keys(&[1]), 1, refusal(contract::CheckpointAnchorInvalidOrigin {}));
    check(origin(), keys(&[]), 1, invalid_keys(0));
    check(origin(), (1..=65).map(address).collect(), 44, invalid_keys(65));
    check(origin(), keys(&[0, 1]), 2, invalid_keys(0));
    check(origin(), keys(&[1, 3, 2]), 3, invalid_keys(2));
    check(origin(), keys(&[1, 2, 2]), 3, invalid_keys(2));
    for (count, smallest, wrong) in [(1, 1, 0), (1, 1, 2), (4, 3, 2), (4, 3, 5), (6, 5, 4), (20, 14, 13)] {
        let [quorum, smallest, largest] = [wrong, smallest, count].map(U256::from);
        let expected = contract::CheckpointAnchorInvalidQuorum { quorum, smallest, largest };
        check(origin(), (1..=count).map(|number| address(number as u8)).collect(), wrong, refusal(expected));
    }
}

#[test]
fn a_quorum_anchors_a_checkpoint_and_sizes_only_grow() {
    let mut evm = Evm::founded();
    let log = evm.log();
    let done = evm.submit(10, ROOT).unwrap();
    let event = contract::CheckpointAnchored::decode_log(&done.logs[0]).unwrap().data;
    assert_eq!((event.log, event.size, event.root, event.version), (log, 10, ROOT, 0));
    evm.submit(u64::MAX, OTHER).unwrap();
    let state = evm.checkpoints(&contract::latestCall { log });
    assert_eq!((state.size, state.root), (u64::MAX, OTHER));
    assert_eq!(evm.checkpoints(&contract::rootOfCall { log, size: 10 }), ROOT);
    assert_eq!(evm.checkpoints(&contract::rootOfCall { log, size: 11 }), B256::ZERO);
    let signatures = evm.gathered(&Signed::Checkpoint { size: 11, root: ROOT });
    let expected = contract::CheckpointAnchorSizeNotGrown { size: 11, anchored: u64::MAX };
    submit_refused(&mut evm, 11, ROOT, signatures, refusal(expected));
    let signatures = evm.gathered(&Signed::Checkpoint { size: 10, root: ROOT });
    submit_refused(
        &mut evm,
        10,
        ROOT,
        signatures,
        refusal(contract::CheckpointAnchorAlreadyAnchored { log, size: 10 }),
    );
    for (size, root) in [(0, ROOT), (12, B256::ZERO)] {
        let signatures = evm.gathered(&Signed::Checkpoint { size, root });
        submit_refused(&mut evm, size, root, signatures, refusal(contract::CheckpointAnchorEmptyTree {}));
    }
}

#[test]
fn signatures_must_be_of_the_quorum_over_this_very_checkpoint_each_once_and_in_order() {
    let mut evm = Evm::founded();
    let signed = Signed::Checkpoint { size: 10, root: ROOT };
    let good = evm.signed(4, &signed);
    let [quorum, two] = [3, 2].map(U256::from);
    let missing = contract::CheckpointAnchorQuorumMissing { signatures: two, quorum };
    submit_refused(&mut evm, 10, ROOT, good[..2].to_vec(), refusal(missing));
    let none = contract::CheckpointAnchorQuorumMissing { signatures: U256::ZERO, quorum };
    submit_refused(&mut evm, 10, ROOT, Vec::new(), refusal(none));
    let unordered =
        |index: u64| refusal(contract::CheckpointAnchorSignersUnordered { index: U256::from(index) });
    let pick = |places: &[usize]| places.iter().map(|place| good[*place].clone()).collect::<Vec<_>>();
    submit_refused(&mut evm, 10, ROOT, pick(&[0, 2, 1]), unordered(2));
    submit_refused(&mut evm, 10, ROOT, pick(&[0, 1, 1]), unordered(2));
    // A key that is nobody's here; its place in the order is where its address belongs.
    let stranger = AnchorKey::from_seed(&[77; 32]).unwrap();
    let foreign = stranger.sign(signed.digest(&evm.file)).unwrap();
    let mut with_foreign: Vec<_> =
        evm.keys.iter().map(AnchorKey::address).zip(good.clone()).take(3).collect();
    with_foreign.push((stranger.address(), foreign));
    with_foreign.sort();
    let with_foreign = with_foreign.into_iter().map(|(_, signature)| signature).collect();
    let unknown = contract::CheckpointAnchorUnknownSigner { signer: stranger.address() };
    submit_refused(&mut evm, 10, ROOT, with_foreign, refusal(unknown));
    // Lengths, and the other s of the same signature (EIP-2).
    let invalid =
        |index: u64| refusal(contract::CheckpointAnchorInvalidSignature { index: U256::from(index) });
    let cut = Bytes::from(good[1][..64].to_vec());
    submit_refused(&mut evm, 10, ROOT, vec![good[0].clone(), cut, good[2].clone()], invalid(1));
    submit_refused(
        &mut evm,
        10,
        ROOT,
        vec![malleated(&good[0]), good[1].clone(), good[2].clone()],
        invalid(0),
    );
    // Signatures for another size, root, log or contract name other signers, or none in order.
    let mut elsewhere = evm.file.clone();
    elsewhere.log.origin = "other".to_owned();
    let mut other_contract = evm.file.clone();
    other_contract.checkpoint_anchor = Address::with_last_byte(5);
    let mut other_chain = evm.file.clone();
    other_chain.chain_id = 5;
    let others = [
        Signed::Checkpoint { size: 11, root: ROOT }.digest(&evm.file),
        Signed::Checkpoint { size: 10, root: OTHER }.digest(&evm.file),
        signed.digest(&elsewhere),
        signed.digest(&other_contract),
        signed.digest(&other_chain),
    ];
    for digest in others {
        let signatures = evm.keys.iter().take(3).map(|key| key.sign(digest).unwrap()).collect();
        let found = evm.submit_with(10, ROOT, signatures).map(|_| ()).unwrap_err();
        let ContractRefusal::Checkpoint(found) = found else { panic!("{found}") };
        assert!(matches!(
            found,
            CheckpointAnchorErrors::CheckpointAnchorUnknownSigner(_)
                | CheckpointAnchorErrors::CheckpointAnchorSignersUnordered(_)
        ));
    }
    evm.submit_with(10, ROOT, good).unwrap();
}

/// The signature with the group's order minus s, which recovers the same signer.
fn malleated(signature: &[u8]) -> Bytes {
    let order: U256 = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().unwrap();
    let s = order - U256::from_be_slice(&signature[32..64]);
    let v = if signature[64] == 27 { 28 } else { 27 };
    [&signature[..32], &s.to_be_bytes::<32>(), &[v]].concat().into()
}

#[test]
fn what_is_signed_is_computed_here_as_the_contract_computes_it() {
    let mut evm = Evm::founded();
    let log = evm.log();
    let set = key_set(&keys(20, 3));
    let quorum = U256::from(set.quorum());
    let name = contract::logIdCall {
        origin: ORIGIN.to_owned(),
        keys: evm.file.log.founding.keys().to_vec(),
        quorum: U256::from(3),
    };
    assert_eq!(evm.checkpoints(&name), log);
    let digest = evm.checkpoints(&contract::checkpointDigestCall { log, size: 7, root: ROOT });
    assert_eq!(digest, Signed::Checkpoint { size: 7, root: ROOT }.digest(&evm.file));
    let digest =
        evm.checkpoints(&contract::keySetDigestCall { log, version: 1, keys: set.keys().to_vec(), quorum });
    assert_eq!(digest, Signed::Keys { version: 1, keys: set }.digest(&evm.file));
}

#[test]
fn two_roots_of_one_size_are_kept_and_freeze_the_log() {
    let mut evm = Evm::founded();
    let log = evm.log();
    evm.submit(10, ROOT).unwrap();
    evm.submit(20, ROOT).unwrap();
    // Of an earlier size, too.
    let done = evm.submit(10, OTHER).unwrap();
    let event = contract::EquivocationRecorded::decode_log(&done.logs[0]).unwrap().data;
    assert_eq!((event.size, event.root, event.otherRoot), (10, ROOT, OTHER));
    assert_eq!(evm.checkpoints(&contract::rootOfCall { log, size: 10 }), ROOT, "nothing is rewritten");
    let proof = evm.checkpoints(&contract::equivocationCall { log });
    assert_eq!((proof.size, proof.root, proof.otherRoot), (10, ROOT, OTHER));
    assert!(evm.checkpoints(&contract::latestCall { log }).frozen);
    let frozen = refusal(contract::CheckpointAnchorFrozen { log });
    let signatures = evm.gathered(&Signed::Checkpoint { size: 30, root: ROOT });
    submit_refused(&mut evm, 30, ROOT, signatures.clone(), frozen.clone());
    let (keys, quorum) = (evm.file.log.founding.keys().to_vec(), U256::from(3));
    let change = contract::changeKeysCall { log, keys, quorum, signatures: signatures.clone() };
    refused(&mut evm, &change, frozen.clone());
    let one = contract::SignedRoot { root: ROOT, version: 0, signatures: signatures.clone() };
    let report = contract::reportEquivocationCall { log, size: 30, one: one.clone(), other: one };
    refused(&mut evm, &report, frozen.clone());
    refused(&mut evm, &contract::requireQuorumCall { log, digest: ROOT, signatures }, frozen);
}

#[test]
fn an_equivocation_is_reported_for_any_size_and_survives_a_change_of_keys() {
    let mut evm = Evm::founded();
    let log = evm.log();
    evm.submit(10, ROOT).unwrap();
    let root = |evm: &Evm, size, root, version| contract::SignedRoot {
        root,
        version,
        signatures: evm.gathered(&Signed::Checkpoint { size, root }),
    };
    let report = |one: &contract::SignedRoot, other: &contract::SignedRoot, size| {
        contract::reportEquivocationCall { log, size, one: one.clone(), other: other.clone() }
    };
    let before = root(&evm, 15, ROOT, 0);
    let roots_equal = contract::CheckpointAnchorRootsEqual { root: ROOT };
    refused(&mut evm, &report(&before, &before, 15), refusal(roots_equal));
    let nothing = contract::SignedRoot { root: B256::ZERO, ..before.clone() };
    refused(&mut evm, &report(&before, &nothing, 15), refusal(contract::CheckpointAnchorEmptyTree {}));
    change_keys(&mut evm, keys(20, 4));
    let after = root(&evm, 15, OTHER, 1);
    let unknown = contract::SignedRoot { version: 2, ..after.clone() };
    let no_version = contract::CheckpointAnchorUnknownVersion { log, version: 2 };
    refused(&mut evm, &report(&before, &unknown, 15), refusal(no_version));
    // Signed by the keys of the other version, or for another size.
    for (one, other, size) in [
        (&contract::SignedRoot { version: 1, ..before.clone() }, &after, 15),
        (&before, &contract::SignedRoot { version: 0, ..after.clone() }, 15),
        (&before, &after, 16),
    ] {
        let to = evm.file.checkpoint_anchor;
        assert!(evm.send(to, &report(one, other, size)).is_err());
    }
    let to = evm.file.checkpoint_anchor;
    evm.send(to, &report(&before, &after, 15)).unwrap();
    let proof = evm.checkpoints(&contract::equivocationCall { log });
    assert_eq!((proof.size, proof.root, proof.otherRoot), (15, ROOT, OTHER));
    assert_eq!(evm.checkpoints(&contract::rootOfCall { log, size: 15 }), B256::ZERO);
}

/// Replaces the log's keys by `next`, signed by the present ones.
fn change_keys(evm: &mut Evm, next: Vec<AnchorKey>) {
    let (log, set) = (evm.log(), key_set(&next));
    let version = evm.checkpoints(&contract::latestCall { log }).version + 1;
    let signatures = evm.gathered(&Signed::Keys { version, keys: set.clone() });
    let call = contract::changeKeysCall {
        log,
        keys: set.keys().to_vec(),
        quorum: U256::from(set.quorum()),
        signatures,
    };
    let done = evm.send(evm.file.checkpoint_anchor, &call).unwrap();
    let event = contract::KeySetChanged::decode_log(&done.logs[0]).unwrap().data;
    assert_eq!((event.version, event.keys), (version, set.keys().to_vec()));
    evm.keys = next;
}

#[test]
fn the_present_keys_replace_themselves_and_no_signature_serves_twice() {
    let mut evm = Evm::founded();
    let log = evm.log();
    let [first, second] = [keys(1, 4), keys(20, 3)];
    change_keys(&mut evm, second);
    let state = evm.checkpoints(&contract::latestCall { log });
    assert_eq!(state.version, 1);
    evm.submit(10, ROOT).unwrap();
    // The former keys sign nothing any more.
    evm.keys = first;
    assert!(evm.submit(11, ROOT).is_err());
    evm.keys = keys(20, 3);
    // Back to the first keys, and the signatures of the first change again: they were for version 1.
    let replayed = KeySet::new(keys(20, 3).iter().map(AnchorKey::address).collect(), None).unwrap();
    change_keys(&mut evm, keys(1, 4));
    let signatures = evm.gathered(&Signed::Keys { version: 1, keys: replayed.clone() });
    let call = contract::changeKeysCall {
        log,
        keys: replayed.keys().to_vec(),
        quorum: U256::from(replayed.quorum()),
        signatures,
    };
    assert!(evm.send(evm.file.checkpoint_anchor, &call).is_err());
    let no_version = contract::CheckpointAnchorUnknownVersion { log, version: 3 };
    refused(&mut evm, &contract::keySetCall { log, version: 3 }, refusal(no_version));
    let set = evm.checkpoints(&contract::keySetCall { log, version: 1 });
    assert_eq!(set.keys, replayed.keys());
}
