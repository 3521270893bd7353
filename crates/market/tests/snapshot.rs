//! Snapshots of the state: who orders and attests them, and what is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_party::{Snapshot, SnapshotContent, SnapshotState};
use databourse_primitives::{Digest, RefusalCode as Code, TreeSize};
use harness::{By, Market};
use serde_json::{Value, json};

fn content(number: u8) -> SnapshotContent {
    SnapshotContent { tree_size: TreeSize(9), row_count: 20, digest: Digest::of(&[number]) }
}

fn attest(height: u64, what: u8) -> Value {
    json!({ "height": height, "content": content(what) })
}

/// Orders one, waits until it is due, and says its height.
fn ordered(market: &mut Market, by: usize) -> u64 {
    market.must(By::At(by), "snapshot.order", json!({}));
    let height = market.height + 2;
    market.pass_heights(2);
    height
}

fn snapshot(market: &Market, height: u64) -> &Snapshot {
    market.state.find::<Snapshot>(&height).unwrap()
}

#[test]
fn three_of_four_that_say_the_same_attest_a_snapshot_and_the_next_may_be_ordered() {
    let mut market = Market::founded_by(4);
    let height = ordered(&mut market, 1);
    assert_eq!(snapshot(&market, height).ordered_by.as_str(), "js");
    for (by, what) in [(0, 1), (3, 2), (1, 1)] {
        market.must(By::At(by), "snapshot.attest", attest(height, what));
        assert_eq!(snapshot(&market, height).state, SnapshotState::Open);
    }
    market.refused(By::At(2), "snapshot.order", json!({}), Code::SnapshotOpen, "");
    market.must(By::At(2), "snapshot.attest", attest(height, 1));
    let attested = SnapshotState::Attested { attested_at: market.now, content: content(1) };
    assert_eq!(snapshot(&market, height).state, attested);
    assert_eq!(snapshot(&market, height).attestations.len(), 4, "the other digest stays visible");
    let next = ordered(&mut market, 2);
    assert!(next > height);
    assert_eq!(snapshot(&market, next).state, SnapshotState::Open);
}

#[test]
fn an_order_that_nobody_attests_stands_in_the_way_for_an_hour() {
    let mut market = Market::founded_by(4);
    let first = ordered(&mut market, 0);
    market.refused(By::At(0), "snapshot.order", json!({}), Code::SnapshotOpen, "");
    market.now = market.now.plus_ms(3_600_000);
    let second = ordered(&mut market, 0);
    assert!(second > first);
    // What is late is still taken down.
    market.must(By::At(3), "snapshot.attest", attest(first, 1));
}

#[test]
fn refusals_of_snapshots() {
    let mut market = Market::founded_by(4);
    let buyer = market.party("a", &["buyer"]);
    market.refused(By::For(buyer), "snapshot.order", json!({}), Code::ExchangeOnly, "kid");
    market.must(By::At(0), "snapshot.order", json!({}));
    let height = market.height + 2;
    let check = |market: &mut Market, by: By, body: Value, code: Code, field: &str| {
        market.refused(by, "snapshot.attest", body, code, field);
    };
    check(&mut market, By::For(buyer), attest(height, 1), Code::ExchangeOnly, "kid");
    check(&mut market, By::At(0), attest(height + 1, 1), Code::SnapshotUnknown, "height");
    check(&mut market, By::At(0), attest(height, 1), Code::SnapshotNotDue, "height");
    market.pass_heights(1);
    check(&mut market, By::At(0), attest(height, 1), Code::SnapshotNotDue, "height");
    market.pass_heights(1);
    market.must(By::At(0), "snapshot.attest", attest(height, 1));
    check(&mut market, By::At(0), attest(height, 1), Code::SnapshotAttested, "height");
    check(&mut market, By::At(0), attest(height, 2), Code::SnapshotAttested, "height");
    check(&mut market, By::At(1), json!({ "height": height }), Code::BodyMalformed, "");
    let extra = json!({ "unknown": 1 });
    market.refused(By::At(1), "snapshot.order", extra, Code::BodyMalformed, "unknown");
}

#[test]
fn a_suspended_exchange_is_not_counted() {
    let mut market = Market::founded_by(4);
    let change = json!({ "name": "suspend", "exchange": "ah", "reason": "does not pay" });
    let proposal = market.must(By::At(0), "member.propose", json!({ "change": change }));
    for by in [1, 2] {
        let vote = json!({ "proposal": proposal, "approve": true });
        market.must(By::At(by), "member.vote", vote);
    }
    market.pass_heights(1);
    let height = ordered(&mut market, 0);
    market.refused(By::At(3), "snapshot.attest", attest(height, 1), Code::MemberNotActive, "exchange");
    for by in [0, 1] {
        market.must(By::At(by), "snapshot.attest", attest(height, 1));
        assert_eq!(
            snapshot(&market, height).state,
            SnapshotState::Open,
            "three are more than two thirds of three"
        );
    }
    market.must(By::At(2), "snapshot.attest", attest(height, 1));
    assert_eq!(snapshot(&market, height).state.as_str(), "attested");
}
