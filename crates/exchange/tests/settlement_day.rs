//! A settlement day of two exchanges: payments out and in, statements, money that was held too long. The node is `sh`;
//! the entries of `js` are signed by the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use databourse_exchange::{
    Acknowledgement, Acting, Clock, ConfirmOutcome, Entropy, Founding, Node, NodeConfig, NodeKeys, RailName,
    ReconcileRequest, Running, SettlementConfig, SettlementError, Submission, SubmitError,
};
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_licensing::{Licence, Order};
use databourse_listing::Product;
use databourse_market::Command;
use databourse_party::{FoundExchange, Party};
use databourse_primitives::{
    AmountMinor, BilingualText, Digest, EntryId, Holder, LicenceId, PartyId, RefusalCode, Timestamp, WindowId,
};
use databourse_rails::{Agent, BankLine, Direction, Directory, Ecny, LineStatus, MessageId, Report};
use databourse_reconcile::book::{ColumnMapping, write_book};
use databourse_settlement::{AccountId, LineTerms, Pair, Purpose, Schedule, TaxTable, Window};
use databourse_statement::{LineKind, Statement, StatementLine, WindowStage, read_json};
use databourse_testkit::TestDatabase;
use serde_json::{Value, json, value::RawValue};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const START: &str = "2026-01-05T01:00:00Z";
const AFTER_THE_TERM: &str = "2026-02-05T01:00:00Z";

fn name(text: &str) -> BilingualText {
    BilingualText::new(None, Some(text)).unwrap()
}

fn js() -> SigningKey {
    SigningKey::from_seed([9; 32])
}

fn founding() -> Founding {
    let tax = json!({
        "version": 1, "default": "services", "kinds": { "compute": "goods" },
        "rates": { "goods": "0.13", "services": "0.06", "exempt": "0" },
    });
    let schedule = json!({
        "version": "CNY/2@1", "fees": [{ "fee": { "base": { "name": "percentage", "rate": "0.025" } } }],
        "fee_vat": "services", "selling_share": "0.4", "yearly": { "buyer": 998_000 }, "tax": 1,
        "hold_days": 30, "dispute_days": 7, "bank_tolerance_minor": 5,
        "rounding": "half-up-largest-remainder-carry/1",
    });
    Founding {
        region_name: name("Delta"),
        exchange_name: Some(name("Shanghai")),
        assets: ["CNY/2".parse().unwrap()].into(),
        taxes: vec![serde_json::from_value(tax).unwrap()],
        schedules: vec![serde_json::from_value(schedule).unwrap()],
        peers: vec![FoundExchange {
            code: "js".parse().unwrap(),
            name: name("Jiangsu"),
            entry_key: js().public_key(),
            cosignature_key: SigningKey::from_seed([10; 32]).public_key(),
            checkpoint_key: SigningKey::from_seed([110; 32]).public_key(),
            consensus_key: SigningKey::from_seed([111; 32]).public_key(),
        }],
        predecessor: None,
    }
}

fn settlement() -> SettlementConfig {
    let agent = |exchange: &str, account: &str, wallet: &str| Agent {
        exchange: exchange.parse().unwrap(),
        name: "Industrial and Commercial Bank".parse().unwrap(),
        holder: "Data Exchange".parse().unwrap(),
        bic: Some("ICBKCNBJSHI".parse().unwrap()),
        cnaps: None,
        account: account.parse().unwrap(),
        wallet: Some(wallet.parse().unwrap()),
    };
    let agents = vec![agent("sh", "1001", "0022000000000001"), agent("js", "2001", "0022000000000002")];
    SettlementConfig {
        directory: Directory::new(agents).unwrap(),
        utc_offset_minutes: 480,
        ..SettlementConfig::default()
    }
}

async fn start(database: &TestDatabase, at: &str, settlement: SettlementConfig) -> (Node, Running) {
    databourse_store::Store::migrate(database.config()).await.unwrap();
    let entropy = Entropy::seeded(7);
    let keys = NodeKeys::generate(&entropy).unwrap();
    let config = NodeConfig {
        exchange: "sh".parse().unwrap(),
        origin: "databourse.example/delta".parse().unwrap(),
        founding: founding(),
        database: database.config(),
        replicas: Vec::new(),
        reader_count: 4,
        pool_capacity: 1_000,
        working_set_record_count: 64.try_into().unwrap(),
        clock: Clock::stepped(at.parse().unwrap()),
        entropy,
        settlement,
        region: None,
        snapshot_folder: None,
    };
    Node::start(config, &keys).await.unwrap()
}

