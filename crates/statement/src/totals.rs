//! Sums over the lines: computed, never given.

use crate::{LineKind, StatementLine, check::is_exact};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sums of the lines of one kind, minor units. Parts are magnitudes as on the lines; the effect is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindTotals {
    /// Number of lines.
    pub count: u64,
    /// Net prices.
    pub net_minor: i64,
    /// Value-added tax.
    pub vat_minor: i64,
    /// Fees.
    pub fee_minor: i64,
    /// Value-added tax on fees.
    pub fee_vat_minor: i64,
    /// Revenue shares.
    pub revenue_minor: i64,
    /// Vouchers.
    pub voucher_minor: i64,
    /// What the lines did to the balance.
    pub effect_minor: i64,
}

/// Sums of a statement. `opening + in − out = closing`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Number of lines.
    pub count: u64,
    /// Sum of the positive effects, minor units.
    pub in_minor: i64,
    /// Sum of the negative effects as a magnitude, minor units.
    pub out_minor: i64,
    /// Sums by kind; kinds without a line are absent.
    pub by_kind: BTreeMap<LineKind, KindTotals>,
}

impl Totals {
    /// Counts a line; `None` if a sum is more than every JSON reader keeps exact.
    pub(crate) fn count(&mut self, line: &StatementLine) -> Option<()> {
        self.count += 1;
        if line.effect_minor < 0 {
            add(&mut self.out_minor, line.effect_minor.checked_neg()?)?;
        } else {
            add(&mut self.in_minor, line.effect_minor)?;
        }
        let kind = self.by_kind.entry(line.kind).or_default();
        kind.count += 1;
        let [net, vat, fee, fee_vat, revenue, voucher] = line.parts_minor();
        add(&mut kind.net_minor, net)?;
        add(&mut kind.vat_minor, vat)?;
        add(&mut kind.fee_minor, fee)?;
        add(&mut kind.fee_vat_minor, fee_vat)?;
        add(&mut kind.revenue_minor, revenue)?;
        add(&mut kind.voucher_minor, voucher)?;
        add(&mut kind.effect_minor, line.effect_minor)
    }
}

fn add(sum: &mut i64, amount_minor: i64) -> Option<()> {
    *sum = sum.checked_add(amount_minor).filter(|sum| is_exact(*sum))?;
    Some(())
}
