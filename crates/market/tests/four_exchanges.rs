//! Trade among four exchanges: certified once and recognised everywhere, one exclusive right however many exchanges sell
//! it, fees divided between who lists and who sells; and an exchange that leaves and is succeeded.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_licensing::{Licence, LicenceState, Order};
use databourse_market::{RefundRecord, refund_lines};
use databourse_party::{Exchange, Membership, Region, validators};
use databourse_primitives::{Digest, EntryId, Height, PartyId, RefusalCode as Code, TaxVersion};
use databourse_settlement::{Break, Pair, PairTotals, Window, WindowState};
use harness::{
    By, EXCHANGES, Market, delivery_body, details, offer_body, order_body, party_body, right_body,
};
use serde_json::{Value, json};

const SH: usize = 0;
const JS: usize = 1;
const ZJ: usize = 2;
const AH: usize = 3;

/// A supplier at `js`, whose product `js` lists, and a buyer with money at each exchange.
struct Trade {
    market: Market,
    supplier: PartyId,
    product: EntryId,
    offer: EntryId,
    buyers: [PartyId; 4],
}

fn trade() -> Trade {
    let mut market = Market::founded_by(4);
    let mut with_key = party_body("supplier", &["supplier"]);
    with_key["keys"] = json!([harness::key(99).public_key()]);
    let supplier = market.must(By::At(JS), "party.certify", with_key).into();
    let right = market.must(By::ForAt(JS, supplier), "right.register", right_body("ports"));
    let listed = json!({ "right": right, "details": details() });
    let product = market.must(By::ForAt(JS, supplier), "product.list", listed);
    let offer = market.must(By::ForAt(JS, supplier), "offer.publish", offer_body(product, "100.00"));
    let buyers = [SH, JS, ZJ, AH].map(|at| {
        let buyer = market.party_at(at, &format!("buyer-{at}"), &["buyer"]);
        let deposit = json!({
            "party": buyer, "asset": "CNY/2", "amount_minor": 100_000, "bank_reference": format!("in-{at}"),
        });
        market.must(By::At(at), "account.deposit", deposit);
        buyer
    });
    Trade { market, supplier, product, offer, buyers }
}

impl Trade {
    /// The buyer of an exchange buys through it, receives and accepts.
    fn buys(&mut self, at: usize) -> EntryId {
        let by = By::ForAt(at, self.buyers[at]);
        let order = self.market.must(by, "order.place", order_body(&[self.offer]));
        self.market.must(By::ForAt(JS, self.supplier), "delivery.record", delivery_body(order));
        self.market.must(by, "order.accept", json!({ "order": order }));
        order
    }

    fn fees(&self, exchange: usize) -> i64 {
        self.market.balance(&format!("exchange:{}:fees:CNY/2", EXCHANGES[exchange]))
    }

    fn window(&self, number: u64) -> &Window {
        self.market.state.find::<Window>(&format!("CNY/2#{number}")).unwrap()
    }

    /// Closes a window, and everybody signs, nets and pays.
    fn settle(&mut self, number: u64) {
        let id = format!("CNY/2#{number}");
        self.market.must(By::At(AH), "window.close", json!({ "window": id }));
        let pairs: Vec<(Pair, PairTotals)> =
            self.window(number).pairs.iter().map(|(pair, totals)| (pair.clone(), *totals)).collect();
        for (pair, totals) in pairs {
            let head = json!({ "head": {
                "window": id, "pair": pair, "root": Digest::of(b"agreed"), "line_count": totals.line_count,
                "left_to_right_minor": totals.left_to_right_minor,
                "right_to_left_minor": totals.right_to_left_minor,
            }});
            for member in pair.members() {
                self.market.must(By::At(place(member.as_str())), "window.sign", head.clone());
            }
        }
        let instruct = json!({ "window": id, "method": "multilateral" });
        self.market.must(By::At(SH), "window.instruct", instruct);
        for instruction in self.window(number).state.instructions().to_vec() {
            let confirm = json!({
                "instruction": instruction.id, "received_minor": instruction.amount_minor,
                "bank_reference": format!("camt-{}", instruction.id.number),
            });
            self.market.must(By::At(place(instruction.payee.as_str())), "instruction.confirm", confirm);
        }
        assert!(matches!(self.window(number).state, WindowState::Settled { .. }));
    }