fn id(number: u64) -> EntryId {
    format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap()
}

fn minor(amount: i64) -> AmountMinor {
    AmountMinor::new(amount).unwrap()
}

fn window(number: u64) -> WindowId {
    format!("CNY/2#{number}").parse().unwrap()
}

/// Who acts: an exchange for itself or for a party of its own.
#[derive(Clone, Copy)]
enum By {
    Sh,
    ShFor(PartyId),
    Js,
    JsFor(PartyId),
}

/// The node, and a buyer and a supplier at each exchange. Each supplier's product is listed at home.
struct Day {
    node: Node,
    next: u64,
    sh_buyer: PartyId,
    sh_supplier: PartyId,
    sh_product: EntryId,
    sh_offer: EntryId,
    js_buyer: PartyId,
    js_supplier: PartyId,
    js_offer: EntryId,
}

impl Day {
    async fn begin(node: &Node) -> Self {
        let (entry, party) = (id(0), PartyId::from(id(0)));
        let mut day = Self {
            node: node.clone(),
            next: 0,
            sh_buyer: party,
            sh_supplier: party,
            sh_product: entry,
            sh_offer: entry,
            js_buyer: party,
            js_supplier: party,
            js_offer: entry,
        };
        day.sh_buyer = day.party(By::Sh, "sh-buyer", "buyer").await;
        day.sh_supplier = day.party(By::Sh, "sh-supplier", "supplier").await;
        day.js_buyer = day.party(By::Js, "js-buyer", "buyer").await;
        day.js_supplier = day.party(By::Js, "js-supplier", "supplier").await;
        (day.sh_product, day.sh_offer) = day.offer(By::ShFor(day.sh_supplier), "ports", "33.33").await;
        (_, day.js_offer) = day.offer(By::JsFor(day.js_supplier), "tides", "100.01").await;
        let deposit = |party, reference: &str| json!({ "party": party, "asset": "CNY/2", "amount_minor": 9_000_000, "bank_reference": reference });
        day.must(By::Sh, "account.deposit", deposit(day.sh_buyer, "d1")).await;
        day.must(By::Js, "account.deposit", deposit(day.js_buyer, "d2")).await;
        day
    }

    fn submission(&mut self, by: By, entry_type: &str, body: &Value) -> Submission {
        self.next += 1;
        let id = id(self.next);
        let acting = match by {
            By::Sh => Acting::Exchange,
            By::ShFor(party) => Acting::Party(party),
            By::Js | By::JsFor(_) => {
                let claims = Claims {
                    entry_type: entry_type.to_owned(),
                    id,
                    exchange: "js".parse().unwrap(),
                    issued_at_s: self.node.now().unix_seconds(),
                    on_behalf_of: if let By::JsFor(party) = by { Some(party) } else { None },
                    body: RawValue::from_string(body.to_string()).unwrap(),
                };
                return Submission::Signed(Entry::sign(&claims, &js()).unwrap().bytes().to_vec());
            }
        };
        let command = Command::from_json(entry_type, &body.to_string()).unwrap();
        Submission::Command { id, acting, command }
    }

    async fn tries(&mut self, by: By, entry_type: &str, body: Value) -> Result<Acknowledgement, SubmitError> {
        let submission = self.submission(by, entry_type, &body);
        self.node.submit(vec![submission]).await.pop().unwrap()
    }

    async fn must(&mut self, by: By, entry_type: &str, body: Value) -> EntryId {
        self.tries(by, entry_type, body).await.unwrap_or_else(|error| panic!("{entry_type}: {error}")).id
    }

    async fn party(&mut self, by: By, name: &str, role: &str) -> PartyId {
        let body = json!({
            "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": [role],
            "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
        });
        self.must(by, "party.certify", body).await.into()
    }

    async fn offer(&mut self, by: By, source: &str, price: &str) -> (EntryId, EntryId) {
        let right = json!({
            "interests": ["product_operation"], "data_class": "enterprise", "source": source,
            "source_statement": { "en": "own systems" },
        });
        let right = self.must(by, "right.register", right).await;
        let details =
            json!({ "title": { "en": source }, "description": { "en": source }, "kind": "dataset" });
        let product = self.must(by, "product.list", json!({ "right": right, "details": details })).await;
        let terms = json!({
            "purposes": ["logistics"], "term_days": 365, "territory": "CN", "usable_not_visible": false,
            "exclusive": false,
        });
        let offer = json!({
            "product": product, "asset": "CNY/2", "pricing": "one_off", "unit_price": price, "terms": terms,
        });
        (product, self.must(by, "offer.publish", offer).await)
    }

