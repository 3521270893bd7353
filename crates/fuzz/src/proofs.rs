//! Proofs as numbers and hashes, against a second reading of RFC 9162.
//!
//! `crates/merkle` verifies as §2.1.3.2 and §2.1.4.2 do, from the leaf up by bits. Here the definitions of the proofs
//! (§2.1.3.1, §2.1.4.1) are unrolled from the root down. Both must agree on every input, whatever it says.

use databourse_merkle::{EMPTY_ROOT, Hash, node_hash, verify_consistency, verify_inclusion};

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
    let expected = if index < size { path_root(leaf, index, size, proof) } else { None };
    let root = expected.filter(|_| claimed == ZEROS).unwrap_or(claimed);
    let verdict = verify_inclusion(leaf, index, size, proof, root);
    assert_eq!(verdict.is_ok(), expected == Some(root), "{index} of {size}: {verdict:?}");
    if verdict.is_ok() {
        assert!(verify_inclusion(leaf, index, size, proof, node_hash(&root, &root)).is_err());
    }
}

/// MTH of the tree that PATH(index, D_size) belongs to: its last hash is the other half of the root, and so on down.
fn path_root(leaf: Hash, index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    if size == 1 {
        return proof.is_empty().then_some(leaf);
    }
    let (other, below) = proof.split_last()?;
    let k = split(size);
    if index < k {
        Some(node_hash(&path_root(leaf, index, k, below)?, other))
    } else {
        Some(node_hash(other, &path_root(leaf, index - k, size - k, below)?))
    }
}

fn consistency(old_root: Hash, claimed: Hash, old: u64, new: u64, proof: &[Hash]) {
    let found = if 0 < old && old < new { subproof_roots(old_root, old, new, true, proof) } else { None };
    // The old root too is made right where the claim asks for it, if the proof alone says what it is.
    let old_root = found.filter(|_| claimed == ZEROS).map_or(old_root, |(old, _)| old);
    let root = found.filter(|_| claimed == ZEROS).map_or(claimed, |(_, new)| new);
    let expected = match (old, old.cmp(&new)) {
        (_, std::cmp::Ordering::Greater) => false,
        (_, std::cmp::Ordering::Equal) => {
            proof.is_empty() && old_root == root && (old > 0 || root == EMPTY_ROOT)
        }
        (0, _) => proof.is_empty() && old_root == EMPTY_ROOT,
        _ => found == Some((old_root, root)),
    };
    let verdict = verify_consistency(old, old_root, new, root, proof);
    assert_eq!(verdict.is_ok(), expected, "{old} to {new}: {verdict:?}");
}

/// Old and new root that SUBPROOF(m, D_n, whole) leads to.
fn subproof_roots(old_root: Hash, m: u64, n: u64, whole: bool, proof: &[Hash]) -> Option<(Hash, Hash)> {
    if m == n {
        return match (whole, proof) {
            (true, []) => Some((old_root, old_root)),
            (false, [hash]) => Some((*hash, *hash)),
            _ => None,
        };
    }
    let (other, below) = proof.split_last()?;
    let k = split(n);
    if m <= k {
        let (old, new) = subproof_roots(old_root, m, k, whole, below)?;
        Some((old, node_hash(&new, other)))
    } else {
        let (old, new) = subproof_roots(old_root, m - k, n - k, false, below)?;
        Some((node_hash(other, &old), node_hash(other, &new)))
    }
}

/// The largest power of two below `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
