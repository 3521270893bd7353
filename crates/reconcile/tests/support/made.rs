//! Made-up lines of a window.
#![allow(dead_code, reason = "not every test file uses every line")]

use databourse_primitives::TaxVersion;
use databourse_reconcile::tree::WindowTree;
use databourse_reconcile::{LineKind, LineStatus, SettlementLine};

/// A sale of `net_minor`, a multiple of 2000, with 6 % tax, 2.5 % fee and 6 % tax on the fee.
pub(crate) fn sale(counterparty: &str, key: &str, net_minor: i64) -> SettlementLine {
    SettlementLine {
        key: Some(key.parse().unwrap()),
        kind: LineKind::Sale,
        counterparty: counterparty.parse().unwrap(),
        asset: "CNY/2".parse().unwrap(),
        net_minor,
        vat_minor: net_minor * 6 / 100,
        fee_minor: net_minor * 25 / 1000,
        fee_vat_minor: net_minor * 15 / 10_000,
        schedule: Some("CNY/2@1".parse().unwrap()),
        tax: Some(TaxVersion(1)),
        window: "CNY/2#7".parse().unwrap(),
        status: LineStatus::Final,
        original: None,
        occurred_at: "2026-11-22T02:00:00Z".parse().unwrap(),
    }
}

/// A refund of `net_minor` of `sale`, later by `minutes`.
pub(crate) fn refund(sale: &SettlementLine, key: &str, net_minor: i64, minutes: i64) -> SettlementLine {
    SettlementLine {
        key: Some(key.parse().unwrap()),
        kind: LineKind::Refund,
        net_minor: -net_minor,
        vat_minor: -net_minor * 6 / 100,
        fee_minor: -net_minor * 25 / 1000,
        fee_vat_minor: -net_minor * 15 / 10_000,
        original: sale.key.clone(),
        occurred_at: sale.occurred_at.plus_ms(minutes * 60_000),
        ..sale.clone()
    }
}

/// The line as a book without keys has it.
pub(crate) fn keyless(line: &SettlementLine) -> SettlementLine {
    SettlementLine { key: None, ..line.clone() }
}

/// The line in window `number`.
pub(crate) fn in_window(line: &SettlementLine, number: u64) -> SettlementLine {
    let mut line = line.clone();
    line.window.number = number;
    line
}

/// The tree of the lines.
pub(crate) fn tree(lines: &[SettlementLine]) -> WindowTree {
    WindowTree::build(lines.to_vec()).unwrap()
}
