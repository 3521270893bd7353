//! An operator's day: sales between exchanges, windows, payments, breaks; holds, vouchers, disputes, constraints.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_licensing::{Licence, LicenceState, Order};
use databourse_market::{Acceptance, PairLine, RefundRecord, refund_lines, sale_lines};
use databourse_primitives::{Digest, EntryId, PartyId, RefusalCode as Code, TaxVersion};
use databourse_settlement::{
    BreakState, Dispute, DisputeState, Hold, HoldState, Pair, PairTotals, Voucher, Window, WindowState,
};
use harness::{By, Market, delivery_body, order_body};
use serde_json::{Value, json};

/// Three exchanges: a buyer at `sh`, a supplier at `js` whose product `js` lists, and another supplier at `sh`.
struct Region {
    market: Market,
    buyer: PartyId,
    far: PartyId,
    near: PartyId,
    far_product: EntryId,
    far_offer: EntryId,
    near_offer: EntryId,
}

fn region() -> Region {
    let mut market = Market::founded_by(3);
    let buyer = market.party("buyer", &["buyer"]);
    let far = market.party_at(1, "far-supplier", &["supplier"]);
    let near = market.party("near-supplier", &["supplier"]);
    let right = market.must(By::ForAt(1, far), "right.register", harness::right_body("ports"));
    let listed = json!({ "right": right, "details": harness::details() });
    let far_product = market.must(By::ForAt(1, far), "product.list", listed);
    let far_offer =
        market.must(By::ForAt(1, far), "offer.publish", harness::offer_body(far_product, "100.00"));
    let right = market.right(near, "tides");
    let product = market.product(near, right);
    let near_offer = market.offer(near, product, "50.00");
    market.deposit(buyer, 100_000);
    Region { market, buyer, far, near, far_product, far_offer, near_offer }
}

impl Region {
    fn buys_far(&mut self) -> EntryId {
        let order = self.market.order(self.buyer, &[self.far_offer]);
        self.market.must(By::ForAt(1, self.far), "delivery.record", delivery_body(order));
        self.market.accepted(self.buyer, order);
        order
    }

    fn window(&self, number: u64) -> &Window {
        self.market.state.find::<Window>(&format!("CNY/2#{number}")).unwrap()
    }

    fn close(&mut self, number: u64) {
        self.market.must(By::Exchange, "window.close", json!({ "window": format!("CNY/2#{number}") }));
    }

    fn head(&self, number: u64, pair: &str, root: &[u8]) -> Value {
        let pair: Pair = pair.parse().unwrap();
        let totals = self.window(number).pairs[&pair];
        json!({ "head": {
            "window": format!("CNY/2#{number}"), "pair": pair, "root": Digest::of(root),
            "line_count": totals.line_count, "left_to_right_minor": totals.left_to_right_minor,
            "right_to_left_minor": totals.right_to_left_minor,
        }})
    }

    /// Every exchange signs every pair of a window with the same root.
    fn sign_all(&mut self, number: u64) {
        let pairs: Vec<Pair> = self.window(number).pairs.keys().cloned().collect();
        for pair in pairs {
            let head = self.head(number, &pair.to_string(), b"agreed");
            for member in pair.members() {
                let place = harness::EXCHANGES.iter().position(|code| *code == member.as_str()).unwrap();
                self.market.must(By::At(place), "window.sign", head.clone());
            }
        }
    }

    fn clearing(&self) -> [i64; 3] {
        ["sh", "js", "zj"].map(|code| self.market.balance(&format!("exchange:{code}:clearing:CNY/2")))
    }
}

