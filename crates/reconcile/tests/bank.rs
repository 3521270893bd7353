//! The leg of the bank: what matches, within which tolerance, and what is a break.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_primitives::AmountMinor;
use databourse_reconcile::bank::{
    BankInput, BankLine, BankReconciliation, BankStatus, Direction, reconcile_bank,
};
use databourse_reconcile::{LineKind, SettlementLine};

#[path = "support/made.rs"]
mod made;
use made::sale;

fn payment(kind: LineKind, key: &str, net_minor: i64) -> SettlementLine {
    let none = sale("b", key, 0);
    SettlementLine { kind, net_minor, schedule: None, tax: None, ..none }
}

/// What the bank books for `line`, without its name.
fn booked(line: &SettlementLine, reference: &str) -> BankLine {
    BankLine {
        reference: reference.parse().unwrap(),
        end_to_end: None,
        direction: if line.net_minor < 0 { Direction::Debit } else { Direction::Credit },
        amount_minor: AmountMinor::new(line.net_minor.abs()).unwrap(),
        asset: line.asset,
        counterparty: Some(line.counterparty.clone()),
        booked_at: line.occurred_at.plus_ms(1000),
        status: BankStatus::Booked,
    }
}

fn named(line: &SettlementLine, reference: &str, amount_minor: i64) -> BankLine {
    let amount_minor = AmountMinor::new(amount_minor).unwrap();
    BankLine { end_to_end: line.key.clone(), amount_minor, ..booked(line, reference) }
}

fn compare(input: &BankInput) -> BankReconciliation {
    let report = reconcile_bank(input).unwrap();
    assert!(report.tally.ties_out());
    let mut turned = input.clone();
    turned.ledger.reverse();
    turned.bank.reverse();
    assert_eq!(reconcile_bank(&turned).unwrap(), report, "the order of a file is no fact");
    report
}

