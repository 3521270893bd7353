//! A database of its own per test, a ledger that grows block by block, and one record of every kind.

use crate::{
    members::membership_records,
    samples::{refund, settlement_records},
};
use databourse_market::{EncodedEffects, Noun, PostedTransaction, Record, Row};
use databourse_merkle::{TileEdge, leaf_hash};
use databourse_primitives::{Digest, EntryId, ExchangeCode, Height, LeafIndex, Timestamp};
use databourse_store::{Agreement, CommitBatch, ConnectionConfig, NewEntry, Store, Writer};
use databourse_testkit::TestDatabase;
use serde_json::{Value, json};

/// The `number`th id.
pub(crate) fn id(number: u64) -> String {
    format!("019aa2b4-5c00-7000-8000-{number:012x}")
}

pub(crate) fn entry_id(number: u64) -> EntryId {
    id(number).parse().unwrap()
}

pub(crate) fn exchange(code: &str) -> ExchangeCode {
    code.parse().unwrap()
}

/// A migrated database, a reading and a writing handle, and the ledger as the test knows it.
pub(crate) struct Ledger<D = TestDatabase> {
    pub(crate) database: D,
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) edge: TileEdge,
    pub(crate) height: u64,
}

impl Ledger {
    pub(crate) async fn create() -> Self {
        let database = TestDatabase::create().await;
        let config = database.config();
        Self::create_in(database, config).await
    }

    /// Changes rows by hand, past the triggers that keep people from it.
    pub(crate) async fn tamper(&self, statements: &str) {
        let client = self.database.connect().await;
        client.batch_execute(&format!("SET session_replication_role = replica; {statements}")).await.unwrap();
    }
}

impl<D> Ledger<D> {
    /// In an empty database, reached by `config`.
    pub(crate) async fn create_in(database: D, config: ConnectionConfig) -> Self {
        Store::migrate(config.clone()).await.unwrap();
        let store = Store::connect(config.clone(), 4).await.unwrap();
        let writer = Writer::connect(config).await.unwrap();
        Self { database, store, writer, edge: TileEdge::new(), height: 0 }
    }

    /// The next block with `entry_count` entries and these effects; `edge` and `height` move on.
    pub(crate) fn next(
        &mut self,
        entry_count: u64,
        records: Vec<Record>,
        transactions: Vec<PostedTransaction>,
    ) -> CommitBatch {
        let first = self.edge.size();
        self.height += 1;
        let mut full_tiles = Vec::new();
        let mut entries = Vec::new();
        for leaf_index in first..first + entry_count {
            let bytes = leaf_index.to_be_bytes().to_vec();
            let leaf_hash = leaf_hash(&bytes);
            self.edge.push(leaf_hash, &mut full_tiles);
            let entry_type = if leaf_index == first { "block.header" } else { "test.entry" };
            entries.push(NewEntry {
                leaf_index,
                id: entry_id(leaf_index),
                entry_type: entry_type.to_owned(),
                bytes,
                leaf_hash,
            });
        }
        CommitBatch {
            height: Height(self.height),
            block_id: Digest::of(&self.height.to_be_bytes()),
            block_time: Timestamp::from_unix_ms(1_000 * i64::try_from(self.height).unwrap()),
            agreement: Agreement::solo(exchange("sh"), exchange("sh")),
            header_index: LeafIndex(first),
            entries,
            effects: effects(records, transactions),
            full_tiles,
            tree_size: self.edge.size(),
            root: self.edge.root(),
        }
    }

    /// Commits a block of one entry with these records.
    pub(crate) async fn commit(&mut self, records: Vec<Record>) {
        let batch = self.next(1, records, Vec::new());
        self.writer.commit(&batch).await.unwrap();
    }
}

fn effects(records: Vec<Record>, transactions: Vec<PostedTransaction>) -> EncodedEffects {
    let mut rows: Vec<_> = records
        .iter()
        .map(|record| {
            let key = record.key();
            Row { noun: key.noun, name: key.name, json: record.to_json().unwrap() }
        })
        .collect();
    rows.sort_by(|a, b| (a.noun, &a.name).cmp(&(b.noun, &b.name)));
    EncodedEffects { rows, transactions, digest: Digest::of(b"") }
}

#[track_caller]
pub(crate) fn record(noun: Noun, json: Value) -> Record {
    Record::from_json(noun, &json.to_string()).unwrap_or_else(|error| panic!("{noun:?}: {error}"))
}

pub(crate) const TIME: &str = "2026-11-22T02:47:32.123Z";
pub(crate) const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(crate) const KEY: &str = "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) fn account(name: &str, debits_minor: i64, credits_minor: i64, posting_count: u64) -> Record {
    let json = json!({"id": name, "debits_minor": debits_minor, "credits_minor": credits_minor,
        "posting_count": posting_count});
    record(Noun::Account, json)
}

pub(crate) fn head(name: &str, number: u64) -> Record {
    record(Noun::Head, json!({"name": name, "number": number}))
}