#[test]
fn a_sale_between_exchanges_is_owed_signed_netted_paid_and_final() {
    let mut region = region();
    region.buys_far();
    // js lists and is owed 106.00 less what sh earns for selling: 40 % of the fee of 2.50, and the tax on that.
    assert_eq!(region.clearing(), [10_494, -10_494, 0]);
    assert_eq!(region.market.balance("exchange:sh:fees:CNY/2"), 100);
    assert_eq!(region.market.balance("exchange:sh:tax:CNY/2"), 6);
    assert_eq!(region.market.balance("exchange:js:fees:CNY/2"), 150);
    assert_eq!(region.market.balance(&format!("party:{}:funds:CNY/2", region.far)), 9_735);
    region.market.check_money();

    region.close(1);
    assert!(matches!(region.window(1).state, WindowState::Closing { .. }));
    let instruct = json!({ "window": "CNY/2#1", "method": "multilateral" });
    region.market.refused(By::Exchange, "window.instruct", instruct.clone(), Code::WindowState, "window");
    region.sign_all(1);
    assert!(matches!(region.window(1).state, WindowState::Closed { .. }));
    region.market.must(By::Exchange, "window.instruct", instruct);
    let instructions = region.window(1).state.instructions().to_vec();
    assert_eq!(instructions.len(), 1);
    assert_eq!((instructions[0].payer.as_str(), instructions[0].amount_minor.get()), ("sh", 10_494));

    let confirm = |received: i64| json!({ "instruction": "CNY/2#1/1", "bank_reference": "camt-1", "received_minor": received });
    region.market.refused(
        By::At(0),
        "instruction.confirm",
        confirm(10_494),
        Code::InstructionNotPayee,
        "instruction",
    );
    let differs = Code::InstructionAmountDiffers;
    region.market.refused(By::At(1), "instruction.confirm", confirm(10_488), differs, "received_minor");
    region.market.must(By::At(1), "instruction.confirm", confirm(10_490));
    assert!(matches!(region.window(1).state, WindowState::Settled { .. }));
    assert_eq!(region.clearing(), [0, 0, 0]);
    assert_eq!(region.market.balance("exchange:js:difference:CNY/2"), -4, "the bank took four fen");
    assert_eq!(region.market.balance("exchange:js:bank:CNY/2"), 10_490);
    region.market.check_money();

    // A correction after the end is a new entry in the open window; the final one does not change.
    let before = region.window(1).clone();
    let order = region.market.state.all::<Order>().next().unwrap().id;
    let refund =
        json!({ "order": order, "lines": [{ "line": 1, "amount_minor": 10_000 }], "reason": "late" });
    region.market.must(By::At(1), "refund.grant", refund);
    assert_eq!(*region.window(1), before);
    assert_eq!(region.clearing(), [-10_494, 10_494, 0]);
    region.market.check_money();
}

/// Every settlement line of a window, made from the records alone.
fn lines(market: &Market, window: &Window) -> Vec<PairLine> {
    let licence =
        |order: &Order, line: u32| market.state.find::<Licence>(&format!("{}.{line}", order.id)).unwrap();
    let mut lines = Vec::new();
    for acceptance in market.state.all::<Acceptance>().filter(|event| event.window == window.id) {
        let order = market.state.find::<Order>(&acceptance.order).unwrap();
        for line in &acceptance.lines {
            lines.extend(sale_lines(order, licence(order, *line), acceptance, TaxVersion(1)).unwrap());
        }
    }
    for refund in market.state.all::<RefundRecord>().filter(|event| event.window == window.id) {
        let order = market.state.find::<Order>(&refund.order).unwrap();
        for line in &refund.lines {
            let licence = licence(order, line.line);
            lines.extend(refund_lines(order, licence, refund, line, TaxVersion(1)).unwrap());
        }
    }
    lines
}

#[test]
fn the_lines_that_exchanges_sign_are_the_ones_that_the_window_counted() {
    let mut region = region();
    for order in [region.buys_far(), region.buys_far()] {
        let part =
            json!({ "order": order, "lines": [{ "line": 1, "amount_minor": 3_333 }], "reason": "late" });
        region.market.must(By::At(1), "refund.grant", part);
    }
    let order = region.market.order(region.buyer, &[region.near_offer]);
    region.market.delivered(region.near, order);
    region.market.accepted(region.buyer, order);
    region.close(1);
    let window = region.window(1);
    let mut totals = std::collections::BTreeMap::<Pair, PairTotals>::new();
    for found in lines(&region.market, window) {
        let sum = totals.entry(found.pair.clone()).or_default();
        let amount = i64::try_from(found.line.amount_minor()).unwrap().abs();
        sum.line_count += 1;
        if found.debtor == *found.pair.left() {
            sum.left_to_right_minor += amount;
        } else {
            sum.right_to_left_minor += amount;
        }
    }
    assert_eq!(totals, window.pairs);
    assert!(
        totals.len() > 1 && totals.values().any(|sum| sum.left_to_right_minor * sum.right_to_left_minor > 0)
    );
}

