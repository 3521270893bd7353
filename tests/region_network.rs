//! Four real nodes on a network of their own that delays every frame by 30 ms and loses one of a hundred, cut 1|3 and
//! 2|2 and healed: three together go on, two and two do not, and nothing is forked, lost or doubled.
//!
//! Needs root. The switches are of our own, since many kernels come without `tc netem`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod region_support;

use databourse_client::NodeState;
use region_support::{
    LOOK_PAUSE, RETURN_LIMIT, Region,
    dice::{Dice, seed},
    load::Load,
    network::{DELAY_MS, Network},
    verdict,
    watch::Watch,
};
use std::time::Duration;
use tokio::time::Instant;

/// How many buyers there are at a time beside those whose sales are counted.
const CLIENTS: usize = 4;
/// How many sales show that the region goes on.
const SALES: usize = 4;
/// After this, nothing is on its way any more between two halves that were cut apart; and how long it is then looked at
/// that nothing becomes final. That nothing happens can only be seen by looking for a while.
const UNDER_WAY: Duration = Duration::from_secs(2);
const QUIET: Duration = Duration::from_secs(5);

/// The size of the final checkpoint that each node shows.
async fn sizes(region: &Region) -> Vec<u64> {
    let mut sizes = Vec::new();
    for node in &region.nodes {
        let shown = async {
            loop {
                if let Some((size, _)) = node.access.shown().await {
                    return size;
                }
                tokio::time::sleep(LOOK_PAUSE).await;
            }
        };
        let shown = tokio::time::timeout(RETURN_LIMIT, shown).await;
        sizes.push(shown.expect("a node that is cut off still answers its clients"));
    }
    sizes
}

/// A command that nothing can be made of while two and two are apart: whoever sends it is told to come back.
fn nobody(code: &str) -> serde_json::Value {
    serde_json::json!({
        "type": "party.certify",
        "body": {
            "legal_name": { "en": code }, "legal_identifier": format!("ext:apart-{code}"), "roles": ["buyer"],
            "home_region": "CN", "entrusts_exchange": true, "valid_until": "2090-01-01T00:00:00Z",
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn three_together_go_on_two_and_two_do_not_and_nothing_is_forked() {
    let seed = seed();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut region = Region::init();
    let mut network = Network::make(&mut region, dice.word());
    // The delay is in force, both ways, within a switch and across the trunk.
    for (from, to) in [(0, 1), (0, 3), (2, 0)] {
        let trip = network.round_trip(from, to);
        let expected = 2 * Duration::from_millis(u64::from(DELAY_MS));
        assert!(trip >= expected, "from {from} to {to} and back in {trip:?}");
    }
    region.start().await;
    let load = Load::new(region.accesses());
    load.open_stalls(&mut dice).await;
    let watch = Watch::start(region.accesses());
    let clients = load.start(CLIENTS, &mut dice);

    // One and three.
    let alone = dice.below(4);
    let three: Vec<_> = (0..4).filter(|place| *place != alone).collect();
    network.isolate(alone);
    let cut_at = Instant::now();
    load.sell(&three, SALES, &mut dice).await;
    let (of_three, reached) = (cut_at.elapsed(), sizes(&region).await);
    assert!(three.iter().all(|place| reached[*place] > reached[alone]), "{alone} is not alone: {reached:?}");
    network.heal();
    let healed_at = Instant::now();
    load.all_see(load.last_leaf()).await;
    let of_one = healed_at.elapsed();

    // Two and two.
    network.split();
    tokio::time::sleep(UNDER_WAY).await;
    let before = sizes(&region).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(sizes(&region).await, before, "two of four made something final");
    for node in &region.nodes {
        let health = node.access.client.region_health().await.unwrap();
        assert_eq!(health.state, NodeState::NoQuorum, "{} reaches one other", node.code);
        let unconnected = health.peers.iter().filter(|peer| !peer.connected).count();
        assert_eq!(unconnected, 2, "{health:?}");
        // Clients are told at once to come back later; reading goes on, as `sizes` shows.
        assert_eq!(node.access.attempt(&nobody(node.code)).await, (200, Some("1".to_owned())));
    }
    network.heal();
    let healed_at = Instant::now();
    load.sell(&[0, 1, 2, 3], SALES, &mut dice).await;
    let of_all = healed_at.elapsed();

    load.finish();
    clients.join_all().await;
    region.level(&[0, 1, 2, 3], load.last_leaf()).await;
    let known = std::mem::take(&mut *load.known());
    verdict::receipts_verify(&region.accesses(), &known).await;
    region.stop().await;
    let verdict = verdict::of(&region, &known).await;
    let seen = watch.seen();
    let (carried, lost) = network.frames();
    assert!(lost > 0 && lost < carried, "of {carried} frames {lost} were lost");
    println!(
        "{carried} frames carried, {lost} lost; seed {seed}: {SALES} sales by three in {of_three:?}, the one level again after {of_one:?}, {SALES} sales after \
         2|2 in {of_all:?}; {} commands acknowledged of {} offered, {} sent again; {verdict:?}",
        known.acknowledged.len(),
        known.offered.len(),
        known.retries,
    );
    assert!(known.surprises.is_empty(), "{:#?}", known.surprises);
    assert!(seen.forks.is_empty(), "{:?}", seen.forks);
    assert!(verdict.evidence.is_empty(), "double signing: {:?}", verdict.evidence);
    drop((region, network));
}
