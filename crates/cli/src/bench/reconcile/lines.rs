//! True lines of one window: invented ones, or those of a retailer's order file, priced as an exchange prices.

use crate::import::orders::{InvoiceKind, OrderReader};
use anyhow::{Context as _, Result, bail};
use databourse_primitives::{Label, TaxVersion, Timestamp};
use databourse_reconcile::{LineKind, LineStatus, SettlementLine};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, path::Path};

/// When the invented window begins: 2026-01-05 in Shanghai.
const START: Timestamp = Timestamp::from_unix_ms(1_767_542_400_000);
const DAY_MS: i64 = 86_400_000;
/// Invented lines of one counterparty and day: enough for equal ones among them.
const LINES_PER_PARTY: usize = 20;
/// One line in this many gives a part of an earlier one back.
const REFUND_EVERY: usize = 50;

/// Net, tax, fee and tax on the fee of a net amount, minor units: 6 % and 2.5 %, halves up.
fn amounts(net_minor: i64) -> [i64; 4] {
    let rounded = |amount: i64, numerator: i64| (2 * amount * numerator + 1_000) / 2_000;
    let fee_minor = rounded(net_minor, 25);
    [net_minor, rounded(net_minor, 60), fee_minor, rounded(fee_minor, 60)]
}

/// A line of the window without its amounts and what it gives back.
fn line(key: &str, counterparty: Label, occurred_at: Timestamp) -> Result<SettlementLine> {
    Ok(SettlementLine {
        key: Some(key.parse()?),
        kind: LineKind::Sale,
        counterparty,
        asset: "CNY/2".parse()?,
        net_minor: 0,
        vat_minor: 0,
        fee_minor: 0,
        fee_vat_minor: 0,
        schedule: Some("CNY/2@1".parse()?),
        tax: Some(TaxVersion(1)),
        window: "CNY/2#7".parse()?,
        status: LineStatus::Final,
        original: None,
        occurred_at,
    })
}

fn with(line: SettlementLine, [net_minor, vat_minor, fee_minor, fee_vat_minor]: [i64; 4]) -> SettlementLine {
    SettlementLine { net_minor, vat_minor, fee_minor, fee_vat_minor, ..line }
}

/// The refund of all of `sale`, at `occurred_at`.
fn refund(sale: &SettlementLine, key: &str, occurred_at: Timestamp) -> Result<SettlementLine> {
    let back = SettlementLine {
        key: Some(key.parse()?),
        kind: LineKind::Refund,
        original: sale.key.clone(),
        occurred_at,
        ..sale.clone()
    };
    Ok(with(back, sale.amounts_minor().map(|amount| -amount)))
}

/// `count` lines that look like a month of sales and are a function of the seed.
pub(super) fn invented(count: usize, seed: u64) -> Result<Vec<SettlementLine>> {
    let mut lines: Vec<SettlementLine> = Vec::with_capacity(count);
    for number in 0..count {
        let digest = Sha256::digest(format!("bench reconcile {seed} {number}"));
        let bits = digest.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let at = START.plus_ms(i64::try_from(bits >> 40)? % (30 * DAY_MS));
        let back = if number % REFUND_EVERY == REFUND_EVERY - 1 { number.checked_sub(7) } else { None };
        if let Some(sale) = back.and_then(|sale| lines.get(sale)) {
            let refund = refund(sale, &format!("{number}/1/refund"), at)?;
            lines.push(refund);
            continue;
        }
        let party = format!("party-{:05}", number / LINES_PER_PARTY).parse()?;
        // Every fifth line has one of few prices and comes on the first day, so that some lines are equal.
        let (net_minor, at) = match number % 5 {
            0 => (10_000, START),
            _ => (1_000 + i64::try_from(bits % 1_000_000)?, at),
        };
        lines.push(with(line(&format!("{number}/1/sale"), party, at)?, amounts(net_minor)));
    }
    Ok(lines)
}

/// The first `count` lines of an order file that name a customer: sales, and cancellations of a whole earlier line.
pub(super) fn of_orders(file: &Path, count: usize) -> Result<Vec<SettlementLine>> {
    let mut lines: Vec<SettlementLine> = Vec::with_capacity(count);
    let mut sold: BTreeMap<(Label, String, i64, i64), Vec<usize>> = BTreeMap::new();
    let reader = OrderReader::open(file).with_context(|| file.display().to_string())?;
    for item in reader {
        let Ok(invoice) = item.with_context(|| file.display().to_string())? else { continue };
        let Some(customer) = invoice.customer.clone() else { continue };
        for row in &invoice.lines {
            if lines.len() == count {
                return Ok(lines);
            }
            let sale =
                |quantity| (customer.clone(), row.stock_code.to_string(), quantity, row.amount_milli.abs());
            // Thousandths to minor units, halves up.
            let net_minor = (row.amount_milli.abs() + 5) / 10;
            match invoice.kind {
                InvoiceKind::Purchase if row.quantity > 0 => {
                    sold.entry(sale(row.quantity)).or_default().push(lines.len());
                    let key = format!("{}/{}/sale", invoice.number, row.csv_line);
                    lines.push(with(line(&key, customer.clone(), invoice.at)?, amounts(net_minor)));
                }
                InvoiceKind::Cancellation => {
                    let stands = sold.get_mut(&sale(-row.quantity)).and_then(Vec::pop);
                    let Some(sale) = stands.and_then(|place| lines.get(place)) else { continue };
                    let key = format!("{}/{}/refund", invoice.number, row.csv_line);
                    let refund = refund(sale, &key, invoice.at)?;
                    lines.push(refund);
                }
                _ => {}
            }
        }
    }
    if lines.len() < count {
        bail!("{} has {} lines of this kind, not {count}", file.display(), lines.len());
    }
    Ok(lines)
}
