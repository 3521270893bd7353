//! Membership on a region that runs: a fifth exchange joins four under load, trades and leaves; one of the four replaces
//! its key; one is caught signing twice, is suspended and comes back. Every step is what docs/OPERATING.md says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod region_support;

use databourse_client::NodeState;
use region_support::{
    RETURN_LIMIT, Region,
    dice::{Dice, seed},
    load::{Load, merchant},
    member::{run, says},
    node, verdict,
    watch::Watch,
};
use serde_json::{Value, json};
use std::fs;

/// Places of the exchanges in the region.
const AH: usize = 0;
const JS: usize = 1;
const SH: usize = 2;
const ZJ: usize = 3;
const FOUNDERS: [usize; 4] = [AH, JS, SH, ZJ];
/// The window that the fifth exchange's sales are settled in.
const WINDOW: &str = "XTS/3#1";
/// How many buyers there are at a time beside those whose sales are counted.
const CLIENTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_join_leave_replace_keys_and_are_suspended_while_the_region_goes_on() {
    let seed = seed();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut region = Region::init();
    region.start().await;
    let hz = region.prepare("hz");
    let load = Load::new(region.accesses());
    load.open_stalls_at(&FOUNDERS, &mut dice).await;
    let watch = Watch::start(region.accesses());

    let clients = load.start_at(&FOUNDERS, CLIENTS, &mut dice);
    a_fifth_exchange_joins(&mut region, hz, &load).await;
    it_trades_and_leaves(&mut region, hz, &load, &mut dice).await;
    load.finish();
    clients.join_all().await;
    another_signs_with_a_new_key(&mut region, &load, &mut dice).await;
    one_is_caught_signing_twice(&mut region, &load, &mut dice).await;

    region.level(&FOUNDERS, load.last_leaf()).await;
    let known = std::mem::take(&mut *load.known());
    let members = region.accesses()[..hz].to_vec();
    verdict::receipts_verify(&members, &known).await;
    region.stop().await;
    let verdict = verdict::of(&region, &known).await;
    println!("{} acknowledged, {} sales; {verdict:?}", known.acknowledged.len(), known.sales);
    assert!(known.surprises.is_empty(), "{:#?}", known.surprises);
    assert!(watch.seen().forks.is_empty(), "{:?}", watch.seen().forks);
    let accused = |evidence: &String| evidence.contains(": js ");
    assert!(!verdict.evidence.is_empty() && verdict.evidence.iter().all(accused), "{:?}", verdict.evidence);
}

async fn a_fifth_exchange_joins(region: &mut Region, hz: usize, load: &Load) {
    // It starts while nobody knows it; every member adds its address and starts again, one after the other.
    region.nodes[hz].start();
    for place in FOUNDERS {
        region.add_peer(place, hz);
        region.restart(place).await;
    }
    // It has verified everything from the first block on, and follows.
    region.runs(hz, RETURN_LIMIT).await;
    load.see(&[hz], load.last_leaf()).await;
    let before = region.says_of_region(hz, "that it is level", |health| {
        health.state == NodeState::Running && health.highest_height.0 <= health.height.0 + 1
    });
    let before = before.await;
    assert_eq!(before.peers.len(), 4, "{before:?}");
    assert!(before.cosigners.iter().all(|code| code.as_str() != "hz"), "it is no member yet: {before:?}");
    println!("{}", region.status(&[AH, hz]).0);

    // One proposes, and with two others there are three of four.
    let card = region.file(hz, "card.json");
    region.decide(AH, &["join", &card], &[JS, SH], load).await;
    region.counts(ZJ, "hz", true).await;
    region.cosigns(AH, "hz").await;
    region.cosigns(hz, "hz").await;
    println!("{}", region.status(&[AH, JS, SH, ZJ, hz]).0);
}

async fn it_trades_and_leaves(region: &mut Region, hz: usize, load: &Load, dice: &mut Dice) {
    let all = [AH, JS, SH, ZJ, hz];
    load.open_stalls_at(&[hz], dice).await;
    load.see(&all, load.last_leaf()).await;
    load.sell(&[hz], 2, dice).await;
    load.sell(&[AH, hz], 6, dice).await;
    // Of five it takes four: with one of the others away its vote decides.
    region.nodes[JS].stopped().await;
    load.sell(&[AH, SH, ZJ, hz], 6, dice).await;
    region.nodes[JS].start();
    region.runs(JS, RETURN_LIMIT).await;
    let sold = sold_by_hz(region, hz).await;
    assert!(!sold.is_empty());

    region.decide(hz, &["leave", "--successor", "ah"], &[AH, SH, ZJ], load).await;
    let config = region.file(hz, "databourse.toml");
    let depart = ["region", "leave", "--depart", "--config", &config];
    let refused = run(&depart);
    assert!(!refused.status.success(), "its obligations are open");
    println!("{}", String::from_utf8_lossy(&refused.stderr).trim());
    // What it owes and is owed is settled in the window, as every day.
    region.settle(hz, &["window", "close", WINDOW]);
    region.follow(&all, hz).await;
    for place in all {
        region.sign_window(place, WINDOW);
        region.follow(&all, place).await;
    }
    region.settle(hz, &["window", "instruct", WINDOW]);
    let window: Value = region.nodes[hz].access.operator().get("/v1/windows/XTS-3/1").await.unwrap();
    let payments = window["state"]["instructions"].as_array().unwrap();
    assert!(payments.iter().any(|payment| payment["payee"] == "hz" || payment["payer"] == "hz"), "{window}");
    region.follow(&all, hz).await;
    for (number, payment) in payments.iter().enumerate() {
        let payee = region.nodes.iter().position(|node| payment["payee"] == node.code).unwrap();
        let body = json!({
            "instruction": payment["id"], "received_minor": payment["amount_minor"],
            "bank_reference": format!("paid-{number}"),
        });
        load.operate(payee, "instruction.confirm", body, dice).await;
    }
    load.see(&all, load.last_leaf()).await;
    println!("hz: {}", says(&depart).trim());
    region.counts(AH, "hz", false).await;

    // The region has passed the height of the departure; now its node may go, and its address.
    region.nodes[hz].stopped().await;
    region.nodes[hz].is_former = true;
    for place in FOUNDERS {
        region.remove_peer(place, hz);
    }
    load.sell(&FOUNDERS, 4, dice).await;
    load.see(&FOUNDERS, load.last_leaf()).await;
    assert_eq!(sold_by_hz(region, ZJ).await, sold, "what it sold stands as before");
}

