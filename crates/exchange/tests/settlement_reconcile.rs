//! A window of two exchanges on a real PostgreSQL: its lines, its heads, and its comparison with a book and a bank.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use databourse_exchange::{
    Acting, Clock, Entropy, Founding, HeadVerdict, Node, NodeConfig, NodeKeys, OpenedBreak, RailName,
    ReconcileReport, ReconcileRequest, Running, SettlementConfig, SettlementError, SkippedLine, Submission,
};
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_market::Command;
use databourse_party::FoundExchange;
use databourse_primitives::{
    AmountMinor, BilingualText, Digest, EntryId, Label, LeafIndex, PartyId, Rate, RefusalCode, TaxVersion,
    Timestamp, WindowId,
};
use databourse_rails::{BankLine, Direction, Ecny, LineStatus, Report};
use databourse_reconcile::{
    BreakKind as Found, LineKind, SettlementLine,
    book::{ColumnMapping, write_book},
    matching::Rule,
};
use databourse_settlement::{
    Break, BreakKind, Evidence, Fee, FeeBase, FeeRule, Pair, PublishSchedule, PublishTax, Rounding, Window,
    WindowState,
};
use databourse_store::{Column, ListQuery};
use databourse_testkit::TestDatabase;
use serde_json::{Value, json, value::RawValue};
use std::collections::{BTreeMap, BTreeSet};

const NEAR: &str = "sh~sh";
const FAR: &str = "sh~zj";

/// The node of `sh` in a region with `zj`, whose key the test has; sales of a supplier of each to a buyer of `sh`.
struct Market {
    node: Node,
    running: Running,
    peer: SigningKey,
    next: u64,
    buyer: PartyId,
    near: PartyId,
    far: PartyId,
    near_offer: EntryId,
    far_offer: EntryId,
}

fn founding(peer: &SigningKey) -> Founding {
    let name = |text: &str| BilingualText::new(None, Some(text)).unwrap();
    let exempt: Label = "exempt".parse().unwrap();
    let rate = |text: &str| -> Rate { text.parse().unwrap() };
    Founding {
        region_name: name("Delta"),
        exchange_name: Some(name("Shanghai")),
        assets: ["CNY/2".parse().unwrap()].into(),
        taxes: vec![PublishTax {
            version: TaxVersion(1),
            rates: [("services".parse().unwrap(), rate("0.06")), (exempt.clone(), Rate::ZERO)].into(),
            kinds: BTreeMap::from([("dataset".parse().unwrap(), "services".parse().unwrap())]),
            default: exempt,
        }],
        schedules: vec![PublishSchedule {
            version: "CNY/2@1".parse().unwrap(),
            effective_from: LeafIndex(0),
            fees: vec![FeeRule {
                kinds: BTreeSet::new(),
                exchanges: BTreeSet::new(),
                roles: BTreeSet::new(),
                fee: Fee {
                    base: FeeBase::Percentage { rate: rate("0.025") },
                    min_minor: None,
                    max_minor: None,
                },
            }],
            fee_vat: "services".parse().unwrap(),
            selling_share: rate("0.5"),
            yearly: BTreeMap::new(),
            tax: TaxVersion(1),
            hold_days: 30,
            dispute_days: 7,
            bank_tolerance_minor: AmountMinor::new(5).unwrap(),
            rounding: Rounding::HalfUpLargestRemainderCarry,
        }],
        peers: vec![FoundExchange {
            code: "zj".parse().unwrap(),
            name: name("Zhejiang"),
            entry_key: peer.public_key(),
            cosignature_key: SigningKey::from_seed([8; 32]).public_key(),
            checkpoint_key: SigningKey::from_seed([108; 32]).public_key(),
            consensus_key: SigningKey::from_seed([109; 32]).public_key(),
        }],
        predecessor: None,
    }
}

fn id(number: u64) -> EntryId {
    format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap()
}

fn window(number: u64) -> WindowId {
    format!("CNY/2#{number}").parse().unwrap()
}

fn key(order: EntryId, rest: &str) -> String {
    format!("{order}.1/{rest}")
}

