//! Four real nodes with four real databases under load, while one of them at a time is killed, or its database, and
//! twice all of them: one ledger, nothing acknowledged lost, nothing doubled.
//!
//! `DATABOURSE_CHAOS_MINUTES` makes it longer, `DATABOURSE_CHAOS_SEED` repeats the choices of a run, and
//! `DATABOURSE_CHAOS_KEEP` keeps the folders of one that failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod region_support;

use region_support::{
    RETURN_LIMIT, Region,
    dice::{Dice, seed},
    verdict,
    watch::Watch,
};
use std::{env, time::Duration};
use tokio::time::Instant;

/// How long the chaos lasts unless it is asked for longer.
const CHAOS: Duration = Duration::from_secs(75);
/// How many buyers there are at a time.
const CLIENTS: usize = 8;
/// How long a killed node stays away, at most, and how long all are left alone after it has come back.
const AWAY_MAX: Duration = Duration::from_secs(5);
const CALM_MAX: Duration = Duration::from_secs(3);
/// One test at a time: each has four nodes and four databases.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What was killed.
#[derive(Debug, Default)]
struct Kills {
    nodes: u64,
    databases: u64,
    both: u64,
    all: u64,
}

fn length() -> Duration {
    let minutes = env::var("DATABOURSE_CHAOS_MINUTES").ok();
    minutes.map_or(CHAOS, |text| Duration::from_secs(60 * text.parse::<u64>().expect("a number of minutes")))
}

/// Kills one node, its database, or both, and waits until it takes part again.
async fn disturb_one(region: &mut Region, dice: &mut Dice, kills: &mut Kills) {
    let place = dice.below(region.nodes.len());
    match dice.below(5) {
        0 | 1 => {
            let before = region.nodes[place].database_pid();
            region.nodes[place].kill_database();
            region.nodes[place].database_again(before.as_deref()).await;
            kills.databases += 1;
        }
        2 => {
            region.nodes[place].kill_database();
            region.nodes[place].kill();
            tokio::time::sleep(dice.pause(AWAY_MAX)).await;
            region.nodes[place].start();
            kills.both += 1;
        }
        _ => {
            region.nodes[place].kill();
            tokio::time::sleep(dice.pause(AWAY_MAX)).await;
            region.nodes[place].start();
            kills.nodes += 1;
        }
    }
    region.runs(place, RETURN_LIMIT).await;
}

/// Kills all nodes at once, and some of their databases; each comes back when it likes.
async fn disturb_all(region: &mut Region, dice: &mut Dice, kills: &mut Kills, watch: &Watch) {
    watch.set_all_down(true);
    for node in &mut region.nodes {
        if dice.below(2) == 0 {
            node.kill_database();
        }
        node.kill();
    }
    let mut order: Vec<_> = (0..region.nodes.len()).map(|place| (dice.pause(AWAY_MAX), place)).collect();
    order.sort();
    let killed_at = Instant::now();
    for (pause, place) in order {
        tokio::time::sleep_until(killed_at + pause).await;
        region.nodes[place].start();
    }
    region.all_run(RETURN_LIMIT).await;
    watch.set_all_down(false);
    kills.all += 1;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_one_at_a_time_and_twice_of_all_lose_double_and_fork_nothing() {
    let _turn = TURN.lock().await;
    let seed = seed();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let (mut region, load) = Region::opened(&mut dice).await;
    let watch = Watch::start(region.accesses());
    let clients = load.start(CLIENTS, &mut dice);

    let mut kills = Kills::default();
    let began = Instant::now();
    let length = length();
    while began.elapsed() < length || kills.all < 2 {
        // All of them after a third and after two thirds of the time.
        let due = u64::from(began.elapsed() > length / 3) + u64::from(began.elapsed() > length * 2 / 3);
        if kills.all < due {
            disturb_all(&mut region, &mut dice, &mut kills, &watch).await;
        } else {
            disturb_one(&mut region, &mut dice, &mut kills).await;
        }
        tokio::time::sleep(dice.pause(CALM_MAX)).await;
    }
    load.finish();
    clients.join_all().await;
    let size = region.level(&[0, 1, 2, 3], load.last_leaf()).await;
    let receipts = {
        let known = std::mem::take(&mut *load.known());
        let receipts = verdict::receipts_verify(&region.accesses(), &known).await;
        *load.known() = known;
        receipts
    };
    for node in &region.nodes {
        let health = node.access.client.region_health().await.unwrap();
        assert!(health.forks.is_empty(), "{health:?}");
    }
    region.stop().await;
    let known = std::mem::take(&mut *load.known());
    let verdict = verdict::of(&region, &known).await;
    let seen = watch.seen();
    println!(
        "seed {seed}: {kills:?} in {:?}; {} commands acknowledged of {} offered, {} sent again, {} sales; {receipts} \
         receipts verified; heights {:?}, {} leaves ({size} shown); longest time without progress {:?}, with all down {:?}",
        began.elapsed(),
        known.acknowledged.len(),
        known.offered.len(),
        known.retries,
        known.sales,
        verdict.heights,
        verdict.size,
        seen.longest_gap,
        seen.longest_gap_of_all,
    );
    assert!(known.surprises.is_empty(), "{:#?}", known.surprises);
    assert!(seen.forks.is_empty(), "{:?}", seen.forks);
    assert!(verdict.evidence.is_empty(), "double signing: {:?}", verdict.evidence);
    assert_eq!(kills.all, 2, "all were to be killed twice");
    assert!(known.sales > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_stopped_and_one_that_lost_its_disk_catch_up_by_themselves() {
    let _turn = TURN.lock().await;
    let seed = seed();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let (mut region, load) = Region::opened(&mut dice).await;

    // One is stopped for a while; the three others go on.
    region.nodes[3].stopped().await;
    load.sell(&[0, 1, 2], 20, &mut dice).await;
    region.level(&[0, 1, 2], load.last_leaf()).await;
    region.nodes[3].start();
    region.runs(3, RETURN_LIMIT).await;
    region.level(&[0, 1, 2, 3], load.last_leaf()).await;
    load.sell(&[3], 5, &mut dice).await;

    // Another loses its database and the log of its votes; keys and configuration are kept elsewhere.
    region.nodes[2].lose_disk();
    load.sell(&[0, 1, 3], 20, &mut dice).await;
    let lost_at = region.height(0).await;
    region.rejoins((2, lost_at), &load, &[0, 1, 3], &mut dice).await;
    // Its vote counts again: with it and two others there are three.
    region.nodes[0].stopped().await;
    load.sell(&[1, 2, 3], 10, &mut dice).await;
    region.nodes[0].start();
    region.runs(0, RETURN_LIMIT).await;
    region.level(&[0, 1, 2, 3], load.last_leaf()).await;

    region.ends_well(&load).await;
}
