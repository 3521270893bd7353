//! The price of a line, recomputed from the versions that it cites.

use crate::sample::{amount, exchange, first_tax, schedule_command};
use databourse_primitives::{AmountMinor, ExchangeCode, LeafIndex, RefusalCode, Timestamp};
use databourse_settlement::{LinePrice, LineTerms, Schedule, TaxTable, publish, returned, returned_parts};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn schedule(changes: &Value) -> Schedule {
    publish(None, &first_tax(), schedule_command(changes), LeafIndex(0), Timestamp::EPOCH).unwrap()
}

fn of_one_fee(fee: &Value, fee_vat: &str) -> Schedule {
    schedule(&json!({ "fees": [{ "fee": fee }], "fee_vat": fee_vat }))
}

fn parts(price: &LinePrice) -> [AmountMinor; 5] {
    [price.supplier, price.fee, price.fee_vat, price.selling_fee, price.selling_fee_vat]
}

/// Prices a data set that a supplier sells and `sh` lists.
fn price(schedule: &Schedule, net: i64, selling: &str, carry: &mut BTreeMap<ExchangeCode, i64>) -> LinePrice {
    let (listing, selling) = (exchange("sh"), exchange(selling));
    let line = LineTerms {
        net: amount(net),
        kind: "dataset",
        listing: &listing,
        selling: &selling,
        role: "supplier",
    };
    schedule.price_line(&first_tax(), &line, carry).unwrap()
}

fn other_tax() -> TaxTable {
    let tax = first_tax();
    TaxTable { version: tax.version.next(), ..tax }
}

#[track_caller]
fn check(schedule: &Schedule, net: i64, expected: [i64; 4]) {
    let price = price(schedule, net, "sh", &mut BTreeMap::new());
    let actual = [price.supplier, price.fee, price.fee_vat, price.vat].map(AmountMinor::get);
    assert_eq!(actual, expected, "supplier, fee, tax on the fee, tax of {net}");
    assert_eq!(price.gross().unwrap().get(), net + expected[3]);
}

#[test]
fn a_line_is_priced_to_the_minor_unit() {
    let first = schedule(&json!({}));
    check(&first, 10_000, [9_735, 250, 15, 600]);
    check(&first, 0, [0, 0, 0, 0]);
    check(&first, 1, [1, 0, 0, 0]);
    check(&first, 9, [9, 0, 0, 1]);
    check(&first, 20, [19, 1, 0, 1]);
    check(&schedule(&json!({ "fees": [] })), 10_000, [10_000, 0, 0, 600]);
}

#[test]
fn the_commission_never_exceeds_the_net_price() {
    let flat = json!({ "base": { "name": "flat", "amount_minor": 1_000 } });
    let taxed = of_one_fee(&flat, "services");
    check(&taxed, 2_000, [940, 1_000, 60, 120]);
    check(&taxed, 1_060, [0, 1_000, 60, 64]);
    check(&taxed, 1_059, [0, 999, 60, 64]);
    check(&taxed, 500, [0, 472, 28, 30]);
    check(&taxed, 1, [0, 1, 0, 0]);
    check(&taxed, 0, [0, 0, 0, 0]);
    check(&of_one_fee(&flat, "zero"), 999, [0, 999, 0, 60]);
    let least = json!({ "base": { "name": "percentage", "rate": "0.025" }, "min_minor": 1_000 });
    check(&of_one_fee(&least, "services"), 500, [0, 472, 28, 30]);
    let whole = json!({ "base": { "name": "percentage", "rate": "1" } });
    check(&of_one_fee(&whole, "goods"), 10_000, [0, 8_850, 1_150, 600]);
}

#[test]
fn the_first_rule_that_matches_kind_exchange_and_role_applies() {
    let fee = |minor: i64| json!({ "base": { "name": "flat", "amount_minor": minor } });
    let schedule = schedule(&json!({ "fee_vat": "zero", "fees": [
        { "kinds": ["report"], "exchanges": ["sh"], "roles": ["processor"], "fee": fee(1) },
        { "kinds": ["report", "model"], "fee": fee(2) },
        { "exchanges": ["js"], "fee": fee(3) },
        { "roles": ["processor"], "fee": fee(4) },
    ] }));
    let cases = [
        ("report", "sh", "processor", 1),
        ("report", "js", "processor", 2),
        ("report", "sh", "supplier", 2),
        ("model", "sh", "processor", 2),
        ("dataset", "js", "processor", 3),
        ("dataset", "sh", "processor", 4),
        ("dataset", "sh", "supplier", 0),
    ];
    for (kind, listing, role, expected) in cases {
        let listing = exchange(listing);
        let line = LineTerms { net: amount(100), kind, listing: &listing, selling: &listing, role };
        let price = schedule.price_line(&first_tax(), &line, &mut BTreeMap::new()).unwrap();
        assert_eq!(price.fee.get(), expected, "{line:?}");
    }
}

