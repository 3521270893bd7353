//! One sale through all six stages, and what it leaves behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_licensing::{Licence, LicenceState, Order};
use databourse_market::{Certificate, Outcome, execute};
use databourse_primitives::RefusalCode;
use databourse_settlement::{Window, WindowState};
use harness::{By, Market, delivery_body, id, order_body};
use serde_json::json;

struct Sale {
    market: Market,
    supplier: databourse_primitives::PartyId,
    buyer: databourse_primitives::PartyId,
    offer: databourse_primitives::EntryId,
}

/// A market with one offer of 100.00 and a buyer with 1,000.00.
fn ready() -> Sale {
    let mut market = Market::founded();
    let supplier = market.party("supplier", &["supplier"]);
    let buyer = market.party("buyer", &["buyer"]);
    let right = market.right(supplier, "ports");
    let product = market.product(supplier, right);
    let offer = market.offer(supplier, product, "100.00");
    market.deposit(buyer, 100_000);
    Sale { market, supplier, buyer, offer }
}

#[test]
fn a_sale_passes_all_six_stages_and_its_money_is_split_to_the_minor_unit() {
    let Sale { mut market, supplier, buyer, offer } = ready();
    let order = market.order(buyer, &[offer]);
    let funds = market.balances(&format!("party:{buyer}:funds:CNY/2"));
    assert_eq!(
        (funds.posted_minor, funds.pending_out_minor, funds.available_minor),
        (100_000, 10_600, 89_400)
    );
    let supplier_funds = format!("party:{supplier}:funds:CNY/2");
    let coming = market.balances(&supplier_funds);
    assert_eq!((coming.posted_minor, coming.pending_in_minor, coming.available_minor), (0, 9_735, 0));

    market.delivered(supplier, order);
    market.accepted(buyer, order);
    for (account, expected) in [
        (format!("party:{buyer}:funds:CNY/2"), 89_400),
        (supplier_funds, 9_735),
        (format!("party:{supplier}:tax:CNY/2"), 600),
        ("exchange:sh:fees:CNY/2".to_owned(), 250),
        ("exchange:sh:tax:CNY/2".to_owned(), 15),
        ("exchange:sh:bank:CNY/2".to_owned(), 100_000),
    ] {
        assert_eq!(market.balance(&account), expected, "{account}");
    }

    let body = market.certificate_body(order, 1);
    market.must(By::Exchange, "certificate.issue", body);
    let certificate = market.state.find::<Certificate>(&"sh-2026-00000001").unwrap();
    assert_eq!(certificate.facts.total_minor.get(), 10_600);

    market.must(By::For(supplier), "account.withdraw", json!({ "asset": "CNY/2", "amount_minor": 9_735 }));
    market.must(By::Exchange, "window.close", json!({ "window": "CNY/2#1" }));
    let window = market.state.find::<Window>(&"CNY/2#1").unwrap();
    assert!(matches!(window.state, WindowState::Closing { .. }), "its one line waits for a signature");
    assert_eq!(window.flows.values().map(|flow| flow.count).sum::<u64>(), 4);
    market.check_money();
}

#[test]
fn a_rejected_line_gives_the_held_money_back() {
    let Sale { mut market, supplier, buyer, offer } = ready();
    let order = market.order(buyer, &[offer, offer]);
    market.delivered(supplier, order);
    let reject = json!({ "order": order, "lines": [2], "reason": "columns missing" });
    market.must(By::For(buyer), "order.reject", reject);
    market.accepted(buyer, order);
    let funds = market.balances(&format!("party:{buyer}:funds:CNY/2"));
    assert_eq!((funds.posted_minor, funds.pending_out_minor), (89_400, 0));
    let accept = json!({ "order": order, "lines": [2] });
    market.refused(By::For(buyer), "order.accept", accept, RefusalCode::LicenceState, "lines(2)");
    market.check_money();
}

#[test]
fn refunds_reverse_fee_and_tax_and_never_exceed_what_was_paid() {
    let Sale { mut market, supplier, buyer, offer } = ready();
    let order = market.order(buyer, &[offer]);
    let refund = |amount_minor: i64| json!({ "order": order, "lines": [{ "line": 1, "amount_minor": amount_minor }], "reason": "partial data" });
    market.refused(By::For(supplier), "refund.grant", refund(1), RefusalCode::LicenceState, "lines(1)");
    market.delivered(supplier, order);
    market.accepted(buyer, order);
    market.must(By::For(supplier), "refund.grant", refund(3_333));
    market.refused(
        By::For(supplier),
        "refund.grant",
        refund(6_668),
        RefusalCode::RefundExceedsPurchase,
        "lines(1).amount_minor",
    );
    market.refused(
        By::For(supplier),
        "refund.grant",
        refund(0),
        RefusalCode::AmountZero,
        "lines(1).amount_minor",
    );
    market.refused(By::For(buyer), "refund.grant", refund(1), RefusalCode::RefundNotAllowed, "lines");
    market.must(By::Exchange, "refund.grant", refund(6_667));
    for account in [
        format!("party:{supplier}:funds:CNY/2"),
        format!("party:{supplier}:tax:CNY/2"),
        "exchange:sh:fees:CNY/2".to_owned(),
        "exchange:sh:tax:CNY/2".to_owned(),
    ] {
        assert_eq!(market.balance(&account), 0, "{account}");
    }
    assert_eq!(market.balance(&format!("party:{buyer}:funds:CNY/2")), 100_000);
    let licence = market.state.find::<Licence>(&format!("{order}.1")).unwrap();
    assert!(matches!(licence.state, LicenceState::Refunded { .. }));
    assert_eq!(market.state.find::<Order>(&order).unwrap().refunded_minor.get(), 10_600);
    market.check_money();
}

