//! One fee: flat, a percentage or tiers, with a minimum and a cap; and the rule that says whose it is.

use crate::round_half_up;
use databourse_primitives::{AmountMinor, ExchangeCode, Label, Rate, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a fee is reckoned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub enum FeeBase {
    /// The same amount for every line.
    Flat {
        /// That amount, minor units, without tax.
        amount_minor: AmountMinor,
    },
    /// A part of the net price.
    Percentage {
        /// That part.
        rate: Rate,
    },
    /// Graduated: each tier's rate applies to the part of the net price that lies inside the tier.
    Tiers {
        /// The tiers, ascending; the first begins at 0, each ends where the next begins.
        tiers: Vec<Tier>,
    },
}

/// One tier of a graduated fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Where the tier begins, minor units of net price.
    pub from_minor: AmountMinor,
    /// The fee as a part of what lies inside the tier.
    pub rate: Rate,
}

/// A fee on a line's net price, without the tax on the fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// What it is reckoned from.
    pub base: FeeBase,
    /// The fee is at least this, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_minor: Option<AmountMinor>,
    /// The fee is at most this, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_minor: Option<AmountMinor>,
}

impl Fee {
    /// The most tiers of one fee.
    pub const TIERS_MAX: usize = 16;

    /// The fee on `net`: rounded once, halves up, after the tiers are summed; then the minimum and the cap. It can be
    /// more than `net`; the schedule limits the commission to the net price.
    ///
    /// # Errors
    /// `amount.out_of_range` if it leaves the range of amounts.
    pub fn of(&self, net: AmountMinor) -> Result<AmountMinor, Refusal> {
        let fee = match &self.base {
            FeeBase::Flat { amount_minor } => *amount_minor,
            FeeBase::Percentage { rate } => part_of(net, *rate)?,
            FeeBase::Tiers { tiers } => graduated(tiers, net)?,
        };
        let fee = self.min_minor.map_or(fee, |min| fee.max(min));
        Ok(self.max_minor.map_or(fee, |max| fee.min(max)))
    }

    /// Whether the fee means one thing for every price.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let invalid = |field, expected| Err(Refusal::new(RefusalCode::ScheduleInvalid, field, expected));
        if let FeeBase::Tiers { tiers } = &self.base {
            let ascending = tiers.windows(2).all(|pair| pair[0].from_minor < pair[1].from_minor);
            let from_zero = tiers.first().is_some_and(|tier| tier.from_minor.is_zero());
            if !from_zero || !ascending || tiers.len() > Self::TIERS_MAX {
                return invalid("base.tiers", "1 to 16 tiers, ascending, the first from 0");
            }
        }
        match self.min_minor.zip(self.max_minor) {
            Some((min, max)) if min > max => invalid("min_minor", "a minimum that is at most the cap"),
            _ => Ok(()),
        }
    }
}

/// The graduated fee: the tiers' exact parts over one denominator, rounded once.
fn graduated(tiers: &[Tier], net: AmountMinor) -> Result<AmountMinor, Refusal> {
    let mut exact = 0;
    for (index, tier) in tiers.iter().enumerate() {
        let end = tiers.get(index + 1).map_or(net, |next| next.from_minor.min(net));
        let inside = i128::from(end.get().saturating_sub(tier.from_minor.get()).max(0));
        exact += inside * rate_units(tier.rate);
    }
    rounded(1, exact, RATE_WHOLE)
}

/// `amount · rate`, halves up, minor units.
pub(crate) fn part_of(amount: AmountMinor, rate: Rate) -> Result<AmountMinor, Refusal> {
    rounded(amount.get(), rate_units(rate), RATE_WHOLE)
}

/// The denominator that every rate has a numerator over: rates have at most nine decimals.
pub(crate) const RATE_WHOLE: i128 = 1_000_000_000;

/// A rate's numerator over [`RATE_WHOLE`], whatever number of decimals it was written with.
pub(crate) fn rate_units(rate: Rate) -> i128 {
    let (numerator, denominator) = rate.as_fraction();
    numerator * (RATE_WHOLE / denominator)
}

fn rounded(amount: i64, numerator: i128, denominator: i128) -> Result<AmountMinor, Refusal> {
    AmountMinor::new(round_half_up(amount, numerator, denominator).unwrap_or(i64::MAX))
}

/// Whose fee it is. An empty set means any; the first rule of a schedule that matches a line applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeRule {
    /// Product kinds.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<Label>,
    /// Exchanges that list the product.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exchanges: BTreeSet<ExchangeCode>,
    /// Roles of the seller.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<Label>,
    /// The fee.
    pub fee: Fee,
}