#[test]
fn tax_on_the_data_is_apart_from_tax_on_the_commission() {
    let schedule = schedule(&json!({ "fee_vat": "goods" }));
    let listing = exchange("sh");
    let line =
        LineTerms { net: amount(10_000), kind: "compute", listing: &listing, selling: &listing, role: "x" };
    let price = schedule.price_line(&first_tax(), &line, &mut BTreeMap::new()).unwrap();
    assert_eq!((price.vat.get(), price.vat_rate.to_string().as_str()), (900, "0.09"));
    assert_eq!((price.fee.get(), price.fee_vat.get()), (250, 33));
}

#[test]
fn another_exchange_that_sells_gets_its_part_of_the_fee() {
    let mut carry = BTreeMap::new();
    let first = schedule(&json!({}));
    let sold = price(&first, 10_000, "js", &mut carry);
    assert_eq!(parts(&sold).map(AmountMinor::get), [9_735, 150, 9, 100, 6]);
    assert!(carry.is_empty(), "exact divisions carry nothing");

    let sold = price(&first, 40, "js", &mut carry);
    assert_eq!((sold.fee.get(), sold.selling_fee.get()), (1, 0));
    let before = carry.clone();
    assert_eq!(before[&exchange("js")], 400_000_000);
    let own = price(&first, 40, "sh", &mut carry);
    assert_eq!((own.fee.get(), own.selling_fee.get()), (1, 0));
    assert_eq!(carry, before, "a line that the listing exchange sells divides nothing");
    let sold = price(&first, 40, "js", &mut carry);
    assert_eq!((sold.fee.get(), sold.selling_fee.get()), (0, 1));
}

#[test]
fn a_hundred_thousand_fees_of_one_minor_unit_do_not_drift_to_one_exchange() {
    let first = schedule(&json!({}));
    let mut carry = BTreeMap::new();
    let (mut listing, mut selling) = (0, 0);
    for _ in 0..100_000 {
        let sold = price(&first, 40, "js", &mut carry);
        listing += sold.fee.get();
        selling += sold.selling_fee.get();
    }
    assert_eq!((listing, selling), (60_000, 40_000));
}

#[test]
fn the_carry_outlives_the_version_that_made_it() {
    let mut carry = BTreeMap::new();
    price(&schedule(&json!({ "selling_share": "0.4" })), 40, "js", &mut carry);
    let next = price(&schedule(&json!({ "selling_share": "0.125" })), 40, "js", &mut carry);
    assert_eq!((next.fee.get(), next.selling_fee.get()), (0, 1), "0.4 + 0.125 against 0.6 - 1 + 0.875");
    assert_eq!(carry[&exchange("js")], -475_000_000);
}

#[test]
fn a_line_that_cannot_be_priced_is_refused_and_carries_nothing() {
    let refused = |net, tax: &TaxTable, mut carry: BTreeMap<ExchangeCode, i64>| {
        let before = carry.clone();
        let (listing, selling) = (exchange("sh"), exchange("js"));
        let line =
            LineTerms { net: amount(net), kind: "dataset", listing: &listing, selling: &selling, role: "" };
        let refusal = schedule(&json!({})).price_line(tax, &line, &mut carry).unwrap_err();
        assert_eq!(carry, before);
        refusal.code
    };
    let first = first_tax();
    assert_eq!(refused(40, &other_tax(), BTreeMap::new()), RefusalCode::TaxUnknown);
    assert_eq!(refused(9_007_199_254_740_991, &first, BTreeMap::new()), RefusalCode::AmountOutOfRange);
    let foreign = [(exchange("zj"), 1), (exchange("js"), -1)];
    assert_eq!(refused(40, &first, foreign.into()), RefusalCode::AmountOutOfRange);
}

