//! Random histories: whatever is asked in whatever order, the books balance, held money is exactly that of open lines,
//! a replay gives the same bytes, and a state that is loaded piece by piece gives the same answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod harness;
use databourse_licensing::{Licence, LicenceState, Order};
use databourse_market::{Base, BlockContext, Key, Loaded, MemoryState, Outcome, SignedCommand, execute};
use databourse_primitives::{EntryId, LicenceId, PartyId};
use harness::{By, Market, delivery_body, order_body};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
enum Step {
    Deposit { buyer: usize, amount_minor: i64 },
    Order { buyer: usize, offers: Vec<usize> },
    Deliver { order: usize, supplier: usize },
    Accept { order: usize, line: Option<u32> },
    Reject { order: usize, line: Option<u32> },
    Refund { order: usize, line: u32, amount_minor: i64 },
    Withdraw { party: usize, amount_minor: i64 },
    Close,
    Certify { order: usize },
    Retry { step: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let amount = prop_oneof![0..20_000_i64, Just(1), Just(10_600)];
    let line = prop::option::of(1..4_u32);
    prop_oneof![
        3 => (0..2_usize, amount.clone()).prop_map(|(buyer, amount_minor)| Step::Deposit { buyer, amount_minor }),
        5 => (0..2_usize, prop::collection::vec(0..3_usize, 0..4)).prop_map(|(buyer, offers)| Step::Order { buyer, offers }),
        5 => (0..8_usize, 0..2_usize).prop_map(|(order, supplier)| Step::Deliver { order, supplier }),
        5 => (0..8_usize, line.clone()).prop_map(|(order, line)| Step::Accept { order, line }),
        2 => (0..8_usize, line).prop_map(|(order, line)| Step::Reject { order, line }),
        3 => (0..8_usize, 1..4_u32, amount.clone())
            .prop_map(|(order, line, amount_minor)| Step::Refund { order, line, amount_minor }),
        2 => (0..4_usize, amount).prop_map(|(party, amount_minor)| Step::Withdraw { party, amount_minor }),
        1 => Just(Step::Close),
        1 => (0..8_usize).prop_map(|order| Step::Certify { order }),
        2 => (0..40_usize).prop_map(|step| Step::Retry { step }),
    ]
}

struct Play {
    market: Market,
    parties: Vec<PartyId>,
    offers: Vec<EntryId>,
    orders: Vec<EntryId>,
    sent: Vec<(By, EntryId, &'static str, serde_json::Value, bool)>,
    windows: u64,
    certificates: u64,
}

impl Play {
    fn new() -> Self {
        let mut market = Market::founded();
        let parties = vec![
            market.party("buyer-a", &["buyer"]),
            market.party("buyer-b", &["buyer"]),
            market.party("supplier-a", &["supplier"]),
            market.party("supplier-b", &["supplier"]),
        ];
        let mut offers = Vec::new();
        for (supplier, price) in [(2, "100.00"), (3, "0.33"), (3, "0")] {
            let right = market.right(parties[supplier], &format!("source-{price}"));
            let product = market.product(parties[supplier], right);
            offers.push(market.offer(parties[supplier], product, price));
        }
        Self { market, parties, offers, orders: Vec::new(), sent: Vec::new(), windows: 1, certificates: 0 }
    }

    fn order(&self, number: usize) -> EntryId {
        self.orders.get(number).copied().unwrap_or_else(|| harness::id(999_999))
    }

    fn send(&mut self, by: By, entry_type: &'static str, body: serde_json::Value) -> bool {
        let id = self.market.new_id();
        let accepted = matches!(self.market.submit(by, id, entry_type, &body), Ok(Outcome::Accepted(_)));
        self.sent.push((by, id, entry_type, body, accepted));
        if accepted && entry_type == "order.place" {
            self.orders.push(id);
        }
        accepted
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Deposit { buyer, amount_minor } => {
                let reference = format!("line-{}", self.market.next_id);
                let body = json!({ "party": self.parties[buyer], "asset": "CNY/2", "amount_minor": amount_minor,
                    "bank_reference": reference });
                self.send(By::Exchange, "account.deposit", body);
            }
            Step::Order { buyer, offers } => {
                let offers: Vec<_> = offers.into_iter().map(|offer| self.offers[offer]).collect();
                self.send(By::For(self.parties[buyer]), "order.place", order_body(&offers));
            }
            Step::Deliver { order, supplier } => {
                let body = delivery_body(self.order(order));
                self.send(By::For(self.parties[2 + supplier]), "delivery.record", body);
            }
            Step::Accept { order, line } => {
                let (by, mut body) = self.by_buyer(order);
                if let Some(line) = line {
                    body["lines"] = json!([line]);
                }
                self.send(by, "order.accept", body);
            }
            Step::Reject { order, line } => {
                let (by, mut body) = self.by_buyer(order);
                body["reason"] = json!("not as described");
                if let Some(line) = line {
                    body["lines"] = json!([line]);
                }
                self.send(by, "order.reject", body);
            }
            Step::Refund { order, line, amount_minor } => {
                let lines = json!([{ "line": line, "amount_minor": amount_minor }]);
                let body = json!({ "order": self.order(order), "lines": lines, "reason": "goodwill" });
                self.send(By::Exchange, "refund.grant", body);
            }
            Step::Withdraw { party, amount_minor } => {
                let body = json!({ "asset": "CNY/2", "amount_minor": amount_minor });
                self.send(By::For(self.parties[party]), "account.withdraw", body);
            }
            Step::Close => {
                let body = json!({ "window": format!("CNY/2#{}", self.windows) });
                assert!(self.send(By::Exchange, "window.close", body), "the open window always closes");
                self.windows += 1;
            }
            Step::Certify { order } => self.certify(order),
            Step::Retry { step } => self.retry(step),
        }
    }