/// Trap: mojaloop #936, an empty window never settles; #2105, settling right after closing fails.
#[test]
fn an_empty_window_settles_right_after_it_closes() {
    let mut region = region();
    region.close(1);
    assert!(matches!(region.window(1).state, WindowState::Closed { .. }));
    let instruct = json!({ "window": "CNY/2#1", "method": "bilateral" });
    region.market.must(By::Exchange, "window.instruct", instruct);
    assert!(matches!(region.window(1).state, WindowState::Settled { .. }));
}

/// Trap: mojaloop #4375, where closing a window while transfers ran lost 1 USD; #2525, a transfer without a window.
#[test]
fn closing_between_hold_and_acceptance_puts_the_money_into_the_window_in_which_it_became_final() {
    let mut region = region();
    let order = region.market.order(region.buyer, &[region.far_offer]);
    region.close(1);
    region.market.must(By::ForAt(1, region.far), "delivery.record", delivery_body(order));
    region.close(2);
    region.market.accepted(region.buyer, order);
    region.close(3);
    let owed =
        |number| region.window(number).positions().unwrap().values().copied().max().unwrap_or_default();
    assert_eq!([owed(1), owed(2), owed(3)], [0, 0, 10_494]);
    let posted: u64 = (1..=4).map(|number| region.window(number).posting_count).sum();
    let in_journal: usize = region
        .market
        .history
        .iter()
        .flat_map(|(_, _, effects)| &effects.transactions)
        .map(|transaction| transaction.postings.len())
        .sum();
    assert_eq!(posted, in_journal as u64, "every posting is in exactly one window");
}

#[test]
fn an_aborted_window_hands_its_obligations_on_unchanged() {
    let mut region = region();
    region.buys_far();
    region.close(1);
    region.market.must(
        By::Exchange,
        "window.abort",
        json!({ "window": "CNY/2#1", "reason": "bank holiday" }),
    );
    let positions = region.window(2).positions().unwrap();
    assert_eq!(positions.values().copied().collect::<Vec<_>>(), [10_494, -10_494]);
    region.close(2);
    region.market.must(
        By::Exchange,
        "window.instruct",
        json!({ "window": "CNY/2#2", "method": "bilateral" }),
    );
    let confirm = json!({ "instruction": "CNY/2#2/1", "bank_reference": "b", "received_minor": 10_494 });
    region.market.must(By::At(1), "instruction.confirm", confirm);
    assert_eq!(region.clearing(), [0, 0, 0]);
    let abort = json!({ "window": "CNY/2#2", "reason": "late" });
    region.market.refused(By::Exchange, "window.abort", abort, Code::WindowState, "window");
    region.market.check_money();
}

#[test]
fn roots_that_differ_keep_a_window_from_becoming_final_until_both_carry_the_break() {
    let mut region = region();
    region.buys_far();
    region.close(1);
    let domestic = region.head(1, "sh~sh", b"own");
    region.market.must(By::At(0), "window.sign", domestic);
    for (place, root) in [(0, b"left!"), (1, b"right")] {
        let head = region.head(1, "js~sh", root);
        region.market.must(By::At(place), "window.sign", head);
    }
    assert!(matches!(region.window(1).state, WindowState::Closing { .. }), "their roots differ");
    let open = json!({ "window": "CNY/2#1", "pair": "js~sh", "kind": "root", "person": "chen" });
    region.market.refused(By::At(2), "break.open", open.clone(), Code::BreakNotConcerned, "pair");
    let found = region.market.must(By::At(0), "break.open", open);
    let carry = |person: &str| json!({ "break": found, "person": person });
    region.market.must(By::At(0), "break.carry", carry("chen"));
    assert!(matches!(region.window(1).state, WindowState::Closing { .. }), "one is not both");
    region.market.must(By::At(1), "break.carry", carry("wu"));
    assert!(matches!(region.window(1).state, WindowState::Closed { .. }));
}