    /// `buyer` orders, the suppliers deliver, `buyer` accepts.
    async fn sale(&mut self, buyer: By, offers: &[EntryId], voucher: Option<EntryId>) -> EntryId {
        let line = |offer: &EntryId| json!({ "offer": offer, "quantity": 1, "purpose": "logistics" });
        let mut order = json!({ "lines": offers.iter().map(line).collect::<Vec<_>>() });
        if let Some(voucher) = voucher {
            order["voucher"] = json!(voucher);
        }
        let order = self.must(buyer, "order.place", order).await;
        let delivery = json!({ "order": order, "method": "file", "evidence": Digest::of(b"file") });
        for (offer, by) in
            [(self.sh_offer, By::ShFor(self.sh_supplier)), (self.js_offer, By::JsFor(self.js_supplier))]
        {
            if offers.contains(&offer) {
                self.must(by, "delivery.record", delivery.clone()).await;
            }
        }
        self.must(buyer, "order.accept", json!({ "order": order })).await;
        order
    }

    async fn refund(&mut self, by: By, order: EntryId, line: u32, amount: i64) {
        let lines = json!([{ "line": line, "amount_minor": amount }]);
        self.must(by, "refund.grant", json!({ "order": order, "lines": lines, "reason": "late" })).await;
    }

    /// Closes the window; both exchanges sign all of their pairs.
    async fn close(&mut self, number: u64) {
        self.must(By::Sh, "window.close", json!({ "window": window(number) })).await;
        for answer in self.node.sign_window(window(number), None).await {
            answer.unwrap();
        }
        for pair in ["js~sh", "js~js"] {
            let pair: Pair = pair.parse().unwrap();
            if let Some(head) = self.node.window_head(window(number), &pair).await.unwrap() {
                self.must(By::Js, "window.sign", json!({ "head": head })).await;
            }
        }
        assert_eq!(self.state(number).await, "closed");
    }

    async fn instruct(&mut self, number: u64) {
        let body = json!({ "window": window(number), "method": "bilateral" });
        self.must(By::Sh, "window.instruct", body).await;
    }

    async fn window(&self, number: u64) -> Window {
        self.node.store().get::<Window>(&window(number).to_string()).await.unwrap().unwrap()
    }

    async fn state(&self, number: u64) -> &'static str {
        self.window(number).await.state.as_str()
    }

    async fn statement(&self, holder: &Holder, number: u64) -> Statement {
        let statement = self.node.statement(holder, window(number)).await.unwrap().unwrap();
        assert_eq!(read_json(&statement.to_json().unwrap()).unwrap(), statement);
        statement
    }
}

fn credit(reference: &str, number: u32, amount: i64) -> BankLine {
    BankLine {
        account: "1001".parse().unwrap(),
        reference: reference.parse().unwrap(),
        end_to_end: Some(format!("CNY/2#1/{number}").parse().unwrap()),
        direction: Direction::Credit,
        asset: "CNY/2".parse().unwrap(),
        amount_minor: minor(amount),
        counterparty_account: Some("2001".parse().unwrap()),
        counterparty_name: None,
        booked_at: "2026-01-06T02:00:00Z".parse().unwrap(),
        status: LineStatus::Booked,
    }
}

/// What the bank says of account 1001.
fn camt054(lines: &[BankLine]) -> Vec<u8> {
    let report = Report {
        message_id: &"n1".parse().unwrap(),
        account: &"1001".parse().unwrap(),
        asset: "CNY/2".parse().unwrap(),
        created_at: "2026-01-06T03:00:00Z".parse().unwrap(),
        lines,
    };
    settlement().iso20022.camt054(&report).unwrap()
}

/// Uploads what the bank says; one word for each line.
async fn confirm(node: &Node, rail: RailName, bytes: &[u8]) -> Vec<&'static str> {
    let report = node.confirm_payments(rail, bytes).await.unwrap();
    let outcomes = report.lines.iter().map(|line| match &line.outcome {
        ConfirmOutcome::Confirmed { .. } => "confirmed",
        ConfirmOutcome::AlreadyConfirmed => "already confirmed",
        ConfirmOutcome::Refused { refusal } => refusal.code.as_str(),
        ConfirmOutcome::Reversed => "reversed",
        ConfirmOutcome::NotOurs => "not ours",
    });
    outcomes.collect()
}