    /// `js` begins to leave, succeeded by `successor`, and waits until it does.
    fn leaves(&mut self, successor: usize) {
        let change = json!({ "name": "leave", "exchange": "js", "successor": EXCHANGES[successor] });
        let id = self.market.must(By::At(JS), "member.propose", json!({ "change": change }));
        for voter in [successor, if successor == SH { ZJ } else { SH }] {
            self.market.must(By::At(voter), "member.vote", json!({ "proposal": id, "approve": true }));
        }
        self.market.pass_heights(1);
    }
}

fn place(code: &str) -> usize {
    EXCHANGES.iter().position(|known| *known == code).unwrap()
}

fn depart() -> Value {
    json!({ "exchange": "js" })
}

#[test]
fn each_exchange_that_sells_shares_the_fee_with_the_one_that_lists() {
    let mut trade = trade();
    trade.buys(JS);
    assert_eq!([SH, JS, ZJ, AH].map(|at| trade.fees(at)), [0, 250, 0, 0]);
    for (buyer, fees) in [(SH, [100, 400, 0, 0]), (ZJ, [100, 550, 100, 0]), (AH, [100, 700, 100, 100])] {
        trade.buys(buyer);
        assert_eq!([SH, JS, ZJ, AH].map(|at| trade.fees(at)), fees, "buyer at {}", EXCHANGES[buyer]);
    }
    trade.market.check_money();
    trade.settle(1);
    for code in &EXCHANGES[..4] {
        assert_eq!(trade.market.balance(&format!("exchange:{code}:clearing:CNY/2")), 0);
    }
    trade.market.check_money();
}

#[test]
fn an_exclusive_right_sold_at_two_exchanges_in_one_block_is_licensed_once() {
    let mut trade = trade();
    let mut exclusive = offer_body(trade.product, "500.00");
    exclusive["terms"]["exclusive"] = json!(true);
    exclusive["terms"]["quantity_max"] = json!(1);
    let offer = trade.market.must(By::ForAt(JS, trade.supplier), "offer.publish", exclusive);
    let order = |at: usize| (By::ForAt(at, trade.buyers[at]), "order.place", order_body(&[offer]));
    let entries = [order(ZJ), order(SH), order(AH)];
    let answers = trade.market.block(&entries);
    let taken = || Err((Code::LicenceExclusiveTaken, "lines[0].offer".to_owned()));
    assert!(answers[0].is_ok(), "the first in order");
    assert_eq!(answers[1..], [taken(), taken()]);
    assert_eq!(trade.market.state.all::<Licence>().count(), 1);
    assert_eq!(trade.market.state.all::<Order>().next().unwrap().exchange.as_str(), "zj");
    trade.market.check_money();
}

#[test]
fn a_quota_holds_at_every_exchange() {
    let mut trade = trade();
    let mut limited = offer_body(trade.product, "10.00");
    limited["terms"]["quantity_max"] = json!(3);
    let offer = trade.market.must(By::ForAt(JS, trade.supplier), "offer.publish", limited);
    for at in [SH, JS, ZJ, AH] {
        let by = By::ForAt(at, trade.buyers[at]);
        let mut body = order_body(&[offer]);
        body["lines"][0]["quantity"] = json!(4);
        let exceeded = Code::OrderQuantityExceeded;
        trade.market.refused(by, "order.place", body.clone(), exceeded, "lines[0].quantity");
        body["lines"][0]["quantity"] = json!(3);
        trade.market.must(by, "order.place", body);
    }
    trade.market.check_money();
}

