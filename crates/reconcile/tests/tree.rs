//! The window tree: one root per set of lines, walks that find exactly what differs, proofs that cannot be bent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_primitives::Digest;
use databourse_reconcile::SettlementLine;
use databourse_reconcile::tree::{
    Node, Proof, ProofEnd, Summary, Totals, TreeError, WindowTree, diff, verify_absence, verify_inclusion,
};
use proptest::prelude::*;
use serde::Deserialize;

#[path = "support/made.rs"]
mod made;
use made::{keyless, sale, tree};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    lines: Vec<SettlementLine>,
    encoding: String,
    root: Digest,
    totals: Totals,
}

#[test]
fn the_vectors_that_another_program_wrote_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/settlement/window-tree.json");
    let vectors: Vectors = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(vectors.cases.len(), 7);
    for Case { name, lines, encoding, root, totals } in vectors.cases {
        let first = lines.first().map(|line| hex::encode(line.encoding())).unwrap_or_default();
        assert_eq!(first, encoding, "{name}");
        assert_eq!(tree(&lines).root(), Summary { hash: root, totals }, "{name}");
    }
}

/// Lines of few counterparties and keys, so that places meet: some keys twice, some lines without.
fn lines(most: usize) -> impl Strategy<Value = Vec<SettlementLine>> {
    let line = (0..4_u8, 0..40_u8, 1..4_i64, 0..8_u8).prop_map(|(party, key, amount, none)| {
        let made = sale(&format!("p{}", "a".repeat(party.into())), &format!("{key}"), amount * 2000);
        if none == 0 { keyless(&made) } else { made }
    });
    prop::collection::vec(line, 0..most)
}

/// The lines as a sorted list of encodings: what a tree is about.
fn set(lines: &[SettlementLine]) -> Vec<Vec<u8>> {
    let mut set: Vec<_> = lines.iter().map(SettlementLine::encoding).collect();
    set.sort();
    set
}

/// `a` without `b`, as often as each stands there.
fn without(a: &[SettlementLine], b: &[SettlementLine]) -> Vec<Vec<u8>> {
    let mut rest = set(b);
    let mut left = set(a);
    left.retain(|one| match rest.iter().position(|other| other == one) {
        Some(at) => {
            rest.remove(at);
            false
        }
        None => true,
    });
    left
}

