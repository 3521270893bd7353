//! 100,000 real order lines, 200 breaks of every kind: each is found and classed, and nothing else is.
//!
//! The lines are retail orders of one year (UCI Online Retail), not trades in data: they give volume and awkward cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_primitives::AmountMinor;
use databourse_reconcile::bank::{BankInput, BankLine, BankStatus, Direction, reconcile_bank};
use databourse_reconcile::book::{ColumnMapping, DateForm, read_book, write_book};
use databourse_reconcile::matching::{Context, Reconciliation, Rule, reconcile};
use databourse_reconcile::tree::WindowTree;
use databourse_reconcile::trial::{KINDS, Known, inject};
use databourse_reconcile::{BreakKind, LineKind, LineStatus, SettlementLine};
use std::collections::{BTreeMap, BTreeSet};

#[path = "support/real.rs"]
mod real;

const LINES: usize = 100_000;
/// On the ledger's leg; the other 17 of 200 are on the bank's.
const BREAKS: usize = 183;
const BANK_BREAKS: usize = 17;

fn tree(lines: &[SettlementLine]) -> WindowTree {
    WindowTree::build(lines.to_vec()).unwrap()
}

fn known(report: &Reconciliation) -> Vec<Known> {
    let mut known: Vec<Known> = report.breaks.iter().map(|found| (found.kind, found.key.clone())).collect();
    known.sort_unstable();
    known
}

#[test]
fn two_hundred_breaks_in_a_hundred_thousand_real_lines_are_found_and_classed_exactly() {
    let lines = real::real_lines(LINES);
    assert_eq!(lines.len(), LINES);
    let refunds = lines.iter().filter(|line| line.kind == LineKind::Refund).count();
    let mapping =
        ColumnMapping { dates: DateForm::DateTime { utc_offset_minutes: 480 }, ..ColumnMapping::plain() };

    // The book as it is: through its file and back, one comparison.
    let file = write_book(&lines, &mapping).unwrap();
    let book = read_book(&file, &mapping).unwrap();
    assert_eq!(book, lines);
    let clean = reconcile(&tree(&lines), &tree(&book), &Context::default()).unwrap();
    assert_eq!((clean.hashes_fetched, clean.nodes_fetched, known(&clean)), (1, 0, vec![]));
    assert_eq!(clean.matched.keys().collect::<Vec<_>>(), [&Rule::Root]);

    // With breaks, and with 30 counterparties whose lines the book keeps without keys.
    let trial = inject(&lines, 20_261_122, BREAKS, 30).unwrap();
    let right = read_book(&write_book(&trial.right, &mapping).unwrap(), &mapping).unwrap();
    assert_eq!(right, trial.right);
    let (left_tree, right_tree) = (tree(&trial.left), tree(&right));
    let report = reconcile(&left_tree, &right_tree, &trial.context).unwrap();
    assert_eq!(known(&report), trial.expected);
    assert!(report.tally.ties_out());
    let kinds: BTreeSet<_> = trial.expected.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds.len(), KINDS.len() + 1, "every kind but external, which is the bank's");
    for rule in [Rule::Tree, Rule::OneToOne, Rule::OneToMany, Rule::ManyToOne] {
        assert!(report.matched[&rule].left >= 10, "{rule:?}");
    }
    for found in &report.breaks {
        let evidence = found.evidence(&left_tree, &right_tree);
        evidence.verify(found).unwrap_or_else(|error| panic!("{:?} of {:?}: {error}", found.kind, found.key));
    }
    // A walk from the root for each place would fetch two hashes for each of some 20 forks, and the upper forks are
    // shared. The daily totals of the 30 are differences of the trees too.
    assert!(report.hashes_fetched < 200 * 2 * BREAKS as u64, "{}", report.hashes_fetched);

    // Repaired as the report says, nothing is wrong any more, though the 30 still keep no keys.
    let mut taken: BTreeMap<SettlementLine, usize> = BTreeMap::new();
    for line in report.breaks.iter().flat_map(|found| &found.right) {
        *taken.entry(line.clone()).or_default() += 1;
    }
    let mut repaired = right;
    repaired.retain(|line| match taken.get_mut(line) {
        Some(times @ 1..) => {
            *times -= 1;
            false
        }
        _ => true,
    });
    repaired.extend(report.breaks.iter().flat_map(|found| found.left.clone()));
    let repaired = tree(&repaired);
    let context = Context { right_head: Some(repaired.root()), ..Context::default() };
    assert_eq!(known(&reconcile(&left_tree, &repaired, &context).unwrap()), vec![]);

    let bank = bank_leg(&lines);
    println!(
        "lines {LINES} (refunds {refunds}), breaks {} + {bank} at the bank, hashes fetched {}, nodes {}, hashes per break {}.{:03}",
        report.breaks.len(),
        report.hashes_fetched,
        report.nodes_fetched,
        report.hashes_per_break_milli().unwrap() / 1000,
        report.hashes_per_break_milli().unwrap() % 1000,
    );
}