#[test]
fn who_is_certified_once_trades_everywhere_until_it_is_revoked_everywhere() {
    let mut trade = trade();
    // Its own key acts through any exchange; an exchange acts only for whom it certified.
    let mut rights = Vec::new();
    for at in [SH, ZJ, AH] {
        let source = right_body(&format!("tides-{at}"));
        rights.push(trade.market.must(By::KeyAt(99, at), "right.register", source.clone()));
        let foreign = By::ForAt(at, trade.supplier);
        trade.market.refused(foreign, "right.register", source, Code::DelegationMissing, "on_behalf_of");
        let revoke = json!({ "party": trade.supplier, "reason": "fraud" });
        trade.market.refused(By::At(at), "party.revoke", revoke, Code::ExchangeOnly, "party");
        let again = party_body("supplier", &["buyer"]);
        let taken = Code::PartyIdentifierTaken;
        trade.market.refused(By::At(at), "party.certify", again, taken, "legal_identifier");
    }
    trade.buys(SH);
    let revoke = json!({ "party": trade.supplier, "reason": "fraud" });
    trade.market.must(By::At(JS), "party.revoke", revoke);
    for at in [SH, JS, ZJ, AH] {
        let source = right_body(&format!("after-{at}"));
        trade.market.refused(By::KeyAt(99, at), "right.register", source, Code::KeyRetired, "kid");
        let order = order_body(&[trade.offer]);
        let by = By::ForAt(at, trade.buyers[at]);
        trade.market.refused(by, "order.place", order, Code::PartyRevoked, "lines");
    }
}

#[test]
fn a_leaving_exchange_takes_on_nothing_new_and_ends_what_it_began() {
    let mut trade = trade();
    let by = By::ForAt(SH, trade.buyers[SH]);
    let begun = trade.market.must(by, "order.place", order_body(&[trade.offer]));
    trade.leaves(ZJ);
    let leaving = Code::MemberLeaving;
    let market = &mut trade.market;
    market.refused(By::At(JS), "party.certify", party_body("late", &["buyer"]), leaving, "exchange");
    let right = market.must(By::ForAt(JS, trade.supplier), "right.register", right_body("late"));
    let listed = json!({ "right": right, "details": details() });
    market.refused(By::ForAt(JS, trade.supplier), "product.list", listed.clone(), leaving, "exchange");
    let product = market.must(By::KeyAt(99, AH), "product.list", listed);
    let elsewhere = market.must(By::KeyAt(99, AH), "offer.publish", offer_body(product, "1.00"));
    // Listed by it; of its supplier, though listed elsewhere; by its buyer.
    for (at, offer) in [(SH, trade.offer), (SH, elsewhere), (JS, elsewhere)] {
        let by = By::ForAt(at, trade.buyers[at]);
        market.refused(by, "order.place", order_body(&[offer]), leaving, "lines[0].offer");
    }
    market.must(By::ForAt(JS, trade.supplier), "delivery.record", delivery_body(begun));
    market.must(by, "order.accept", json!({ "order": begun }));
    let refund =
        json!({ "order": begun, "lines": [{ "line": 1, "amount_minor": 1_000 }], "reason": "goodwill" });
    market.must(By::At(JS), "refund.grant", refund);
    let open = validators(market.state.all::<Exchange>(), Height(market.height + 1));
    assert_eq!(open.len(), 4, "it votes until it has left");
    market.check_money();
}

#[test]
fn it_leaves_only_when_nothing_is_open() {
    let mut trade = trade();
    let by = By::ForAt(SH, trade.buyers[SH]);
    let order = trade.market.must(by, "order.place", order_body(&[trade.offer]));
    trade.leaves(ZJ);
    let open = |trade: &mut Trade, what: &str| {
        let id = trade.market.new_id();
        let entry = trade.market.sign(By::At(JS), id, "member.depart", &depart());
        let command = databourse_market::Decoded::new(entry).unwrap();
        let command = command.verify(&harness::key(11).public_key()).unwrap();
        match trade.market.execute(vec![command]).pop().unwrap() {
            databourse_market::Outcome::Refused(refusal) => {
                assert_eq!((refusal.code, &*refusal.field), (Code::MemberObligationsOpen, "exchange"));
                assert!(refusal.expected.contains(what), "{what}: {}", refusal.expected);
            }
            other => panic!("{other:?}"),
        }
    };
    open(&mut trade, "money held on exchange:js:fees:CNY/2");
    trade.market.must(By::ForAt(JS, trade.supplier), "delivery.record", delivery_body(order));
    trade.market.must(by, "order.accept", json!({ "order": order }));
    open(&mut trade, "104.94 on exchange:js:clearing:CNY/2");
    open(&mut trade, "window CNY/2#1, open");
    trade.market.must(By::At(AH), "window.close", json!({ "window": "CNY/2#1" }));
    open(&mut trade, "window CNY/2#1, closing");
    trade.market.must(By::At(AH), "window.abort", json!({ "window": "CNY/2#1", "reason": "bank holiday" }));
    open(&mut trade, "window CNY/2#2, open");
    trade.settle(2);
    trade.market.must(By::At(JS), "member.depart", depart());
    let again = Code::KeyRetired;
    trade.market.refused(By::At(JS), "member.depart", depart(), again, "kid");
}

