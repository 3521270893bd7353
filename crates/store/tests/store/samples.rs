//! Records of settlement: holds, vouchers, disputes, taxes, shares, breaks, and the states that windows go through.

use crate::fixture::{DIGEST, TIME, id, record};
use databourse_market::{Noun, Record};
use serde_json::{Value, json};

/// A hold of 100 minor units; `left` of them are still held, and the rest was posted.
pub(crate) fn hold(number: u64, holder: u64, left: i64, expires_at: Option<&str>) -> Record {
    let state = match (left, expires_at) {
        (0, _) => json!({"name": "posted", "posted_at": TIME}),
        (_, Some(expires_at)) => json!({"name": "pending", "expires_at": expires_at}),
        (_, None) => json!({"name": "pending"}),
    };
    let json = json!({"id": id(number), "holder": format!("party:{}", id(holder)), "asset": "CNY/2",
        "amount_minor": 100, "posted_minor": 100 - left, "returned_minor": 0, "held_at": TIME, "state": state});
    record(Noun::Hold, json)
}

pub(crate) fn voucher(number: u64, left_minor: i64, issued_minor: i64) -> Record {
    let json = json!({"id": id(number), "holder": id(3), "book": "sh", "asset": "CNY/2",
        "issued_minor": issued_minor, "left_minor": left_minor, "kinds": ["compute", "dataset"],
        "purposes": ["credit.scoring"], "issued_at": TIME, "expires_at": TIME});
    record(Noun::Voucher, json)
}

pub(crate) fn acceptance(number: u64, window: &str) -> Record {
    let json = json!({"id": id(number), "order": id(8), "buyer": id(3), "lines": [1, 2, 400], "window": window,
        "accepted_at": TIME});
    record(Noun::Acceptance, json)
}

pub(crate) fn refund(number: u64, window: &str) -> Record {
    let line = json!({"line": 1, "net_minor": 1, "vat_minor": 0, "fee_minor": 0, "fee_vat_minor": 0,
        "selling_fee_minor": 1, "voucher_minor": 1});
    let json = json!({"id": id(number), "order": id(8), "buyer": id(3), "supplier": id(2), "window": window,
        "lines": [line], "total_minor": 1, "reason": "说明 \\ \"quoted\"", "granted_at": TIME});
    record(Noun::Refund, json)
}

pub(crate) fn dispute(number: u64, is_open: bool) -> Record {
    let state = if is_open {
        json!({"name": "open"})
    } else {
        json!({"name": "decided", "refunded_minor": 7, "decided_by": "sh", "reason": "缺数据", "decided_at": TIME})
    };
    let frozen = json!({"account": format!("party:{}:funds:CNY/2", id(2)), "book": "js", "amount_minor": 7});
    let json = json!({"id": id(number), "order": id(8), "buyer": id(3), "supplier": id(2), "lines": [1, 2],
        "opened_by": format!("party:{}", id(3)), "chargeback": "bank/9", "reason": "missing rows",
        "claimed_minor": 10, "frozen": [frozen], "opened_at": TIME, "state": state});
    record(Noun::Dispute, json)
}

pub(crate) fn tax_table(version: u64) -> Record {
    let json = json!({"version": version, "rates": {"standard": "0.13", "services": "0.06"},
        "kinds": {"report": "standard"}, "default": "services", "published_at": TIME});
    record(Noun::TaxTable, json)
}

pub(crate) fn share_tree(product: u64, version: u64) -> Record {
    let (supplier, exchange) = (format!("party:{}", id(2)), "exchange:sh");
    let leaf = |name: &str, weight: u16, holder: &str| json!({"name": name, "weight_bp": weight, "beneficiary": holder});
    let inner =
        json!({"name": "operator", "weight_bp": 3_000, "children": [leaf("public", 10_000, exchange)]});
    let json = json!({"product": id(product), "version": version, "root": [leaf("holder", 7_000, &supplier), inner],
        "published_at": TIME, "carry": {supplier.clone(): -1, exchange: 1}, "books": {supplier: "js", exchange: "sh"}});
    record(Noun::ShareTree, json)
}

