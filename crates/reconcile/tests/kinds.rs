//! Every kind of break between the ledger and a book, alone; and what is no break.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_reconcile::matching::{Context, FoundBreak, Reconciliation, Rule, reconcile};
use databourse_reconcile::trial::inject;
use databourse_reconcile::{BreakKind, LineStatus, SettlementLine};
use proptest::prelude::*;

#[path = "support/made.rs"]
mod made;
use made::{in_window, keyless, refund, sale, tree};

fn compare(left: &[SettlementLine], right: &[SettlementLine], context: &Context) -> Reconciliation {
    let report = reconcile(&tree(left), &tree(right), context).unwrap();
    for found in &report.breaks {
        found.evidence(&tree(left), &tree(right)).verify(found).unwrap();
    }
    report
}

fn known(report: &Reconciliation) -> Vec<(&'static str, &str)> {
    let key = |found: &'_ FoundBreak| found.key.as_ref().map_or("", |key| key.as_str()).to_owned();
    report.breaks.iter().map(|found| (found.kind.as_str(), &*String::leak(key(found)))).collect()
}

/// Three lines that agree, besides what the case adds: they must match whatever stands beside them.
#[track_caller]
fn check(left: &[SettlementLine], right: &[SettlementLine], context: &Context, expected: &[(&str, &str)]) {
    let agreed = [sale("a", "agreed/1", 2000), sale("n", "agreed/2", 4000), sale("z", "agreed/3", 6000)];
    let report = compare(&[&agreed, left].concat(), &[&agreed, right].concat(), context);
    assert_eq!(known(&report), expected);
    let shared = report.matched.values().map(|lines| lines.left).sum::<u64>();
    assert!(shared >= 3 && report.tally.ties_out());
    // Nothing depends on the order of the files.
    let mut turned = [left, &agreed].concat();
    turned.reverse();
    let mut context = context.clone();
    context.left_around.reverse();
    context.right_around.reverse();
    let again = compare(&turned, &[right, &agreed].concat(), &context);
    assert_eq!((again.breaks, again.matched), (report.breaks, report.matched));
}

fn nothing() -> Context {
    Context::default()
}

#[test]
fn a_line_that_one_side_lacks() {
    let line = sale("b", "1/sale", 2000);
    check(std::slice::from_ref(&line), &[], &nothing(), &[("missing_right", "1/sale")]);
    check(&[], std::slice::from_ref(&line), &nothing(), &[("missing_left", "1/sale")]);
    check(std::slice::from_ref(&line), std::slice::from_ref(&line), &nothing(), &[]);
}

#[test]
fn a_line_that_differs() {
    let line = sale("b", "1/sale", 2000);
    let change = |change: fn(&mut SettlementLine), kind| {
        let mut other = line.clone();
        change(&mut other);
        check(std::slice::from_ref(&line), &[other], &nothing(), &[(kind, "1/sale")]);
    };
    change(|line| line.net_minor += 1, "amount");
    change(|line| line.asset = "USD/2".parse().unwrap(), "currency");
    change(|line| line.vat_minor += 1, "rounding");
    change(|line| line.vat_minor += 10, "tax");
    change(|line| line.fee_minor += 10, "fee_rule");
    change(|line| line.schedule = None, "fee_rule");
    change(|line| line.status = LineStatus::Reversed, "status");
    change(|line| line.counterparty = "c".parse().unwrap(), "party");
    change(|line| line.window.number = 8, "timing");
}

#[test]
fn a_line_that_the_other_side_has_in_another_window() {
    let line = sale("b", "1/sale", 2000);
    let right_around = vec![in_window(&line, 8)];
    let late = Context { right_around: right_around.clone(), ..nothing() };
    check(std::slice::from_ref(&line), &[], &late, &[("timing", "1/sale")]);
    let early = Context { left_around: vec![in_window(&line, 6)], ..nothing() };
    check(&[], std::slice::from_ref(&line), &early, &[("timing", "1/sale")]);
    // What the same side has in two windows, it has twice.
    let twice = Context { left_around: vec![in_window(&line, 6)], right_around, ..nothing() };
    check(std::slice::from_ref(&line), &[], &twice, &[("duplicate", "1/sale")]);
}

