//! Versions and positions of fee schedules, and their one JSON form.

use crate::sample::{first_schedule_json, first_tax, first_tax_json, schedule_command};
use databourse_primitives::{LeafIndex, Refusal, RefusalCode, Timestamp};
use databourse_settlement::{PublishSchedule, PublishTax, Schedule, publish};
use serde_json::{Value, json};

fn publish_at(latest: Option<&Schedule>, changes: &Value, at: u64) -> Result<Schedule, Refusal> {
    publish(latest, &first_tax(), schedule_command(changes), LeafIndex(at), Timestamp::EPOCH)
}

#[track_caller]
fn check_in_force(latest: &Schedule, expected: &[(u64, Option<&str>)]) {
    for (at, version) in expected {
        let in_force = latest.version_at(LeafIndex(*at)).map(|version| version.to_string());
        assert_eq!(in_force.as_deref(), *version, "at {at}");
    }
}

#[test]
fn a_schedule_is_in_force_from_its_position_and_the_one_before_until_then() {
    let first = publish_at(None, &json!({}), 10).unwrap();
    assert_eq!(first.effective_from, LeafIndex(11), "at once is after its own entry");
    check_in_force(&first, &[(10, None), (11, Some("CNY/2@1"))]);

    let second = json!({ "version": "CNY/2@2", "effective_from": 100 });
    let second = publish_at(Some(&first), &second, 50).unwrap();
    check_in_force(&second, &[(50, Some("CNY/2@1")), (99, Some("CNY/2@1")), (100, Some("CNY/2@2"))]);
    assert!(!second.is_effective(LeafIndex(99)) && second.is_effective(LeafIndex(100)));

    let third = publish_at(Some(&second), &json!({ "version": "CNY/2@3" }), 200).unwrap();
    check_in_force(&third, &[(200, Some("CNY/2@2")), (201, Some("CNY/2@3"))]);
}

#[test]
fn a_schedule_that_still_waits_is_replaced_and_prices_nothing() {
    let first = publish_at(None, &json!({}), 10).unwrap();
    let mistaken = json!({ "version": "CNY/2@2", "effective_from": 9_007_199_254_740_991_i64 });
    let mistaken = publish_at(Some(&first), &mistaken, 50).unwrap();
    let right = json!({ "version": "CNY/2@3", "effective_from": 100 });
    let right = publish_at(Some(&mistaken), &right, 60).unwrap();
    check_in_force(&right, &[(61, Some("CNY/2@1")), (99, Some("CNY/2@1")), (100, Some("CNY/2@3"))]);
}

#[test]
fn a_first_schedule_that_waits_leaves_its_asset_without_one() {
    let first = publish_at(None, &json!({ "effective_from": 12 }), 10).unwrap();
    check_in_force(&first, &[(11, None), (12, Some("CNY/2@1"))]);
}

#[test]
fn a_schedule_that_does_not_follow_or_leaves_its_bounds_is_refused() {
    let first = publish_at(None, &json!({}), 10).unwrap();
    let fee = |fee: Value| json!({ "version": "CNY/2@2", "fees": [{ "fee": fee }] });
    let rule = &first_schedule_json()["fees"][0];
    let invalid = RefusalCode::ScheduleInvalid;
    let cases = [
        (json!({ "version": "CNY/2@1" }), invalid, "version"),
        (json!({ "version": "CNY/2@3" }), invalid, "version"),
        (json!({ "version": "XTS/3@2" }), invalid, "version"),
        (json!({ "version": "CNY/2@2", "effective_from": 20 }), invalid, "effective_from"),
        (
            json!({ "version": "CNY/2@2", "effective_from": 9_007_199_254_740_992_i64 }),
            invalid,
            "effective_from",
        ),
        (json!({ "version": "CNY/2@2", "fees": vec![rule; 65] }), invalid, "fees"),
        (fee(json!({ "base": { "name": "tiers", "tiers": [] } })), invalid, "fees[0].fee.base.tiers"),
        (
            fee(json!({ "base": { "name": "flat", "amount_minor": 1 }, "min_minor": 2, "max_minor": 1 })),
            invalid,
            "fees[0].fee.min_minor",
        ),
        (json!({ "version": "CNY/2@2", "yearly": { "buyer": 0 } }), invalid, "yearly.buyer"),
        (json!({ "version": "CNY/2@2", "hold_days": 0 }), invalid, "hold_days"),
        (json!({ "version": "CNY/2@2", "hold_days": 367 }), invalid, "hold_days"),
        (json!({ "version": "CNY/2@2", "dispute_days": 367 }), invalid, "dispute_days"),
        (json!({ "version": "CNY/2@2", "tax": 2 }), RefusalCode::TaxUnknown, "tax"),
        (json!({ "version": "CNY/2@2", "fee_vat": "luxury" }), RefusalCode::TaxInvalid, "fee_vat"),
    ];
    for (changes, code, field) in cases {
        let refusal = publish_at(Some(&first), &changes, 20).unwrap_err();
        assert_eq!((refusal.code, &*refusal.field), (code, field), "{changes}");
    }
    let widest = json!({
        "version": "CNY/2@2", "fees": vec![rule; 64], "hold_days": 366, "dispute_days": 366, "effective_from": 21,
    });
    assert!(publish_at(Some(&first), &widest, 20).is_ok());
    let shortest = json!({ "version": "CNY/2@2", "fees": [], "hold_days": 1, "dispute_days": 0 });
    assert!(publish_at(Some(&first), &shortest, 20).is_ok());
}

#[test]
fn a_schedule_and_a_tax_table_have_one_json_form() {
    let mut full = first_schedule_json();
    full["effective_from"] = 100.into();
    full["fees"] = json!([
        {
            "kinds": ["compute", "dataset"],
            "exchanges": ["sh"],
            "roles": ["processor"],
            "fee": {
                "base": { "name": "tiers", "tiers": [{ "from_minor": 0, "rate": "0.05" }] },
                "min_minor": 1,
                "max_minor": 9,
            },
        },
        { "fee": { "base": { "name": "flat", "amount_minor": 500 } } },
    ]);
    for json in [first_schedule_json(), full.clone()] {
        let command: PublishSchedule = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&command).unwrap(), json);
        let published = publish(None, &first_tax(), command, LeafIndex(0), Timestamp::EPOCH).unwrap();
        let text = serde_json::to_string(&published).unwrap();
        assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), published);
    }
    let command: PublishTax = serde_json::from_value(first_tax_json()).unwrap();
    assert_eq!(serde_json::to_value(command).unwrap(), first_tax_json());
    let basis = publish_at(None, &json!({}), 0).unwrap().basis();
    let cited = json!({ "schedule": "CNY/2@1", "tax": 1, "rounding": "half-up-largest-remainder-carry/1" });
    assert_eq!(serde_json::to_value(basis).unwrap(), cited);

    let places =
        ["", "/fees/0", "/fees/0/fee", "/fees/0/fee/base", "/fees/0/fee/base/tiers/0", "/fees/1/fee/base"];
    for place in places {
        let mut json = full.clone();
        json.pointer_mut(place).unwrap()["typo"] = 1.into();
        assert!(serde_json::from_value::<PublishSchedule>(json).is_err(), "an unknown field at {place:?}");
    }
}