fn refused(error: SettlementError) -> RefusalCode {
    match error {
        SettlementError::Refused(refusal) => refusal.code,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_exchange_owes_leaves_as_a_file_and_is_settled_by_the_payee() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database, START, settlement()).await;
    let mut day = Day::begin(&node).await;
    day.sale(By::ShFor(day.sh_buyer), &[day.js_offer], None).await;
    let files = async |rail| node.payment_files(window(1), rail).await;
    assert_eq!(refused(files(RailName::Iso20022).await.unwrap_err()), RefusalCode::WindowState);
    let nowhere = node.payment_files(window(9), RailName::Iso20022).await.unwrap_err();
    assert_eq!(refused(nowhere), RefusalCode::WindowUnknown);
    day.close(1).await;
    day.instruct(1).await;

    let settling = day.window(1).await.state;
    let [instruction] = settling.instructions() else { panic!("one payment") };
    assert_eq!((instruction.payer.as_str(), instruction.payee.as_str()), ("sh", "js"));
    let directory = settlement().directory;
    for (rail, format) in
        [(RailName::Iso20022, &settlement().iso20022 as &dyn databourse_rails::Rail), (RailName::Ecny, &Ecny)]
    {
        let made = files(rail).await.unwrap();
        assert_eq!(made.len(), 1, "one payer");
        let read = format.read_instructions(&made[0].bytes, &directory).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].id, read[0].amount_minor), (instruction.id, instruction.amount_minor));
        assert_eq!((read[0].payer.as_str(), read[0].payee.as_str()), ("sh", "js"));
        assert!(made[0].name.contains("CNY.2-1-sh"), "{}", made[0].name);
        assert_eq!(files(rail).await.unwrap(), made, "made again, the same");
    }
    // A credit of our own account confirms nothing that is owed to another.
    let theirs = camt054(&[credit("c1", 1, instruction.amount_minor.get())]);
    assert_eq!(confirm(&node, RailName::Iso20022, &theirs).await, ["instruction.not_payee"]);

    let body = json!({
        "instruction": instruction.id, "bank_reference": "js-1", "received_minor": instruction.amount_minor,
    });
    day.must(By::Js, "instruction.confirm", body).await;
    assert_eq!(day.state(1).await, "settled");
    assert_eq!(files(RailName::Iso20022).await.unwrap().len(), 1, "a settled window keeps its payments");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_says_confirms_each_payment_to_this_exchange_once() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database, START, settlement()).await;
    let mut day = Day::begin(&node).await;
    day.sale(By::JsFor(day.js_buyer), &[day.sh_offer], None).await;
    day.close(1).await;
    day.instruct(1).await;
    let due = day.window(1).await.state.instructions()[0].amount_minor.get();

    let unnamed = BankLine { end_to_end: None, ..credit("c0", 1, due) };
    let debit = BankLine { direction: Direction::Debit, ..credit("c2", 1, due) };
    let announced = BankLine { status: LineStatus::Pending, ..credit("c3", 1, due) };
    let wrong = camt054(&[credit("c4", 1, due - 6), credit("c5", 7, due), debit.clone(), announced]);
    let expected = ["instruction.amount_differs", "instruction.unknown", "not ours", "not ours"];
    assert_eq!(confirm(&node, RailName::Iso20022, &wrong).await, expected);
    let taken_back = BankLine { status: LineStatus::Reversal, ..debit };
    let bounced = camt054(&[credit("c6", 1, due), taken_back]);
    assert_eq!(confirm(&node, RailName::Iso20022, &bounced).await, ["reversed", "not ours"]);
    assert_eq!(day.state(1).await, "settling");

    let file = camt054(&[unnamed, credit("c1", 1, due)]);
    let size = node.published().size.0;
    let both =
        tokio::join!(confirm(&node, RailName::Iso20022, &file), confirm(&node, RailName::Iso20022, &file));
    let mut both = [both.0[1], both.1[1]];
    both.sort_unstable();
    assert_eq!(both, ["already confirmed", "confirmed"], "of two uploads at once, one");
    assert_eq!(day.state(1).await, "settled");
    assert_eq!(confirm(&node, RailName::Iso20022, &file).await, ["not ours", "already confirmed"]);
    assert_eq!(node.published().size.0, size + 2, "one entry and its header");
    let second = camt054(&[credit("c9", 1, due)]);
    assert_eq!(confirm(&node, RailName::Iso20022, &second).await, ["instruction.confirmed"], "paid twice");

    let malformed = node.confirm_payments(RailName::Iso20022, b"<Document/>").await.unwrap_err();
    assert_eq!(refused(malformed), RefusalCode::FileMalformed);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_line_confirms_and_an_exchange_without_a_bank_confirms_nothing() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database, START, settlement()).await;
    let mut day = Day::begin(&node).await;
    day.sale(By::JsFor(day.js_buyer), &[day.sh_offer], None).await;
    day.close(1).await;
    day.instruct(1).await;
    let due = day.window(1).await.state.instructions()[0].amount_minor.get();
    let wallet = "0022000000000001".parse().unwrap();
    let line = BankLine {
        account: "0022000000000001".parse().unwrap(),
        counterparty_account: None,
        ..credit("w1", 1, due + 5)
    };
    let message: MessageId = "w".parse().unwrap();
    let report = Report {
        message_id: &message,
        account: &wallet,
        asset: line.asset,
        created_at: Timestamp::EPOCH,
        lines: &[line],
    };
    let file = Ecny.lines(&report).unwrap();
    assert_eq!(confirm(&node, RailName::Ecny, &file).await, ["confirmed"], "within the tolerance");
    assert_eq!(day.state(1).await, "settled");
    running.stop().await;
    drop((node, day));

    let (node, running) = start(&database, START, SettlementConfig::default()).await;
    let unknown = node.confirm_payments(RailName::Ecny, &file).await.unwrap_err();
    assert_eq!(refused(unknown), RefusalCode::ExchangeUnknown);
    let unknown = node.payment_files(window(1), RailName::Ecny).await.unwrap_err();
    assert_eq!(refused(unknown), RefusalCode::ExchangeUnknown);
    running.stop().await;
}

