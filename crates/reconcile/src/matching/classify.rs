//! What is wrong between two lines of one key.

use crate::kind::BreakKind;
use crate::line::SettlementLine;

/// The kind of the break between two lines of one key, by the precedence of [`crate::matching`]; `None` if they agree.
///
/// Tax, fee and tax on the fee are derived from the net by versions of two tables. With equal nets:
///
/// | what differs | kind |
/// |---|---|
/// | exactly one of the three, by one minor unit, same versions | `rounding` |
/// | tax and fee | `fee_rule` if the schedules differ; else `tax` if the tax tables do; else `amount` |
/// | the fee, and the tax on it or not | `fee_rule` |
/// | the tax, and the tax on the fee or not | `tax` |
/// | the tax on the fee alone | `fee_rule` if only the schedules differ, else `tax` |
/// | no amount, the schedules | `fee_rule` |
/// | no amount, the tax tables | `tax` |
pub fn classify(left: &SettlementLine, right: &SettlementLine) -> Option<BreakKind> {
    if left.asset != right.asset {
        return Some(BreakKind::Currency);
    }
    if left.net_minor != right.net_minor {
        return Some(BreakKind::Amount);
    }
    derived(left, right).or_else(|| {
        if left.status != right.status || left.kind != right.kind {
            Some(BreakKind::Status)
        } else if left.counterparty != right.counterparty {
            Some(BreakKind::Party)
        } else if left.window != right.window {
            Some(BreakKind::Timing)
        } else if left.original != right.original {
            Some(BreakKind::OrphanRefund)
        } else {
            None
        }
    })
}

/// What differs between amounts that are derived from equal nets.
fn derived(left: &SettlementLine, right: &SettlementLine) -> Option<BreakKind> {
    let schedules = left.schedule != right.schedule;
    let tables = left.tax != right.tax;
    let by = |a: i64, b: i64| i128::from(a) - i128::from(b);
    let off = [
        by(left.vat_minor, right.vat_minor),
        by(left.fee_minor, right.fee_minor),
        by(left.fee_vat_minor, right.fee_vat_minor),
    ];
    let one = off.iter().map(|off| off.abs()).sum::<i128>() == 1;
    Some(match off.map(|off| off != 0) {
        _ if one && !schedules && !tables => BreakKind::Rounding,
        [true, true, _] if schedules => BreakKind::FeeRule,
        [true, true, _] if tables => BreakKind::Tax,
        [true, true, _] => BreakKind::Amount,
        [false, true, _] => BreakKind::FeeRule,
        [true, false, _] => BreakKind::Tax,
        [false, false, true] if schedules && !tables => BreakKind::FeeRule,
        [false, false, true] => BreakKind::Tax,
        [false, false, false] if schedules => BreakKind::FeeRule,
        [false, false, false] if tables => BreakKind::Tax,
        [false, false, false] => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::tests::{refund, sale};
    use crate::word::{LineKind, LineStatus};
    use databourse_primitives::TaxVersion;

    #[track_caller]
    fn check(change: impl Fn(&mut SettlementLine), expected: Option<BreakKind>) {
        let left = sale("buyer", "1/sale", 10_000);
        let mut right = left.clone();
        change(&mut right);
        assert_eq!(classify(&left, &right), expected);
        assert_eq!(classify(&right, &left), expected, "the sides change nothing");
    }

    #[test]
    fn a_difference_of_amounts_is_classed_by_what_explains_it() {
        check(|_| {}, None);
        check(|line| line.occurred_at = line.occurred_at.plus_ms(1), None);
        check(|line| line.net_minor += 1, Some(BreakKind::Amount));
        check(|line| line.vat_minor += 1, Some(BreakKind::Rounding));
        check(|line| line.fee_minor -= 1, Some(BreakKind::Rounding));
        check(|line| line.fee_vat_minor += 1, Some(BreakKind::Rounding));
        check(|line| line.vat_minor += 2, Some(BreakKind::Tax));
        check(|line| (line.vat_minor, line.tax) = (601, Some(TaxVersion(2))), Some(BreakKind::Tax));
        check(|line| line.tax = None, Some(BreakKind::Tax));
        check(|line| line.fee_minor += 2, Some(BreakKind::FeeRule));
        check(|line| (line.fee_minor, line.fee_vat_minor) = (300, 18), Some(BreakKind::FeeRule));
        check(|line| line.schedule = "CNY/2@2".parse().ok(), Some(BreakKind::FeeRule));
        check(|line| line.fee_vat_minor += 5, Some(BreakKind::Tax));
        check(|line| (line.fee_vat_minor, line.schedule) = (16, None), Some(BreakKind::FeeRule));
        check(|line| (line.vat_minor, line.fee_minor) = (601, 251), Some(BreakKind::Amount));
        check(|line| (line.vat_minor, line.fee_minor, line.tax) = (900, 251, None), Some(BreakKind::Tax));
        check(
            |line| (line.vat_minor, line.fee_minor, line.schedule) = (900, 251, None),
            Some(BreakKind::FeeRule),
        );
    }

    #[test]
    fn kinds_are_named_in_the_order_of_their_weight() {
        // Each step puts the difference of a heavier kind on top of all lighter ones.
        let left = refund(&sale("buyer", "1/sale", 10_000), "1/refund");
        let mut right = left.clone();
        right.original = None;
        assert_eq!(classify(&left, &right), Some(BreakKind::OrphanRefund));
        right.window = "CNY/2#8".parse().unwrap();
        assert_eq!(classify(&left, &right), Some(BreakKind::Timing));
        right.counterparty = "other".parse().unwrap();
        assert_eq!(classify(&left, &right), Some(BreakKind::Party));
        right.status = LineStatus::Reversed;
        assert_eq!(classify(&left, &right), Some(BreakKind::Status));
        right.tax = Some(TaxVersion(2));
        assert_eq!(classify(&left, &right), Some(BreakKind::Tax));
        right.schedule = None;
        assert_eq!(classify(&left, &right), Some(BreakKind::FeeRule));
        (right.schedule, right.tax, right.vat_minor) = (left.schedule, left.tax, left.vat_minor - 1);
        assert_eq!(classify(&left, &right), Some(BreakKind::Rounding));
        right.net_minor -= 1;
        assert_eq!(classify(&left, &right), Some(BreakKind::Amount));
        right.asset = "USD/2".parse().unwrap();
        assert_eq!(classify(&left, &right), Some(BreakKind::Currency));
        let kind = SettlementLine { kind: LineKind::Withdrawal, ..left.clone() };
        assert_eq!(classify(&left, &kind), Some(BreakKind::Status));
    }
}
