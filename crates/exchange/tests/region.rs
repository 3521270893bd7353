//! Four nodes with four databases agree on one ledger: what their exchanges would notice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_exchange::{RegionState, SubmitError};
use databourse_ledger::{Policy, Receipt, SignedCheckpoint};
use databourse_primitives::RefusalCode;
use std::collections::BTreeMap;
use support::{Region, certify, eventually, one, party};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_exchange_is_answered_all_of_them_hold() {
    let region = Region::start(&["ah", "js", "sh", "zj"]).await;
    let mut done = BTreeMap::new();
    for number in 1..=12 {
        let code = ["ah", "js", "sh", "zj"][number as usize % 4];
        let answer = one(region.node(code), certify(number, &format!("p{number}"))).await.unwrap();
        done.insert(number, answer);
    }
    region.same_roots().await;
    for code in region.codes() {
        let node = region.node(code);
        let policy: Policy = node.policy().parse().unwrap();
        for (number, answer) in &done {
            assert!(party(node, *number).await.is_some(), "{code} holds party {number}");
            let receipt = node.receipt(answer.leaf_index).await.unwrap().unwrap();
            let stored = node.store().entry(answer.leaf_index.0).await.unwrap().unwrap();
            let receipt = Receipt::parse(receipt.as_bytes()).unwrap();
            let witnessed = receipt.verify(stored.leaf_hash, &policy).unwrap();
            assert!(witnessed.witnesses.len() >= 3, "more than two thirds signed");
        }
    }
    let again = one(region.node("js"), certify(1, "p1")).await.unwrap();
    assert_eq!(
        (again.leaf_index, again.repeated),
        (done[&1].leaf_index, true),
        "a retry gets the first answer"
    );
    let elsewhere = one(region.node("zj"), certify(1, "p1")).await;
    assert!(
        matches!(&elsewhere, Err(SubmitError::Refused(refusal)) if refusal.code == RefusalCode::EntryIdReused),
        "{elsewhere:?}"
    );
    let refused = one(region.node("js"), certify(99, "p1")).await;
    assert!(
        matches!(&refused, Err(SubmitError::Refused(refusal)) if refusal.code == RefusalCode::PartyIdentifierTaken),
        "{refused:?}"
    );
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_of_four_go_on_and_the_fourth_catches_up() {
    let mut region = Region::start(&["ah", "js", "sh", "zj"]).await;
    one(region.node("sh"), certify(1, "p1")).await.unwrap();
    region.stop_one("js").await;
    for number in 2..=20 {
        let code = ["ah", "sh", "zj"][number as usize % 3];
        region.insist(code, || certify(number, &format!("p{number}"))).await;
    }
    region.start_one("js").await;
    eventually("js holds what was agreed without it", async || party(region.node("js"), 20).await.is_some())
        .await;
    region.insist("js", || certify(21, "p21")).await;
    region.same_roots().await;
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_four_agree_on_nothing_and_say_so_at_once_while_reading_goes_on() {
    let mut region = Region::start(&["ah", "js", "sh", "zj"]).await;
    one(region.node("sh"), certify(1, "p1")).await.unwrap();
    let shown = region.node("sh").published();
    region.stop_one("js").await;
    region.stop_one("zj").await;
    eventually("sh sees that it is not enough", async || {
        region.node("sh").region_health().await.state == RegionState::NoQuorum
    })
    .await;
    let refused = one(region.node("sh"), certify(2, "p2")).await;
    assert!(matches!(refused, Err(SubmitError::Unavailable { .. })), "{refused:?}");
    assert!(party(region.node("sh"), 1).await.is_some());
    assert!(region.node("sh").published().size >= shown.size);
    region.start_one("js").await;
    region.insist("sh", || certify(2, "p2")).await;
    region.same_roots().await;
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_all_loses_nothing_and_shows_the_last_final_checkpoint_at_once() {
    let mut region = Region::start(&["ah", "js", "sh", "zj"]).await;
    for number in 1..=5 {
        region.insist("ah", || certify(number, &format!("p{number}"))).await;
    }
    region.same_roots().await;
    let before = region.node("ah").published();
    for code in ["ah", "js", "sh", "zj"] {
        region.stop_one(code).await;
    }
    region.start_one("ah").await;
    let alone = region.node("ah").published();
    assert_eq!((alone.size, alone.root), (before.size, before.root), "reading goes on without the others");
    let policy: Policy = region.node("ah").policy().parse().unwrap();
    policy.check(&SignedCheckpoint::parse(alone.checkpoint.as_bytes()).unwrap()).unwrap();
    for code in ["js", "sh", "zj"] {
        region.start_one(code).await;
    }
    region.insist("zj", || certify(6, "p6")).await;
    for number in 1..=6 {
        assert!(party(region.node("zj"), number).await.is_some());
    }
    region.same_roots().await;
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_exchanges_certify_the_same_company_and_one_of_them_is_refused() {
    let region = Region::start(&["ah", "js", "sh", "zj"]).await;
    for round in 0..20_u64 {
        let name = format!("same-{round}");
        let (one_id, other_id) = (100 + 2 * round, 101 + 2 * round);
        let (first, second) = tokio::join!(
            one(region.node("ah"), certify(one_id, &name)),
            one(region.node("zj"), certify(other_id, &name)),
        );
        assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1, "{first:?} {second:?}");
    }
    region.same_roots().await;
    region.stop().await;
}