/// What a reader does with a sale line: take the entry's licence and the versions that the line cites, and price again.
async fn recompute(node: &Node, line: &StatementLine) {
    let store = node.store();
    let id: LicenceId = line.licence.unwrap();
    let licence: Licence = store.get(&id.to_string()).await.unwrap().unwrap();
    let order: Order = store.get(&id.order.to_string()).await.unwrap().unwrap();
    let schedule: Schedule = store.get(&line.schedule.unwrap().to_string()).await.unwrap().unwrap();
    let tax: TaxTable = store.get(&line.tax.unwrap().to_string()).await.unwrap().unwrap();
    let supplier: Party = store.get(&licence.supplier.to_string()).await.unwrap().unwrap();
    let role = supplier.roles.first().unwrap().as_str();
    let terms = LineTerms {
        net: line.net_minor,
        // All were bought as data sets, whatever became of the product.
        kind: "dataset",
        listing: &licence.exchange,
        selling: &order.exchange,
        role,
    };
    let mut carry = BTreeMap::new();
    if licence.selling_carry != 0 {
        carry.insert(order.exchange.clone(), licence.selling_carry);
        carry.insert(licence.exchange.clone(), -licence.selling_carry);
    }
    let price = schedule.price_line(&tax, &terms, &mut carry).unwrap();
    assert_eq!(price.vat, line.vat_minor);
    assert_eq!(Some(price.vat_rate), line.vat_rate);
    assert_eq!(price.fee.plus(price.selling_fee).unwrap(), line.fee_minor);
    assert_eq!(price.fee_vat.plus(price.selling_fee_vat).unwrap(), line.fee_vat_minor);
    let rounding = serde_json::to_value(schedule.rounding).unwrap();
    assert_eq!(rounding.as_str(), line.rounding.as_ref().map(|rule| rule.as_str()));
}

fn kinds(statement: &Statement) -> BTreeMap<LineKind, u64> {
    statement.totals().by_kind.iter().map(|(kind, totals)| (*kind, totals.count)).collect()
}

