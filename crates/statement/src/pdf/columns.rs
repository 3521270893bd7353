//! The columns of the table: as wide as the widest amount in them, so that the longest amount still fits.

use super::{
    face::{Length, Style, measure},
    sheet::{LEFT, RIGHT},
};
use crate::{KindTotals, Statement, StatementLine, words as w};
use databourse_primitives::Asset;

/// Space between columns.
pub(super) const GAP: Length = 700;
/// Where the kind begins: to the right of the time.
pub(super) const KIND_LEFT: Length = LEFT + 4_700;
/// Where product and counterparty begin.
pub(super) const TEXT_LEFT: Length = KIND_LEFT + 6_900;
/// The least that product and counterparty get before amounts are set smaller.
const TEXT_WIDTH_MIN: Length = 13_000;
/// Size of headings.
pub(super) const HEADING: Style = Style::bold(700);
/// Sizes of amounts, the largest that leaves room for the text is taken.
const SIZES: [Length; 4] = [800, 700, 600, 500];

/// Which amount a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Net,
    Vat,
    Fee,
    FeeVat,
    Revenue,
    Voucher,
    Effect,
    Balance,
}

impl Amount {
    pub(super) const fn heading(self) -> w::Words {
        match self {
            Self::Net => w::NET,
            Self::Vat => w::VAT,
            Self::Fee => w::FEE,
            Self::FeeVat => w::FEE_VAT,
            Self::Revenue => w::REVENUE,
            Self::Voucher => w::VOUCHER,
            Self::Effect => w::EFFECT,
            Self::Balance => w::BALANCE,
        }
    }

    pub(super) const fn of_line(self, line: &StatementLine, balance_minor: i64) -> i64 {
        match self {
            Self::Net => line.net_minor.get(),
            Self::Vat => line.vat_minor.get(),
            Self::Fee => line.fee_minor.get(),
            Self::FeeVat => line.fee_vat_minor.get(),
            Self::Revenue => line.revenue_minor.get(),
            Self::Voucher => line.voucher_minor.get(),
            Self::Effect => line.effect_minor,
            Self::Balance => balance_minor,
        }
    }

    /// A balance has no total.
    pub(super) const fn of_totals(self, totals: &KindTotals) -> Option<i64> {
        match self {
            Self::Net => Some(totals.net_minor),
            Self::Vat => Some(totals.vat_minor),
            Self::Fee => Some(totals.fee_minor),
            Self::FeeVat => Some(totals.fee_vat_minor),
            Self::Revenue => Some(totals.revenue_minor),
            Self::Voucher => Some(totals.voucher_minor),
            Self::Effect => Some(totals.effect_minor),
            Self::Balance => None,
        }
    }
}

/// A column of amounts.
pub(super) struct AmountColumn {
    pub(super) amount: Amount,
    /// Where its amounts end.
    pub(super) right: Length,
}

/// The columns of one statement.
pub(super) struct Columns {
    pub(super) amounts: Vec<AmountColumn>,
    /// How amounts are set.
    pub(super) style: Style,
    /// Room for product and counterparty.
    pub(super) text_width: Length,
}

impl Columns {
    /// Columns of shares and vouchers are left out where no line has any.
    pub(super) fn of(statement: &Statement) -> Self {
        let kinds = || statement.totals().by_kind.values();
        let mut amounts = vec![Amount::Net, Amount::Vat, Amount::Fee, Amount::FeeVat];
        if kinds().any(|kind| kind.revenue_minor != 0) {
            amounts.push(Amount::Revenue);
        }
        if kinds().any(|kind| kind.voucher_minor != 0) {
            amounts.push(Amount::Voucher);
        }
        amounts.extend([Amount::Effect, Amount::Balance]);

        let mut fitted = Self::fitted(statement, &amounts, SIZES[0]);
        for size in SIZES {
            fitted = Self::fitted(statement, &amounts, size);
            if fitted.text_width >= TEXT_WIDTH_MIN {
                break;
            }
        }
        fitted
    }

    fn fitted(statement: &Statement, amounts: &[Amount], size: Length) -> Self {
        let style = Style::plain(size);
        let mut right = RIGHT;
        let mut columns = Vec::new();
        for amount in amounts.iter().rev() {
            columns.push(AmountColumn { amount: *amount, right });
            right -= width(statement, *amount, style) + GAP;
        }
        columns.reverse();
        Self { amounts: columns, style, text_width: right - TEXT_LEFT }
    }
}

/// The widest of a column's heading and amounts.
fn width(statement: &Statement, amount: Amount, style: Style) -> Length {
    let asset = statement.asset();
    let parts = statement.parts();
    let mut balance_minor = parts.opening_minor;
    let lines = parts.lines.iter().map(|line| {
        balance_minor += line.effect_minor;
        amount.of_line(line, balance_minor)
    });
    let totals = statement.totals().by_kind.values().filter_map(|kind| amount.of_totals(kind));
    let all = [parts.closing_minor - parts.opening_minor];
    // Totals are set bold.
    let bold = Style::bold(style.size);
    let amounts = lines.chain(totals).chain(all).map(|minor| measure(&grouped(asset, minor), bold));
    let heading = amount.heading();
    amounts.chain([measure(heading.zh, HEADING), measure(heading.en, HEADING)]).max().unwrap_or_default()
}

/// An amount in major units with separators of thousands: `-1,234,567.89`.
pub(super) fn grouped(asset: Asset, amount_minor: i64) -> String {
    let text = asset.render(amount_minor);
    let (sign, text) = text.strip_prefix('-').map_or(("", &*text), |magnitude| ("-", magnitude));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !decimals.is_empty() {
        grouped.push('.');
        grouped.push_str(decimals);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_and_decimals_are_not() {
        let check = |asset: &str, minor, text: &str| assert_eq!(grouped(asset.parse().unwrap(), minor), text);
        check("CNY/2", 0, "0.00");
        check("CNY/2", -5, "-0.05");
        check("CNY/2", 99_999, "999.99");
        check("CNY/2", -100_000, "-1,000.00");
        check("XTS/3", 9_007_199_254_740_991, "9,007,199,254,740.991");
        check("JPY/0", 123_456, "123,456");
    }
}
