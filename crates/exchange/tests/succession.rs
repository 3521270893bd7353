//! The end of a ledger under load, on four nodes with four databases, and the ledger that goes on from it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_audit::{Auditor, verify_succession};
use databourse_exchange::{Acknowledgement, Acting, Node, Submission, SubmitError};
use databourse_ledger::{Policy, SignedCheckpoint};
use databourse_party::{Predecessor, Region as RegionRecord};
use databourse_primitives::{Height, RefusalCode};
use serde_json::json;
use std::time::Duration;
use support::{ORIGIN, Region, certify, command, eventually, id, one, party};

const CODES: [&str; 4] = ["ah", "js", "sh", "zj"];
const NEXT: &str = "databourse.example/delta-2";

fn close(number: u64) -> Submission {
    command(number, Acting::Exchange, "ledger.close", &json!({ "successor": NEXT, "reason": "a new law" }))
}

fn refusal(answer: &Result<Acknowledgement, SubmitError>) -> Option<RefusalCode> {
    match answer {
        Err(SubmitError::Refused(refusal)) => Some(refusal.code),
        _ => None,
    }
}

/// Sends one command after the other until the ledger is closed; says what was acknowledged.
async fn load(node: Node, numbers: u64, next: impl Fn(u64, usize) -> Submission) -> Vec<Acknowledgement> {
    let mut done = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for number in numbers.. {
        let answer = one(&node, next(number, done.len())).await;
        match (refusal(&answer), answer) {
            (Some(RefusalCode::LedgerClosed), _) => break,
            (_, Ok(answer)) => done.push(answer),
            _ => _ = tick.tick().await,
        }
    }
    done
}

/// A fee schedule after so many others, which exchanges publish to the end.
fn schedule(number: u64, before: usize) -> Submission {
    let version = format!("CNY/2@{}", before + 2);
    let body = json!({
        "version": version, "fees": [{ "fee": { "base": { "name": "percentage", "rate": "0.02" } } }],
        "fee_vat": "services", "selling_share": "0.4", "tax": 1, "hold_days": 30, "dispute_days": 7,
        "bank_tolerance_minor": 0, "rounding": "half-up-largest-remainder-carry/1",
    });
    command(number, Acting::Exchange, "schedule.publish", &body)
}

/// Everything that the ledger says is what follows from it.
async fn audit(node: &Node) {
    let shown = node.published();
    let mut auditor = Auditor::new();
    let mut first = 0;
    while first < shown.size.0 {
        let entries = node.store().entries(first, 256).await.unwrap();
        entries.iter().for_each(|entry| auditor.feed(entry));
        first += entries.len() as u64;
    }
    assert_eq!(auditor.finish(Some((shown.size, shown.root))).findings, []);
}

async fn end_of(node: &Node) -> Predecessor {
    eventually("the end is final", async || node.ledger_end().await.unwrap().is_some()).await;
    node.ledger_end().await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_ends_under_load_and_the_next_one_goes_on_from_its_root() {
    let mut region = Region::start(&CODES).await;
    let policy: Policy = region.node("sh").policy().parse().unwrap();
    let certifying = tokio::spawn(load(region.node("js").clone(), 10_000, |number, _| {
        certify(number, &format!("p{number}"))
    }));
    let publishing = tokio::spawn(load(region.node("sh").clone(), 20_000, schedule));
    eventually("business is going on", async || party(region.node("zj"), 10_005).await.is_some()).await;

    assert!(region.node("sh").ledger_end().await.unwrap().is_none());
    let change = json!({ "name": "close", "exchange": "sh", "successor": NEXT, "reason": "a new law" });
    let propose = || command(1, Acting::Exchange, "member.propose", &json!({ "change": change }));
    region.insist("sh", propose).await;
    for (number, code) in [(2, "ah"), (3, "js")] {
        let vote = json!({ "proposal": id(1), "approve": true });
        eventually("the proposal is known there", async || {
            one(region.node(code), command(number, Acting::Exchange, "member.vote", &vote)).await.is_ok()
        })
        .await;
    }
    // One of four is away at the end.
    region.stop_one("ah").await;
    // The same command again and again: one that was recorded, while the answer was long in coming, is answered then.
    let mut last = None;
    eventually("it is in force", async || {
        last = one(region.node("zj"), close(100)).await.ok();
        last.is_some()
    })
    .await;
    let last = last.unwrap();
    let again = one(region.node("zj"), close(100)).await.unwrap();
    assert_eq!((again.id, again.leaf_index, again.repeated), (last.id, last.leaf_index, true));
    let mut done = certifying.await.unwrap();
    done.extend(publishing.await.unwrap());
    assert!(done.len() > 10, "{}", done.len());

    region.start_one("ah").await;
    for code in CODES {
        let node = region.node(code);
        eventually("the last checkpoint is final", async || node.published().height == last.height).await;
        let shown = node.published();
        assert_eq!(shown.size.0, last.leaf_index.0 + 1, "nothing stands behind the last entry");
        policy.check(&SignedCheckpoint::parse(shown.checkpoint.as_bytes()).unwrap()).unwrap();
        for answer in &done {
            let stored = node.store().entry(answer.leaf_index.0).await.unwrap().unwrap();
            assert_eq!(stored.id, answer.id, "{code} lost what was acknowledged");
        }
        eventually("it says that it is closed", async || {
            refusal(&one(node, certify(50_000, "late")).await) == Some(RefusalCode::LedgerClosed)
        })
        .await;
    }

    // Started again it is still closed, and shows the same.
    let shown = region.node("js").published();
    region.stop_one("js").await;
    region.start_one("js").await;
    // A checkpoint may have got a line more in between.
    let again = SignedCheckpoint::parse(region.node("js").published().checkpoint.as_bytes()).unwrap();
    assert_eq!(again.checkpoint, SignedCheckpoint::parse(shown.checkpoint.as_bytes()).unwrap().checkpoint);
    policy.check(&again).unwrap();
    eventually("it says so again", async || {
        refusal(&one(region.node("js"), close(200)).await) == Some(RefusalCode::LedgerClosed)
    })
    .await;
    for code in CODES {
        let after = region.node(code).store().blocks(Height(last.height.0 + 1), 1).await.unwrap();
        assert_eq!(after, [], "{code} made a block after the last");
    }

    let end = end_of(region.node("sh")).await;
    for code in CODES {
        assert_eq!(end_of(region.node(code)).await.end(), end.end(), "{code}");
    }
    audit(region.node("ah")).await;
    let successor = Region::start_as(&CODES, NEXT, Some(end.clone())).await;
    let node = successor.node("zj");
    let first = node.store().entry(1).await.unwrap().unwrap();
    let checkpoint = SignedCheckpoint::parse(shown.checkpoint.as_bytes()).unwrap();
    assert_eq!(verify_succession(&checkpoint, &policy, &first.bytes).unwrap(), end.end());
    let record = node.store().get::<RegionRecord>("region").await.unwrap().unwrap();
    assert_eq!(record.predecessor, Some(end.end()));
    assert_eq!(end.origin.as_str(), ORIGIN);
    successor.insist("ah", || certify(1, "first")).await;
    audit(successor.node("ah")).await;
    successor.stop().await;
    region.stop().await;
}
