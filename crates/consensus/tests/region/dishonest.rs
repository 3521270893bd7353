//! One of four is dishonest, and it does not help.

use crate::{
    app::entry_id,
    node::{Node, Region, agree, code},
};
use databourse_consensus::{Dishonesty, EngineStatus, Fault, Verdict};

/// Three honest nodes and a fourth that is not.
fn start(region: &Region, act: Dishonesty) -> Vec<Node> {
    let mut nodes: Vec<_> = (0..3).map(|place| region.start(place)).collect();
    nodes.push(region.start_engine(3, |engine| engine.dishonest([act])));
    nodes
}

async fn work(nodes: &[Node], numbers: std::ops::Range<u64>) {
    for number in numbers {
        let command = nodes[number as usize % 3].pool.submit(number, "work");
        for node in &nodes[..3] {
            node.commits(command).await;
        }
    }
    agree(&nodes[..3].iter().map(|node| node.store.clone()).collect::<Vec<_>>());
}

/// Whether the fourth is blamed for that, and nobody else for anything.
fn blames_the_fourth(status: &EngineStatus, fault: Fault) -> bool {
    assert!(status.faults.keys().all(|exchange| *exchange == code(3)), "{:?}", status.faults);
    status.faults.get(&code(3)).is_some_and(|faults| faults.contains_key(&fault))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_two_things_is_caught_by_every_honest_node() {
    let region = Region::new();
    let mut nodes = start(&region, Dishonesty::SignTwo);
    work(&nodes, 0..6).await;
    for node in &mut nodes[..3] {
        let status = node.shows("evidence", |status| !status.evidence_count.is_empty()).await;
        assert_eq!(status.evidence_count.keys().collect::<Vec<_>>(), [&code(3)]);
        let evidence = node.store.evidence();
        assert!(!evidence.is_empty());
        for proof in evidence {
            assert_eq!(proof.verify(&Region::origin(), &Region::keys()[&proof.exchange]), Ok(()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_block_is_voted_down_and_its_proposer_named() {
    let region = Region::new();
    let mut nodes = start(&region, Dishonesty::ProposeInvalid);
    work(&nodes, 0..6).await;
    for node in &mut nodes[..3] {
        let rejected =
            node.shows("a rejected block", |status| status.rejected.is_some()).await.rejected.unwrap();
        assert_eq!(rejected.proposer, code(3));
        assert!(matches!(rejected.verdict, Verdict::Malformed { .. }), "{rejected:?}");
        assert!(blames_the_fourth(&node.status.borrow(), Fault::RejectedProposal));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_blocks_are_not_taken_by_a_node_that_catches_up_and_their_giver_is_named() {
    let mut region = Region::new();
    let nodes = start(&region, Dishonesty::ServeWrongBlocks);
    work(&nodes, 0..25).await;
    // Whom it asks first is chance: it comes with nothing until it has asked the fourth.
    for attempt in 0.. {
        let fifth = region.start_anew(4);
        fifth.commits(entry_id(24)).await;
        agree(&[nodes[0].store.clone(), fifth.store.clone()]);
        let is_named = blames_the_fourth(&fifth.status.borrow(), Fault::WrongBlock);
        fifth.halt().await;
        if is_named {
            return;
        }
        assert!(attempt < 30, "it never asked the fourth, or did not see what it was given");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_said_again_change_nothing_and_who_says_them_is_named() {
    let region = Region::new();
    let mut nodes = start(&region, Dishonesty::ReplayMessages);
    work(&nodes, 0..12).await;
    assert_eq!(nodes[0].store.commands().len(), 12);
    for node in &mut nodes[..3] {
        node.shows("a replay", |status| blames_the_fourth(status, Fault::StaleProposal)).await;
    }
}
