//! OpenZeppelin's standard Merkle tree (`standard-v1`), over leaves that are hashed already: what its `MerkleProof`
//! verifies and its program for JavaScript builds.
//!
//! The nodes are an array with the root at 0 and the children of `i` at `2i + 1` and `2i + 2`. Leaves stand at its end, in
//! descending order of their values; a node is Keccak-256 of its children, the smaller one first.

use alloy_primitives::{B256, keccak256};

/// The nodes of a tree, and where in it each leaf stands.
#[derive(Debug, Clone)]
pub(crate) struct StandardTree {
    nodes: Vec<B256>,
    /// For each leaf, in the order in which they were given.
    places: Vec<usize>,
}

impl StandardTree {
    /// Builds the tree; `None` without leaves.
    pub(crate) fn new(leaves: &[B256]) -> Option<Self> {
        let inner = leaves.len().checked_sub(1)?;
        let mut order: Vec<usize> = (0..leaves.len()).collect();
        // Leaves are equal only if what they hash is: then it does not matter which is first.
        order.sort_by(|one, other| leaves[*other].cmp(&leaves[*one]));
        let mut places = vec![0; leaves.len()];
        let mut nodes = vec![B256::ZERO; inner];
        for (rank, leaf) in order.into_iter().enumerate() {
            places[leaf] = inner + rank;
            nodes.push(leaves[leaf]);
        }
        for at in (0..inner).rev() {
            nodes[at] = parent(nodes[2 * at + 1], nodes[2 * at + 2]);
        }
        Some(Self { nodes, places })
    }

    /// The root.
    pub(crate) fn root(&self) -> B256 {
        self.nodes.first().copied().unwrap_or_default()
    }

    /// Siblings from leaf `index` (as given, from 0) up to the root; `None` if there is no such leaf.
    pub(crate) fn prove(&self, index: usize) -> Option<Vec<B256>> {
        let mut at = *self.places.get(index)?;
        let mut proof = Vec::new();
        while at > 0 {
            let sibling = if at % 2 == 1 { at + 1 } else { at - 1 };
            proof.push(*self.nodes.get(sibling)?);
            at = (at - 1) / 2;
        }
        Some(proof)
    }
}

/// Whatever the order of the two.
fn parent(one: B256, other: B256) -> B256 {
    keccak256([one.min(other), one.max(other)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf(number: usize) -> B256 {
        keccak256(number.to_be_bytes())
    }

    /// As OpenZeppelin's `MerkleProof.processProof` does it.
    fn root_from(leaf: B256, proof: &[B256]) -> B256 {
        proof.iter().fold(leaf, |hash, sibling| parent(hash, *sibling))
    }

    proptest! {
        #[test]
        fn every_leaf_is_proven_by_its_path_and_by_no_other(count in 1..200_usize, place in any::<usize>()) {
            let leaves: Vec<B256> = (0..count).map(leaf).collect();
            let tree = StandardTree::new(&leaves).unwrap();
            let index = place % count;
            let proof = tree.prove(index).unwrap();
            prop_assert_eq!(root_from(leaves[index], &proof), tree.root());
            prop_assert!(proof.len() <= count.ilog2() as usize + 1);
            prop_assert_ne!(root_from(leaf(count), &proof), tree.root());
            prop_assert_eq!(tree.prove(count), None);
        }
    }

    #[test]
    fn a_root_does_not_depend_on_the_order_of_the_leaves() {
        let leaves: Vec<B256> = (0..21).map(leaf).collect();
        let turned: Vec<B256> = leaves.iter().rev().copied().collect();
        assert_eq!(StandardTree::new(&leaves).unwrap().root(), StandardTree::new(&turned).unwrap().root());
        assert!(StandardTree::new(&[]).is_none());
        assert_eq!(StandardTree::new(&leaves[..1]).unwrap().root(), leaves[0]);
    }

    #[test]
    fn equal_leaves_stand_side_by_side_and_each_is_proven() {
        let leaves = [leaf(1), leaf(2), leaf(1)];
        let tree = StandardTree::new(&leaves).unwrap();
        for (index, leaf) in leaves.into_iter().enumerate() {
            assert_eq!(root_from(leaf, &tree.prove(index).unwrap()), tree.root());
        }
    }
}