#[test]
fn a_successor_stands_in_for_an_exchange_that_left() {
    let mut trade = trade();
    let sold = trade.buys(SH);
    let own = trade.buys(JS);
    trade.leaves(ZJ);
    trade.settle(1);
    let before = (trade.fees(JS), trade.fees(ZJ), trade.market.balance("exchange:js:bank:CNY/2"));
    trade.market.must(By::At(JS), "member.depart", depart());
    let left_at = trade.market.height;
    trade.market.check_money();
    assert_eq!((trade.fees(JS), trade.fees(ZJ)), (0, before.0 + before.1));
    assert_eq!(trade.market.balance("exchange:zj:bank:CNY/2"), 100_000 + before.2);
    for purpose in ["bank", "tax", "clearing", "difference"] {
        assert_eq!(trade.market.balance(&format!("exchange:js:{purpose}:CNY/2")), 0, "{purpose}");
    }
    let region = trade.market.state.find::<Region>(&"region").unwrap();
    assert_eq!(region.home_of(&"js".parse().unwrap()).as_str(), "zj");
    assert!(matches!(trade.market.exchange(JS).membership, Membership::Left { .. }));
    let voters = |height| validators(trade.market.state.all::<Exchange>(), Height(height)).len();
    assert_eq!((voters(left_at + 1), voters(left_at + 2)), (4, 3));

    // It signs nothing more; its successor acts for its parties, and they at their successor.
    let market = &mut trade.market;
    let party = party_body("late", &["buyer"]);
    market.refused(By::At(JS), "party.certify", party.clone(), Code::KeyRetired, "kid");
    market.pass_heights(1);
    market.refused(By::At(JS), "party.certify", party, Code::MemberNotActive, "exchange");
    let deposit = json!({
        "party": trade.buyers[JS], "asset": "CNY/2", "amount_minor": 500, "bank_reference": "in-late",
    });
    market.refused(By::At(SH), "account.deposit", deposit.clone(), Code::AccountOtherBook, "party");
    market.must(By::At(ZJ), "account.deposit", deposit);
    let withdraw = json!({ "asset": "CNY/2", "amount_minor": 500 });
    market.must(By::ForAt(ZJ, trade.buyers[JS]), "account.withdraw", withdraw);
    // Licences stay what they were; money of them goes back through the successor.
    let licence = market.state.find::<Licence>(&format!("{sold}.1")).unwrap();
    assert!(matches!(licence.state, LicenceState::Active { .. }));
    assert_eq!(licence.exchange.as_str(), "js", "nothing is rewritten");
    for order in [sold, own] {
        let lines = json!([{ "line": 1, "amount_minor": 5_000 }]);
        let refund = json!({ "order": order, "lines": lines, "reason": "goodwill" });
        market.refused(By::At(AH), "refund.grant", refund.clone(), Code::RefundNotAllowed, "lines");
        market.must(By::At(ZJ), "refund.grant", refund);
    }
    market.check_money();
    // Its product is listed by the successor now: a sale through a third shares the fee with that.
    let by = By::ForAt(AH, trade.buyers[AH]);
    let order = market.must(by, "order.place", order_body(&[trade.offer]));
    let licence = market.state.find::<Licence>(&format!("{order}.1")).unwrap();
    assert_eq!((licence.exchange.as_str(), licence.supplier_book.as_str()), ("zj", "zj"));
    market.must(By::ForAt(ZJ, trade.supplier), "delivery.record", delivery_body(order));
    market.must(by, "order.accept", json!({ "order": order }));
    market.check_money();
    // What the windows count is what their lines say.
    let mut counted = std::collections::BTreeMap::<Pair, PairTotals>::new();
    for refund in market.state.all::<RefundRecord>() {
        let order = market.state.find::<Order>(&refund.order).unwrap();
        let licence = market.state.find::<Licence>(&format!("{}.1", refund.order)).unwrap();
        for line in refund_lines(order, licence, refund, &refund.lines[0], TaxVersion(1)).unwrap() {
            counted.entry(line.pair).or_default().line_count += 1;
            assert_ne!(line.debtor.as_str(), "js");
        }
    }
    let pairs: Vec<String> = counted.keys().map(ToString::to_string).collect();
    assert_eq!(pairs, ["sh~sh", "sh~zj", "zj~zj"]);
    for (pair, totals) in &counted {
        assert_eq!(trade.window(2).pairs[pair].line_count, totals.line_count, "{pair}");
    }
    trade.market.must(By::At(ZJ), "party.revoke", json!({ "party": trade.supplier, "reason": "fraud" }));
    trade.settle(2);
    trade.market.check_money();
}

