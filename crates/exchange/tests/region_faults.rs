//! What an operator sees of a region in which something is wrong, and a node that computes otherwise than the region.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_exchange::{End, RegionState, SubmitError};
use databourse_ledger::Block;
use databourse_primitives::ExchangeCode;
use serde_json::Value;
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use support::{Region, certify, eventually, id, one, party};

const CODES: [&str; 4] = ["ah", "js", "sh", "zj"];

fn code(text: &str) -> ExchangeCode {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_how_a_region_is_that_is_well() {
    let region = Region::start(&CODES).await;
    let before = region.node("sh").region_health().await;
    // Under load, blocks are on their way all the time: that is no lag.
    for number in 1..=20 {
        let node = region.node(CODES[number as usize % 4]);
        one(node, certify(number, &format!("p{number}"))).await.unwrap();
        let health = node.region_health().await;
        assert_eq!((health.lag, health.state), (0, RegionState::Running), "{health:?}");
    }
    region.same_roots().await;
    let node = region.node("sh");
    eventually("all have co-signed and are connected", async || {
        let health = node.region_health().await;
        health.cosigners.len() == 4 && health.peers.values().all(|is_connected| *is_connected)
    })
    .await;
    let health = node.region_health().await;
    assert!(health.height.0 > before.height.0 && health.height_age < Duration::from_secs(60));
    assert_eq!((health.height, health.final_size), (node.published().height, node.published().size));
    assert_eq!(health.highest_height, health.height, "nobody has committed what is not final");
    assert_eq!(health.peers.keys().map(ExchangeCode::as_str).collect::<Vec<_>>(), ["ah", "js", "zj"]);
    assert!(health.missing_cosigners.is_empty() && health.faults.is_empty(), "{health:?}");
    assert!(health.evidence.is_empty() && health.forks.is_empty() && health.rejected.is_none());
    assert_eq!((health.oldest_unfinal, health.stopped), (None, None));
    assert!(health.disk_free_bytes.is_some_and(|bytes| bytes > 0));
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_names_who_is_away_and_how_long_a_command_waits_while_reading_goes_on() {
    let mut region = Region::start(&CODES).await;
    one(region.node("sh"), certify(1, "p1")).await.unwrap();
    region.stop_one("zj").await;
    eventually("sh misses zj", async || {
        region.node("sh").region_health().await.peers.get(&code("zj")) == Some(&false)
    })
    .await;
    assert_eq!(region.node("sh").region_health().await.state, RegionState::Running, "three are enough");

    // A command that comes before it is known that too few are left waits, and its age grows.
    let (node, is_over) = (region.node("sh").clone(), Arc::new(AtomicBool::new(false)));
    let over = Arc::clone(&is_over);
    let author = tokio::spawn(async move {
        for number in 100.. {
            let answer = one(&node, certify(number, &format!("p{number}"))).await;
            if answer.is_err() || over.load(Ordering::Relaxed) {
                return;
            }
        }
    });
    region.stop_one("js").await;
    let node = region.node("sh");
    eventually("two are not enough", async || node.region_health().await.state == RegionState::NoQuorum)
        .await;
    let refused = one(node, certify(3, "p3")).await;
    assert!(matches!(refused, Err(SubmitError::Unavailable { .. })), "{refused:?}");
    assert!(party(node, 1).await.is_some(), "reading goes on");
    // Unless it was noticed between two commands, which is rare.
    if !author.is_finished() {
        let first = node.region_health().await.oldest_unfinal.expect("it waits");
        eventually("it waits longer", async || node.region_health().await.oldest_unfinal > Some(first)).await;
        let age = node.region_health().await.height_age;
        eventually("the height does not move", async || node.region_health().await.height_age > age).await;
    }
    is_over.store(true, Ordering::Relaxed);
    region.start_one("js").await;
    region.insist("sh", || certify(2, "p2")).await;
    eventually("nothing waits any more", async || {
        region.node("sh").region_health().await.oldest_unfinal.is_none()
    })
    .await;
    author.await.unwrap();
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_record_was_altered_stops_with_a_report_and_the_three_others_go_on() {
    let mut region = Region::start(&CODES).await;
    one(region.node("sh"), certify(1, "p1")).await.unwrap();
    region.same_roots().await;
    let before = region.node("zj").published();
    region.stop_one("zj").await;
    // Somebody changes a name in its database; what the ledger's other nodes have is what was signed.
    let altered = format!(
        "UPDATE party SET record = jsonb_set(record, '{{legal_name,en}}', '\"Mallory\"') WHERE name = '{}'",
        id(1)
    );
    region.tamper("zj", &altered).await;
    region.start_one("zj").await;
    let revoked = || {
        let body = serde_json::json!({ "party": id(1), "reason": "its certificate was false" });
        support::command(2, databourse_exchange::Acting::Exchange, "party.revoke", &body)
    };
    region.insist("sh", revoked).await;

    let (end, report) = region.ends("zj").await;
    let End::Diverged { height, block_id, .. } = end else { panic!("{end:?}") };
    let path = report.expect("a report");
    assert_eq!(path, region.report_folder("zj").join(format!("divergence-{height}.json")));
    let report: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!((&report["exchange"], &report["height"]), (&"zj".into(), &height.0.into()), "{report}");
    assert_eq!(report["block_id"], block_id.to_string(), "{report}");
    assert_eq!(report["verdict"]["name"], "effects_differ", "{report}");
    assert_ne!(report["verdict"]["stated"], report["verdict"]["computed"], "{report}");
    assert_eq!(report["before"]["height"], height.0 - 1, "{report}");
    assert!(report["signed_by"].as_array().unwrap().len() >= 3, "{report}");
    assert!(report["reported_at"].is_string() && report["program_version"].is_string(), "{report}");
    let bytes = fs::read(path.with_file_name(report["block_file"].as_str().unwrap())).unwrap();
    let block = Block::decode(&bytes).unwrap();
    assert_eq!(block.id(), block_id);
    assert!(block.commands.iter().any(|command| command.claims().id == id(2)));

    // It has committed nothing of it, shows nothing of it, and answers nobody.
    let node = region.node("zj");
    assert_eq!(node.region_health().await.state, RegionState::Diverged);
    assert_eq!(node.store().chain_head().await.unwrap().unwrap().height.0, height.0 - 1);
    assert!(node.published().size >= before.size && node.published().height.0 < height.0);
    let refused = one(node, certify(3, "p3")).await;
    assert!(matches!(refused, Err(SubmitError::Unavailable { .. })), "{refused:?}");
    for number in 4..=8 {
        region
            .insist(["ah", "js", "sh"][number as usize % 3], || certify(number, &format!("p{number}")))
            .await;
    }
    region.stop_one("zj").await;
    region.same_roots().await;
    region.stop().await;
}