/// One window of everything that moves a holder's money, for every holder.
#[tokio::test(flavor = "multi_thread")]
async fn statements_tie_out_and_every_sale_of_the_window_is_priced_again_to_the_minor_unit() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database, START, settlement()).await;
    let mut day = Day::begin(&node).await;
    let sharer = day.party(By::Js, "processor", "processor").await;
    let (sh, js) = (By::ShFor(day.sh_buyer), By::JsFor(day.js_buyer));
    let first = day.sale(sh, &[day.sh_offer, day.js_offer], None).await;
    for _ in 0..4 {
        day.sale(js, &[day.sh_offer, day.sh_offer], None).await;
    }
    let tree = json!({ "product": day.sh_product, "version": 1, "root": [
        { "name": "holder", "weight_bp": 5_000, "beneficiary": format!("party:{}", day.sh_supplier) },
        { "name": "processor", "weight_bp": 3_000, "beneficiary": format!("party:{sharer}") },
        { "name": "public", "weight_bp": 2_000, "beneficiary": "exchange:sh" },
    ]});
    day.must(By::ShFor(day.sh_supplier), "shares.publish", tree).await;
    let issue = json!({
        "party": day.sh_buyer, "asset": "CNY/2", "amount_minor": 5_000, "expires_at": "2027-01-01T00:00:00.000Z",
        "bank_reference": "fund",
    });
    let voucher = day.must(By::Sh, "voucher.issue", issue).await;
    // 35.33 twice: the voucher pays the first whole and 14.67 of the second.
    let shared = day.sale(sh, &[day.sh_offer, day.sh_offer], Some(voucher)).await;
    day.refund(By::Sh, shared, 1, 1_001).await;
    day.refund(By::Sh, shared, 1, 2_332).await;
    day.refund(By::Sh, shared, 2, 7).await;
    day.refund(By::JsFor(day.js_supplier), first, 2, 3_333).await;
    let charge = json!({ "party": day.sh_buyer, "role": "buyer", "year": 2026, "asset": "CNY/2" });
    day.must(By::Sh, "fee.charge", charge).await;
    let dispute = json!({ "order": shared, "lines": [2], "reason": "columns missing" });
    let dispute = day.must(sh, "dispute.open", dispute).await;
    let half =
        json!({ "dispute": dispute, "refunds": [{ "line": 2, "amount_minor": 1_500 }], "reason": "half" });
    day.must(By::Sh, "dispute.decide", half).await;
    day.must(sh, "account.withdraw", json!({ "asset": "CNY/2", "amount_minor": 100 })).await;
    // What is held and what went back unposted is no line.
    let line = json!({ "offer": day.sh_offer, "quantity": 1, "purpose": "logistics" });
    let held = day.must(sh, "order.place", json!({ "lines": [line] })).await;
    let rejected = day.must(sh, "order.place", json!({ "lines": [line] })).await;
    day.must(sh, "order.reject", json!({ "order": rejected, "reason": "no" })).await;

    let details = json!({ "title": { "en": "ports" }, "description": { "en": "p" }, "kind": "compute" });
    let revise = json!({ "product": day.sh_product, "revision": 2, "details": details });
    day.must(By::ShFor(day.sh_supplier), "product.revise", revise).await;

    let party = Holder::Party;
    let exchange = |code: &str| Holder::Exchange(code.parse().unwrap());
    let holders = [
        party(day.sh_buyer),
        party(day.sh_supplier),
        party(day.js_buyer),
        party(day.js_supplier),
        party(sharer),
        exchange("sh"),
        exchange("js"),
    ];
    let mut open = Vec::new();
    for holder in &holders {
        let statement = day.statement(holder, 1).await;
        assert_eq!(statement.parts().stage, WindowStage::Open);
        open.push(statement);
    }
    day.close(1).await;
    let delivery = json!({ "order": held, "method": "file", "evidence": Digest::of(b"file") });
    day.must(By::ShFor(day.sh_supplier), "delivery.record", delivery).await;
    day.must(sh, "order.accept", json!({ "order": held })).await;

    let mut sales = 0;
    for (holder, open) in holders.iter().zip(&open) {
        let closed = day.statement(holder, 1).await;
        assert_eq!(closed.parts().lines, open.parts().lines, "{holder}");
        assert_eq!(closed.parts().closing_minor, open.parts().closing_minor, "{holder}");
        assert_eq!((closed.parts().stage, closed.parts().opening_minor), (WindowStage::Closed, 0));
        assert!(closed.parts().heads.iter().any(|head| head.pair.as_str() == "js/sh"));
        assert!(closed.parts().ledger_size > open.parts().ledger_size);
        let later = day.statement(holder, 2).await;
        assert_eq!(later.parts().opening_minor, closed.parts().closing_minor, "{holder}");
        let purpose = if matches!(holder, Holder::Party(_)) { Purpose::Funds } else { Purpose::Fees };
        let account = AccountId { holder: holder.clone(), purpose, asset: window(1).asset };
        let now = node.store().balances_at(&account, node.published().size).await.unwrap();
        assert_eq!(later.parts().closing_minor, now.posted_minor, "{holder}");
        for line in closed.parts().lines.iter().filter(|line| line.kind == LineKind::Sale) {
            recompute(&node, line).await;
            sales += 1;
        }
    }
    assert_eq!(sales, 1 + 1 + 4 * 2 + 2, "every licence that was accepted is in one supplier's statement");
    let [buyer, supplier, _, _, processor, own, _] = &open[..] else { panic!("seven") };
    assert_eq!(
        kinds(buyer),
        [
            (LineKind::Purchase, 4),
            (LineKind::RefundReceived, 5),
            (LineKind::Deposit, 1),
            (LineKind::Withdrawal, 1),
            (LineKind::YearlyFee, 1),
            (LineKind::Voucher, 1),
        ]
        .into()
    );
    assert_eq!(kinds(supplier), [(LineKind::Sale, 11), (LineKind::RefundGiven, 4)].into());
    assert_eq!(kinds(processor), [(LineKind::RevenueShare, 6)].into());
    // Of a refund of 7 nothing may be left for the exchange; the yearly fee is one of the fees.
    let fees = own.totals().by_kind[&LineKind::FeeEarned];
    assert!(fees.effect_minor > 998_000 && fees.count >= 12, "{fees:?}");
    let by_voucher =
        buyer.parts().lines.iter().find(|line| line.kind == LineKind::Purchase && line.effect_minor == 0);
    assert_eq!(by_voucher.unwrap().voucher_minor, minor(3_533), "paid by voucher alone");
    let title = &supplier.parts().lines[0];
    assert_eq!(title.product.as_ref().and_then(BilingualText::en), Some("ports"));
    assert_eq!(title.counterparty.as_ref().and_then(BilingualText::en), Some("sh-buyer"));
    assert_eq!(supplier.parts().notes.len(), 1, "what the balance is");

    assert!(node.statement(&party(PartyId::from(id(999_999))), window(1)).await.unwrap().is_none());
    assert!(node.statement(&holders[0], window(9)).await.unwrap().is_none());
    let product: Product = node.store().get(&day.sh_product.to_string()).await.unwrap().unwrap();
    assert_eq!(product.revision, 2);
    running.stop().await;
}