/// One deposit per invoice against a bank that names it, with breaks; returns how many were found, which is all.
fn bank_leg(lines: &[SettlementLine]) -> usize {
    let mut sums: BTreeMap<String, SettlementLine> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.kind == LineKind::Sale) {
        let invoice = line.key.as_ref().unwrap().as_str().split('/').next().unwrap();
        let key = format!("{invoice}/deposit");
        let none = SettlementLine {
            key: Some(key.parse().unwrap()),
            kind: LineKind::Deposit,
            net_minor: 0,
            vat_minor: 0,
            fee_minor: 0,
            fee_vat_minor: 0,
            schedule: None,
            tax: None,
            ..line.clone()
        };
        let paid = i64::try_from(line.amount_minor()).unwrap();
        sums.entry(key).or_insert(none).net_minor += paid;
    }
    let ledger: Vec<SettlementLine> = sums.into_values().filter(|line| line.net_minor > 1000).collect();
    let booked = |(at, line): (usize, &SettlementLine)| BankLine {
        reference: format!("bank-{at}").parse().unwrap(),
        end_to_end: line.key.clone(),
        direction: Direction::Credit,
        amount_minor: AmountMinor::new(line.net_minor).unwrap(),
        asset: line.asset,
        counterparty: Some(line.counterparty.clone()),
        booked_at: line.occurred_at.plus_ms(60_000),
        status: BankStatus::Booked,
    };
    let mut bank: Vec<BankLine> = ledger.iter().enumerate().map(booked).collect();
    let mut bank_around = Vec::new();
    let (mut expected, mut gone) = (Vec::new(), Vec::new());
    let minor = |line: &BankLine, more: i64| AmountMinor::new(line.amount_minor.get() + more).unwrap();
    for turn in 0..BANK_BREAKS {
        let at = 7 + turn * (ledger.len() / BANK_BREAKS - 1);
        let key = ledger[at].key.clone();
        let again = |reference: &str| BankLine {
            reference: format!("{reference}-{turn}").parse().unwrap(),
            ..bank[at].clone()
        };
        let kind = match turn % 8 {
            0 => {
                let counterparty = Some("somebody".parse().unwrap());
                bank.push(BankLine { end_to_end: None, counterparty, ..again("external") });
                expected.push((BreakKind::External, None));
                continue;
            }
            1 => {
                gone.push(at);
                BreakKind::MissingRight
            }
            2 => {
                bank[at].amount_minor = minor(&bank[at], 31);
                BreakKind::Amount
            }
            3 => {
                bank[at].asset = "USD/2".parse().unwrap();
                BreakKind::Currency
            }
            4 => {
                bank.push(again("again"));
                BreakKind::Duplicate
            }
            5 => {
                bank_around.push(bank[at].clone());
                gone.push(at);
                BreakKind::Timing
            }
            6 => {
                bank[at].status = BankStatus::Pending;
                BreakKind::Status
            }
            _ => {
                bank[at].counterparty = Some("somebody".parse().unwrap());
                BreakKind::Party
            }
        };
        expected.push((kind, key));
    }
    gone.into_iter().rev().for_each(|at| drop(bank.remove(at)));
    // Charges within the tolerance are no breaks: they are posted.
    let mut charged = 0;
    let broken: BTreeSet<_> = expected.iter().map(|(_, key)| key.clone()).collect();
    for line in bank.iter_mut().filter(|line| !broken.contains(&line.end_to_end)).step_by(100) {
        line.amount_minor = minor(line, -30);
        charged += if line.end_to_end.is_some() { 30 } else { 0 };
    }
    let input = BankInput {
        ledger,
        bank,
        bank_around,
        tolerance_minor: AmountMinor::new(30).unwrap(),
        ..BankInput::default()
    };
    let report = reconcile_bank(&input).unwrap();
    let mut found: Vec<_> = report.breaks.iter().map(|found| (found.kind, found.key.clone())).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(-report.differences.iter().map(|posted| posted.difference_minor).sum::<i64>(), charged);
    assert!(charged > 0 && report.tally.ties_out());
    assert!(input.ledger.iter().all(|line| line.status == LineStatus::Final));
    found.len()
}
