//! One of four exchanges is dishonest: the others go on, hold evidence, and name it.
#![cfg(feature = "dishonest")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_exchange::{Cosigning, Dishonesty, Fault, Misdeeds, RegionHealth};
use databourse_party::Exchange;
use databourse_primitives::ExchangeCode;
use support::{Region, certify, eventually};

const HONEST: [&str; 3] = ["ah", "js", "sh"];

fn zj() -> ExchangeCode {
    "zj".parse().unwrap()
}

/// A region in which `zj` is dishonest from its second block on.
async fn region(engine: Vec<Dishonesty>, cosigning: Cosigning) -> Region {
    let mut region = Region::start(&["ah", "js", "sh", "zj"]).await;
    region.insist("sh", || certify(1, "p1")).await;
    region.stop_one("zj").await;
    region.start_dishonest("zj", Misdeeds { engine, cosigning }).await;
    region
}

/// The three others commit what their authors send, until each of them sees what `is_seen` looks for.
async fn go_on(region: &Region, what: &str, is_seen: impl Fn(&RegionHealth) -> bool) {
    let number = std::cell::Cell::new(10);
    eventually(what, async || {
        number.set(number.get() + 1);
        let number = number.get();
        region.insist(HONEST[number as usize % 3], || certify(number, &format!("p{number}"))).await;
        let mut seen = 0;
        for code in HONEST {
            let health = region.node(code).region_health().await;
            assert_eq!(health.lag, 0, "{health:?}");
            let others = health.faults.keys().chain(health.evidence.keys()).chain(health.forks.keys());
            assert!(others.chain(health.missing_cosigners.keys()).all(|named| *named == zj()), "{health:?}");
            seen += usize::from(is_seen(&health));
        }
        seen == HONEST.len()
    })
    .await;
    for number in 1_000..1_006 {
        region.insist(HONEST[number as usize % 3], || certify(number, &format!("p{number}"))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_two_blocks_is_named_with_evidence_and_suspended() {
    let region = region(vec![Dishonesty::SignTwo], Cosigning::Honest).await;
    go_on(&region, "evidence against zj", |health| health.evidence.contains_key(&zj())).await;
    for code in HONEST {
        let store = region.node(code).store();
        assert!(store.evidence_counts().await.unwrap().contains_key(&zj()), "{code} holds evidence");
        eventually("the ledger suspends it", async || {
            let exchange = store.get::<Exchange>("zj").await.unwrap().unwrap();
            format!("{:?}", exchange.membership).contains("Suspended")
        })
        .await;
    }
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proposes_what_the_rules_refuse_is_named() {
    let region = region(vec![Dishonesty::ProposeInvalid], Cosigning::Honest).await;
    go_on(&region, "a block of zj is voted down", |health| {
        health.rejected.as_ref().is_some_and(|(_, proposer, _)| *proposer == zj())
            && health.faults.get(&zj()).is_some_and(|faults| faults.contains_key(&Fault::RejectedProposal))
    })
    .await;
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hides_its_cosignatures_is_named_and_checkpoints_are_final_without_it() {
    let region = region(Vec::new(), Cosigning::Hidden).await;
    go_on(&region, "zj is missing", |health| {
        health.missing_cosigners.contains_key(&zj()) && !health.cosigners.contains(&zj())
    })
    .await;
    // It votes all the same, and is connected.
    let health = region.node("sh").region_health().await;
    assert_eq!(health.peers.get(&zj()), Some(&true));
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cosigns_now_and_then_only_delays_nothing() {
    let region = region(Vec::new(), Cosigning::Sometimes).await;
    go_on(&region, "a checkpoint with zj's cosignature", |health| health.cosigners.contains(&zj())).await;
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cosigns_another_root_is_named() {
    let region = region(Vec::new(), Cosigning::AnotherRoot).await;
    go_on(&region, "zj signed another root", |health| health.forks.contains_key(&zj())).await;
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_old_messages_again_is_named_and_doubles_nothing() {
    let region = region(vec![Dishonesty::ReplayMessages], Cosigning::Honest).await;
    go_on(&region, "zj says old proposals again", |health| {
        health.faults.get(&zj()).is_some_and(|faults| faults.contains_key(&Fault::StaleProposal))
    })
    .await;
    region.same_roots().await;
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_wrong_blocks_to_a_node_that_catches_up_is_named() {
    let mut region = region(vec![Dishonesty::ServeWrongBlocks], Cosigning::Honest).await;
    // Whom a node asks is chance, so it is sent away until it has asked zj.
    for round in 0..20_u64 {
        region.stop_one("js").await;
        for number in 0..6 {
            let number = 10_000 + 10 * round + number;
            region.insist(["ah", "sh"][number as usize % 2], || certify(number, &format!("p{number}"))).await;
        }
        region.start_one("js").await;
        let size = region.node("sh").published().size;
        eventually("js catches up", async || region.node("js").published().size >= size).await;
        let faults = region.node("js").region_health().await.faults;
        assert!(faults.keys().all(|named| *named == zj()), "{faults:?}");
        if faults.get(&zj()).is_some_and(|faults| faults.contains_key(&Fault::WrongBlock)) {
            return region.stop().await;
        }
    }
    panic!("js never asked zj, or did not see what it was given");
}
