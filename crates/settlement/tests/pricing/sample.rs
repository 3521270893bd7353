//! The first tables of a Chinese region, as data: nothing of them is in the rules.

use databourse_primitives::{AmountMinor, ExchangeCode, Timestamp};
use databourse_settlement::{PublishSchedule, PublishTax, TaxTable, publish_tax};
use serde_json::{Value, json};

/// Rates of value-added tax in the People's Republic of China: 13 % for goods, 9 % for transport, telecommunication
/// and the like, 6 % for services, data among them, 3 % for small-scale taxpayers, 0 % for exports.
pub(crate) fn first_tax_json() -> Value {
    json!({
        "version": 1,
        "rates": { "goods": "0.13", "basic": "0.09", "services": "0.06", "small_scale": "0.03", "zero": "0" },
        "kinds": { "compute": "basic" },
        "default": "services",
    })
}

pub(crate) fn first_tax() -> TaxTable {
    let command: PublishTax = serde_json::from_value(first_tax_json()).unwrap();
    publish_tax(None, command, Timestamp::EPOCH).unwrap()
}

/// Suppliers and processors pay 2.5 % of the net price, buyers 9,980.00 CNY a year; an exchange that sells what
/// another lists gets 40 % of the fee.
pub(crate) fn first_schedule_json() -> Value {
    json!({
        "version": "CNY/2@1",
        "fees": [{ "fee": { "base": { "name": "percentage", "rate": "0.025" } } }],
        "fee_vat": "services",
        "selling_share": "0.4",
        "yearly": { "buyer": 998_000 },
        "tax": 1,
        "hold_days": 30,
        "dispute_days": 7,
        "rounding": "half-up-largest-remainder-carry/1",
    })
}

/// The first schedule with some of its fields replaced.
pub(crate) fn schedule_command(changes: &Value) -> PublishSchedule {
    let mut json = first_schedule_json();
    for (field, value) in changes.as_object().unwrap() {
        json[field] = value.clone();
    }
    serde_json::from_value(json).unwrap()
}

pub(crate) fn amount(minor: i64) -> AmountMinor {
    AmountMinor::new(minor).unwrap()
}

pub(crate) fn exchange(code: &str) -> ExchangeCode {
    code.parse().unwrap()
}
