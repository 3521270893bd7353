//! Revenue shares as a tree.

use crate::sample::amount;
use databourse_primitives::{RefusalCode, SharesVersion, Timestamp};
use databourse_settlement::{Holder, PublishShares, ShareTree, publish_shares};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PRODUCT: &str = "019aa2b4-5c00-7000-8000-0000000000aa";

fn party(number: usize) -> String {
    format!("party:019aa2b4-5c00-7000-8000-{number:012}")
}

fn leaf(weight_bp: u16, beneficiary: &str) -> Value {
    json!({ "name": "x", "weight_bp": weight_bp, "beneficiary": beneficiary })
}

fn branch(weight_bp: u16, children: &[Value]) -> Value {
    json!({ "name": "y", "weight_bp": weight_bp, "children": children })
}

fn command(root: &[Value]) -> PublishShares {
    serde_json::from_value(json!({ "product": PRODUCT, "version": 1, "root": root })).unwrap()
}

fn tree(root: &[Value]) -> ShareTree {
    publish_shares(None, command(root), Timestamp::EPOCH).unwrap()
}

/// Holder 50 %, processing 30 % of which the operator gets a third, public share 15 %, exchange 5 %.
fn sample() -> [Value; 4] {
    let processing = branch(3_000, &[leaf(6_667, &party(2)), leaf(3_333, &party(3))]);
    [leaf(5_000, &party(1)), processing, leaf(1_500, &party(4)), leaf(500, "exchange:sh")]
}

#[track_caller]
fn check(tree: &mut ShareTree, minor: i64, expected: &[(&str, i64)]) {
    let parts = tree.split(amount(minor)).unwrap();
    let parts: Vec<_> = parts.into_iter().map(|(holder, part)| (holder.to_string(), part.get())).collect();
    let expected: Vec<_> = expected.iter().map(|(holder, part)| ((*holder).to_owned(), *part)).collect();
    assert_eq!(parts, expected);
}

#[test]
fn revenue_is_divided_over_the_leaves_in_the_order_of_holders() {
    let [a, b, c, d] = [1, 2, 3, 4].map(party);
    let mut sample = tree(&sample());
    check(
        &mut sample,
        100_000,
        &[("exchange:sh", 5_000), (&a, 50_000), (&b, 20_001), (&c, 9_999), (&d, 15_000)],
    );
    assert!(sample.carry.is_empty());
    check(&mut sample, 1, &[("exchange:sh", 0), (&a, 1), (&b, 0), (&c, 0), (&d, 0)]);
    check(&mut sample, 1, &[("exchange:sh", 0), (&a, 0), (&b, 1), (&c, 0), (&d, 0)]);
    check(&mut sample, 0, &[("exchange:sh", 0), (&a, 0), (&b, 0), (&c, 0), (&d, 0)]);
    let holders: Vec<_> = sample.beneficiaries().iter().map(ToString::to_string).collect();
    assert_eq!(holders, ["exchange:sh", &a, &b, &c, &d]);
}

#[test]
fn equal_remainders_are_served_by_the_id_of_the_party() {
    let (first, last) = (party(1), party(2));
    check(&mut tree(&[leaf(5_000, &last), leaf(5_000, &first)]), 1, &[(&first, 1), (&last, 0)]);
}

#[test]
fn a_hundred_thousand_revenues_of_one_minor_unit_reach_everybody() {
    let mut sample = tree(&sample());
    let mut totals = BTreeMap::new();
    for round in 0..100_000 {
        for (holder, part) in sample.split(amount(1)).unwrap() {
            *totals.entry(holder.to_string()).or_insert(0) += part.get();
        }
        if round % 1_000 == 0 {
            // What is left over survives in the record.
            sample = serde_json::from_str(&serde_json::to_string(&sample).unwrap()).unwrap();
        }
    }
    let totals: Vec<i64> = totals.into_values().collect();
    assert_eq!(totals, [5_000, 50_000, 20_001, 9_999, 15_000]);
    assert!(sample.carry.is_empty());
}

