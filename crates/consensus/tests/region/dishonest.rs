//! One of four is dishonest, and it does not help.

use crate::{
    app::entry_id,
    node::{Node, Region, agree, code},
};
use databourse_consensus::{Dishonesty, Verdict};

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
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_blocks_are_not_taken_by_a_node_that_catches_up() {
    let region = Region::new();
    let nodes = start(&region, Dishonesty::ServeWrongBlocks);
    work(&nodes, 0..25).await;
    let fifth = region.start(4);
    fifth.commits(entry_id(24)).await;
    agree(&[nodes[0].store.clone(), fifth.store.clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_said_again_change_nothing() {
    let region = Region::new();
    let nodes = start(&region, Dishonesty::ReplayMessages);
    work(&nodes, 0..12).await;
    assert_eq!(nodes[0].store.commands().len(), 12);
}