pub(crate) fn break_(number: u64, window: &str, pair: &str, kind: &str, state: &Value) -> Record {
    let operator = json!({"exchange": "sh", "person": "wang"});
    let evidence = json!([{"name": "heads", "left_root": DIGEST, "right_root": DIGEST}]);
    let json = json!({"id": id(number), "window": window, "pair": pair, "kind": kind, "key": "order/1",
        "left_minor": 1, "right_minor": 2, "opened_by": operator, "opened_at": TIME, "owner": operator,
        "evidence": evidence, "state": state});
    record(Noun::Break, json)
}

/// Every state of a break.
pub(crate) fn break_states() -> Vec<Value> {
    let [one, other] = ["wang", "li"].map(|person| json!({"exchange": "sh", "person": person}));
    let post = json!({"name": "post", "posting": id(77)});
    vec![
        json!({"name": "opened"}),
        json!({"name": "assigned"}),
        json!({"name": "evidenced"}),
        json!({"name": "proposed", "resolution": post, "proposed_by": one}),
        json!({"name": "approved", "resolution": post, "proposed_by": one, "approved_by": other}),
        json!({"name": "resolved", "resolution": post, "proposed_by": one, "approved_by": other, "posting": id(77),
            "resolved_at": TIME}),
        json!({"name": "written_off", "proposed_by": one, "approved_by": other, "amount_minor": 1,
            "written_off_at": TIME}),
        json!({"name": "escalated", "reason": "无法解决", "escalated_by": one, "escalated_at": TIME}),
    ]
}

/// Windows in the states that come after `open` and before and after `closed`.
fn windows() -> Vec<Record> {
    let instruction = |number: u64, state: Value| json!({"id": format!("CNY/2#13/{number}"), "payer": "js", "payee": "sh", "amount_minor": 7, "state": state});
    let confirmed =
        json!({"name": "confirmed", "bank_reference": "bank/1", "received_minor": 6, "confirmed_at": TIME});
    let states = [
        json!({"name": "closing", "closing_at": TIME}),
        json!({"name": "settling", "closed_at": TIME, "method": "bilateral",
            "instructions": [instruction(1, json!({"name": "pending"})), instruction(2, confirmed)]}),
        json!({"name": "settled", "closed_at": TIME, "method": "multilateral", "settled_at": TIME}),
        json!({"name": "aborted", "reason": "no money", "aborted_at": TIME, "carried_into": "CNY/2#20"}),
    ];
    let totals =
        json!({"line_count": 1, "left_to_right_minor": 0, "right_to_left_minor": 9_007_199_254_740_991_i64});
    let windows = (12_u64..).zip(states).map(|(number, state)| {
        let json = json!({"id": format!("CNY/2#{number}"), "state": state, "opened_at": TIME, "posting_count": 3,
            "flows": {"write_off": {"count": 1, "amount_minor": 1}}, "pairs": {"js~sh": totals, "sh~sh": totals},
            "carried": {"js~sh": totals}, "carried_from": ["CNY/2#9"], "fee_carry": {"js~sh": {"js": -1, "sh": 1}},
            "heads": {"js~sh": {"js": DIGEST, "sh": DIGEST}}});
        record(Noun::Window, json)
    });
    windows.collect()
}

/// At least one record of every kind that settlement has.
pub(crate) fn settlement_records() -> Vec<Record> {
    let mut records = vec![
        hold(40, 3, 100, Some(TIME)),
        hold(41, 3, 0, None),
        hold(42, 2, 30, None),
        voucher(43, 5, 9_007_199_254_740_991),
        acceptance(44, "CNY/2#1"),
        dispute(45, true),
        dispute(46, false),
        tax_table(1),
        tax_table(12),
        share_tree(6, 1),
    ];
    records.extend((50..).zip(break_states()).map(|(number, state)| {
        break_(number, "CNY/2#12", "js~sh", if number == 50 { "root" } else { "amount" }, &state)
    }));
    records.extend(windows());
    records
}