impl Market {
    async fn open(database: &TestDatabase) -> Self {
        databourse_store::Store::migrate(database.config()).await.unwrap();
        let entropy = Entropy::seeded(7);
        let keys = NodeKeys::generate(&entropy).unwrap();
        let peer = SigningKey::from_seed([9; 32]);
        let config = NodeConfig {
            exchange: "sh".parse().unwrap(),
            origin: "databourse.example/delta".parse().unwrap(),
            founding: founding(&peer),
            database: database.config(),
            replicas: Vec::new(),
            reader_count: 4,
            pool_capacity: 1_000,
            working_set_record_count: 16.try_into().unwrap(),
            clock: Clock::stepped("2026-01-05T01:00:00Z".parse().unwrap()),
            entropy,
            settlement: SettlementConfig::default(),
            region: None,
            snapshot_folder: None,
        };
        let (node, running) = Node::start(config, &keys).await.unwrap();
        let [buyer, near, far] = [1, 2, 3].map(|number| PartyId::from(id(number)));
        let (near_offer, far_offer) = (id(0), id(0));
        let mut market = Self { node, running, peer, next: 0, buyer, near, far, near_offer, far_offer };
        market.own(None, "party.certify", &party("buyer")).await;
        market.own(None, "party.certify", &party("supplier")).await;
        market.peer(None, "party.certify", &party("supplier")).await;
        let right = market.own(Some(near), "right.register", &right("ports")).await;
        let product = market.own(Some(near), "product.list", &product(right)).await;
        market.near_offer = market.own(Some(near), "offer.publish", &offer(product)).await;
        let right = market.peer(Some(far), "right.register", &self::right("tides")).await;
        let product = market.peer(Some(far), "product.list", &self::product(right)).await;
        market.far_offer = market.peer(Some(far), "offer.publish", &offer(product)).await;
        market.deposit("b1").await;
        market
    }

    /// An entry that the node signs, for a party or for the exchange itself.
    async fn own(&mut self, party: Option<PartyId>, entry_type: &str, body: &Value) -> EntryId {
        self.next += 1;
        let acting = party.map_or(Acting::Exchange, Acting::Party);
        let command = Command::from_json(entry_type, &body.to_string()).unwrap();
        self.submit(Submission::Command { id: id(self.next), acting, command }).await
    }

    /// An entry that the other exchange signs.
    async fn peer(&mut self, party: Option<PartyId>, entry_type: &str, body: &Value) -> EntryId {
        self.next += 1;
        let claims = Claims {
            entry_type: entry_type.to_owned(),
            id: id(self.next),
            exchange: "zj".parse().unwrap(),
            issued_at_s: self.node.now().unix_seconds(),
            on_behalf_of: party,
            body: RawValue::from_string(body.to_string()).unwrap(),
        };
        let entry = Entry::sign(&claims, &self.peer).unwrap();
        self.submit(Submission::Signed(entry.bytes().to_vec())).await
    }

    async fn submit(&self, submission: Submission) -> EntryId {
        self.node.submit(vec![submission]).await.pop().unwrap().unwrap().id
    }

    async fn deposit(&mut self, reference: &str) {
        let body = json!({
            "party": self.buyer, "asset": "CNY/2", "amount_minor": 500_000, "bank_reference": reference,
        });
        self.own(None, "account.deposit", &body).await;
    }

    async fn sale(&mut self, is_far: bool) -> EntryId {
        let offer = if is_far { self.far_offer } else { self.near_offer };
        let body = json!({ "lines": [{ "offer": offer, "quantity": 1, "purpose": "logistics" }] });
        let order = self.own(Some(self.buyer), "order.place", &body).await;
        let delivery = json!({ "order": order, "method": "file", "evidence": Digest::of(b"file") });
        if is_far {
            self.peer(Some(self.far), "delivery.record", &delivery).await;
        } else {
            self.own(Some(self.near), "delivery.record", &delivery).await;
        }
        self.own(Some(self.buyer), "order.accept", &json!({ "order": order })).await;
        order
    }

    async fn refund(&mut self, order: EntryId, amount_minor: i64) -> EntryId {
        let lines = json!([{ "line": 1, "amount_minor": amount_minor }]);
        let body = json!({ "order": order, "lines": lines, "reason": "late" });
        self.own(Some(self.near), "refund.grant", &body).await
    }

    async fn close(&mut self, number: u64) {
        self.own(None, "window.close", &json!({ "window": window(number) })).await;
    }

    /// Closes and signs a window; the other exchange finds the same.
    async fn finish(&mut self, number: u64) {
        self.close(number).await;
        for answer in self.node.sign_window(window(number), None).await {
            answer.unwrap();
        }
        let pair = FAR.parse().unwrap();
        if let Some(head) = self.node.window_head(window(number), &pair).await.unwrap() {
            self.peer(None, "window.sign", &json!({ "head": head })).await;
        }
    }