#[test]
fn shares_that_do_not_add_up_are_refused() {
    let refused = |latest: Option<u64>, root: &[Value]| {
        let latest = latest.map(SharesVersion);
        let refusal = publish_shares(latest, command(root), Timestamp::EPOCH).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::SharesInvalid);
        refusal.field.into_owned()
    };
    let many = |count: u16| -> Vec<Value> {
        let rest = 10_000 - (count - 1) * 400;
        (1..=count).map(|n| leaf(if n == 1 { rest } else { 400 }, &party(n.into()))).collect()
    };
    let nested = |levels: usize| {
        (1..levels).fold(vec![leaf(10_000, &party(1))], |below, _| vec![branch(10_000, &below)])
    };
    assert_eq!(refused(Some(1), &sample()), "version");
    assert_eq!(refused(None, &[]), "root");
    assert_eq!(refused(None, &[leaf(9_999, &party(1))]), "root");
    assert_eq!(refused(None, &[leaf(5_000, &party(1)), leaf(5_001, &party(2))]), "root");
    assert_eq!(refused(None, &[leaf(10_000, &party(1)), leaf(0, &party(2))]), "root");
    assert_eq!(refused(None, &[branch(10_000, &[])]), "root.y");
    assert_eq!(refused(None, &[branch(10_000, &[leaf(9_999, &party(1))])]), "root.y");
    assert_eq!(refused(None, &nested(4)), "root.y.y.y");
    assert_eq!(refused(None, &[leaf(5_000, &party(1)), leaf(5_000, &party(1))]), "root");
    let twice = [leaf(5_000, &party(1)), branch(5_000, &[leaf(10_000, &party(1))])];
    assert_eq!(refused(None, &twice), "root");
    assert_eq!(refused(None, &many(21)), "root");
    assert_eq!(tree(&many(20)).beneficiaries().len(), 20);
    check(&mut tree(&nested(3)), 7, &[(&party(1), 7)]);
}

#[test]
fn shares_have_one_json_form_with_either_a_beneficiary_or_children() {
    let json = json!({ "product": PRODUCT, "version": 1, "root": sample() });
    let command: PublishShares = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(command).unwrap(), json);
    let both = json!({ "name": "x", "weight_bp": 1, "beneficiary": "exchange:sh", "children": [] });
    let neither = json!({ "name": "x", "weight_bp": 1 });
    let mut typo = leaf(10_000, "exchange:sh");
    typo["typo"] = 1.into();
    for node in [both, neither, typo] {
        let json = json!({ "product": PRODUCT, "version": 1, "root": [node] });
        assert!(serde_json::from_value::<PublishShares>(json).is_err());
    }
}

proptest! {
    #[test]
    fn a_split_sums_and_every_holder_stays_near_its_share(
        cuts in prop::collection::btree_set(1..10_000_u16, 1..8),
        inner in 1..10_000_u16,
        amounts in prop::collection::vec(prop_oneof![0..5_i64, 0..=9_007_199_254_740_991_i64], 1..30),
    ) {
        let bounds: Vec<u16> = std::iter::once(0).chain(cuts).chain([10_000]).collect();
        let weights: Vec<u16> = bounds.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mut root: Vec<Value> =
            weights.iter().enumerate().map(|(index, weight)| leaf(*weight, &party(index))).collect();
        root[0] = branch(weights[0], &[leaf(inner, &party(100)), leaf(10_000 - inner, &party(101))]);
        let mut exact: BTreeMap<String, i128> =
            weights.iter().enumerate().map(|(index, w)| (party(index), i128::from(*w) * 10_000)).collect();
        exact.remove(&party(0));
        exact.insert(party(100), i128::from(weights[0]) * i128::from(inner));
        exact.insert(party(101), i128::from(weights[0]) * i128::from(10_000 - inner));

        let mut tree = tree(&root);
        let mut totals: BTreeMap<Holder, i128> = BTreeMap::new();
        let mut sum = 0;
        for minor in amounts {
            let parts = tree.split(amount(minor)).unwrap();
            prop_assert_eq!(parts.iter().map(|(_, part)| part.get()).sum::<i64>(), minor);
            sum += i128::from(minor);
            for (holder, part) in parts {
                *totals.entry(holder).or_default() += i128::from(part.get());
            }
        }
        for (holder, total) in totals {
            let owed = sum * exact[&holder.to_string()] - total * 100_000_000;
            prop_assert!(-100_000_000 < owed && owed < 200_000_000, "{holder}: {owed}");
        }
    }
}