#[test]
fn a_party_whose_keys_left_with_its_exchange_gets_others_from_the_successor_or_registers_its_own() {
    let mut trade = trade();
    // Two parties of js that do not entrust it: of one it keeps the key, the other keeps its own.
    let certify = |trade: &mut Trade, name: &str, seed: u8| -> PartyId {
        let mut body = party_body(name, &["buyer"]);
        body["keys"] = json!([harness::key(seed).public_key()]);
        body["entrusts_exchange"] = json!(false);
        trade.market.must(By::At(JS), "party.certify", body).into()
    };
    let (kept, own) = (certify(&mut trade, "kept", 100), certify(&mut trade, "own", 101));
    trade.leaves(ZJ);
    trade.market.must(By::At(JS), "member.depart", depart());
    trade.market.pass_heights(1);
    let market = &mut trade.market;
    let withdraw = || json!({ "asset": "CNY/2", "amount_minor": 500 });
    for party in [kept, own] {
        let deposit = json!({
            "party": party, "asset": "CNY/2", "amount_minor": 1_000, "bank_reference": format!("in-{party}"),
        });
        market.must(By::At(ZJ), "account.deposit", deposit);
        market.refused(
            By::ForAt(ZJ, party),
            "account.withdraw",
            withdraw(),
            Code::DelegationMissing,
            "on_behalf_of",
        );
    }
    let keys = |party: PartyId, seeds: &[u8], entrusts: bool| {
        let keys: Vec<_> = seeds.iter().map(|seed| harness::key(*seed).public_key()).collect();
        json!({ "party": party, "keys": keys, "entrusts_exchange": entrusts })
    };
    let replace = "party.replace_keys";
    market.refused(By::At(SH), replace, keys(kept, &[102], false), Code::ExchangeOnly, "party");
    market.refused(By::KeyAt(101, ZJ), replace, keys(kept, &[102], false), Code::ExchangeOnly, "party");
    market.refused(By::At(ZJ), replace, keys(kept, &[], false), Code::BodyMalformed, "keys");
    market.refused(By::At(ZJ), replace, keys(kept, &[102, 101], false), Code::KeyTaken, "keys[1]");
    market.refused(By::At(ZJ), replace, keys(kept, &[1], false), Code::KeyTaken, "keys[0]");
    market.must(By::At(ZJ), replace, keys(kept, &[102], false));
    market.must(By::KeyAt(102, ZJ), "account.withdraw", withdraw());
    // What js may have kept of it signs nothing more, and never again.
    market.refused(By::KeyAt(100, ZJ), "account.withdraw", withdraw(), Code::KeyRetired, "kid");
    market.refused(By::At(ZJ), replace, keys(kept, &[100], false), Code::KeyTaken, "keys[0]");
    // A party adds a key of its own and keeps the one it has, then entrusts its new home and has none.
    market.must(By::KeyAt(101, AH), replace, keys(own, &[101, 103], false));
    market.must(By::KeyAt(101, AH), "account.withdraw", withdraw());
    market.must(By::KeyAt(103, AH), replace, keys(own, &[], true));
    market.refused(By::KeyAt(101, AH), "account.withdraw", withdraw(), Code::KeyRetired, "kid");
    market.must(By::ForAt(ZJ, own), "account.withdraw", withdraw());
    market.must(By::At(ZJ), "party.revoke", json!({ "party": own, "reason": "fraud" }));
    market.refused(By::At(ZJ), replace, keys(own, &[104], false), Code::PartyRevoked, "party");
    market.check_money();
}