    async fn state(&self, number: u64) -> WindowState {
        self.node.store().get::<Window>(&window(number).to_string()).await.unwrap().unwrap().state
    }

    /// The ledger's lines, as a careful exchange has them in its own book.
    async fn book(&self, number: u64) -> Vec<SettlementLine> {
        let mut lines = Vec::new();
        for pair in [NEAR, FAR] {
            let pair: Pair = pair.parse().unwrap();
            lines.extend(self.node.window_lines(window(number), &pair).await.unwrap());
        }
        lines
    }

    async fn reconcile(
        &self,
        number: u64,
        book: Option<&[SettlementLine]>,
        bank: Option<&[BankLine]>,
        person: Option<&str>,
    ) -> ReconcileReport {
        let mapping = ColumnMapping::plain();
        let request = ReconcileRequest {
            window: window(number),
            book: book.map(|lines| write_book(lines, &mapping).unwrap()),
            mapping,
            bank: bank.map(|lines| (RailName::Ecny, wallet_file(lines))),
            open_breaks: person.map(|person| person.parse().unwrap()),
        };
        let report = self.node.reconcile(request).await.unwrap();
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<ReconcileReport>(&json).unwrap(), report);
        report
    }

    async fn breaks(&self, number: u64) -> Vec<Break> {
        let filters = vec![(Column::Window, window(number).to_string())];
        let query = ListQuery { filters, limit: 100, ..ListQuery::default() };
        self.node.store().list::<Break>(&query).await.unwrap().items
    }
}

fn party(role: &str) -> Value {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    json!({
        "legal_name": { "en": role }, "legal_identifier": format!("ext:{number}"), "roles": [role],
        "home_region": "CN-SH", "entrusts_exchange": true, "keys": [], "valid_until": "2030-01-01T00:00:00Z",
    })
}

fn right(source: &str) -> Value {
    json!({
        "interests": ["product_operation"], "data_class": "enterprise", "source": source,
        "source_statement": { "en": "own systems" },
    })
}

fn product(right: EntryId) -> Value {
    let details =
        json!({ "title": { "en": "Ports" }, "description": { "en": "Port calls" }, "kind": "dataset" });
    json!({ "right": right, "details": details })
}

fn offer(product: EntryId) -> Value {
    let terms = json!({
        "purposes": ["logistics"], "term_days": 365, "territory": "CN", "usable_not_visible": false, "exclusive": false,
    });
    json!({ "product": product, "asset": "CNY/2", "pricing": "one_off", "unit_price": "100.00", "terms": terms })
}

fn bank_line(reference: &str, direction: Direction, amount_minor: i64, booked_at: &str) -> BankLine {
    BankLine {
        account: "0022000000000001".parse().unwrap(),
        reference: reference.parse().unwrap(),
        end_to_end: None,
        direction,
        asset: "CNY/2".parse().unwrap(),
        amount_minor: AmountMinor::new(amount_minor).unwrap(),
        counterparty_account: None,
        counterparty_name: None,
        booked_at: booked_at.parse().unwrap(),
        status: LineStatus::Booked,
    }
}

fn wallet_file(lines: &[BankLine]) -> Vec<u8> {
    let report = Report {
        message_id: &"m1".parse().unwrap(),
        account: &"0022000000000001".parse().unwrap(),
        asset: "CNY/2".parse().unwrap(),
        created_at: Timestamp::EPOCH,
        lines,
    };
    Ecny.lines(&report).unwrap()
}