/// As many orders as one statement of the database does not see at once, of each book; the other's are older.
const ORDERS: usize = 230;

#[tokio::test(flavor = "multi_thread")]
async fn each_due_hold_of_the_own_book_expires_once_whatever_restarts() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database, START, settlement()).await;
    let mut day = Day::begin(&node).await;
    for buyer in [By::JsFor(day.js_buyer), By::ShFor(day.sh_buyer)] {
        let line = json!({ "offer": day.sh_offer, "quantity": 1, "purpose": "logistics" });
        let body = json!({ "lines": [line] });
        let orders = (0..ORDERS).map(|_| day.submission(buyer, "order.place", &body)).collect();
        assert!(node.submit(orders).await.iter().all(Result::is_ok));
    }
    let accepted = day.sale(By::ShFor(day.sh_buyer), &[day.sh_offer], None).await;
    assert_eq!(node.expire_due_holds().await.unwrap(), 0, "before the term nothing is due");
    running.stop().await;
    drop((node, day));

    let (node, running) = start(&database, AFTER_THE_TERM, settlement()).await;
    let (one, other) = tokio::join!(node.expire_due_holds(), node.expire_due_holds());
    assert_eq!(one.unwrap() + other.unwrap(), ORDERS as u64, "two rounds at once expire each hold once");
    assert_eq!(node.expire_due_holds().await.unwrap(), 0);
    running.stop().await;
    drop(node);

    let (node, running) = start(&database, AFTER_THE_TERM, settlement()).await;
    assert_eq!(node.expire_due_holds().await.unwrap(), 0, "a restarted node has nothing left to do");
    let counts = node.store().counts().await.unwrap();
    assert_eq!(counts["order.expire"], ORDERS as u64);
    let due = node.store().due_holds(node.now(), 1_000).await.unwrap();
    assert_eq!(due.len(), ORDERS, "the other exchange's are the other exchange's");
    let held: BTreeSet<String> = due.iter().map(ToString::to_string).collect();
    assert!(!held.contains(&accepted.to_string()));
    running.stop().await;
}

