//! A market of one shop: a supplier with an offer, a buyer with money, and what they do with one another.
#![allow(dead_code, reason = "each test file uses its own part")]

use crate::support::Server;
use databourse_primitives::Digest;
use serde_json::{Value, json};

/// Kinds of ids, so that everybody in a test knows what `id(KIND, n)` is.
const SUPPLIER: u64 = 1;
const RIGHT: u64 = 2;
const PRODUCT: u64 = 3;
const OFFER: u64 = 4;
const BUYER: u64 = 5;
const DEPOSIT: u64 = 6;
const ORDER: u64 = 7;
const DELIVERY: u64 = 8;
const ACCEPTANCE: u64 = 9;

pub(crate) fn id(kind: u64, number: u64) -> String {
    format!("019b8b6e-0000-7000-8{kind:03x}-{number:012x}")
}

pub(crate) fn supplier() -> String {
    id(SUPPLIER, 1)
}

pub(crate) fn buyer() -> String {
    id(BUYER, 1)
}

pub(crate) fn deposit() -> String {
    id(DEPOSIT, 1)
}

pub(crate) fn order(number: u64) -> String {
    id(ORDER, number)
}

pub(crate) fn delivery(number: u64) -> String {
    id(DELIVERY, number)
}

pub(crate) fn acceptance(number: u64) -> String {
    id(ACCEPTANCE, number)
}

pub(crate) fn command(id: &str, party: Option<&str>, entry_type: &str, body: &Value) -> Value {
    match party {
        Some(party) => json!({ "id": id, "type": entry_type, "on_behalf_of": party, "body": body }),
        None => json!({ "id": id, "type": entry_type, "body": body }),
    }
}

/// A party for which the exchange signs unless it has a key.
pub(crate) fn party(name: &str, role: &str, key: Option<&str>) -> Value {
    let keys: Vec<_> = key.into_iter().collect();
    json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": [role],
        "home_region": "CN-SH", "keys": keys, "entrusts_exchange": key.is_none(),
        "valid_until": "2090-01-01T00:00:00Z",
    })
}

/// The supplier comes, with an offer at 100.00.
pub(crate) fn supply() -> Vec<Value> {
    let supplier = supplier();
    let right = json!({
        "interests": ["product_operation"], "data_class": "enterprise", "source": "shop",
        "source_statement": { "en": "The shop's own system" },
    });
    let details =
        json!({ "title": { "en": "Product" }, "description": { "en": "Sample" }, "kind": "dataset" });
    let product = json!({ "right": id(RIGHT, 1), "details": details });
    let offer = json!({
        "product": id(PRODUCT, 1), "asset": "CNY/2", "pricing": "one_off", "unit_price": "100.00",
        "terms": {
            "purposes": ["research"], "term_days": 30, "territory": "CN",
            "usable_not_visible": false, "exclusive": false,
        },
    });
    vec![
        command(&supplier, None, "party.certify", &party("supplier", "supplier", None)),
        command(&id(RIGHT, 1), Some(&supplier), "right.register", &right),
        command(&id(PRODUCT, 1), Some(&supplier), "product.list", &product),
        command(&id(OFFER, 1), Some(&supplier), "offer.publish", &offer),
    ]
}

/// The buyer's money comes in.
pub(crate) fn money(amount_minor: i64) -> Value {
    json!({ "party": buyer(), "asset": "CNY/2", "amount_minor": amount_minor, "bank_reference": "in-1" })
}

/// The buyer comes with money.
pub(crate) fn demand(amount_minor: i64) -> Vec<Value> {
    vec![
        command(&buyer(), None, "party.certify", &party("buyer", "buyer", None)),
        command(&deposit(), None, "account.deposit", &money(amount_minor)),
    ]
}

pub(crate) fn place() -> Value {
    json!({ "lines": [{ "offer": id(OFFER, 1), "quantity": 1, "purpose": "research" }] })
}

/// The supplier delivers an order.
pub(crate) fn deliver(number: u64) -> Value {
    let evidence = Digest::of(b"goods");
    let body = json!({ "order": order(number), "method": "file", "evidence": evidence });
    command(&delivery(number), Some(&supplier()), "delivery.record", &body)
}

/// What accepts an order.
pub(crate) fn accept(number: u64) -> Value {
    json!({ "order": order(number) })
}

/// Purchases, each ordered and delivered, and accepted if `is_accepted` says so.
pub(crate) fn purchases(numbers: std::ops::Range<u64>, is_accepted: impl Fn(u64) -> bool) -> Vec<Value> {
    let buyer = buyer();
    let mut commands = Vec::new();
    for number in numbers {
        commands.push(command(&order(number), Some(&buyer), "order.place", &place()));
        commands.push(deliver(number));
        if is_accepted(number) {
            commands.push(command(&acceptance(number), Some(&buyer), "order.accept", &accept(number)));
        }
    }
    commands
}

/// Submits commands of which none may be refused.
pub(crate) async fn submit(server: &Server, commands: &[Value]) {
    for batch in commands.chunks(100) {
        for result in server.submit(batch).await.unwrap() {
            assert!(result["leaf_index"].is_u64(), "refused: {result}");
        }
    }
}