#[test]
fn a_buyer_pays_its_yearly_fee_and_the_tax_on_it() {
    let first = schedule(&json!({}));
    let fee = first.yearly_fee(&first_tax(), "buyer").unwrap();
    assert_eq!((fee.fee_minor.get(), fee.vat_minor.get()), (998_000, 59_880));
    assert_eq!(first.yearly_fee(&first_tax(), "supplier").unwrap_err().code, RefusalCode::FeeNotDue);
    let largest = schedule(&json!({ "yearly": { "buyer": 9_007_199_254_740_991_i64 } }));
    let refusal = largest.yearly_fee(&first_tax(), "buyer").unwrap_err();
    assert_eq!(refusal.code, RefusalCode::AmountOutOfRange);
    assert_eq!(first.yearly_fee(&other_tax(), "buyer").unwrap_err().code, RefusalCode::TaxUnknown);
}

fn any_base() -> impl Strategy<Value = Value> {
    let rate = (0..=1_000_u32).prop_map(|permille| format!("{}.{:03}", permille / 1_000, permille % 1_000));
    let tiers = prop::collection::btree_map(1..1_000_000_i64, rate.clone(), 0..4);
    prop_oneof![
        (0..100_000_i64).prop_map(|minor| json!({ "name": "flat", "amount_minor": minor })),
        rate.clone().prop_map(|rate| json!({ "name": "percentage", "rate": rate })),
        (rate, tiers).prop_map(|(first, rest)| {
            let tiers = std::iter::once((0, first)).chain(rest);
            let tiers: Vec<_> =
                tiers.map(|(from, rate)| json!({ "from_minor": from, "rate": rate })).collect();
            json!({ "name": "tiers", "tiers": tiers })
        }),
    ]
}

proptest! {
    #[test]
    fn a_line_sums_recomputes_from_what_it_cites_and_is_refunded_whole(
        base in any_base(),
        bounds in prop::option::of((0..1_000_i64, 0..100_000_i64)),
        selling_share in 0..=999_999_999_u32,
        fee_vat in prop::sample::select(vec!["goods", "basic", "services", "small_scale", "zero"]),
        nets in prop::collection::vec(prop_oneof![0..200_i64, 0..10_000_000_i64, 0..=8_000_000_000_000_000_i64], 1..8),
        cut in 0..=1_000_i64,
    ) {
        let mut fee = json!({ "base": base });
        if let Some((min, more)) = bounds {
            fee["min_minor"] = min.into();
            fee["max_minor"] = (min + more).into();
        }
        let share = format!("0.{selling_share:09}");
        let schedule =
            schedule(&json!({ "fees": [{ "fee": fee }], "fee_vat": fee_vat, "selling_share": share }));
        let kept = serde_json::to_string(&schedule).unwrap();
        let mut carry = BTreeMap::new();
        for net in nets {
            let carry_kept = serde_json::to_string(&carry).unwrap();
            let line = price(&schedule, net, "js", &mut carry);
            prop_assert_eq!(parts(&line).iter().map(|part| part.get()).sum::<i64>(), net);
            prop_assert!(carry.values().all(|owed| owed.abs() <= 500_000_000), "half a unit of each");

            let cited: Schedule = serde_json::from_str(&kept).unwrap();
            let stated: LinePrice = serde_json::from_str(&serde_json::to_string(&line).unwrap()).unwrap();
            let again = price(&cited, net, "js", &mut serde_json::from_str(&carry_kept).unwrap());
            prop_assert_eq!(stated, again);
            let without_carry = price(&cited, net, "sh", &mut BTreeMap::new());
            prop_assert_eq!(without_carry.fee.get(), stated.fee.get() + stated.selling_fee.get());
            prop_assert_eq!(without_carry.fee_vat.get(), stated.fee_vat.get() + stated.selling_fee_vat.get());
            prop_assert_eq!((without_carry.supplier, without_carry.vat), (stated.supplier, stated.vat));

            let some = amount(net / 1_000 * cut);
            let (none, whole) = (AmountMinor::ZERO, line.net);
            let first = returned_parts(&parts(&line), none, some).unwrap();
            let rest = returned_parts(&parts(&line), some, whole).unwrap();
            for ((part, first), rest) in parts(&line).iter().zip(first).zip(rest) {
                prop_assert_eq!(first.get() + rest.get(), part.get());
            }
            let vat = [(none, some), (some, whole)].map(|(from, to)| returned(line.vat, from, to, whole).unwrap());
            prop_assert_eq!(vat[0].get() + vat[1].get(), line.vat.get());
        }
    }
}