#[test]
fn a_refund_without_its_money_is_refused_whole() {
    let Sale { mut market, supplier, buyer, offer } = ready();
    let order = market.order(buyer, &[offer]);
    market.delivered(supplier, order);
    market.accepted(buyer, order);
    market.must(By::For(supplier), "account.withdraw", json!({ "asset": "CNY/2", "amount_minor": 9_735 }));
    let refund =
        json!({ "order": order, "lines": [{ "line": 1, "amount_minor": 10_000 }], "reason": "late" });
    market.refused(By::For(supplier), "refund.grant", refund, RefusalCode::FundsInsufficient, "");
    market.check_money();
}

#[test]
fn accepting_twice_returns_the_first_answer_and_another_body_is_a_conflict() {
    let Sale { mut market, supplier, buyer, offer } = ready();
    let order = market.order(buyer, &[offer]);
    market.delivered(supplier, order);
    let accept = id(7_000);
    let body = json!({ "order": order });
    let first = market.submit(By::For(buyer), accept, "order.accept", &body).unwrap();
    let Outcome::Accepted(first) = first else { panic!("{first:?}") };
    let before = market.size;
    let again = market.submit(By::For(buyer), accept, "order.accept", &body).unwrap();
    let Outcome::AlreadyApplied(again) = again else { panic!("{again:?}") };
    assert_eq!((again.id, again.leaf_index), (first.id, first.leaf_index));
    assert_eq!(market.size, before, "a retry is not an entry");
    for (by, entry_type, body) in [
        (By::For(buyer), "order.accept", json!({ "order": order, "lines": [1] })),
        (By::For(supplier), "order.accept", json!({ "order": order })),
        (By::For(buyer), "order.reject", json!({ "order": order, "reason": "no" })),
    ] {
        let refused = market.submit(by, accept, entry_type, &body).unwrap_err();
        assert_eq!(refused.0, RefusalCode::EntryIdReused, "{entry_type}");
    }
}

#[test]
fn one_block_holds_a_whole_sale_and_the_same_entry_only_once() {
    let Sale { mut market, supplier, buyer, offer } = ready();
    let order = market.new_id();
    let [deliver, accept] = [market.new_id(), market.new_id()];
    let sign = |market: &Market, by, id, entry_type: &str, body| {
        let entry = market.sign(by, id, entry_type, &body);
        databourse_market::Decoded::new(entry).unwrap().verify(&harness::key(1).public_key()).unwrap()
    };
    let place = sign(&market, By::For(buyer), order, "order.place", order_body(&[offer]));
    let commands = vec![
        place.clone(),
        place,
        sign(&market, By::For(supplier), deliver, "delivery.record", delivery_body(order)),
        sign(&market, By::For(buyer), accept, "order.accept", json!({ "order": order })),
    ];
    let outcomes = market.execute(commands);
    assert!(matches!(
        outcomes[..],
        [Outcome::Accepted(_), Outcome::AlreadyApplied(_), Outcome::Accepted(_), Outcome::Accepted(_)]
    ));
    market.check_money();
}

#[test]
fn an_exclusive_licence_is_sold_once_until_it_no_longer_binds() {
    let Sale { mut market, supplier, buyer, .. } = ready();
    let other = market.party("other", &["buyer"]);
    market.deposit(other, 100_000);
    let right = market.right(supplier, "tides");
    let product = market.product(supplier, right);
    let mut body = harness::offer_body(product, "100.00");
    body["terms"]["exclusive"] = json!(true);
    market.refused(
        By::For(supplier),
        "offer.publish",
        body.clone(),
        RefusalCode::OfferTermsInvalid,
        "terms.quantity_max",
    );
    body["terms"]["quantity_max"] = json!(1);
    let offer = market.must(By::For(supplier), "offer.publish", body);
    let order = market.order(buyer, &[offer]);
    let taken = |market: &mut Market, by| {
        let taken = RefusalCode::LicenceExclusiveTaken;
        market.refused(By::For(by), "order.place", order_body(&[offer]), taken, "lines[0].offer");
    };
    taken(&mut market, other);
    taken(&mut market, buyer);
    market.must(By::For(buyer), "order.reject", json!({ "order": order, "reason": "not needed" }));
    market.order(other, &[offer]);
    taken(&mut market, buyer);
    market.refused(
        By::For(buyer),
        "order.place",
        order_body(&[offer, offer]),
        RefusalCode::LicenceExclusiveTaken,
        "lines[0].offer",
    );
}

#[test]
fn replay_gives_identical_effects() {
    let Sale { mut market, supplier, buyer, offer } = ready();
    for _ in 0..5 {
        let order = market.order(buyer, &[offer]);
        market.delivered(supplier, order);
        market.accepted(buyer, order);
    }
    let mut again = Market::empty();
    for (context, commands, effects) in &market.history {
        let executed = execute(&again.state, commands, context).unwrap();
        let encoded = executed.effects.clone().encode().unwrap();
        assert_eq!(encoded.digest, effects.digest);
        assert_eq!(encoded.rows, effects.rows);
        again.state.apply(executed.effects);
    }
    assert!(market.state.records().eq(again.state.records()));
}
