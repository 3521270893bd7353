//! The rules that a line keeps by itself: its effect follows from its parts, and it cites what they follow from.

use crate::{LineKind, StatementLine};
use databourse_primitives::{AMOUNT_MINOR_MAX, Asset};
use std::fmt;

/// Why parts do not make a statement. The maker of the parts is wrong, not the person who asked for the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inconsistent {
    /// The line, counted from 0; `None` if the statement as a whole is meant.
    pub line: Option<usize>,
    /// The field that does not follow.
    pub field: &'static str,
    /// What it should be.
    pub expected: String,
}

impl Inconsistent {
    pub(crate) fn new(field: &'static str, expected: impl Into<String>) -> Self {
        Self { line: None, field, expected: expected.into() }
    }

    pub(crate) const fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Path of the field in the JSON form, e.g. `lines[2].effect_minor`.
    pub fn path(&self) -> String {
        self.line.map_or_else(|| self.field.to_owned(), |line| format!("lines[{line}].{}", self.field))
    }
}

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the statement is inconsistent at {}: expected {}", self.path(), self.expected)
    }
}

impl std::error::Error for Inconsistent {}

const PARTS: [&str; 6] =
    ["net_minor", "vat_minor", "fee_minor", "fee_vat_minor", "revenue_minor", "voucher_minor"];

/// What an effect must be.
enum Effect {
    Is(i128),
    Either(i128),
    In,
    Out,
    Moves,
}

/// Which of N, V, F, T, R, C may stand on a line of this kind.
const fn stated(kind: LineKind) -> [bool; 6] {
    const YES: bool = true;
    const NO: bool = false;
    match kind {
        LineKind::Sale | LineKind::RefundGiven => [YES; 6],
        LineKind::Purchase | LineKind::RefundReceived => [YES, YES, YES, YES, NO, YES],
        LineKind::YearlyFee => [NO, NO, YES, YES, NO, NO],
        LineKind::RevenueShare => [YES, YES, YES, YES, YES, NO],
        LineKind::FeeEarned => [YES, NO, YES, YES, NO, NO],
        LineKind::Tax => [YES, YES, YES, YES, NO, NO],
        LineKind::Voucher => [NO, NO, NO, NO, NO, YES],
        LineKind::Deposit
        | LineKind::Withdrawal
        | LineKind::Settlement
        | LineKind::Dispute
        | LineKind::Correction
        | LineKind::Hold
        | LineKind::HoldEnd => [NO; 6],
    }
}

fn effect_of(line: &StatementLine) -> Effect {
    // Six parts of at most 2^53 each cannot leave i128.
    let [net, vat, fee, fee_vat, revenue, voucher] = line.parts_minor().map(i128::from);
    let earned = net - fee - fee_vat - revenue;
    let paid = net + vat + fee + fee_vat - voucher;
    match line.kind {
        LineKind::Sale => Effect::Is(earned),
        LineKind::RefundGiven => Effect::Is(-earned),
        LineKind::Purchase => Effect::Is(-paid),
        LineKind::RefundReceived => Effect::Is(paid),
        LineKind::YearlyFee => Effect::Is(-(fee + fee_vat)),
        LineKind::RevenueShare => Effect::Either(revenue),
        LineKind::FeeEarned => Effect::Either(fee),
        LineKind::Tax => Effect::Either(vat + fee_vat),
        LineKind::Voucher if line.effect_minor == 0 => Effect::Is(0),
        LineKind::Voucher => Effect::Either(voucher),
        LineKind::Deposit | LineKind::HoldEnd => Effect::In,
        LineKind::Withdrawal | LineKind::Hold => Effect::Out,
        LineKind::Settlement | LineKind::Dispute | LineKind::Correction => Effect::Moves,
    }
}

/// Checks a line of a window in `asset`.
pub(crate) fn check_line(line: &StatementLine, asset: Asset) -> Result<(), Inconsistent> {
    let parts = line.parts_minor();
    for ((part, stated), field) in parts.into_iter().zip(stated(line.kind)).zip(PARTS) {
        if part != 0 && !stated {
            return Err(Inconsistent::new(field, format!("none on a line of kind {:?}", line.kind)));
        }
    }
    let [net, vat, fee, fee_vat, _, voucher] = parts.map(i128::from);
    let payable = match line.kind {
        LineKind::Sale | LineKind::RefundGiven => net + vat,
        _ => net + vat + fee + fee_vat,
    };
    if line.kind != LineKind::Voucher && voucher > payable {
        return Err(Inconsistent::new("voucher_minor", format!("at most {payable}, all there is to pay")));
    }
    check_effect(line)?;
    check_citations(line, asset)?;
    check_vat(line)
}

fn check_effect(line: &StatementLine) -> Result<(), Inconsistent> {
    let effect = i128::from(line.effect_minor);
    if !is_exact(line.effect_minor) {
        return Err(Inconsistent::new("effect_minor", "at most 2^53 - 1 either way"));
    }
    let (holds, expected) = match effect_of(line) {
        Effect::Is(due) => (effect == due, due.to_string()),
        Effect::Either(due) => (effect == due || effect == -due, format!("{due} or -{due}")),
        Effect::In => (effect > 0, "more than zero".to_owned()),
        Effect::Out => (effect < 0, "less than zero".to_owned()),
        Effect::Moves => (effect != 0, "not zero".to_owned()),
    };
    if holds { Ok(()) } else { Err(Inconsistent::new("effect_minor", expected)) }
}

/// A part cites the versions that it can be computed from again.
fn check_citations(line: &StatementLine, asset: Asset) -> Result<(), Inconsistent> {
    let [_, vat, fee, fee_vat, revenue, _] = line.parts_minor();
    let missing =
        |field, part| Err(Inconsistent::new(field, format!("the one that the {part} follows from")));
    if line.schedule.is_some_and(|schedule| schedule.asset != asset) {
        return Err(Inconsistent::new("schedule", format!("a schedule of {asset}")));
    }
    if vat != 0 && line.vat_rate.is_none() {
        return missing("vat_rate", "VAT");
    }
    if vat != 0 && line.tax.is_none() && line.schedule.is_none() {
        return missing("tax", "VAT");
    }
    if (fee != 0 || fee_vat != 0) && line.schedule.is_none() {
        return missing("schedule", "fee");
    }
    if revenue != 0 && line.shares.is_none() {
        return missing("shares", "revenue share");
    }
    if line.rounding.is_none() && [vat, fee, fee_vat, revenue] != [0; 4] {
        return missing("rounding", "line");
    }
    Ok(())
}

/// VAT is the net price times its rate, less than two minor units off: one for the rounding of the whole line, one for
/// its division when the line is bought or refunded in parts. What exactly it is, the cited rounding rule says.
fn check_vat(line: &StatementLine) -> Result<(), Inconsistent> {
    let [net, vat, ..] = line.parts_minor().map(i128::from);
    let Some(rate) = line.vat_rate.filter(|_| net != 0) else { return Ok(()) };
    // 2^53 times 10^9 is far from the end of i128.
    let (numerator, denominator) = rate.as_fraction();
    if (vat * denominator - net * numerator).abs() < 2 * denominator {
        Ok(())
    } else {
        Err(Inconsistent::new("vat_minor", format!("{rate} of {net}, rounded")))
    }
}

/// Whether every JSON reader keeps it (RFC 7493 §2.2).
pub(crate) const fn is_exact(amount_minor: i64) -> bool {
    -AMOUNT_MINOR_MAX <= amount_minor && amount_minor <= AMOUNT_MINOR_MAX
}
