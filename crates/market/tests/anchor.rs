//! Anchors on a chain: who records them, in which order, and what is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_party::{Anchor, AnchorSubject};
use databourse_primitives::{Digest, RefusalCode as Code, TreeSize};
use harness::{By, Market, party_body};
use serde_json::{Value, json};

const CONTRACT: &str = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

fn body(chain_id: u64, contract: &str, subject: Value) -> Value {
    let transaction = format!("0x{}", "0a".repeat(32));
    json!({ "chain_id": chain_id, "contract": contract, "transaction": transaction, "block_number": 9,
        "subject": subject })
}

fn checkpoint(size: u64) -> Value {
    json!({ "name": "checkpoint", "size": size, "root": Digest::of(&[1]) })
}

fn statement(window: &str, holder: &str) -> Value {
    json!({ "name": "statement", "window": window, "holder": holder, "line_count": 3,
        "root": format!("0x{}", "0b".repeat(32)), "size": 2 })
}

#[test]
fn sizes_grow_for_each_chain_and_contract() {
    let mut market = Market::founded_by(2);
    let record = |size| body(1, CONTRACT, checkpoint(size));
    let first = market.must(By::At(0), "anchor.record", record(3));
    let anchor = market.state.find::<Anchor>(&first).unwrap();
    let expected = AnchorSubject::Checkpoint { size: TreeSize(3), root: Digest::of(&[1]) };
    assert_eq!(
        (&anchor.subject, anchor.recorded_by.as_str(), anchor.recorded_at),
        (&expected, "sh", market.now)
    );
    // The other exchange saw the same transaction.
    market.refused(By::At(1), "anchor.record", record(3), Code::AnchorRecorded, "subject.size");
    market.refused(By::At(1), "anchor.record", record(2), Code::AnchorSizeNotGrown, "subject.size");
    market.must(By::At(1), "anchor.record", record(4));
    let other = CONTRACT.replace('5', "6");
    market.must(By::At(1), "anchor.record", body(1, &other, checkpoint(2)));
    market.must(By::At(1), "anchor.record", body(2, CONTRACT, checkpoint(2)));
}

#[test]
fn an_anchor_lies_before_its_entry_and_its_numbers_are_exact() {
    let mut market = Market::founded();
    // The next entry stands behind its block's header.
    let beyond = market.size + 2;
    let refuse = |market: &mut Market, body: Value, code, field: &str| {
        market.refused(By::Exchange, "anchor.record", body, code, field);
    };
    refuse(&mut market, body(1, CONTRACT, checkpoint(beyond)), Code::AnchorSizeBeyondLedger, "subject.size");
    refuse(&mut market, body(1, CONTRACT, checkpoint(0)), Code::BodyMalformed, "subject.size");
    refuse(&mut market, body(0, CONTRACT, checkpoint(1)), Code::BodyMalformed, "chain_id");
    let mut late = body(1, CONTRACT, checkpoint(1));
    late["block_number"] = 0.into();
    refuse(&mut market, late, Code::BodyMalformed, "block_number");
    refuse(&mut market, body(1, &CONTRACT.to_uppercase(), checkpoint(1)), Code::BodyMalformed, "contract");
    market.must(By::Exchange, "anchor.record", body(1, CONTRACT, checkpoint(beyond - 2)));
}

#[test]
fn only_exchanges_record_anchors() {
    let mut market = Market::founded();
    let party = market.must(By::Exchange, "party.certify", party_body("a", &["buyer"]));
    let by = By::For(party.into());
    market.refused(by, "anchor.record", body(1, CONTRACT, checkpoint(1)), Code::ExchangeOnly, "kid");
}

#[test]
fn a_statement_is_recorded_once_and_only_of_a_window_that_is_over() {
    let mut market = Market::founded();
    let record = |window: &str, holder: &str| body(1, CONTRACT, statement(window, holder));
    let by = By::Exchange;
    market.refused(
        by,
        "anchor.record",
        record("CNY/2#9", "exchange:sh"),
        Code::WindowUnknown,
        "subject.window",
    );
    market.refused(
        by,
        "anchor.record",
        record("CNY/2#1", "exchange:sh"),
        Code::WindowState,
        "subject.window",
    );
    market.must(by, "window.close", json!({ "window": "CNY/2#1" }));
    market.must(by, "window.instruct", json!({ "window": "CNY/2#1", "method": "multilateral" }));
    market.must(by, "anchor.record", record("CNY/2#1", "exchange:sh"));
    market.refused(
        by,
        "anchor.record",
        record("CNY/2#1", "exchange:sh"),
        Code::AnchorRecorded,
        "subject.window",
    );
    market.must(by, "anchor.record", record("CNY/2#1", "exchange:js"));
    // Statements say nothing about the order of checkpoints.
    market.must(by, "anchor.record", body(1, CONTRACT, checkpoint(1)));
}
