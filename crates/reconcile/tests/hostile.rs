//! Peers that sign or answer what no honest tree has: found out by the walk and by the proofs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_primitives::Digest;
use databourse_reconcile::tree::{
    Node, NodeSource, Prefix, Proof, ProofEnd, ProofError, ProofStep, Summary, TreeError, WindowTree, diff,
    verify_absence, verify_inclusion,
};

#[path = "support/made.rs"]
mod made;
use made::{sale, tree};

/// A peer that answers some node with something else.
struct Liar {
    truth: WindowTree,
    about: Digest,
    answer: Node,
}

impl NodeSource for Liar {
    fn root(&self) -> Summary {
        self.truth.root()
    }

    fn node(&self, hash: &Digest) -> Result<Node, TreeError> {
        if *hash == self.about { Ok(self.answer.clone()) } else { self.truth.node(hash) }
    }
}

#[test]
fn a_peer_that_answers_with_another_node_is_found_out() {
    let all: Vec<_> = (0..50).map(|number| sale("b", &format!("{number}"), 2000)).collect();
    let truth = tree(&all);
    let Node::Branch { prefix, left, right } = truth.node(&truth.root().hash).unwrap() else {
        panic!("a fork")
    };
    let swapped = Node::Branch { prefix, left: right.clone(), right: left.clone() };
    for (about, answer) in [
        (truth.root().hash, swapped),
        (left.hash, truth.node(&right.hash).unwrap()),
        (right.hash, Node::Leaf { lines: vec![] }),
        (right.hash, Node::Leaf { lines: vec![all[0].clone()] }),
    ] {
        let liar = Liar { truth: truth.clone(), about, answer };
        assert_eq!(diff(&tree(&[]), &liar), Err(TreeError::NodeDiffers(about)));
    }
    let other = tree(&all[..49]);
    assert_eq!(other.node(&truth.root().hash), Err(TreeError::NodeMissing(truth.root().hash)));
}

/// A peer with nodes of its own making.
struct Forged {
    root: Summary,
    nodes: Vec<Node>,
}

impl NodeSource for Forged {
    fn root(&self) -> Summary {
        self.root.clone()
    }

    fn node(&self, hash: &Digest) -> Result<Node, TreeError> {
        let found =
            self.nodes.iter().find(|node| node.summary().is_some_and(|summary| summary.hash == *hash));
        found.cloned().ok_or(TreeError::NodeMissing(*hash))
    }
}

#[test]
fn a_signed_fork_whose_branches_stand_elsewhere_is_found_out() {
    // Both leaves are real and hashed as they should be, but the fork puts them the wrong way round, or one twice.
    let (zero, one) = (sale("b", "0", 2000), sale("b", "1", 2000));
    let leaves = [&zero, &one].map(|line| Node::Leaf { lines: vec![line.clone()] });
    let [zero_leaf, one_leaf] = leaves.clone().map(|leaf| leaf.summary().unwrap());
    // `0` is 0011_0000 and `1` 0011_0001: they part in the last bit of the third byte.
    let prefix = Prefix { bits: 23, bytes: vec![b'b', 0, b'0'] };
    let fork = |left: &Summary, right: &Summary| Node::Branch {
        prefix: prefix.clone(),
        left: left.clone(),
        right: right.clone(),
    };
    let honest = fork(&zero_leaf, &one_leaf);
    assert_eq!(honest.summary().unwrap(), tree(&[zero.clone(), one]).root());
    for (left, right, wrong) in
        [(&one_leaf, &zero_leaf, one_leaf.hash), (&zero_leaf, &zero_leaf, zero_leaf.hash)]
    {
        let top = fork(left, right);
        let nodes = [&leaves[0], &leaves[1], &top].map(Clone::clone).to_vec();
        let forged = Forged { root: top.summary().unwrap(), nodes };
        assert_eq!(diff(&tree(&[]), &forged), Err(TreeError::NodeDiffers(wrong)));
    }
}

#[test]
fn a_proof_through_forks_out_of_order_is_malformed() {
    // The upper fork says that it parts later than the lower: the hashes are right, the tree is none.
    let line = sale("b", "0", 2000);
    let end = Node::Leaf { lines: vec![line.clone()] };
    let sibling = Node::Leaf { lines: vec![sale("b", "1", 4000)] }.summary().unwrap();
    let prefix = |bits| Prefix { bits, bytes: vec![b'b', 0, b'0'] };
    let above =
        |below: Summary, bits| Node::Branch { prefix: prefix(bits), left: below, right: sibling.clone() };
    let root = above(above(end.summary().unwrap(), 23).summary().unwrap(), 23).summary().unwrap();
    let step = |bits| ProofStep { bits, sibling: sibling.clone() };
    let proof = Proof { end: ProofEnd::Node(end), path: vec![step(23), step(23)] };
    assert_eq!(verify_inclusion(&root, &line, &proof), Err(ProofError::Malformed));
    assert_eq!(verify_absence(&root, &line.counterparty, None, &proof), Err(ProofError::Malformed));
}
