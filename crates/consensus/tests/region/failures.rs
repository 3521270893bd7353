//! Nodes that stop, return, come later, lose their store or compute otherwise.

use crate::{
    app::entry_id,
    node::{Region, agree, within},
};
use databourse_consensus::{End, Verdict};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_go_on_without_the_fourth_which_catches_up_when_it_returns() {
    let region = Region::new();
    let mut nodes = region.start_voters();
    let first = nodes[0].pool.submit(1, "all four");
    for node in &nodes {
        node.commits(first).await;
    }
    assert_eq!(nodes.pop().unwrap().halt().await, End::Halted);
    for number in 2..8 {
        let command = nodes[number as usize % 3].pool.submit(number, "three");
        for node in &nodes {
            node.commits(command).await;
        }
    }
    nodes.push(region.start(3));
    nodes[3].commits(entry_id(7)).await;
    let last = nodes[3].pool.submit(9, "all four again");
    for node in &nodes {
        node.commits(last).await;
    }
    agree(&nodes.iter().map(|node| node.store.clone()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_node_that_does_not_vote_receives_the_whole_ledger() {
    let region = Region::new();
    let nodes = region.start_voters();
    for number in 0..30 {
        let command = nodes[number as usize % 4].pool.submit(number, "before it comes");
        nodes[number as usize % 4].commits(command).await;
    }
    let fifth = region.start(4);
    fifth.commits(entry_id(29)).await;
    let later = nodes[2].pool.submit(100, "while it is here");
    fifth.commits(later).await;
    agree(&[nodes[0].store.clone(), fifth.store.clone()]);
    for decided in fifth.store.decided() {
        assert!(!decided.certificate.precommits.contains_key(&crate::node::code(4)), "it does not vote");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voter_that_lost_its_log_follows_without_a_vote_until_it_may_vote_again() {
    let mut region = Region::new();
    let mut nodes = region.start_voters();
    nodes[0].commits(nodes[0].pool.submit(1, "all four")).await;
    nodes.pop().unwrap().halt().await;
    std::fs::remove_file(region.log(3)).unwrap();
    let missed = nodes[1].pool.submit(2, "while it is away");
    for node in &nodes {
        node.commits(missed).await;
    }
    let End::Broken(reason) = region.start(3).ends().await else { panic!("it votes without its log") };
    assert!(reason.contains("follow without voting first"), "{reason}");
    let known = nodes[0].store.decided().len();
    region.votes = false;
    let follower = region.start(3);
    follower.commits(missed).await;
    for number in 3..8 {
        let command = nodes[number as usize % 3].pool.submit(number, "while it follows");
        follower.commits(command).await;
    }
    for decided in &follower.store.decided()[known..] {
        assert!(!decided.certificate.precommits.contains_key(&crate::node::code(3)), "it does not vote");
    }
    follower.halt().await;
    region.votes = true;
    nodes.push(region.start(3));
    // One of the others less: now its vote is needed.
    nodes.remove(0).halt().await;
    let last = nodes[0].pool.submit(9, "with its vote again");
    for node in &nodes {
        node.commits(last).await;
    }
    agree(&nodes.iter().map(|node| node.store.clone()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_four_start_again_in_the_middle_and_nothing_is_lost() {
    let mut region = Region::new();
    region.idle_period = Duration::from_millis(1);
    let mut height = 0;
    for turn in 0..3 {
        let nodes = region.start_voters();
        let command = nodes[turn as usize].pool.submit(turn, "before the end");
        for node in &nodes {
            node.commits(command).await;
            node.reaches(height + 3).await;
        }
        for node in nodes {
            assert_eq!(node.halt().await, End::Halted);
        }
        let stores: Vec<_> = (0..4).map(|place| region.store(place).clone()).collect();
        agree(&stores);
        let tops: Vec<_> = stores.iter().map(|store| store.height.borrow().0).collect();
        let top = tops.iter().copied().max().unwrap();
        assert!(tops.iter().all(|one| *one > height), "every turn goes on: {tops:?}");
        height = top;
    }
    let commands = region.store(0).commands();
    assert_eq!(commands, [entry_id(0), entry_id(1), entry_id(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_computes_otherwise_ends_and_the_others_go_on() {
    let region = Region::new();
    let mut nodes = region.start_voters();
    let odd = nodes.pop().unwrap();
    odd.store.diverge_on(entry_id(7));
    let command = nodes[0].pool.submit(7, "computed otherwise at one");
    for node in &nodes {
        node.commits(command).await;
    }
    let before = odd.store.clone();
    let End::Diverged { height, verdict, .. } = odd.ends().await else { panic!("it has not diverged") };
    assert!(matches!(verdict, Verdict::EffectsDiffer { .. }), "{verdict:?}");
    assert_eq!(before.height.borrow().next(), height, "it has committed nothing of it");
    let more = nodes[1].pool.submit(8, "after it");
    for node in &nodes {
        node.commits(more).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_for_a_while_costs_nothing_but_time() {
    let region = Region::new();
    let nodes = region.start_voters();
    nodes[1].reaches(1).await;
    for (number, failures) in [(0, 1), (1, 2), (2, 3), (3, 5)] {
        nodes[1].store.fail(failures);
        let command = nodes[1].pool.submit(number, "while the store fails");
        for node in &nodes {
            node.commits(command).await;
        }
    }
    agree(&nodes.iter().map(|node| node.store.clone()).collect::<Vec<_>>());
    for node in &nodes {
        assert_eq!(node.store.commands().len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_of_votes_stops_the_node_and_says_so() {
    let region = Region::new();
    let pair = [region.start(0), region.start(1)];
    // Two of four agree on nothing, but one of them proposes a block and both vote.
    let (mut length, log) = (0, region.log(0));
    within("votes are logged", async {
        while length < 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            length = std::fs::metadata(&log).map_or(0, |data| data.len());
        }
    })
    .await;
    for node in pair {
        node.halt().await;
    }
    let mut bytes = std::fs::read(&log).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let End::Broken(reason) = region.start(0).ends().await else { panic!("it goes on") };
    assert!(reason.contains("the write-ahead log is damaged"), "{reason}");
}
