//! The end of a ledger: decided by the region, when all is settled, by one last entry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_ledger::Policy;
use databourse_market::Outcome;
use databourse_party::{ClosingState, LedgerEnd, Predecessor, Region};
use databourse_primitives::{Digest, Height, RefusalCode as Code, TreeSize};
use harness::{
    By, EXCHANGES, Market, ORIGIN, exchange_body, join_body, order_body, party_body, schedule_body,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const NEXT: &str = "databourse.example/delta-2";

fn close_change(proposer: usize) -> Value {
    json!({ "name": "close", "exchange": EXCHANGES[proposer], "successor": NEXT, "reason": "a new law" })
}

fn close_body() -> Value {
    json!({ "successor": NEXT, "reason": "a new law" })
}

/// Decides to close, and waits until that is in force.
#[track_caller]
fn decide(market: &mut Market, voters: &[usize]) {
    let proposal = market.must(By::At(0), "member.propose", json!({ "change": close_change(0) }));
    for voter in voters {
        market.must(By::At(*voter), "member.vote", json!({ "proposal": proposal, "approve": true }));
    }
    market.pass_heights(1);
}

fn region(market: &Market) -> Region {
    market.state.find::<Region>(&"region").unwrap().clone()
}

#[test]
fn more_than_two_thirds_decide_and_one_entry_ends_it() {
    let mut market = Market::founded_by(4);
    let early = |market: &mut Market| {
        market.refused(By::At(1), "ledger.close", close_body(), Code::LedgerNotClosing, "");
    };
    early(&mut market);
    // Only for oneself, not for itself, and in a region that is not decided yet.
    let other = json!({ "change": close_change(1) });
    market.refused(By::At(0), "member.propose", other, Code::MemberNotConcerned, "change.exchange");
    let mut same = close_change(0);
    same["successor"] = json!(ORIGIN);
    let same = json!({ "change": same });
    market.refused(By::At(0), "member.propose", same, Code::BodyMalformed, "change.successor");

    let proposal = market.must(By::At(0), "member.propose", json!({ "change": close_change(0) }));
    let vote = json!({ "proposal": proposal, "approve": true });
    market.must(By::At(1), "member.vote", vote.clone());
    assert_eq!(region(&market).closing, None);
    market.must(By::At(2), "member.vote", vote);
    let closing = region(&market).closing.unwrap();
    assert_eq!((closing.since_height, &closing.state), (Height(market.height + 2), &ClosingState::Settling));
    early(&mut market);
    market.pass_heights(1);

    // Nothing new, and no second decision.
    let certify = party_body("late", &["buyer"]);
    market.refused(By::At(1), "party.certify", certify, Code::LedgerClosing, "exchange");
    let join = json!({ "change": join_body(4) });
    market.refused(By::At(0), "member.propose", join, Code::LedgerClosing, "change.exchange");
    let again = json!({ "change": close_change(3) });
    market.refused(By::At(3), "member.propose", again, Code::LedgerClosing, "change");

    let mut words = close_body();
    words["successor"] = json!("databourse.example/elsewhere");
    market.refused(By::At(3), "ledger.close", words, Code::LedgerNotClosing, "successor");
    let last = market.must(By::At(3), "ledger.close", close_body());
    assert_eq!(region(&market).last_height(), Some(Height(market.height)));

    // After it nothing at all; who sends the last entry again gets its answer.
    market.refused(By::At(0), "ledger.close", close_body(), Code::LedgerClosed, "");
    market.refused(By::At(1), "schedule.publish", schedule_body("CNY/2@2", "0.01"), Code::LedgerClosed, "");
    market.refused(By::At(2), "snapshot.order", json!({}), Code::LedgerClosed, "");
    let size = market.size;
    let again = market.submit(By::At(3), last, "ledger.close", &close_body());
    assert!(matches!(again, Ok(Outcome::AlreadyApplied(_))));
    assert_eq!(market.size, size, "nothing was added");
}

#[test]
fn in_its_own_block_too_the_last_entry_is_the_last() {
    let mut market = Market::founded_by(1);
    decide(&mut market, &[]);
    let answers = market.block(&[
        (By::Exchange, "snapshot.order", json!({})),
        (By::Exchange, "ledger.close", close_body()),
        (By::Exchange, "schedule.publish", schedule_body("CNY/2@2", "0.01")),
    ]);
    assert!(answers[0].is_ok() && answers[1].is_ok());
    assert_eq!(answers[2], Err((Code::LedgerClosed, String::new())));
}

#[test]
fn a_ledger_is_not_closed_over_what_is_open() {
    let mut market = Market::founded_by(1);
    let (supplier, buyer) = (market.party("s", &["supplier"]), market.party("b", &["buyer"]));
    let right = market.right(supplier, "ports");
    let product = market.product(supplier, right);
    let offer = market.offer(supplier, product, "100.00");
    market.deposit(buyer, 50_000);
    let order = market.order(buyer, &[offer]);
    decide(&mut market, &[]);
    let open = |market: &mut Market, named: &str| {
        let refused = market.try_command(By::Exchange, "ledger.close", close_body());
        assert_eq!(refused, Err((Code::LedgerObligationsOpen, String::new())), "{named}");
    };
    open(&mut market, "money is held");
    let more = order_body(&[offer]);
    market.refused(By::For(buyer), "order.place", more, Code::LedgerClosing, "lines[0].offer");
    market.delivered(supplier, order);
    market.accepted(buyer, order);
    open(&mut market, "the window has a line");
    market.must(By::Exchange, "window.close", json!({ "window": "CNY/2#1" }));
    open(&mut market, "the window is not final");
    market.check_money();
}

#[test]
fn a_founding_names_only_a_predecessor_that_holds() {
    let policy = "quorum none\n";
    assert!(policy.parse::<Policy>().is_ok());
    let predecessor = Predecessor {
        origin: ORIGIN.parse().unwrap(),
        size: TreeSize(3),
        root: Digest::of(b"root"),
        policy: policy.to_owned(),
        entry: String::new(),
        author_key: harness::key(1).public_key(),
        receipt: String::new(),
    };
    assert_eq!(
        predecessor.end(),
        LedgerEnd { origin: ORIGIN.parse().unwrap(), size: TreeSize(3), root: Digest::of(b"root") }
    );
    let mut market = Market::empty();
    let body = json!({
        "name": { "en": "Delta" }, "origin": NEXT, "assets": ["CNY/2"], "exchanges": [exchange_body(0)],
        "predecessor": predecessor,
    });
    market.refused(By::Exchange, "region.found", body, Code::PredecessorInvalid, "predecessor.policy");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whoever votes how, in whatever order, and whoever tries to end it at whatever time: it ends at most once, only after
    /// more than two thirds approved, and nothing is accepted after that.
    #[test]
    fn nothing_is_accepted_after_the_end(steps in prop::collection::vec((0..4_usize, 0..4_u8), 1..40)) {
        let mut market = Market::founded_by(4);
        let proposal = market.must(By::At(0), "member.propose", json!({ "change": close_change(0) }));
        let mut ended = None;
        for (who, what) in steps {
            let answer = match what {
                0 | 1 => {
                    let vote = json!({ "proposal": proposal, "approve": what == 0 });
                    market.try_command(By::At(who), "member.vote", vote)
                }
                2 => market.try_command(By::At(who), "ledger.close", close_body()),
                _ => market.try_command(By::At(who), "snapshot.order", json!({})),
            };
            let closing = region(&market).closing;
            if ended.is_some() {
                prop_assert_eq!(answer, Err((Code::LedgerClosed, String::new())));
            } else if what == 2 && answer.is_ok() {
                prop_assert!(closing.is_some_and(|closing| closing.since_height.0 <= market.height));
                ended = Some(market.height);
            }
            prop_assert_eq!(region(&market).last_height(), ended.map(Height));
        }
    }
}