/// `js` leaves while an order of its book waits, and `sh` goes on with its book: holds, statements, the bank.
#[tokio::test(flavor = "multi_thread")]
async fn a_successor_expires_the_holds_states_the_accounts_and_finds_the_money_of_an_exchange_that_left() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database, START, settlement()).await;
    let mut day = Day::begin(&node).await;
    let (buyer, buys) = (Holder::Party(day.js_buyer), By::JsFor(day.js_buyer));
    day.sale(buys, &[day.js_offer], None).await;
    day.close(1).await;
    day.instruct(1).await;
    // Without fees nothing is held on the exchange's own accounts, so an open order does not keep it.
    let free = json!({
        "version": "CNY/2@2", "fees": [], "fee_vat": "services", "selling_share": "0", "tax": 1, "hold_days": 30,
        "dispute_days": 7, "bank_tolerance_minor": 5, "rounding": "half-up-largest-remainder-carry/1",
    });
    day.must(By::Sh, "schedule.publish", free).await;
    let line = json!({ "offer": day.js_offer, "quantity": 1, "purpose": "logistics" });
    let order = day.must(buys, "order.place", json!({ "lines": [line] })).await;
    let leave = json!({ "change": { "name": "leave", "exchange": "js", "successor": "sh" } });
    let proposal = day.must(By::Js, "member.propose", leave).await;
    day.must(By::Sh, "member.vote", json!({ "proposal": proposal, "approve": true })).await;
    day.party(By::Sh, "sh-late", "buyer").await;
    assert_eq!(day.statement(&buyer, 2).await.parts().exchange.as_str(), "js");
    day.must(By::Js, "member.depart", json!({ "exchange": "js" })).await;

    // The window that it settled is of its book, the open one of its successor's.
    assert_eq!(day.statement(&buyer, 1).await.parts().exchange.as_str(), "js");
    let open = day.statement(&buyer, 2).await;
    assert_eq!(open.parts().exchange.as_str(), "sh");
    assert_eq!(open.parts().opening_minor, day.statement(&buyer, 1).await.parts().closing_minor);
    // What js had at its bank is to come from there.
    let asset = window(2).asset;
    let bank = AccountId::exchange("sh".parse().unwrap(), Purpose::Bank, asset);
    let (all, own) = (node.store().balances_at(&bank, node.published().size).await.unwrap(), 9_000_000);
    assert_eq!(all.posted_minor, 2 * own);
    let line = |reference: &str, amount: i64, booked_at: Timestamp| BankLine {
        end_to_end: None,
        booked_at,
        ..credit(reference, 1, amount)
    };
    let against = async |lines: &[BankLine]| {
        let request = ReconcileRequest {
            window: window(2),
            book: None,
            mapping: settlement().book,
            bank: Some((RailName::Iso20022, camt054(lines))),
            open_breaks: None,
        };
        let report = node.reconcile(request).await.unwrap().bank.unwrap();
        (report.matched.len(), report.breaks.len())
    };
    assert_eq!(against(&[line("w1", own, node.now())]).await, (1, 0));
    let of_another_day = line("w2", 5, AFTER_THE_TERM.parse().unwrap());
    assert_eq!(against(&[of_another_day]).await, (0, 1), "it did not come");
    // A line of a book that still names js is between sh and who answers for js now.
    let mut line = node.window_lines(window(1), &"js~js".parse().unwrap()).await.unwrap().remove(0);
    line.window = window(2);
    let mapping = ColumnMapping::plain();
    let book = Some(write_book(&[line], &mapping).unwrap());
    let request = ReconcileRequest { window: window(2), book, mapping, bank: None, open_breaks: None };
    let pairs = node.reconcile(request).await.unwrap().book.unwrap();
    assert_eq!(pairs.iter().map(|leg| leg.pair.to_string()).collect::<Vec<_>>(), ["sh~sh"]);
    running.stop().await;
    drop((node, day));

    let (node, running) = start(&database, AFTER_THE_TERM, settlement()).await;
    assert_eq!(node.expire_due_holds().await.unwrap(), 1);
    let due = node.store().due_holds(node.now(), 10).await.unwrap();
    assert!(!due.iter().any(|hold| hold.to_string() == order.to_string()));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_expires_due_holds_by_itself() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database, START, settlement()).await;
    let mut day = Day::begin(&node).await;
    let line = json!({ "offer": day.sh_offer, "quantity": 1, "purpose": "logistics" });
    day.must(By::ShFor(day.sh_buyer), "order.place", json!({ "lines": [line] })).await;
    running.stop().await;
    drop((node, day));

    let often = SettlementConfig { expiry_period: Duration::from_millis(1), ..settlement() };
    let (node, running) = start(&database, AFTER_THE_TERM, often).await;
    while !node.store().due_holds(node.now(), 1).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    running.stop().await;
    let never = SettlementConfig { expiry_period: Duration::ZERO, ..settlement() };
    drop(node);
    let (node, running) = start(&database, AFTER_THE_TERM, never).await;
    assert_eq!(node.store().counts().await.unwrap()["order.expire"], 1);
    running.stop().await;
}