impl FeeRule {
    /// Whether the rule is for a product of `kind` that `listing` lists and a seller sells as `role`.
    pub fn matches(&self, kind: &str, listing: &ExchangeCode, role: &str) -> bool {
        let named = |set: &BTreeSet<Label>, text| set.is_empty() || set.iter().any(|l| l.as_str() == text);
        named(&self.kinds, kind)
            && (self.exchanges.is_empty() || self.exchanges.contains(listing))
            && named(&self.roles, role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(minor: i64) -> AmountMinor {
        AmountMinor::new(minor).unwrap()
    }

    fn flat(minor: i64) -> FeeBase {
        FeeBase::Flat { amount_minor: amount(minor) }
    }

    fn percentage(rate: &str) -> FeeBase {
        FeeBase::Percentage { rate: rate.parse().unwrap() }
    }

    fn tiers(tiers: &[(i64, &str)]) -> FeeBase {
        let tier =
            |(from, rate): &(i64, &str)| Tier { from_minor: amount(*from), rate: rate.parse().unwrap() };
        FeeBase::Tiers { tiers: tiers.iter().map(tier).collect() }
    }

    #[track_caller]
    fn check(base: FeeBase, min: Option<i64>, max: Option<i64>, cases: &[(i64, i64)]) {
        let fee = Fee { base, min_minor: min.map(amount), max_minor: max.map(amount) };
        fee.check().unwrap();
        for (net, expected) in cases {
            assert_eq!(fee.of(amount(*net)).unwrap().get(), *expected, "fee on {net}");
        }
    }

    #[test]
    fn a_fee_is_flat_a_percentage_or_graduated_between_a_minimum_and_a_cap() {
        check(flat(500), None, None, &[(0, 500), (1, 500), (1_000_000, 500)]);
        check(percentage("0.025"), None, None, &[(0, 0), (19, 0), (20, 1), (10_000, 250), (10_020, 251)]);
        check(percentage("1"), None, None, &[(7, 7), (9_007_199_254_740_991, 9_007_199_254_740_991)]);
        check(percentage("0.025"), Some(100), None, &[(0, 100), (3_999, 100), (4_000, 100), (4_040, 101)]);
        check(percentage("0.025"), None, Some(100), &[(3_960, 99), (4_000, 100), (1_000_000, 100)]);
        check(percentage("0.025"), Some(100), Some(100), &[(0, 100), (1_000_000, 100)]);

        let graduated = [(0, "0.05"), (10_000, "0.03"), (100_000, "0.01")];
        let steps = [(0, 0), (9_999, 500), (10_000, 500), (10_017, 501), (100_000, 3_200), (200_000, 4_200)];
        check(tiers(&graduated), None, None, &steps);
        check(tiers(&graduated), Some(600), Some(3_300), &[(0, 600), (20_000, 800), (200_000, 3_300)]);
        check(tiers(&[(0, "0"), (100, "0.5")]), None, None, &[(100, 0), (101, 1), (102, 1)]);
    }

    #[test]
    fn tiers_are_rounded_once() {
        check(tiers(&[(0, "0.5"), (1, "0.50"), (2, "0.500")]), None, None, &[(1, 1), (2, 1), (3, 2)]);
    }

    #[test]
    fn a_fee_that_contradicts_itself_is_refused() {
        let refused = |base, min: Option<i64>, max: Option<i64>| {
            let fee = Fee { base, min_minor: min.map(amount), max_minor: max.map(amount) };
            fee.check().unwrap_err().field
        };
        assert_eq!(refused(flat(1), Some(2), Some(1)), "min_minor");
        assert_eq!(refused(tiers(&[]), None, None), "base.tiers");
        assert_eq!(refused(tiers(&[(1, "0.1")]), None, None), "base.tiers");
        assert_eq!(refused(tiers(&[(0, "0.1"), (5, "0.2"), (5, "0.3")]), None, None), "base.tiers");
        let many: Vec<_> = (0..17).map(|from| (from, "0.1")).collect();
        assert_eq!(refused(tiers(&many), None, None), "base.tiers");
        assert!(Fee { base: tiers(&many[..16]), min_minor: None, max_minor: None }.check().is_ok());
    }

    proptest! {
        #[test]
        fn tiers_of_one_rate_are_that_percentage(
            net in 0..=9_007_199_254_740_991_i64,
            starts in prop::collection::btree_set(1..=9_007_199_254_740_991_i64, 0..15),
            rate in 0..=1_000_000_000_u32,
        ) {
            let rate = if rate == 1_000_000_000 { "1".to_owned() } else { format!("0.{rate:09}") };
            let steps: Vec<_> = std::iter::once(0).chain(starts).map(|from| (from, rate.as_str())).collect();
            let fee = |base| Fee { base, min_minor: None, max_minor: None }.of(amount(net)).unwrap();
            prop_assert_eq!(fee(tiers(&steps)), fee(percentage(&rate)));
        }
    }
}