#[test]
fn a_key_that_stands_twice() {
    let line = sale("b", "1/sale", 2000);
    let other = SettlementLine { counterparty: "c".parse().unwrap(), ..line.clone() };
    let wrong = SettlementLine { net_minor: 1, ..line.clone() };
    let one = std::slice::from_ref(&line);
    for right in [
        vec![line.clone(), line.clone()],
        vec![line.clone(), other],
        vec![line.clone(), wrong.clone()],
        vec![wrong.clone(), wrong],
    ] {
        check(one, &right, &nothing(), &[("duplicate", "1/sale")]);
        check(&right, one, &nothing(), &[("duplicate", "1/sale")]);
        check(&right, &right, &nothing(), &[("duplicate", "1/sale")]);
        check(&[], &right, &nothing(), &[("duplicate", "1/sale")]);
    }
}

#[test]
fn a_refund_without_a_sale() {
    let sold = sale("b", "1/sale", 2000);
    let back = refund(&sold, "1/refund", 2000, 1);
    let both = [back.clone()];
    check(&both, &both, &nothing(), &[("orphan_refund", "1/refund")]);
    check(&[], &both, &nothing(), &[("orphan_refund", "1/refund")]);
    check(&[sold.clone(), back.clone()], &[sold.clone(), back.clone()], &nothing(), &[]);
    // The sale may be another window's, or missing at one side only.
    let before = Context { left_around: vec![in_window(&sold, 6)], ..nothing() };
    check(&both, &both, &before, &[]);
    check(&[sold.clone(), back.clone()], &both, &nothing(), &[("missing_right", "1/sale")]);
    let elsewhere = SettlementLine { original: Some("2/sale".parse().unwrap()), ..back.clone() };
    let sides = |refund: &SettlementLine| [sold.clone(), sale("b", "2/sale", 2000), refund.clone()];
    check(&sides(&back), &sides(&elsewhere), &nothing(), &[("orphan_refund", "1/refund")]);
}

#[test]
fn refunds_above_their_sale() {
    let sold = sale("b", "1/sale", 8000);
    let part = |key: &str, net: i64, minutes: i64| refund(&sold, key, net, minutes);
    let agreed = [sold.clone(), part("1/refund/b", 4000, 5), part("1/refund/c", 4000, 9)];
    check(&agreed, &agreed, &nothing(), &[]);
    // What both sides have counts first, though the other came earlier.
    let more = [&agreed[..], &[part("1/refund/a", 2000, 1)]].concat();
    check(&agreed, &more, &nothing(), &[("over_refund", "1/refund/a")]);
    check(&more, &more, &nothing(), &[("over_refund", "1/refund/c")]);
    // A reversed refund gives nothing back; a sale that one side has too small does not make its refunds wrong.
    let reversed = SettlementLine { status: LineStatus::Reversed, ..part("1/refund/a", 2000, 1) };
    let undone = [&agreed[..], &[reversed]].concat();
    check(&undone, &undone, &nothing(), &[]);
    let small = [SettlementLine { net_minor: 7000, ..sold.clone() }, agreed[1].clone(), agreed[2].clone()];
    check(&agreed, &small, &nothing(), &[("amount", "1/sale")]);
    // Refunds of earlier windows count, those of later ones do not.
    let around = |number| vec![in_window(&part("1/refund/d", 2000, 1), number)];
    let earlier = Context { left_around: around(6), right_around: around(6), ..nothing() };
    check(&agreed, &agreed, &earlier, &[("over_refund", "1/refund/c")]);
    let later = Context { left_around: around(8), right_around: around(8), ..nothing() };
    check(&agreed, &agreed, &later, &[]);
}