pub(crate) fn window(number: u64, is_open: bool) -> Record {
    let state = if is_open {
        json!({"name": "open"})
    } else {
        json!({"name": "closed", "closing_at": TIME, "closed_at": TIME})
    };
    let flows =
        json!({"hold": {"count": 3, "amount_minor": i64::MAX}, "deposit": {"count": 0, "amount_minor": 0}});
    record(
        Noun::Window,
        json!({"id": format!("CNY/2#{number}"), "state": state, "opened_at": TIME, "flows": flows,
            "posting_count": u64::MAX}),
    )
}

/// A product: what a test says of it, and something for the rest.
pub(crate) fn product(number: u64, supplier: u64, zh: Option<&str>, en: Option<&str>) -> Value {
    let text = |zh: Option<&str>, en: Option<&str>| match (zh, en) {
        (Some(zh), Some(en)) => json!({"zh": zh, "en": en}),
        (Some(zh), None) => json!({"zh": zh}),
        (None, en) => json!({"en": en.unwrap_or("Untitled")}),
    };
    json!({"id": id(number), "supplier": id(supplier), "exchange": "sh", "right": id(5), "data_class": "enterprise",
        "state": "listed", "revision": 1, "listed_at": TIME, "changed_at": TIME,
        "details": {"title": text(zh, en), "description": {"en": "About it"}, "kind": "dataset",
            "keywords": ["Port traffic", "船舶"]}})
}

pub(crate) fn order(number: u64, buyer: u64, reference: Option<&str>, group: Option<&str>) -> Record {
    let group = group.map(|name| json!({"name": name, "part": 1, "parts": 1_000}));
    let json = json!({"id": id(number), "buyer": id(buyer), "book": "sh", "exchange": "js", "asset": "CNY/2",
        "schedule": "CNY/2@1", "voucher": reference.map(|_| id(43)),
        "line_count": 400, "open_line_count": 399, "accepted_line_count": 1,
        "total_minor": 9_007_199_254_740_991_i64, "refunded_minor": 7, "group": group, "reference": reference,
        "placed_at": TIME, "certificate": reference.map(|_| "sh-2026-00000042")});
    record(Noun::Order, json)
}

pub(crate) fn licence(order: u64, line: u32, buyer: u64, state: &str) -> Record {
    let delivery = json!({"method": "compute_to_data", "evidence": DIGEST, "delivered_at": TIME});
    let state = match state {
        "ordered" => json!({"name": state}),
        "delivered" => json!({"name": state, "delivery": delivery}),
        "active" => json!({"name": state, "delivery": delivery, "accepted_at": TIME, "ends_at": TIME}),
        "rejected" => json!({"name": state, "rejected_at": TIME, "reason": "不符合约定 \\ \"quoted\""}),
        "expired" => json!({"name": state, "expired_at": TIME}),
        _ => json!({"name": "refunded", "delivery": delivery, "accepted_at": TIME, "refunded_at": TIME}),
    };
    let json = json!({"id": format!("{}.{line}", id(order)), "buyer": id(buyer), "supplier": id(2),
        "supplier_book": "js", "exchange": "sh", "product": id(6), "revision": 4_294_967_295_u32, "offer": id(7), "quantity": 1_000_000_000, "purpose": "credit.scoring",
        "term_days": 36_500, "asset": "CNY/2", "net_minor": 10_000, "vat_minor": 600, "fee_minor": 250,
        "fee_vat_minor": 15, "refunded_minor": 0, "state": state});
    record(Noun::Licence, json)
}