#[test]
fn a_successor_ends_the_breaks_of_an_exchange_that_left() {
    let mut trade = trade();
    trade.buys(SH);
    trade.settle(1);
    let open = |key: &str| {
        json!({
            "window": "CNY/2#1", "pair": "js~sh", "kind": "missing_left", "key": key,
            "right_minor": 100, "person": "chen",
        })
    };
    let found = trade.market.must(By::At(SH), "break.open", open("sale-1"));
    trade.leaves(ZJ);
    trade.market.must(By::At(JS), "member.depart", depart());
    trade.market.pass_heights(1);
    let market = &mut trade.market;
    let assign = |exchange: &str| {
        let owner = json!({ "exchange": exchange, "person": "wu" });
        json!({ "break": found, "person": "wu", "owner": owner })
    };
    market.refused(By::At(AH), "break.assign", assign("ah"), Code::BreakNotConcerned, "pair");
    market.refused(By::At(ZJ), "break.assign", assign("js"), Code::BreakNotConcerned, "pair");
    market.must(By::At(ZJ), "break.assign", assign("zj"));
    let evidence = json!({ "name": "heads", "left_root": Digest::of(b"l"), "right_root": Digest::of(b"r") });
    market.must(
        By::At(ZJ),
        "break.evidence",
        json!({ "break": found, "person": "wu", "evidence": evidence }),
    );
    let resolution = json!({ "name": "no_action", "reason": "posted by hand" });
    let propose = json!({ "break": found, "person": "wu", "resolution": resolution });
    market.must(By::At(ZJ), "break.propose", propose);
    market.must(By::At(SH), "break.approve", json!({ "break": found, "person": "chen" }));
    market.must(By::At(ZJ), "break.resolve", json!({ "break": found, "person": "wu" }));
    let ended = market.state.find::<Break>(&found).unwrap();
    assert_eq!(
        (ended.pair.to_string(), ended.state.is_ended()),
        ("js~sh".to_owned(), true),
        "nothing is rewritten"
    );
    // And it finds others, which are of the books as they were.
    market.refused(By::At(AH), "break.open", open("sale-2"), Code::BreakNotConcerned, "pair");
    let found = market.must(By::At(ZJ), "break.open", open("sale-2"));
    assert_eq!(market.state.find::<Break>(&found).unwrap().pair.to_string(), "js~sh");
}

#[test]
fn a_leaving_exchange_may_name_another_successor() {
    let mut trade = trade();
    trade.leaves(ZJ);
    let change = json!({ "name": "suspend", "exchange": "zj", "reason": "does not pay" });
    let id = trade.market.must(By::At(SH), "member.propose", json!({ "change": change }));
    // zj is not counted and js, which is leaving, has no say: two are left, and both approve.
    trade.market.must(By::At(AH), "member.vote", json!({ "proposal": id, "approve": true }));
    trade.market.pass_heights(1);
    trade.market.refused(By::At(JS), "member.depart", depart(), Code::MemberNotActive, "exchange");
    let change = json!({ "name": "leave", "exchange": "js", "successor": "ah" });
    let id = trade.market.must(By::At(JS), "member.propose", json!({ "change": change }));
    for voter in [SH, AH] {
        trade.market.must(By::At(voter), "member.vote", json!({ "proposal": id, "approve": true }));
    }
    trade.market.pass_heights(1);
    trade.market.must(By::At(JS), "member.depart", depart());
    let region = trade.market.state.find::<Region>(&"region").unwrap();
    assert_eq!(region.home_of(&"js".parse().unwrap()).as_str(), "ah");
    trade.market.check_money();
}
