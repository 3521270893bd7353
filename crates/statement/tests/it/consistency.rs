//! What follows from what: totals, and every way in which a statement can be inconsistent.

use crate::support::{amount, bare, every_kind, parts, sales, with_parts, worked_example};
use databourse_primitives::{AMOUNT_MINOR_MAX, LeafIndex, Timestamp, TreeSize};
use databourse_statement::{KindTotals, LineKind, Statement, StatementLine, StatementParts};

#[test]
fn totals_are_the_sums_of_the_lines() {
    let refund = with_parts(LineKind::RefundGiven, 2, [1_000, 60, 25, 1, 0, 0], -974);
    let withdrawal = bare(LineKind::Withdrawal, 3, -5_000);
    let statement = Statement::new(parts(100, vec![worked_example(), refund, withdrawal])).unwrap();
    let totals = statement.totals();
    assert_eq!((totals.count, totals.in_minor, totals.out_minor), (3, 9_735, 5_974));
    assert_eq!(statement.parts().closing_minor, 100 + 9_735 - 5_974);
    let sale = KindTotals {
        count: 1,
        net_minor: 10_000,
        vat_minor: 600,
        fee_minor: 250,
        fee_vat_minor: 15,
        effect_minor: 9_735,
        ..KindTotals::default()
    };
    assert_eq!(totals.by_kind[&LineKind::Sale], sale);
    assert_eq!(totals.by_kind[&LineKind::RefundGiven].effect_minor, -974);
    assert_eq!(totals.by_kind.len(), 3);
}

#[test]
fn a_line_of_every_kind_is_consistent_and_another_effect_is_not() {
    let lines = every_kind();
    for kind in LineKind::ALL {
        assert!(lines.iter().any(|line| line.kind == kind), "{kind:?} has no sample");
    }
    Statement::new(parts(0, lines.clone())).unwrap();
    for (index, line) in lines.iter().enumerate() {
        // The closing balance is made to fit, so only the line's own rule can refuse.
        let effects_minor = match line.kind {
            LineKind::Deposit | LineKind::HoldEnd | LineKind::Withdrawal | LineKind::Hold => {
                vec![0, -line.effect_minor]
            }
            LineKind::Settlement | LineKind::Dispute | LineKind::Correction => vec![0],
            _ => vec![line.effect_minor + 1, line.effect_minor - 1],
        };
        for effect_minor in effects_minor {
            let mut wrong = lines.clone();
            wrong[index].effect_minor = effect_minor;
            let found = Statement::new(parts(0, wrong)).unwrap_err();
            assert_eq!((found.line, found.field), (Some(index), "effect_minor"), "{line:?}");
        }
    }
}

#[track_caller]
fn check_line(field: &str, change: fn(&mut StatementLine)) {
    let mut line = worked_example();
    change(&mut line);
    let found = Statement::new(parts(0, vec![line])).unwrap_err();
    assert_eq!((found.line, found.field), (Some(0), field), "{found}");
    assert_eq!(found.path(), format!("lines[0].{field}"));
}

#[test]
fn a_line_that_does_not_follow_from_its_parts_is_refused() {
    check_line("effect_minor", |line| line.net_minor = amount(10_001));
    check_line("effect_minor", |line| line.fee_minor = amount(251));
    check_line("effect_minor", |line| line.fee_vat_minor = amount(0));
    check_line("effect_minor", |line| line.revenue_minor = amount(1));
    check_line("vat_minor", |line| line.vat_minor = amount(602));
    check_line("vat_minor", |line| line.vat_minor = amount(598));
    check_line("vat_minor", |line| line.vat_rate = Some("0.09".parse().unwrap()));
    check_line("voucher_minor", |line| line.voucher_minor = amount(10_601));
    check_line("net_minor", |line| line.kind = LineKind::Deposit);
    check_line("net_minor", |line| line.kind = LineKind::YearlyFee);
    check_line("vat_minor", |line| line.kind = LineKind::FeeEarned);
    check_line("leaf_index", |line| line.leaf_index = LeafIndex(1_000_000));
}

#[test]
fn a_line_cites_the_versions_that_its_parts_follow_from() {
    check_line("vat_rate", |line| line.vat_rate = None);
    check_line("schedule", |line| line.schedule = None);
    check_line("schedule", |line| line.schedule = Some("XTS/3@1".parse().unwrap()));
    check_line("rounding", |line| line.rounding = None);
    check_line("tax", |line| {
        *line = with_parts(LineKind::Sale, 1, [10_000, 600, 0, 0, 0, 0], 10_000);
        line.schedule = None;
        line.tax = None;
    });
    check_line("shares", |line| {
        *line = with_parts(LineKind::RevenueShare, 1, [0, 0, 0, 0, 400, 0], 400);
        line.shares = None;
    });
    // Where the fee schedule holds the tax rates, it is citation enough.
    let line = StatementLine { tax: None, shares: None, ..worked_example() };
    Statement::new(parts(0, vec![line])).unwrap();
}

#[track_caller]
fn check_whole(path: &str, change: fn(&mut StatementParts)) {
    let mut whole = parts(500, sales(3));
    change(&mut whole);
    assert_eq!(Statement::new(whole).unwrap_err().path(), path);
}

#[test]
fn a_statement_that_does_not_lead_from_opening_to_closing_is_refused() {
    check_whole("closing_minor", |whole| whole.closing_minor += 1);
    check_whole("closing_minor", |whole| whole.opening_minor -= 1);
    check_whole("closing_minor", |whole| drop(whole.lines.pop()));
    check_whole("closing_minor", |whole| whole.closing_minor = i64::MAX);
    check_whole("opening_minor", |whole| whole.opening_minor = -AMOUNT_MINOR_MAX - 1);
    check_whole("lines[0].effect_minor", |whole| {
        whole.lines = vec![bare(LineKind::Settlement, 1, i64::MIN)];
    });
    check_whole("lines[1].leaf_index", |whole| whole.lines.swap(0, 1));
    check_whole("lines[2].leaf_index", |whole| whole.ledger_size = TreeSize(2));
    check_whole("closed_at", |whole| whole.closed_at = Some(Timestamp::EPOCH));
    check_whole("utc_offset_minutes", |whole| whole.utc_offset_minutes = 841);
    check_whole("lines[1].totals", |whole| {
        whole.lines = vec![bare(LineKind::Deposit, 1, AMOUNT_MINOR_MAX), bare(LineKind::Deposit, 2, 1)];
    });
}

#[test]
fn a_window_without_lines_is_a_statement() {
    let statement = Statement::new(parts(7, Vec::new())).unwrap();
    assert_eq!(statement.totals().count, 0);
    assert!(statement.totals().by_kind.is_empty());
}