#[test]
fn a_break_is_ended_by_a_second_person_and_a_linked_posting() {
    let mut region = region();
    let order = region.buys_far();
    let open = json!({
        "window": "CNY/2#1", "pair": "js~sh", "kind": "amount", "key": format!("{order}.1/sale"),
        "left_minor": 10_494, "right_minor": 10_394, "person": "chen",
    });
    let found = region.market.must(By::At(0), "break.open", open);
    let act = |person: &str, more: Value| {
        let mut body = json!({ "break": found, "person": person });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let owner = json!({ "owner": { "exchange": "js", "person": "wu" } });
    region.market.must(By::At(0), "break.assign", act("chen", owner));
    let propose = act("wu", json!({ "resolution": { "name": "post" } }));
    region.market.refused(By::At(1), "break.propose", propose.clone(), Code::BreakEvidenceMissing, "break");
    let heads = json!({ "name": "heads", "left_root": Digest::of(b"l"), "right_root": Digest::of(b"r") });
    region.market.must(By::At(1), "break.evidence", act("wu", json!({ "evidence": heads })));
    region.market.must(By::At(1), "break.propose", propose);
    region.market.refused(
        By::At(1),
        "break.approve",
        act("wu", json!({})),
        Code::BreakSecondPerson,
        "person",
    );
    region.market.must(By::At(1), "break.approve", act("zhao", json!({})));
    let posting = |id: EntryId| act("zhao", json!({ "posting": id }));
    let unknown = Code::BreakPostingUnknown;
    region.market.refused(By::At(1), "break.resolve", posting(harness::id(77_777)), unknown, "posting");
    let refund =
        json!({ "order": order, "lines": [{ "line": 1, "amount_minor": 94 }], "reason": "as agreed" });
    let correction = region.market.must(By::At(1), "refund.grant", refund);
    region.close(1);
    assert!(!region.window(1).breaks.is_empty(), "the window waits for it");
    region.market.must(By::At(1), "break.resolve", posting(correction));
    assert!(region.window(1).breaks.is_empty());
    let record = region.market.state.find::<databourse_settlement::Break>(&found).unwrap();
    assert!(matches!(record.state, BreakState::Resolved { posting: Some(id), .. } if id == correction));
    region.market.check_money();
}

#[test]
fn a_hold_expires_at_block_time_and_can_then_never_be_posted() {
    let mut region = region();
    let order = region.market.order(region.buyer, &[region.near_offer]);
    region.market.delivered(region.near, order);
    let expire = json!({ "order": order });
    region.market.refused(By::Exchange, "order.expire", expire.clone(), Code::HoldNotDue, "order");
    region.market.now = region.market.now.plus_ms(30 * 86_400_000);
    let accept = json!({ "order": order });
    region.market.refused(By::For(region.buyer), "order.accept", accept.clone(), Code::HoldExpired, "order");
    region.market.refused(By::At(1), "order.expire", expire.clone(), Code::AccountOtherBook, "order");
    region.market.must(By::Exchange, "order.expire", expire.clone());
    region.market.refused(By::Exchange, "order.expire", expire, Code::HoldEnded, "order");
    region.market.refused(By::For(region.buyer), "order.accept", accept, Code::LicenceState, "lines");
    let funds = region.market.balances(&format!("party:{}:funds:CNY/2", region.buyer));
    assert_eq!((funds.available_minor, funds.pending_out_minor), (100_000, 0));
    let hold = region.market.state.find::<Hold>(&order).unwrap();
    assert!(matches!(hold.state, HoldState::Expired { .. }));
    let licence = region.market.state.find::<Licence>(&format!("{order}.1")).unwrap();
    assert!(matches!(licence.state, LicenceState::Expired { .. }));
    region.market.check_money();
}

/// Trap: blnk #182, a rejected hold could still be committed.
#[test]
fn a_rejected_order_can_never_be_accepted() {
    let mut region = region();
    let order = region.market.order(region.buyer, &[region.near_offer]);
    region.market.delivered(region.near, order);
    region.market.must(By::For(region.buyer), "order.reject", json!({ "order": order, "reason": "no" }));
    region.market.refused(
        By::For(region.buyer),
        "order.accept",
        json!({ "order": order, "lines": [1] }),
        Code::LicenceState,
        "lines(1)",
    );
    let hold = region.market.state.find::<Hold>(&order).unwrap();
    assert!(matches!(hold.state, HoldState::Voided { .. }));
}

/// Trap: blnk PR 315, two refunds at once gave the money back twice.
#[test]
fn two_refunds_in_one_block_give_the_money_back_once() {
    let mut region = region();
    let order = region.buys_far();
    let refund =
        json!({ "order": order, "lines": [{ "line": 1, "amount_minor": 10_000 }], "reason": "late" });
    let commands = [0, 1].map(|_| {
        let id = region.market.new_id();
        let entry = region.market.sign(By::At(1), id, "refund.grant", &refund);
        databourse_market::Decoded::new(entry).unwrap().verify(&harness::key(11).public_key()).unwrap()
    });
    let outcomes = region.market.execute(commands.to_vec());
    assert!(matches!(outcomes[0], databourse_market::Outcome::Accepted(_)));
    assert!(
        matches!(&outcomes[1], databourse_market::Outcome::Refused(refusal) if refusal.code == Code::LicenceState)
    );
    region.market.check_money();
}

#[test]
fn revenue_is_shared_by_the_tree_and_refunds_take_it_back_from_each() {
    let mut region = region();
    let processor = region.market.party_at(2, "processor", &["processor"]);
    let tree = json!({ "product": region.far_product, "version": 1, "root": [
        { "name": "holder", "weight_bp": 5_000, "beneficiary": format!("party:{}", region.far) },
        { "name": "operation", "weight_bp": 5_000, "children": [
            { "name": "processor", "weight_bp": 6_000, "beneficiary": format!("party:{processor}") },
            { "name": "public", "weight_bp": 4_000, "beneficiary": "exchange:js" },
        ]},
    ]});
    region.market.refused(
        By::For(region.near),
        "shares.publish",
        tree.clone(),
        Code::ProductNotOwner,
        "product",
    );
    region.market.must(By::ForAt(1, region.far), "shares.publish", tree);
    let order = region.buys_far();
    let balances = |region: &Region| {
        [
            format!("party:{}:funds:CNY/2", region.far),
            format!("party:{processor}:funds:CNY/2"),
            "exchange:js:fees:CNY/2".to_owned(),
        ]
        .map(|account| region.market.balance(&account))
    };
    // 97.35 after the commission: 48.675, 29.205 and 19.47; the last unit goes to the largest remainder.
    assert_eq!(balances(&region), [4_868, 2_920, 1_947 + 150]);
    assert_eq!(region.clearing(), [10_494, -7_574, -2_920], "each in the book of its own exchange");
    region.market.check_money();
    let refund = |amount: i64| json!({ "order": order, "lines": [{ "line": 1, "amount_minor": amount }], "reason": "late" });
    for part in [3_333, 1, 6_666] {
        region.market.must(By::At(1), "refund.grant", refund(part));
        region.market.check_money();
    }
    assert_eq!(balances(&region), [0, 0, 0]);
    assert_eq!(region.clearing(), [0, 0, 0]);
}

#[test]
fn a_voucher_pays_only_for_what_it_is_for_and_never_becomes_cash() {
    let mut region = region();
    let issue = json!({
        "party": region.buyer, "asset": "CNY/2", "amount_minor": 8_000, "kinds": ["dataset"],
        "expires_at": "2027-01-01T00:00:00.000Z", "bank_reference": "science-fund-1",
    });
    region.market.refused(By::At(1), "voucher.issue", issue.clone(), Code::AccountOtherBook, "party");
    let voucher = region.market.must(By::Exchange, "voucher.issue", issue.clone());
    let mut body = issue;
    body["kinds"] = json!(["model"]);
    body["bank_reference"] = json!("science-fund-2");
    let for_models = region.market.must(By::Exchange, "voucher.issue", body);

    let mut order = order_body(&[region.near_offer, region.far_offer]);
    order["voucher"] = json!(for_models);
    let buyer = By::For(region.buyer);
    region.market.refused(buyer, "order.place", order.clone(), Code::VoucherNotApplicable, "voucher");
    order["voucher"] = json!(voucher);
    region.market.refused(By::ForAt(1, region.far), "order.place", order.clone(), Code::PartyRoleMissing, "");
    // 53.00 and 106.00: the voucher pays the first line and 27.00 of the second.
    let order = region.market.must(buyer, "order.place", order);
    let funds = format!("party:{}:funds:CNY/2", region.buyer);
    let vouchers = format!("party:{}:voucher:CNY/2", region.buyer);
    assert_eq!(region.market.balances(&funds).pending_out_minor, 15_900 - 8_000);
    assert_eq!(region.market.balances(&vouchers).pending_out_minor, 8_000);
    let left = |region: &Region| region.market.state.find::<Voucher>(&voucher).unwrap().left_minor.get();
    assert_eq!(left(&region), 0);
    region.market.delivered(region.near, order);
    region.market.must(By::ForAt(1, region.far), "delivery.record", delivery_body(order));
    region.market.accepted(region.buyer, order);
    let before = region.market.balance(&funds);
    let refund = json!({ "order": order, "lines": [{ "line": 1, "amount_minor": 5_000 }], "reason": "late" });
    region.market.must(By::Exchange, "refund.grant", refund);
    assert_eq!(region.market.balance(&funds), before, "what a voucher paid goes back to the voucher");
    assert_eq!(left(&region), 5_300);
    let withdraw = json!({ "asset": "CNY/2", "amount_minor": before + 1 });
    region.market.refused(buyer, "account.withdraw", withdraw, Code::FundsInsufficient, "amount_minor");
    region.market.check_money();
}

#[test]
fn a_dispute_freezes_what_would_go_back_and_its_decision_refunds_it() {
    let mut region = region();
    let order = region.buys_far();
    let seller = By::ForAt(1, region.far);
    let withdraw = |amount: i64| json!({ "asset": "CNY/2", "amount_minor": amount });
    region.market.must(
        By::At(1),
        "account.deposit",
        json!({
            "party": region.far, "asset": "CNY/2", "amount_minor": 1_000, "bank_reference": "own-money",
        }),
    );
    let open = json!({ "order": order, "lines": [1], "reason": "columns missing" });
    region.market.refused(seller, "dispute.open", open.clone(), Code::OrderNotBuyer, "order");
    let mut chargeback = open.clone();
    chargeback["chargeback"] = json!("pacs.004-17");
    let buyer = By::For(region.buyer);
    region.market.refused(buyer, "dispute.open", chargeback, Code::ExchangeOnly, "chargeback");
    let dispute = region.market.must(buyer, "dispute.open", open.clone());
    region.market.refused(buyer, "dispute.open", open, Code::DisputeState, "lines(1)");
    let funds = region.market.balances(&format!("party:{}:funds:CNY/2", region.far));
    assert_eq!((funds.pending_out_minor, funds.available_minor), (9_735, 1_000));
    region.market.refused(
        seller,
        "account.withdraw",
        withdraw(1_001),
        Code::FundsInsufficient,
        "amount_minor",
    );
    let refund = json!({ "order": order, "lines": [{ "line": 1, "amount_minor": 1 }], "reason": "late" });
    region.market.refused(seller, "refund.grant", refund, Code::DisputeState, "lines(1)");
    region.market.check_money();

    let decide = json!({
        "dispute": dispute, "refunds": [{ "line": 1, "amount_minor": 5_000 }], "reason": "half was usable",
    });
    region.market.refused(By::At(0), "dispute.decide", decide.clone(), Code::RefundNotAllowed, "lines");
    region.market.must(By::At(1), "dispute.decide", decide.clone());
    region.market.refused(By::At(1), "dispute.decide", decide, Code::DisputeState, "dispute");
    let funds = region.market.balances(&format!("party:{}:funds:CNY/2", region.far));
    assert_eq!((funds.posted_minor, funds.pending_out_minor), (10_735 - 4_868, 0));
    assert_eq!(region.market.balance(&format!("party:{}:funds:CNY/2", region.buyer)), 100_000 - 5_300);
    let record = region.market.state.find::<Dispute>(&dispute).unwrap();
    assert!(
        matches!(record.state, DisputeState::Decided { refunded_minor, .. } if refunded_minor.get() == 5_300)
    );
    region.market.check_money();
}

#[test]
fn a_chargeback_freezes_what_is_there_and_may_be_decided_for_the_seller() {
    let mut region = region();
    let order = region.buys_far();
    let seller = By::ForAt(1, region.far);
    // js has no money at its bank yet, so its supplier cannot be paid out; the buyer's exchange pays first.
    region.close(1);
    region.sign_all(1);
    region.market.must(By::At(2), "window.instruct", json!({ "window": "CNY/2#1", "method": "bilateral" }));
    let confirm = json!({ "instruction": "CNY/2#1/1", "bank_reference": "c", "received_minor": 10_494 });
    region.market.must(By::At(1), "instruction.confirm", confirm);
    region.market.must(seller, "account.withdraw", json!({ "asset": "CNY/2", "amount_minor": 9_000 }));
    region.market.now = region.market.now.plus_ms(8 * 86_400_000);
    let mut open = json!({ "order": order, "lines": [1], "reason": "card stolen" });
    region.market.refused(
        By::For(region.buyer),
        "dispute.open",
        open.clone(),
        Code::DisputeTooLate,
        "lines(1)",
    );
    region.market.refused(By::At(1), "dispute.open", open.clone(), Code::PartyOnly, "chargeback");
    open["chargeback"] = json!("pacs.004-17");
    let dispute = region.market.must(By::At(1), "dispute.open", open);
    let funds = region.market.balances(&format!("party:{}:funds:CNY/2", region.far));
    assert_eq!((funds.available_minor, funds.pending_out_minor), (0, 735), "as much as is there");
    let too_much =
        json!({ "dispute": dispute, "refunds": [{ "line": 1, "amount_minor": 10_000 }], "reason": "x" });
    region.market.refused(By::At(1), "dispute.decide", too_much, Code::FundsInsufficient, "");
    let decide = json!({ "dispute": dispute, "refunds": [], "reason": "delivered as ordered" });
    region.market.must(By::At(1), "dispute.decide", decide);
    let funds = region.market.balances(&format!("party:{}:funds:CNY/2", region.far));
    assert_eq!((funds.available_minor, funds.pending_out_minor), (735, 0));
    let hold = region.market.state.find::<Hold>(&dispute).unwrap();
    assert!(matches!(hold.state, HoldState::Voided { .. }));
    region.market.check_money();
}

#[test]
fn accounts_are_frozen_and_closed_by_the_exchange_whose_book_they_are_in() {
    let mut region = region();
    let account = format!("party:{}:funds:CNY/2", region.buyer);
    let constrain =
        |name: &str| json!({ "account": account, "constraint": { "name": name, "reason": "court order" } });
    region.market.refused(
        By::At(1),
        "account.constrain",
        constrain("frozen"),
        Code::AccountOtherBook,
        "account",
    );
    region.market.must(By::Exchange, "account.constrain", constrain("frozen"));
    let order = order_body(&[region.near_offer]);
    let buyer = By::For(region.buyer);
    region.market.refused(buyer, "order.place", order.clone(), Code::AccountFrozen, "lines");
    region.market.deposit(region.buyer, 1);
    region.market.refused(
        By::Exchange,
        "account.constrain",
        constrain("closed"),
        Code::AccountState,
        "constraint",
    );
    let open = json!({ "account": account, "constraint": { "name": "open" } });
    region.market.must(By::Exchange, "account.constrain", open);
    region.market.must(buyer, "account.withdraw", json!({ "asset": "CNY/2", "amount_minor": 100_001 }));
    region.market.must(By::Exchange, "account.constrain", constrain("closed"));
    region.market.refused(
        By::Exchange,
        "account.deposit",
        json!({ "party": region.buyer, "asset": "CNY/2", "amount_minor": 1, "bank_reference": "late" }),
        Code::AccountClosed,
        "",
    );
}

#[test]
fn a_yearly_fee_is_charged_once_a_year_with_its_tax() {
    let mut region = region();
    region.market.deposit(region.buyer, 2_000_000);
    let charge = |role: &str, year: u16| json!({ "party": region.buyer, "role": role, "year": year, "asset": "CNY/2" });
    let due = Code::FeeNotDue;
    region.market.refused(By::At(1), "fee.charge", charge("buyer", 2026), Code::AccountOtherBook, "party");
    region.market.refused(By::Exchange, "fee.charge", charge("supplier", 2026), due, "role");
    region.market.refused(By::Exchange, "fee.charge", charge("buyer", 2025), due, "year");
    region.market.must(By::Exchange, "fee.charge", charge("buyer", 2026));
    region.market.refused(By::Exchange, "fee.charge", charge("buyer", 2026), due, "year");
    assert_eq!(region.market.balance("exchange:sh:fees:CNY/2"), 998_000);
    assert_eq!(region.market.balance("exchange:sh:tax:CNY/2"), 59_880);
    region.market.check_money();
}

#[test]
fn a_schedule_holds_from_its_position_and_a_line_keeps_the_one_it_was_priced_with() {
    let mut region = region();
    let mut dear = harness::schedule_body("CNY/2@2", "0.10");
    dear["effective_from"] = json!(region.market.size + 5);
    region.market.must(By::Exchange, "schedule.publish", dear);
    let first = region.market.order(region.buyer, &[region.near_offer]);
    let second = region.market.order(region.buyer, &[region.near_offer]);
    let third = region.market.order(region.buyer, &[region.near_offer]);
    let priced = [first, second, third].map(|order| {
        let record = region.market.state.find::<Order>(&order).unwrap();
        let licence = region.market.state.find::<Licence>(&format!("{order}.1")).unwrap();
        (record.schedule.version, licence.fee_minor.get())
    });
    assert_eq!(priced, [(1, 125), (2, 500), (2, 500)]);
}
