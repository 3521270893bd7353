//! Every runbook of docs/OPERATING.md, by its own commands, on one region of four: stop and start, a backup restored, two
//! gone of four, a log of votes that is corrupt, and one gone for good. *Lost disk* is in region_crash.rs, *Upgrade* in
//! region_upgrade.rs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod region_support;

use databourse_client::NodeState;
use region_support::{
    CODES, RETURN_LIMIT, Region,
    dice::{Dice, seed},
    load::{Load, merchant},
    node::databourse,
    verdict,
    watch::Watch,
};
use serde_json::{Value, json};
use std::fs;

/// Places of the exchanges in the region.
const AH: usize = 0;
const JS: usize = 1;
const SH: usize = 2;
const ZJ: usize = 3;
const ALL: [usize; 4] = [AH, JS, SH, ZJ];
/// How a node is started that is not to vote.
const NO_VOTE: (&str, &str) = ("DATABOURSE_REGION_VOTE", "false");

#[tokio::test(flavor = "multi_thread")]
async fn every_runbook_does_what_it_says() {
    let seed = seed();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let (mut region, load) = Region::opened(&mut dice).await;
    let watch = Watch::start(region.accesses());

    stop_and_start(&mut region, &load, &mut dice).await;
    restore_from_backup(&mut region, &load, &mut dice).await;
    two_gone_of_four_and_a_corrupt_log(&mut region, &load, &mut dice).await;
    one_gone_for_good(&mut region, &load, &mut dice).await;

    let three = [AH, JS, SH];
    region.level(&three, load.last_leaf()).await;
    let known = std::mem::take(&mut *load.known());
    verdict::receipts_verify(&region.accesses()[..3], &known).await;
    region.stop().await;
    let verdict = verdict::of(&region, &known).await;
    println!("{} acknowledged, {} sales; {verdict:?}", known.acknowledged.len(), known.sales);
    assert!(known.surprises.is_empty(), "{:#?}", known.surprises);
    assert!(watch.seen().forks.is_empty(), "{:?}", watch.seen().forks);
    assert!(verdict.evidence.is_empty(), "double signing: {:?}", verdict.evidence);
}

async fn stop_and_start(region: &mut Region, load: &Load, dice: &mut Dice) {
    let (table, code) = region.status(&[AH, JS, SH]);
    assert_eq!(code, Some(0), "the others suffice:\n{table}");
    region.nodes[ZJ].stopped().await;
    load.sell(&[AH, JS, SH], 4, dice).await;
    region.nodes[ZJ].start();
    region.runs(ZJ, RETURN_LIMIT).await;
    load.see(&[ZJ], load.last_leaf()).await;
    let (table, code) = region.status(&[ZJ]);
    assert_eq!(code, Some(0), "{table}");
    println!("{table}");
}