/// The licences of what the merchant of the fifth exchange sold, as the node at `place` shows them.
async fn sold_by_hz(region: &Region, place: usize) -> Vec<Value> {
    let licences: Vec<Value> = region.nodes[place].access.operator().list("/v1/licences").await.unwrap();
    let merchant = merchant(4);
    licences.into_iter().filter(|licence| licence["supplier"] == merchant.as_str()).collect()
}

async fn another_signs_with_a_new_key(region: &mut Region, load: &Load, dice: &mut Dice) {
    let file = region.file(JS, "new-keys.toml");
    let address = ["--address", "/ip4/127.0.0.1/tcp/1", "--name-zh", "江苏", "--name-en", "Jiangsu"];
    says(&[&["region", "card", "--exchange", "js", "--keys", &file][..], &address].concat());
    region.decide(JS, &["replace-keys", &file, "--purpose", "consensus"], &[AH, ZJ], load).await;
    // Its votes do not count any more, and the others go on.
    load.sell(&FOUNDERS, 4, dice).await;
    region.nodes[JS].stopped().await;
    let new = fs::read_to_string(&file).unwrap();
    let new = new.lines().find(|line| line.starts_with("consensus_key")).unwrap();
    region.edit(JS, "keys.toml", |keys| {
        let own = keys.lines().map(|line| if line.starts_with("consensus_key") { new } else { line });
        own.map(|line| format!("{line}\n")).collect()
    });
    // What must never be: a backup with the log of votes in it. It comes back below.
    region.nodes[JS].copy_data(&region.nodes[JS].folder.join("data.old"));
    node::copy(&region.nodes[JS].folder.join("wal"), &region.nodes[JS].folder.join("wal.old"));
    region.nodes[JS].start();
    region.runs(JS, RETURN_LIMIT).await;
    // With one of the others away its vote decides.
    region.nodes[AH].stopped().await;
    load.sell(&[JS, SH, ZJ], 6, dice).await;
    region.nodes[AH].start();
    region.runs(AH, RETURN_LIMIT).await;
}

/// A node that was put back to an earlier day together with the log of its votes votes again on a height on which it has
/// voted already, and otherwise.
async fn one_is_caught_signing_twice(region: &mut Region, load: &Load, dice: &mut Dice) {
    // Two of the others lose their turns to propose, so that the next block is that of one who stays.
    region.nodes[SH].stopped().await;
    load.sell(&[AH, JS, ZJ], 4, dice).await;
    region.nodes[SH].start();
    region.runs(SH, RETURN_LIMIT).await;
    region.nodes[ZJ].stopped().await;
    load.sell(&[AH, JS, SH], 4, dice).await;
    region.level(&[AH, JS, SH], load.last_leaf()).await;
    // Two of four vote on the next block and cannot decide it.
    region.nodes[SH].kill();
    region.votes_rest(&[AH, JS]).await;
    let stuck = region.height(AH).await;
    region.nodes[JS].lose_disk();
    for name in ["data", "wal"] {
        let folder = &region.nodes[JS].folder;
        node::copy(&folder.join(format!("{name}.old")), &folder.join(name));
    }
    region.nodes[JS].start();
    region.says_of_region(JS, "that it is where it was", |health| health.height.0 >= stuck).await;
    region.votes_rest(&[JS]).await;
    region.nodes[SH].start();
    region.nodes[ZJ].start();

    // The others hold the evidence and name it; the ledger suspends the exchange without a vote.
    let is_accused = |health: &databourse_client::RegionHealth| {
        health.evidence.iter().any(|found| found.exchange.as_str() == "js")
    };
    region.says_of_region(AH, "that js signed twice", is_accused).await;
    region.counts(AH, "js", false).await;
    let (table, code) = region.status(&[AH]);
    println!("{table}");
    assert!(table.contains("double signing 双签 js") && code == Some(2), "{table}");
    let config = region.file(AH, "databourse.toml");
    let again = run(&["region", "suspend", "js", "--reason", "signed two of one", "--config", &config]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("js is suspended"), "{again:?}");
    region.runs(ZJ, RETURN_LIMIT).await;
    load.sell(&[AH, SH, ZJ], 4, dice).await;

    region.decide(AH, &["reinstate", "js"], &[SH, ZJ], load).await;
    region.counts(AH, "js", true).await;
    region.cosigns(AH, "js").await;
    region.runs(JS, RETURN_LIMIT).await;
    region.nodes[SH].stopped().await;
    load.sell(&[AH, JS, ZJ], 4, dice).await;
    region.nodes[SH].start();
    region.runs(SH, RETURN_LIMIT).await;
}