#[test]
fn lines_without_a_key_match_by_amount_or_are_ambiguous() {
    let (one, two, three) = (sale("b", "1/sale", 2000), sale("b", "2/sale", 2000), sale("b", "3/sale", 6000));
    check(&[one.clone(), three.clone()], &[keyless(&one), three.clone()], &nothing(), &[]);
    check(&[one.clone(), two.clone()], &[keyless(&one), keyless(&two)], &nothing(), &[]);
    check(&[one.clone(), two.clone()], &[keyless(&sale("b", "x", 4000))], &nothing(), &[]);
    check(std::slice::from_ref(&three), &[keyless(&one), keyless(&sale("b", "x", 4000))], &nothing(), &[]);
    check(&[one.clone(), two.clone()], &[keyless(&one)], &nothing(), &[("ambiguous", "1/sale")]);
    check(
        std::slice::from_ref(&three),
        &[keyless(&one)],
        &nothing(),
        &[("missing_left", ""), ("missing_right", "3/sale")],
    );
    // The ledger has lines without keys too, in a window of totals.
    check(&[keyless(&one)], std::slice::from_ref(&two), &nothing(), &[]);
    // Two keys are two lines, whatever they amount to.
    check(
        std::slice::from_ref(&one),
        std::slice::from_ref(&two),
        &nothing(),
        &[("missing_right", "1/sale"), ("missing_left", "2/sale")],
    );
    // Another day by the parties' clock: 16:00 in Greenwich is midnight in China.
    let at = |line: &SettlementLine, time: &str| SettlementLine {
        occurred_at: time.parse().unwrap(),
        ..line.clone()
    };
    let (day, night) = (at(&one, "2026-11-22T15:59:00Z"), keyless(&at(&one, "2026-11-22T16:00:00Z")));
    check(std::slice::from_ref(&day), std::slice::from_ref(&night), &nothing(), &[]);
    let china = Context { utc_offset_minutes: 480, ..nothing() };
    check(&[day], &[night], &china, &[("missing_left", ""), ("missing_right", "1/sale")]);
}

#[test]
fn a_head_that_is_not_of_its_lines() {
    let line = sale("b", "1/sale", 2000);
    let of_another = Some(tree(&[sale("b", "1/sale", 4000)]).root());
    let right_head = Context { right_head: of_another.clone(), ..nothing() };
    check(std::slice::from_ref(&line), std::slice::from_ref(&line), &right_head, &[("root", "")]);
    let left_head = Context { left_head: of_another, ..nothing() };
    check(std::slice::from_ref(&line), std::slice::from_ref(&line), &left_head, &[("root", "")]);
}

#[test]
fn equal_roots_are_one_comparison() {
    let lines: Vec<_> = (0..500).map(|number| sale("b", &format!("{number}/sale"), 2000)).collect();
    let report = compare(&lines, &lines, &nothing());
    assert_eq!((report.hashes_fetched, report.nodes_fetched, report.is_clean()), (1, 0, true));
    assert_eq!(report.matched[&Rule::Root].right, 500);
    assert_eq!(report.hashes_per_break_milli(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_put_in_is_found_and_nothing_else(seed in any::<u64>(), breaks in 0..40_usize, harmless in 0..9_usize) {
        let lines: Vec<_> = (0..240)
            .map(|number| sale(&format!("party-{}", number / 4), &format!("{number}/sale"), 2000 * (1 + number % 3)))
            .collect();
        let trial = inject(&lines, seed, breaks, harmless).unwrap();
        let report = compare(&trial.left, &trial.right, &trial.context);
        let mut found: Vec<_> = report.breaks.iter().map(|found| (found.kind, found.key.clone())).collect();
        found.sort_unstable();
        prop_assert_eq!(found, trial.expected);
        prop_assert!(report.tally.ties_out());
        // Repaired as the report says, the roots are equal, if the book keeps all keys.
        let mut repaired = trial.right;
        for line in report.breaks.iter().flat_map(|found| &found.right) {
            repaired.swap_remove(repaired.iter().position(|other| other == line).unwrap());
        }
        repaired.extend(report.breaks.iter().flat_map(|found| found.left.clone()));
        let again = compare(&trial.left, &repaired, &nothing());
        prop_assert!(again.is_clean());
        prop_assert!(harmless > 0 || again.left_root == again.right_root);
    }

    #[test]
    fn a_book_against_itself_has_no_break(count in 1..200_i64) {
        let lines: Vec<_> = (0..count).map(|n| sale(&format!("p{}", n % 5), &format!("{n}"), 2000 * n)).collect();
        prop_assert!(compare(&lines, &lines, &nothing()).is_clean());
        prop_assert_eq!(BreakKind::ALL.len(), 16);
    }
}
