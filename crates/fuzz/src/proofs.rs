//! Proofs as numbers and hashes, against a second reading of RFC 9162.
//!
//! `crates/merkle` verifies as §2.1.3.2 and §2.1.4.2 do, from the leaf up by bits. The reference of its tests unrolls the
//! definitions of the proofs (§2.1.3.1, §2.1.4.1) from the root down. Both must agree on every input, whatever it says.

use crate::reference::{Consistency, Inclusion};
use databourse_merkle::{Hash, node_hash, verify_consistency, verify_inclusion};

/// 1 byte: how far the two numbers are shifted; 8 + 8: the numbers; then 32-byte hashes: leaf or old root, the claimed root,
/// the proof. If the claimed root is all zeros, the right one is put in its place, so that accepting is reached too.
pub(crate) fn merkle_proof(input: &[u8]) {
    let Some((shift, rest)) = input.split_first() else { return };
    let Some((a, rest)) = rest.split_first_chunk::<8>() else { return };
    let Some((b, rest)) = rest.split_first_chunk::<8>() else { return };
    let (hashes, _) = rest.as_chunks::<32>();
    let hashes: Vec<_> = hashes.iter().copied().map(Hash::from_bytes).collect();
    let [first, claimed, proof @ ..] = hashes.as_slice() else { return };
    let shift = u32::from(*shift % 64);
    let (a, b) = (u64::from_be_bytes(*a) >> shift, u64::from_be_bytes(*b) >> shift);
    inclusion(*first, *claimed, a, b, proof);
    consistency(*first, *claimed, a, b, proof);
}

const ZEROS: Hash = Hash::from_bytes([0; 32]);

fn inclusion(leaf: Hash, claimed: Hash, index: u64, size: u64, proof: &[Hash]) {
    let mut claim = Inclusion { leaf, index, size, proof: proof.to_vec(), root: claimed };
    if claimed == ZEROS
        && let Some(root) = claim.proven_root()
    {
        claim.root = root;
    }
    let verdict = verify_inclusion(leaf, index, size, proof, claim.root);
    assert_eq!(verdict.is_ok(), claim.holds(), "{index} of {size}: {verdict:?}");
    if verdict.is_ok() {
        assert!(verify_inclusion(leaf, index, size, proof, node_hash(&claim.root, &claim.root)).is_err());
    }
}

fn consistency(old_root: Hash, claimed: Hash, old: u64, new: u64, proof: &[Hash]) {
    let mut claim = Consistency { old, old_root, new, new_root: claimed, proof: proof.to_vec() };
    // The old root too is made right where the claim asks for it, if the proof alone says what it is.
    if claimed == ZEROS
        && let Some(roots) = claim.proven_roots()
    {
        (claim.old_root, claim.new_root) = roots;
    }
    let verdict = verify_consistency(old, claim.old_root, new, claim.new_root, proof);
    assert_eq!(verdict.is_ok(), claim.holds(), "{old} to {new}: {verdict:?}");
}