/// At least one record of every kind, with optional members present and absent, and texts that JSON has to escape.
pub(crate) fn one_of_each() -> Vec<Record> {
    let odd = "“引号” \" \\ / é e\u{301} \u{2028} \u{1f6a2} \u{fffd} \u{10ffff} <&>";
    let text = json!({"zh": format!("多行\n\t{odd}"), "en": odd});
    let key = json!({"key": KEY, "since_height": 9, "earlier": [{"key": KEY, "since_height": 1, "until_height": 9}]});
    let key_id = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let party = |number: u64, state: Value| {
        json!({"id": id(number), "home_exchange": "sh", "home_region": "CN-SH", "legal_name": text,
            "legal_identifier": format!("ext:retail:{number}"), "roles": ["supplier", "buyer"], "keys": [key_id],
            "entrusts_exchange": true, "state": state, "certified_at": TIME, "valid_until": TIME})
    };
    let mut bare_product = product(16, 2, Some("气象数据"), None);
    bare_product["details"]["keywords"] = json!([]);
    let mut full_product = product(6, 2, Some(odd), Some(odd));
    for (member, value) in [
        ("update_frequency", odd),
        ("landing_page", odd),
        ("source_licence", odd),
        ("source_digest", DIGEST),
        ("deidentification", odd),
    ] {
        full_product["details"][member] = json!(value);
    }
    let offer = |number: u64, audience: Option<String>, quantity_max: Option<u64>| {
        let mut offer = json!({"id": id(number), "product": id(6), "revision": 1, "supplier": id(2), "state": "open",
            "asset": "CNY/2", "pricing": "per_compute_hour", "unit_price": "0.10",
            "terms": {"purposes": ["credit.scoring", "a"], "term_days": 30, "territory": "CN",
                "usable_not_visible": true, "exclusive": false},
            "audience": audience, "published_at": TIME, "valid_until": audience.as_ref().map(|_| TIME)});
        if let Some(quantity_max) = quantity_max {
            offer["terms"]["quantity_max"] = json!(quantity_max);
        }
        record(Noun::Offer, offer)
    };
    let right = |number: u64, authorisation: Option<&str>| {
        record(
            Noun::Right,
            json!({"id": id(number), "holder": id(2), "interests": ["product_operation", "holding"],
            "data_class": "quasi_public", "source": "port:ais", "source_statement": text,
            "authorisation": authorisation, "registered_at": TIME, "valid_until": authorisation.map(|_| TIME)}),
        )
    };
    let line = json!({"line": 1, "product": id(6), "revision": 1, "supplier": id(2), "purpose": "a", "quantity": 1,
        "gross_minor": 10_600, "ends_at": TIME});
    let mut records = vec![
        record(
            Noun::Answer,
            json!({"id": id(1), "entry_type": "party.certify", "actor": "exchange:sh",
            "intent": DIGEST, "leaf_index": u64::MAX, "height": 1}),
        ),
        record(
            Noun::Region,
            json!({"name": text, "origin": "databourse.example/yangtze-delta",
            "assets": ["CNY/2", "POINTS/0"], "exchanges": ["js", "sh"], "founded_at": TIME}),
        ),
        record(
            Noun::Exchange,
            json!({"code": "sh", "name": text, "entry_key": key, "checkpoint_key": key, "cosignature_key": key,
            "consensus_key": key, "member_since": TIME, "last_certificate": u64::MAX,
            "membership": {"name": "suspended", "since_height": 5, "cause": {"proposal": id(1)}},
            "earlier": [{"name": "active", "since_height": 1}]}),
        ),
        record(
            Noun::SigningKey,
            json!({"id": key_id, "key": KEY, "owner": {"exchange": "sh"},
            "registered_at": TIME, "retired_at": null}),
        ),
        record(Noun::Party, party(2, json!({"name": "certified"}))),
        record(Noun::Party, party(3, json!({"name": "revoked", "revoked_at": TIME, "reason": odd}))),
        right(5, None),
        right(15, Some(odd)),
        record(Noun::Product, full_product),
        record(Noun::Product, bare_product),
        offer(7, None, None),
        offer(17, Some(id(3)), Some(u64::MAX)),
        order(8, 3, None, None),
        order(18, 3, Some("PO/2026-1"), Some("spring")),
        record(
            Noun::Delivery,
            json!({"id": id(9), "order": id(8), "supplier": id(2), "buyer": id(3),
            "lines": [1, 2, 400], "method": "file", "evidence": DIGEST, "delivered_at": TIME}),
        ),
        refund(10, "CNY/2#1"),
        account(&format!("party:{}:funds:CNY/2", id(3)), i64::MAX - 1, i64::MAX, u64::MAX),
        record(
            Noun::Account,
            json!({"id": "exchange:js:clearing:CNY/2", "debits_minor": 7, "credits_minor": 3,
            "debits_pending_minor": 2, "credits_pending_minor": 1, "posting_count": 9,
            "constraint": {"name": "frozen", "reason": odd}}),
        ),
        account("exchange:sh:bank:CNY/2", i64::MAX, 0, 1),
        record(
            Noun::Schedule,
            json!({"version": "CNY/2@1", "effective_from": 0, "fees": [{"kinds": ["report"],
                "fee": {"base": {"name": "percentage", "rate": "0.0250"}, "max_minor": 100}}],
            "fee_vat": "services", "selling_share": "0.3", "yearly": {"supplier": 100}, "tax": 12, "hold_days": 30,
            "dispute_days": 7, "bank_tolerance_minor": 1, "rounding": "half-up-largest-remainder-carry/1",
            "published_at": TIME}),
        ),
        window(1, false),
        window(2, true),
        record(
            Noun::Certificate,
            json!({"number": "sh-2026-00000042", "entry": id(11), "order": id(8),
            "issued_at": TIME, "facts": {"buyer": id(3), "buyer_name": text, "asset": "CNY/2", "total_minor": 10_600,
                "line_count": 1, "lines": [line], "lines_digest": DIGEST, "placed_at": TIME, "completed_at": TIME}}),
        ),
        record(Noun::Claim, json!({"name": "bank:sh/1:ref", "holder": "account"})),
        head("window:CNY/2", u64::MAX),
    ];
    records.extend(settlement_records());
    records.extend(membership_records());
    let states = ["ordered", "delivered", "active", "rejected", "expired", "refunded"];
    records.extend((1..).zip(states).map(|(line, state)| licence(8, line, 3, state)));
    records
}
