//! A region is upgraded one node after the other while clients of all exchanges go on: nothing is lost or doubled, and
//! nobody sees a stop.
//!
//! `DATABOURSE_BEFORE` names the program of the version before; without it every node is stopped and started with the same
//! one, which shows everything but that the two versions agree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod region_support;

use region_support::{
    CODES, RETURN_LIMIT, Region,
    dice::{Dice, seed},
    load::Load,
    verdict,
    watch::Watch,
};
use std::{env, path::PathBuf, time::Duration};
use tokio::time::Instant;

/// How many buyers there are at a time.
const CLIENTS: usize = 6;
/// Nobody calls it a stop if nothing becomes final for so long. A figure of the machine it is not: one that is alone
/// needs a second or two.
const STOP: Duration = Duration::from_secs(30);

/// Stops one node as its operator does, puts a program in the place of its own, and starts it. The others sell while it is
/// away.
async fn replace(region: &mut Region, place: usize, program: &PathBuf, load: &Load, dice: &mut Dice) {
    let others: Vec<_> = (0..CODES.len()).filter(|other| *other != place).collect();
    region.nodes[place].stopped().await;
    let away = Instant::now();
    load.sell(&others, 1, dice).await;
    let sold = away.elapsed();
    region.nodes[place].program.clone_from(program);
    region.nodes[place].start();
    region.runs(place, RETURN_LIMIT).await;
    // The next one only when this one has everything.
    load.see(&[place], load.last_leaf()).await;
    println!("{} runs {}; without it a sale took the others {sold:?}", CODES[place], program.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_after_the_other_takes_another_program_and_clients_notice_nothing() {
    let seed = seed();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let now = PathBuf::from(env!("CARGO_BIN_EXE_databourse"));
    let before = env::var_os("DATABOURSE_BEFORE").map_or_else(|| now.clone(), PathBuf::from);
    let mut region = Region::init();
    for node in &mut region.nodes {
        node.program.clone_from(&before);
    }
    region.start().await;
    let load = Load::new(region.accesses());
    load.open_stalls(&mut dice).await;
    let watch = Watch::start(region.accesses());
    let clients = load.start(CLIENTS, &mut dice);

    for place in 0..CODES.len() {
        replace(&mut region, place, &now, &load, &mut dice).await;
    }

    load.finish();
    clients.join_all().await;
    region.level(&[0, 1, 2, 3], load.last_leaf()).await;
    let known = std::mem::take(&mut *load.known());
    verdict::receipts_verify(&region.accesses(), &known).await;
    for node in &region.nodes {
        let health = node.access.client.region_health().await.unwrap();
        assert!(
            health.rejected.is_none() && health.forks.is_empty(),
            "the versions do not agree: {health:?}"
        );
    }
    region.stop().await;
    let verdict = verdict::of(&region, &known).await;
    let seen = watch.seen();
    println!(
        "seed {seed}: {} commands acknowledged of {} offered, {} sent again, {} sales; longest time without progress \
         {:?}; {verdict:?}",
        known.acknowledged.len(),
        known.offered.len(),
        known.retries,
        known.sales,
        seen.longest_gap,
    );
    assert!(known.surprises.is_empty(), "{:#?}", known.surprises);
    assert!(seen.forks.is_empty(), "{:?}", seen.forks);
    assert!(verdict.evidence.is_empty(), "double signing: {:?}", verdict.evidence);
    assert!(seen.longest_gap < STOP, "a stop of {:?}", seen.longest_gap);
}