async fn restore_from_backup(region: &mut Region, load: &Load, dice: &mut Dice) {
    // The backup: a copy of the folder, which is good while the server is stopped.
    region.nodes[JS].stopped().await;
    let backup = region.nodes[JS].folder.join("backup");
    region.nodes[JS].copy_data(&backup);
    region.nodes[JS].start();
    region.runs(JS, RETURN_LIMIT).await;
    load.sell(&ALL, 6, dice).await;

    region.nodes[JS].stopped().await;
    region.nodes[JS].move_votes_away();
    region.nodes[JS].restore_data(&backup);
    let node = &region.nodes[JS];
    let mut fsck = databourse();
    fsck.args(["fsck", "--config"]).arg(node.config()).current_dir(&node.folder);
    let checked = fsck.output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert_eq!(checked.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    // Whoever forgets that it must not vote is told.
    region.nodes[JS].start();
    let said = region.nodes[JS].ends_on_purpose().await;
    assert!(said.contains("the log of votes") && said.contains("is gone"), "{said}");
    follow_and_vote_again(region, JS, &[AH, SH, ZJ], load, dice).await;
    // With another one away its vote decides.
    region.nodes[AH].stopped().await;
    load.sell(&[JS, SH, ZJ], 4, dice).await;
    region.nodes[AH].start();
    region.runs(AH, RETURN_LIMIT).await;
}

/// The second half of *Restore from backup*: the node follows without a vote until it is level with the others and two
/// heights past where they were; then it is started as always.
async fn follow_and_vote_again(
    region: &mut Region,
    place: usize,
    others: &[usize],
    load: &Load,
    dice: &mut Dice,
) {
    let at = region.height(others[0]).await;
    region.nodes[place].start_with(&[NO_VOTE]);
    region.runs(place, RETURN_LIMIT).await;
    load.see(&[place], load.last_leaf()).await;
    region.sell_up_to((place, at + 2), load, others, dice).await;
    region.nodes[place].stopped().await;
    region.nodes[place].start();
    region.runs(place, RETURN_LIMIT).await;
}

async fn two_gone_of_four_and_a_corrupt_log(region: &mut Region, load: &Load, dice: &mut Dice) {
    region.nodes[SH].kill();
    region.nodes[ZJ].kill();
    // Nobody is left waiting: 503, and when to come again. Reads go on.
    let deposit = json!({
        "party": merchant(AH), "asset": "XTS/3", "amount_minor": 1, "bank_reference": "nobody-hears-of-it",
    });
    for place in [AH, JS] {
        let what = "that too few are left";
        region.says_of_region(place, what, |health| health.state == NodeState::NoQuorum).await;
        let (status, retry_after) = region.nodes[place].access.post("/v1/accounts/deposits", &deposit).await;
        assert_eq!((status, retry_after.is_some()), (503, true), "{}: {retry_after:?}", CODES[place]);
        let orders: Vec<Value> = region.nodes[place].access.operator().list("/v1/orders").await.unwrap();
        assert!(!orders.is_empty() && region.nodes[place].access.shown().await.is_some());
    }
    let (table, code) = region.status(&[AH, JS]);
    println!("{table}");
    assert!(table.contains("no quorum 不足三分之二") && code == Some(2), "{table}");

    // Meanwhile one of the two that are left finds a flipped bit in the log of its votes. It says so and does not vote.
    region.votes_rest(&[JS]).await;
    region.nodes[JS].kill();
    let votes = region.nodes[JS].votes();
    let mut bytes = fs::read(&votes).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&votes, bytes).unwrap();
    region.nodes[JS].start();
    let said = region.nodes[JS].ends_on_purpose().await;
    assert!(said.contains("the write-ahead log is damaged"), "{said}");

    // Those that were gone come back, and the region goes on by itself; the damaged one comes back without its log.
    for place in [SH, ZJ] {
        region.nodes[place].start();
    }
    region.runs(AH, RETURN_LIMIT).await;
    load.sell(&[AH, SH, ZJ], 4, dice).await;
    region.nodes[JS].move_votes_away();
    follow_and_vote_again(region, JS, &[AH, SH, ZJ], load, dice).await;
    region.nodes[AH].stopped().await;
    load.sell(&[JS, SH, ZJ], 4, dice).await;
    region.nodes[AH].start();
    region.runs(AH, RETURN_LIMIT).await;
}

async fn one_gone_for_good(region: &mut Region, load: &Load, dice: &mut Dice) {
    let three = [AH, JS, SH];
    region.nodes[ZJ].kill_database();
    region.nodes[ZJ].kill();
    region.nodes[ZJ].is_former = true;
    load.sell(&three, 4, dice).await;
    region.decide(AH, &["suspend", "zj", "--reason", "its building burnt down"], &[JS, SH], load).await;
    region.counts(AH, "zj", false).await;
    load.sell(&three, 4, dice).await;
    for place in three {
        region.remove_peer(place, ZJ);
        region.restart(place).await;
    }
    load.sell(&three, 4, dice).await;
    let (table, code) = region.status(&three);
    println!("{table}");
    assert!(!table.contains("zj") && code == Some(0), "{table}");
    // Of three it takes all.
    region.nodes[SH].stopped().await;
    let what = "that two of three are too few";
    region.says_of_region(AH, what, |health| health.state == NodeState::NoQuorum).await;
    region.nodes[SH].start();
    region.runs(SH, RETURN_LIMIT).await;
    region.runs(AH, RETURN_LIMIT).await;
    load.sell(&three, 4, dice).await;
}