/// Kind and key of everything that was found, in the order of the report.
fn found(report: &ReconcileReport) -> Vec<(Found, String)> {
    let book = report.book.iter().flatten().flat_map(|pair| &pair.breaks);
    let book = book.map(|reported| (reported.found.kind, reported.found.key.clone()));
    let bank = report.bank.iter().flat_map(|bank| &bank.breaks);
    let bank = bank.map(|reported| (reported.found.kind, reported.found.key.clone()));
    book.chain(bank).map(|(kind, key)| (kind, key.map(|key| key.to_string()).unwrap_or_default())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_signed_from_its_records_and_a_true_book_agrees_with_it() {
    let database = TestDatabase::create().await;
    let mut market = Market::open(&database).await;
    let order = market.sale(false).await;
    market.sale(true).await;
    market.refund(order, 1_000).await;
    market.close(1).await;
    let lines = market.node.window_lines(window(1), &NEAR.parse().unwrap()).await.unwrap();
    let refunds = lines.iter().filter(|line| line.kind == LineKind::Refund);
    // A sale, its refund, and of the far sale what `sh` earns by it.
    assert_eq!((lines.len(), refunds.map(|line| line.net_minor).sum::<i64>()), (3, -1_000));
    assert!(market.node.window_lines(window(9), &NEAR.parse().unwrap()).await.unwrap().is_empty());

    let heads = market.node.compare_heads(window(1)).await.unwrap().unwrap();
    assert!(heads.iter().all(|head| head.verdict == HeadVerdict::Waiting));
    assert_eq!(market.node.sign_window(window(1), None).await.len(), 2);
    assert!(market.node.sign_window(window(1), None).await.is_empty(), "there is nothing left to sign");
    let head = market.node.window_head(window(1), &FAR.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((head.line_count, head.left_to_right_minor > 0, head.right_to_left_minor), (1, true, 0));
    market.peer(None, "window.sign", &json!({ "head": head })).await;
    assert!(matches!(market.state(1).await, WindowState::Closed { .. }));
    let heads = market.node.compare_heads(window(1)).await.unwrap().unwrap();
    let verdicts: Vec<_> = heads.iter().map(|head| (head.pair.to_string(), head.verdict)).collect();
    assert_eq!(verdicts, [(NEAR.into(), HeadVerdict::Agreed), (FAR.into(), HeadVerdict::Agreed)]);

    let book = market.book(1).await;
    let report = market.reconcile(1, Some(&book), None, Some("ann")).await;
    assert_eq!((report.break_count(), report.opened.len()), (0, 0));
    for pair in report.book.unwrap() {
        assert_eq!(pair.matched.keys().copied().collect::<Vec<_>>(), [Rule::Root], "{}", pair.pair);
    }
    assert_eq!(market.breaks(1).await, []);
    market.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_book_gives_exactly_its_breaks_and_each_is_opened_once() {
    let database = TestDatabase::create().await;
    let mut market = Market::open(&database).await;
    let mut orders = Vec::new();
    for _ in 0..6 {
        orders.push(market.sale(false).await);
    }
    let far = market.sale(true).await;
    let refund = market.refund(orders[4], 500).await;
    market.finish(1).await;

    let mut book = market.book(1).await;
    let is =
        |line: &SettlementLine, wanted: &str| line.key.as_ref().is_some_and(|key| key.as_str() == wanted);
    let refund_key = key(orders[4], &format!("refund/{refund}"));
    let sale = |order: EntryId| key(order, "sale");
    let at = book.iter().position(|line| is(line, &sale(orders[0]))).unwrap();
    book[at].net_minor += 7;
    let twice = book.iter().find(|line| is(line, &sale(orders[1]))).unwrap().clone();
    book.push(twice);
    let gone = [sale(orders[2]), refund_key.clone()];
    book.retain(|line| !gone.iter().any(|gone| is(line, gone)));
    // The same key stands in both pairs: with `zj` what its supplier got, here what `sh` earned by it.
    book.retain(|line| !(is(line, &sale(far)) && line.counterparty.as_str() == "zj"));

    let reported = market.reconcile(1, Some(&book), None, None).await;
    let expected = [
        (Found::Amount, sale(orders[0])),
        (Found::Duplicate, sale(orders[1])),
        (Found::MissingRight, sale(orders[2])),
        (Found::MissingRight, refund_key.clone()),
        (Found::MissingRight, sale(far)),
    ];
    assert_eq!(found(&reported), expected);
    assert_eq!(market.breaks(1).await, [], "nothing is opened unless somebody opens it");

    let first = market.reconcile(1, Some(&book), None, Some("ann")).await;
    assert_eq!((found(&first), first.opened.len()), (expected.to_vec(), 5));
    let second = market.reconcile(1, Some(&book), None, Some("bob")).await;
    assert_eq!((found(&second), second.opened.len()), (expected.to_vec(), 0));
    let first: Vec<_> = first.book.unwrap().into_iter().flat_map(|pair| pair.breaks).collect();
    let second: Vec<_> = second.book.unwrap().into_iter().flat_map(|pair| pair.breaks).collect();
    for (first, second) in first.iter().zip(&second) {
        let (Some(OpenedBreak::Opened { id }), Some(OpenedBreak::AlreadyOpen { id: again })) =
            (&first.ledger, &second.ledger)
        else {
            panic!("{:?}, then {:?}", first.ledger, second.ledger)
        };
        assert_eq!(id, again);
        first.evidence.as_ref().unwrap().verify(&first.found).unwrap();
    }

    let breaks = market.breaks(1).await;
    let seen: BTreeSet<_> = breaks
        .iter()
        .map(|found| {
            let minor = |amount: Option<AmountMinor>| amount.map(AmountMinor::get);
            let key = found.key.as_ref().map(ToString::to_string).unwrap_or_default();
            (found.pair.to_string(), found.kind, key, minor(found.left_minor), minor(found.right_minor))
        })
        .collect();
    let near = |kind, key: String, left, right| (NEAR.to_owned(), kind, key, left, right);
    let expected = BTreeSet::from([
        near(BreakKind::Amount, sale(orders[0]), Some(10_600), Some(10_607)),
        near(BreakKind::Duplicate, sale(orders[1]), None, Some(10_600)),
        near(BreakKind::MissingRight, sale(orders[2]), Some(10_600), None),
        near(BreakKind::MissingRight, format!("refund/{refund}.1"), Some(530), None),
        // `sh` is the left exchange of this pair, so its book is the left one.
        (FAR.to_owned(), BreakKind::MissingLeft, sale(far), None, Some(10_468)),
    ]);
    assert_eq!(seen, expected);
    for found in breaks {
        assert_eq!(found.owner.unwrap().person.as_str(), "ann");
        let proofs = &found.evidence[1..];
        assert!(matches!(found.evidence[0], Evidence::Document { .. }), "{:?}", found.evidence);
        let shown = match found.kind {
            BreakKind::Amount => matches!(proofs, [Evidence::Inclusion { .. }, Evidence::Inclusion { .. }]),
            BreakKind::Duplicate => matches!(proofs, [Evidence::Inclusion { .. }]),
            _ => matches!(proofs, [Evidence::Inclusion { .. }, Evidence::NonInclusion { .. }]),
        };
        assert!(shown, "{:?}", found.evidence);
    }
    market.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_other_windows_explain_a_book_wherever_they_are() {
    let database = TestDatabase::create().await;
    let mut market = Market::open(&database).await;
    let (sold, late) = (market.sale(false).await, market.sale(false).await);
    market.finish(1).await;
    market.finish(2).await;
    let refund = market.refund(sold, 500).await;
    market.finish(3).await;

    let mut book = market.book(3).await;
    assert_eq!(book.len(), 1);
    let report = market.reconcile(3, Some(&book), None, None).await;
    assert_eq!(found(&report), [], "the refunded sale is two windows before");
    let first = market.book(1).await;
    let moved = first.iter().find(|line| line.key.as_ref().unwrap().as_str() == key(late, "sale")).unwrap();
    book.push(SettlementLine { window: window(3), ..moved.clone() });
    let mut invented = moved.clone();
    invented.key = Some("019b8b6e-0000-7000-8000-ffffffffffff.1/sale".parse().unwrap());
    invented.window = window(3);
    book.push(invented);
    let report = market.reconcile(3, Some(&book), None, None).await;
    let expected = [
        (Found::Timing, key(late, "sale")),
        (Found::MissingLeft, "019b8b6e-0000-7000-8000-ffffffffffff.1/sale".to_owned()),
    ];
    assert_eq!(found(&report), expected);
    assert_eq!(book[0].key.as_ref().unwrap().as_str(), key(sold, &format!("refund/{refund}")));
    market.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_line_that_the_ledger_does_not_know_is_external() {
    let database = TestDatabase::create().await;
    let mut market = Market::open(&database).await;
    market.sale(true).await;
    let withdrawal = json!({ "asset": "CNY/2", "amount_minor": 3_000 });
    market.own(Some(market.buyer), "account.withdraw", &withdrawal).await;
    market.finish(1).await;
    let on = "2026-01-05T05:00:00Z";
    let mut file = vec![
        bank_line("b1", Direction::Credit, 500_000, "2026-01-04T05:00:00Z"),
        bank_line("w77", Direction::Debit, 3_000, on),
        bank_line("x1", Direction::Credit, 1_234, on),
        bank_line("x0", Direction::Credit, 1_234, "2025-12-01T05:00:00Z"),
    ];
    let first = market.reconcile(1, None, Some(&file), Some("ann")).await;
    assert_eq!(found(&first), [(Found::External, "x1".to_owned())]);
    let bank = first.bank.unwrap();
    assert_eq!(bank.skipped, BTreeMap::from([(SkippedLine::OtherDay, 1)]));
    assert_eq!(bank.tolerance_minor.get(), 5);
    assert_eq!(bank.matched.keys().copied().collect::<Vec<_>>(), [Rule::Key, Rule::OneToOne]);
    assert_eq!(first.opened.len(), 1);
    assert!(market.reconcile(1, None, Some(&file), Some("ann")).await.opened.is_empty());
    let breaks = market.breaks(1).await;
    assert_eq!(
        (breaks.len(), breaks[0].kind, breaks[0].pair.to_string()),
        (1, BreakKind::External, NEAR.into())
    );
    let digest = Digest::of(&wallet_file(&file));
    assert!(
        matches!(&breaks[0].evidence[..], [Evidence::Document { digest: found, .. }] if *found == digest)
    );

    // What the other exchange's bank received is found at ours by the instruction, short by charges.
    market.own(None, "window.instruct", &json!({ "window": window(1), "method": "bilateral" })).await;
    let WindowState::Settling { instructions, .. } = market.state(1).await else { panic!("not settling") };
    let paid = instructions[0].amount_minor.get();
    let body = json!({ "instruction": instructions[0].id, "bank_reference": "zj-1", "received_minor": paid });
    market.peer(None, "instruction.confirm", &body).await;
    market.deposit("b2").await;
    let payment = bank_line("p1", Direction::Debit, paid + 3, on);
    file.push(BankLine { end_to_end: Some(instructions[0].id), ..payment });
    file.push(bank_line("b2", Direction::Credit, 499_000, on));
    let report = market.reconcile(2, None, Some(&file), None).await;
    // `w77` and `x1` are of that day and name nothing: they are `external` in both of its windows.
    let mut kinds = found(&report);
    kinds.sort_unstable();
    let expected =
        [(Found::Amount, "b2".to_owned()), (Found::External, "w77".into()), (Found::External, "x1".into())];
    assert_eq!(kinds, expected);
    let bank = report.bank.unwrap();
    assert_eq!(bank.differences.iter().map(|found| found.difference_minor).collect::<Vec<_>>(), [-3]);
    assert_eq!(bank.skipped, BTreeMap::from([(SkippedLine::OtherWindow, 1), (SkippedLine::OtherDay, 1)]));
    // The payment is known in the window after, and so is it before.
    let again = market.reconcile(1, None, Some(&file), None).await;
    assert_eq!(found(&again), [(Found::External, "x1".to_owned())]);
    assert_eq!(again.bank.unwrap().skipped[&SkippedLine::OtherWindow], 2);
    market.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_differ_are_a_root_break_and_bad_input_opens_nothing() {
    let database = TestDatabase::create().await;
    let mut market = Market::open(&database).await;
    market.sale(true).await;
    market.close(1).await;
    assert!(market.node.sign_window(window(1), None).await.iter().all(Result::is_ok));
    let pair: Pair = FAR.parse().unwrap();
    let mut head = market.node.window_head(window(1), &pair).await.unwrap().unwrap();
    let own = std::mem::replace(&mut head.root, Digest::of(b"other"));
    market.peer(None, "window.sign", &json!({ "head": head })).await;

    let request = ReconcileRequest {
        window: window(1),
        book: Some(b"no book".to_vec()),
        mapping: ColumnMapping::plain(),
        bank: None,
        open_breaks: Some("ann".parse().unwrap()),
    };
    for (request, code) in [
        (request.clone(), RefusalCode::FileMalformed),
        (ReconcileRequest { window: window(7), ..request.clone() }, RefusalCode::WindowUnknown),
        (
            ReconcileRequest { book: None, bank: Some((RailName::Iso20022, b"x".to_vec())), ..request },
            RefusalCode::FileMalformed,
        ),
    ] {
        let refused = market.node.reconcile(request).await;
        assert!(matches!(&refused, Err(SettlementError::Refused(r)) if r.code == code), "{refused:?}");
    }
    assert_eq!(market.breaks(1).await, []);

    for opened in [1, 0] {
        let report = market.reconcile(1, None, None, Some("ann")).await;
        assert_eq!((report.break_count(), report.opened.len()), (1, opened));
        let heads: Vec<_> =
            report.heads.iter().map(|head| (head.head.verdict, head.ledger.is_some())).collect();
        assert_eq!(heads, [(HeadVerdict::Agreed, false), (HeadVerdict::Differs, true)]);
    }
    let breaks = market.breaks(1).await;
    assert_eq!((breaks.len(), breaks[0].kind, &breaks[0].key), (1, BreakKind::Root, &None));
    let heads = Evidence::Heads { left_root: own, right_root: Digest::of(b"other") };
    assert_eq!(breaks[0].evidence, [heads]);
    market.running.stop().await;
}