#[track_caller]
fn check(ledger: &[SettlementLine], bank: &[BankLine], expected: &[&str], differences: &[i64]) {
    let tolerance_minor = AmountMinor::new(50).unwrap();
    let input =
        BankInput { ledger: ledger.to_vec(), bank: bank.to_vec(), tolerance_minor, ..BankInput::default() };
    let report = compare(&input);
    assert_eq!(report.breaks.iter().map(|found| found.kind.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(
        report.differences.iter().map(|posted| posted.difference_minor).collect::<Vec<_>>(),
        differences
    );
}

#[test]
fn a_named_line_matches_within_the_tolerance_and_the_difference_is_to_be_posted() {
    let line = payment(LineKind::Deposit, "1/deposit", 10_000);
    let one = std::slice::from_ref(&line);
    check(one, &[named(&line, "r1", 10_000)], &[], &[]);
    check(one, &[named(&line, "r1", 9_950)], &[], &[-50]);
    check(one, &[named(&line, "r1", 10_050)], &[], &[50]);
    check(one, &[named(&line, "r1", 10_051)], &["amount"], &[]);
    let out = payment(LineKind::Withdrawal, "2/withdrawal", -10_000);
    check(std::slice::from_ref(&out), &[named(&out, "r1", 10_020)], &[], &[-20]);
    // The wrong way round is never within a tolerance.
    let small = payment(LineKind::Deposit, "3/deposit", 20);
    let back = BankLine { direction: Direction::Debit, ..named(&small, "r1", 20) };
    check(&[small], &[back], &["amount"], &[]);
}

#[test]
fn a_named_line_that_differs_is_a_break() {
    let line = payment(LineKind::Settlement, "CNY/2#7/1", -10_000);
    let one = std::slice::from_ref(&line);
    let good = named(&line, "r1", 10_000);
    check(one, &[BankLine { asset: "USD/2".parse().unwrap(), ..good.clone() }], &["currency"], &[]);
    check(one, &[BankLine { status: BankStatus::Reversed, ..good.clone() }], &["status"], &[]);
    check(one, &[BankLine { counterparty: "c".parse().ok(), ..good.clone() }], &["party"], &[]);
    check(one, &[BankLine { counterparty: None, ..good.clone() }], &[], &[]);
    check(
        one,
        &[good.clone(), BankLine { reference: "r2".parse().unwrap(), ..good.clone() }],
        &["duplicate"],
        &[],
    );
    check(&[line.clone(), line.clone()], &[good], &["duplicate"], &[]);
    check(one, &[], &["missing_right"], &[]);
    check(one, &[named(&line, "r1", 4_000), named(&line, "r2", 6_000)], &[], &[]);
    check(one, &[named(&line, "r1", 4_000), named(&line, "r2", 5_000)], &["duplicate"], &[]);
    // Twice a small amount is twice, though the sum would be within the tolerance.
    let small = payment(LineKind::Deposit, "2/deposit", 20);
    check(
        std::slice::from_ref(&small),
        &[named(&small, "r1", 20), named(&small, "r2", 20)],
        &["duplicate"],
        &[],
    );
}

#[test]
fn a_line_without_a_name_matches_exactly_or_is_external() {
    let (one, two) = (payment(LineKind::Deposit, "1", 10_000), payment(LineKind::Deposit, "2", 5_000));
    let both = [one.clone(), two.clone()];
    check(&both, &[booked(&two, "r1"), booked(&one, "r2")], &[], &[]);
    check(&both, &[booked(&payment(LineKind::Deposit, "x", 15_000), "r1")], &[], &[]);
    let half = booked(&two, "r1");
    check(
        std::slice::from_ref(&one),
        &[half.clone(), BankLine { reference: "r2".parse().unwrap(), ..half.clone() }],
        &[],
        &[],
    );
    // No tolerance without a name; no name of ours is no name.
    let near = booked(&payment(LineKind::Deposit, "x", 9_999), "r1");
    check(std::slice::from_ref(&one), std::slice::from_ref(&near), &["external", "missing_right"], &[]);
    let unknown = BankLine { end_to_end: "rent".parse().ok(), ..booked(&one, "r1") };
    check(std::slice::from_ref(&one), &[unknown], &[], &[]);
    let stranger = BankLine { counterparty: None, ..booked(&one, "r1") };
    check(&both, &[stranger.clone(), named(&two, "r2", 5_000)], &[], &[]);
    check(
        &[one.clone(), payment(LineKind::Deposit, "3", 10_000)],
        std::slice::from_ref(&stranger),
        &["ambiguous"],
        &[],
    );
    check(&[], &[stranger], &["external"], &[]);
    check(&[one], &[BankLine { direction: Direction::Debit, ..near }], &["external", "missing_right"], &[]);
}

#[test]
fn what_the_other_side_has_on_another_day_is_a_matter_of_timing() {
    let line = payment(LineKind::Deposit, "1", 10_000);
    let bank = named(&line, "r1", 10_000);
    let late =
        BankInput { ledger: vec![line.clone()], bank_around: vec![bank.clone()], ..BankInput::default() };
    let early = BankInput { bank: vec![bank], ledger_around: vec![line], ..BankInput::default() };
    for input in [late, early] {
        let report = compare(&input);
        assert_eq!(report.breaks.iter().map(|found| found.kind.as_str()).collect::<Vec<_>>(), ["timing"]);
    }
}

#[test]
fn only_payments_with_a_key_are_compared_with_a_bank() {
    let check = |line: SettlementLine, field: &str| {
        let input = BankInput { ledger: vec![line], ..BankInput::default() };
        assert_eq!(reconcile_bank(&input).unwrap_err().field, field);
    };
    check(sale("b", "1", 2000), "ledger[0].kind");
    check(SettlementLine { key: None, ..payment(LineKind::Deposit, "1", 5) }, "ledger[0].key");
    check(payment(LineKind::Withdrawal, "1", 5), "ledger[0].net_minor");
}
