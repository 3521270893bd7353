//! The entries that authors sign.

use super::plan::{CODES, FOUNDERS};
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_market::{Decoded, SignedCommand};
use databourse_primitives::{Digest, EntryId, PartyId, Timestamp};
use serde_json::{Value, json, value::RawValue};

pub(super) const ORIGIN: &str = "databourse.example/delta";
pub(super) const CNY: &str = "CNY/2";

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn first_seed(place: usize) -> u8 {
    u8::try_from(place).unwrap() * 10 + 1
}

pub(super) fn entry_key(place: usize) -> SigningKey {
    key(first_seed(place))
}

pub(super) fn cosignature_key(place: usize) -> SigningKey {
    key(first_seed(place) + 1)
}

pub(super) fn checkpoint_key(place: usize) -> SigningKey {
    key(first_seed(place) + 2)
}

/// The first key for the agreement, and the one that may replace it.
pub(super) fn consensus_keys(place: usize) -> [SigningKey; 2] {
    [key(first_seed(place) + 3), key(first_seed(place) + 4)]
}

pub(super) fn exchange_body(place: usize) -> Value {
    json!({
        "code": CODES[place], "name": { "en": CODES[place] },
        "entry_key": entry_key(place).public_key(), "cosignature_key": cosignature_key(place).public_key(),
        "checkpoint_key": checkpoint_key(place).public_key(),
        "consensus_key": consensus_keys(place)[0].public_key(),
    })
}

/// An entry of the exchange, for a party if one is named.
pub(super) fn sign(
    place: usize,
    party: Option<PartyId>,
    id: EntryId,
    now: Timestamp,
    entry_type: &str,
    body: &Value,
) -> SignedCommand {
    let claims = Claims {
        entry_type: entry_type.to_owned(),
        id,
        exchange: CODES[place].parse().unwrap(),
        issued_at_s: now.unix_seconds(),
        on_behalf_of: party,
        body: RawValue::from_string(body.to_string()).unwrap(),
    };
    let entry = Entry::sign(&claims, &entry_key(place)).unwrap();
    Decoded::new(entry).unwrap().verify(&entry_key(place).public_key()).unwrap()
}

/// What every exchange of the region is configured to begin with, as that one signs it.
pub(super) fn founding(place: usize) -> Vec<SignedCommand> {
    let exchanges: Vec<Value> = (0..FOUNDERS).map(exchange_body).collect();
    let found = json!({
        "name": { "en": "Delta" }, "origin": ORIGIN, "assets": [CNY], "exchanges": exchanges,
    });
    let tax = json!({
        "version": 1, "default": "services", "kinds": { "compute": "goods" },
        "rates": {
            "goods": "0.13", "transport": "0.09", "services": "0.06", "small_scale": "0.03", "exempt": "0",
        },
    });
    let schedule = json!({
        "version": "CNY/2@1", "fees": [{ "fee": { "base": { "name": "percentage", "rate": "0.025" } } }],
        "fee_vat": "services", "selling_share": "0.4", "yearly": { "buyer": 998_000 }, "tax": 1,
        "hold_days": 30, "dispute_days": 7, "bank_tolerance_minor": 5,
        "rounding": "half-up-largest-remainder-carry/1",
    });
    let now = "2026-01-05T01:00:00Z".parse().unwrap();
    let bodies = [("region.found", found), ("tax.publish", tax), ("schedule.publish", schedule)];
    let signed = bodies.iter().zip(1..).map(|((entry_type, body), number)| {
        let id = format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap();
        sign(place, None, id, now, entry_type, body)
    });
    signed.collect()
}

pub(super) fn party(name: &str, role: &str) -> Value {
    json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": [role],
        "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
    })
}

pub(super) fn deposit(party: PartyId, reference: &str) -> Value {
    json!({ "party": party, "asset": CNY, "amount_minor": 100_000, "bank_reference": reference })
}

pub(super) fn right() -> Value {
    json!({
        "interests": ["holding", "product_operation"], "data_class": "enterprise", "source": "ports",
        "source_statement": { "zh": "自有业务系统产生" },
    })
}

pub(super) fn product(right: EntryId) -> Value {
    let details =
        json!({ "title": { "en": "Port calls" }, "description": { "en": "Hourly" }, "kind": "dataset" });
    json!({ "right": right, "details": details })
}

pub(super) fn offer(product: EntryId, is_exclusive: bool) -> Value {
    let mut terms = json!({
        "purposes": ["model_training"], "term_days": 365, "territory": "CN",
        "usable_not_visible": false, "exclusive": is_exclusive,
    });
    if is_exclusive {
        terms["quantity_max"] = json!(1);
    }
    json!({ "product": product, "asset": CNY, "pricing": "one_off", "unit_price": "100.00", "terms": terms })
}

pub(super) fn order(offer: EntryId) -> Value {
    json!({ "lines": [{ "offer": offer, "quantity": 1, "purpose": "model_training" }] })
}

pub(super) fn delivery(order: EntryId) -> Value {
    json!({ "order": order, "method": "file", "evidence": Digest::of(b"delivered") })
}
