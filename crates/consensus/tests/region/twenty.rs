//! The largest region: twenty exchanges.

use crate::{
    app::entry_id,
    node::{Region, agree_of},
};
use std::time::Duration;

/// How many exchanges there are, and how many of them may be away.
const EXCHANGES: usize = 20;
const AWAY: usize = 6;
/// Longer than a silent node is taken for being there.
const QUIET: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn twenty_exchanges_found_order_and_finalise_and_go_on_when_six_are_away() {
    let region = Region::of(EXCHANGES, EXCHANGES);
    let mut nodes = region.start_voters();
    for node in &mut nodes {
        node.shows("all connected", |status| status.connected.len() == EXCHANGES - 1).await;
    }
    for number in 0..5 {
        nodes[4 * number as usize].pool.submit(number, "of twenty");
    }
    for number in 0..5 {
        for node in &nodes {
            node.commits(entry_id(number)).await;
        }
    }
    let certificate = nodes[0].store.decided().pop().unwrap().certificate;
    assert!(certificate.precommits.len() >= 14, "more than two thirds: {}", certificate.precommits.len());

    // While nothing is to be agreed on, they still know of one another: who says nothing is out of reach by now, and
    // stays so.
    tokio::time::sleep(QUIET).await;
    for node in &mut nodes {
        let height = *node.store.height.borrow();
        node.shows("nobody silent, nobody behind", |status| {
            let reached = status.connected.iter().filter(|code| status.reaches(code)).count();
            reached == EXCHANGES - 1 && status.lag(height) == 0
        })
        .await;
        assert!(node.status.borrow().faults.is_empty(), "{:?}", node.status.borrow().faults);
    }

    for node in nodes.split_off(EXCHANGES - AWAY) {
        node.halt().await;
    }
    let last = nodes[3].pool.submit(100, "of fourteen");
    for node in &nodes {
        node.commits(last).await;
    }
    agree_of(EXCHANGES, &nodes.iter().map(|node| node.store.clone()).collect::<Vec<_>>());
}