    fn by_buyer(&self, order: usize) -> (By, serde_json::Value) {
        let id = self.order(order);
        let buyer = self.market.state.find::<Order>(&id).map_or(self.parties[0], |order| order.buyer);
        (By::For(buyer), json!({ "order": id }))
    }

    fn certify(&mut self, order: usize) {
        let id = self.order(order);
        let Some(record) = self.market.state.find::<Order>(&id) else { return };
        let any_active = (1..=record.line_count).any(|line| {
            let licence = self.market.state.find::<Licence>(&LicenceId { order: record.id, line }).unwrap();
            matches!(licence.state, LicenceState::Active { .. })
        });
        let complete = record.open_line_count == 0 && any_active;
        let certified = record.certificate.is_some();
        if complete {
            let body = self.market.certificate_body(id, self.certificates + 1);
            let accepted = self.send(By::Exchange, "certificate.issue", body);
            assert_eq!(accepted, !certified, "a completed order has one certificate");
            self.certificates += u64::from(accepted);
        }
    }

    /// An accepted command, sent again, is answered as before and changes nothing.
    fn retry(&mut self, step: usize) {
        let Some((by, id, entry_type, body, true)) = self.sent.get(step).cloned() else { return };
        let before = self.market.size;
        let again = self.market.submit(by, id, entry_type, &body).unwrap();
        assert!(matches!(again, Outcome::AlreadyApplied(answer) if answer.id == id));
        assert_eq!(self.market.size, before);
    }

    /// Held money is exactly what the open lines cost, per buyer.
    fn check_held(&self) {
        for buyer in &self.parties[..2] {
            let open: i64 = self
                .market
                .state
                .all::<Licence>()
                .filter(|licence| licence.buyer == *buyer)
                .filter(|licence| {
                    matches!(licence.state, LicenceState::Ordered | LicenceState::Delivered { .. })
                })
                .map(|licence| licence.net_minor.get() + licence.vat_minor.get())
                .sum();
            let funds = self.market.balances(&format!("party:{buyer}:funds:CNY/2"));
            assert_eq!(funds.pending_out_minor, open);
        }
        for order in self.market.state.all::<Order>() {
            assert!(order.refunded_minor <= order.total_minor, "more refunded than paid");
        }
    }
}

/// Passes over a cold command: three that load, and the one that has everything.
const ROUND_TRIPS_MAX: usize = 4;

/// A state that knows only what was asked for, like a node's working set over a database.
struct Piecemeal<'a> {
    whole: &'a MemoryState,
    loaded: BTreeSet<Key>,
}

impl Base for Piecemeal<'_> {
    fn get(&self, key: &Key) -> Loaded {
        if self.loaded.contains(key) { self.whole.get(key) } else { Loaded::Unknown }
    }
}

fn execute_piecemeal(
    whole: &MemoryState,
    commands: &[SignedCommand],
    context: &BlockContext,
) -> (Vec<Outcome>, String) {
    let mut base = Piecemeal { whole, loaded: BTreeSet::new() };
    let mut last = BTreeSet::new();
    for _round in 0..ROUND_TRIPS_MAX {
        match execute(&base, commands, context) {
            Ok(executed) => {
                return (executed.outcomes, executed.effects.encode().unwrap().digest.to_string());
            }
            Err(missing) => {
                assert!(missing.iter().all(|key| !base.loaded.contains(key)), "asked twice for one record");
                base.loaded.extend(missing.iter().cloned());
                last = missing;
            }
        }
    }
    panic!(
        "a command needs more than {ROUND_TRIPS_MAX} passes, the last for {last:?}: {:?}",
        commands[0].command()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_after_every_step_and_a_replay_gives_the_same_bytes(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut play = Play::new();
        for step in steps {
            play.take(step);
            play.check_held();
        }
        play.market.check_money();
        let mut again = MemoryState::new();
        for (context, commands, effects) in &play.market.history {
            let (_, piecemeal) = execute_piecemeal(&again, commands, context);
            let executed = execute(&again, commands, context).unwrap();
            let encoded = executed.effects.clone().encode().unwrap();
            prop_assert_eq!(encoded.digest, effects.digest);
            prop_assert_eq!(piecemeal, effects.digest.to_string());
            again.apply(executed.effects);
        }
    }
}