proptest! {
    #[test]
    fn the_root_depends_on_the_lines_and_not_on_their_order(all in lines(60), turn in 0..60_usize) {
        let mut turned = all.clone();
        turned.rotate_left(turn.min(all.len()));
        turned.reverse();
        let (one, other) = (tree(&all), tree(&turned));
        prop_assert_eq!(one.root(), other.root());
        prop_assert_eq!(one.root().totals, Totals::of(&all));
        prop_assert_eq!(set(one.lines()), set(&all));
    }

    #[test]
    fn a_walk_finds_exactly_the_lines_that_differ(a in lines(50), b in lines(50), shared in lines(50)) {
        let (left, right) = ([&a[..], &shared].concat(), [&b[..], &shared].concat());
        let (left_tree, right_tree) = (tree(&left), tree(&right));
        let found = diff(&left_tree, &right_tree).unwrap();
        let found_left: Vec<_> = found.left.iter().map(|at| left_tree.lines()[*at].clone()).collect();
        prop_assert_eq!(set(&found_left), without(&left, &right));
        prop_assert_eq!(set(&found.right), without(&right, &left));
        prop_assert!(found.left.is_sorted());
        let places: Vec<_> = found.right.iter().map(|line| (line.counterparty.clone(), line.key.clone())).collect();
        prop_assert!(places.is_sorted());
        prop_assert!(found.nodes_fetched <= 2 * right.len() as u64);
        prop_assert_eq!(found.nodes_fetched == 0, left_tree.root() == right_tree.root() || right.is_empty());
    }

    #[test]
    fn every_place_is_proved_held_or_empty_and_never_both(all in lines(40), asked in lines(10)) {
        let tree = tree(&all);
        let root = tree.root();
        for line in all.iter().chain(&asked) {
            let proof = tree.proof(&line.counterparty, line.key.as_ref());
            let held = all.iter().filter(|other| other.encoding() == line.encoding()).count();
            prop_assert_eq!(verify_inclusion(&root, line, &proof).unwrap_or(0), held);
            let place = all.iter().any(|l| l.counterparty == line.counterparty && l.key == line.key);
            let absent = verify_absence(&root, &line.counterparty, line.key.as_ref(), &proof);
            prop_assert_eq!(absent.is_ok(), !place);
            // The proof of another place shows nothing of a place that is held.
            let elsewhere = all.iter().filter(|l| l.counterparty != line.counterparty || l.key != line.key);
            for other in elsewhere.take(5) {
                let proof = tree.proof(&other.counterparty, other.key.as_ref());
                prop_assert!(verify_inclusion(&root, line, &proof).is_err());
                prop_assert!(!place || verify_absence(&root, &line.counterparty, line.key.as_ref(), &proof).is_err());
            }
            let json = serde_json::to_string(&proof).unwrap();
            prop_assert_eq!(serde_json::from_str::<Proof>(&json).unwrap(), proof);
        }
    }

    #[test]
    fn a_proof_with_anything_changed_fails(all in lines(40), pick in any::<prop::sample::Index>(), change in 0..9_usize, more in any::<prop::sample::Index>()) {
        prop_assume!(!all.is_empty());
        let tree = tree(&all);
        let line = &all[pick.index(all.len())];
        let proof = tree.proof(&line.counterparty, line.key.as_ref());
        let (mut bent, mut root, mut asked) = (proof.clone(), tree.root(), line.clone());
        let steps = bent.path.len();
        match change {
            0 => asked.net_minor += 2000,
            1 => root.hash = Digest::of(b"another"),
            2 => root.totals = root.totals.plus(&Totals::of([line])).unwrap(),
            3 => bent.end = ProofEnd::Empty {},
            4 => if let ProofEnd::Node(Node::Leaf { lines }) = &mut bent.end { lines.push(line.clone()) },
            _ if steps == 0 => root.hash = Digest::of(b"another"),
            5 => drop(bent.path.remove(more.index(steps))),
            6 => {
                // A sum that a branch not shown would have: conservation is in the hash.
                let sibling = &mut bent.path[more.index(steps)].sibling;
                sibling.totals = sibling.totals.plus(&Totals::of([line])).unwrap();
            }
            7 => bent.path[more.index(steps)].bits ^= 1,
            _ => bent.path[more.index(steps)].sibling.hash = Digest::of(b"another"),
        }
        prop_assert!(verify_inclusion(&root, &asked, &bent).is_err());
        prop_assert!(verify_absence(&root, &asked.counterparty, asked.key.as_ref(), &bent).is_err());
    }
}

#[test]
fn one_line_less_among_many_fetches_one_path() {
    let all: Vec<_> =
        (0..10_000).map(|n| sale(&format!("p{}", n % 100), &format!("{n}/sale"), 2000)).collect();
    let mut fewer = all.clone();
    fewer.remove(5_000);
    let found = diff(&tree(&all), &tree(&fewer)).unwrap();
    assert_eq!((found.left.len(), found.right.len()), (1, 0));
    assert!(found.hashes_fetched <= 65, "{} hashes, of 19,997", found.hashes_fetched);
}

#[test]
fn keys_chosen_to_make_a_deep_tree_cost_no_stack() {
    // Each key forks from the one before at its own last byte: the deepest tree that 128 bytes allow.
    let keys = (1..=128).flat_map(|length| ["0", "1", "3", "7"].map(|end| "A".repeat(length - 1) + end));
    let all: Vec<_> = keys.map(|key| sale("b", &key, 2000)).collect();
    let (deep, empty) = (tree(&all), tree(&[]));
    assert_eq!(diff(&empty, &deep).unwrap().right.len(), all.len());
    assert_eq!(diff(&deep, &empty).unwrap().left.len(), all.len());
    let last = all.last().unwrap();
    let proof = deep.proof(&last.counterparty, last.key.as_ref());
    assert!(proof.path.len() >= 128);
    assert_eq!(verify_inclusion(&deep.root(), last, &proof), Ok(1));
}

#[test]
fn a_line_that_breaks_the_sign_rule_is_in_no_tree() {
    let mut bad = sale("b", "2", 2000);
    bad.fee_minor = -1;
    let refused = WindowTree::build(vec![sale("b", "1", 2000), bad]).unwrap_err();
    assert!(matches!(refused, TreeError::Line(refusal) if refusal.field == "lines[1].fee_minor"));
}
