//! Fee schedules: rates as data with a version. A line cites the version that split it, so anybody can split it again.

use crate::{largest_remainder, round_half_up};
use databourse_primitives::{AmountMinor, Label, Rate, Refusal, RefusalCode, ScheduleVersion, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an amount is made whole minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Tax: halves away from zero. Splits: largest remainder, ties in the order supplier, fee, tax on the fee.
    HalfUpLargestRemainder,
}

/// `schedule.publish`: the exchange publishes the next version of an asset's fee schedule.
/// It applies to orders placed after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishSchedule {
    /// Asset and version; versions of an asset follow one another without gaps, from 1.
    pub version: ScheduleVersion,
    /// The exchange's fee as a part of the supplier's net price.
    pub supplier_fee: Rate,
    /// Tax on that fee, as a part of the fee; the supplier bears it.
    pub fee_vat: Rate,
    /// Value-added tax by product kind, on top of the net price (price-exclusive); kinds not named are free of tax.
    pub vat: BTreeMap<Label, Rate>,
    /// How amounts are made whole.
    pub rounding: Rounding,
}

/// A published schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Asset and version.
    pub version: ScheduleVersion,
    /// The exchange's fee as a part of the supplier's net price.
    pub supplier_fee: Rate,
    /// Tax on that fee, as a part of the fee.
    pub fee_vat: Rate,
    /// Value-added tax by product kind.
    pub vat: BTreeMap<Label, Rate>,
    /// How amounts are made whole.
    pub rounding: Rounding,
    /// Block time of publication.
    pub published_at: Timestamp,
}

/// How the money of one line is shared. `net = supplier + fee + fee_vat`; the buyer pays `net + vat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineShares {
    /// Tax-exclusive price.
    pub net: AmountMinor,
    /// Value-added tax, on top of `net`.
    pub vat: AmountMinor,
    /// The supplier's part of `net`.
    pub supplier: AmountMinor,
    /// The exchange's part of `net`.
    pub fee: AmountMinor,
    /// Tax on the fee, a part of `net`.
    pub fee_vat: AmountMinor,
}

impl LineShares {
    /// What the buyer pays.
    ///
    /// # Errors
    /// `amount.out_of_range`.
    pub fn gross(&self) -> Result<AmountMinor, Refusal> {
        self.net.plus(self.vat)
    }
}

impl Schedule {
    /// Shares `net` of a product of `kind`, to the minor unit.
    ///
    /// # Errors
    /// `amount.out_of_range` if a share leaves the range of amounts.
    pub fn share(&self, net: AmountMinor, kind: &str) -> Result<LineShares, Refusal> {
        let rate =
            self.vat.iter().find(|(known, _)| known.as_str() == kind).map_or(Rate::ZERO, |(_, rate)| *rate);
        let (numerator, denominator) = rate.as_fraction();
        let vat = round_half_up(net.get(), numerator, denominator).ok_or_else(out_of_range)?;
        let parts = largest_remainder(net.get(), &self.net_shares()).ok_or_else(out_of_range)?;
        let [supplier, fee, fee_vat] = parts[..] else {
            return Err(out_of_range());
        };
        Ok(LineShares {
            net,
            vat: AmountMinor::new(vat)?,
            supplier: AmountMinor::new(supplier)?,
            fee: AmountMinor::new(fee)?,
            fee_vat: AmountMinor::new(fee_vat)?,
        })
    }

    /// Supplier, fee and tax on the fee as integers over one denominator.
    fn net_shares(&self) -> [i128; 3] {
        let (fee, fee_unit) = self.supplier_fee.as_fraction();
        let (vat, vat_unit) = self.fee_vat.as_fraction();
        let whole = fee_unit * vat_unit;
        let (fee, fee_vat) = (fee * vat_unit, fee * vat);
        [whole - fee - fee_vat, fee, fee_vat]
    }
}

/// What goes back to whom when a line's refunds grow from `refunded_before` to `refunded_after` of its net price.
///
/// Cumulative, so that many small refunds give back exactly what one large one does, and all of it at the end. The
/// net amount is divided twice, supplier against commission and then fee against tax on it: each part is a
/// non-decreasing function of the refunded amount, so none ever has to be taken back. `net` of the answer is the
/// refunded amount.
///
/// # Errors
/// `amount.out_of_range` if the refunds exceed the net price or shrink.
pub fn refund_shares(
    line: &LineShares,
    refunded_before: AmountMinor,
    refunded_after: AmountMinor,
) -> Result<LineShares, Refusal> {
    if refunded_after > line.net {
        return Err(out_of_range());
    }
    let before = returned(line, refunded_before)?;
    let after = returned(line, refunded_after)?;
    Ok(LineShares {
        net: after.net.minus(before.net)?,
        vat: after.vat.minus(before.vat)?,
        supplier: after.supplier.minus(before.supplier)?,
        fee: after.fee.minus(before.fee)?,
        fee_vat: after.fee_vat.minus(before.fee_vat)?,
    })
}

/// What has gone back in all when `refunded` of the line's net price has.
fn returned(line: &LineShares, refunded: AmountMinor) -> Result<LineShares, Refusal> {
    let commission_whole = line.fee.plus(line.fee_vat)?;
    let commission = proportion(commission_whole, refunded, line.net)?;
    let fee = proportion(line.fee, commission, commission_whole)?;
    Ok(LineShares {
        net: refunded,
        vat: proportion(line.vat, refunded, line.net)?,
        supplier: refunded.minus(commission)?,
        fee,
        fee_vat: commission.minus(fee)?,
    })
}

/// `share · part / whole`, rounded down; nothing of nothing.
fn proportion(share: AmountMinor, part: AmountMinor, whole: AmountMinor) -> Result<AmountMinor, Refusal> {
    let product = i128::from(share.get()) * i128::from(part.get()) / i128::from(whole.get().max(1));
    i64::try_from(product).map_err(|_| out_of_range()).and_then(AmountMinor::new)
}

/// Publishes a schedule. `latest` is the version in force, if any.
///
/// # Errors
/// `schedule.invalid` if the version does not follow, or fee and its tax exceed the whole.
pub fn publish(latest: Option<u64>, command: PublishSchedule, now: Timestamp) -> Result<Schedule, Refusal> {
    let next = latest.unwrap_or(0).saturating_add(1);
    if command.version.version != next {
        let expected = ScheduleVersion { asset: command.version.asset, version: next }.to_string();
        return Err(Refusal::new(RefusalCode::ScheduleInvalid, "version", expected));
    }
    let schedule = Schedule {
        version: command.version,
        supplier_fee: command.supplier_fee,
        fee_vat: command.fee_vat,
        vat: command.vat,
        rounding: command.rounding,
        published_at: now,
    };
    if schedule.net_shares()[0] < 0 {
        let expected = "a fee that, with the tax on it, is at most the whole price";
        return Err(Refusal::new(RefusalCode::ScheduleInvalid, "supplier_fee", expected));
    }
    Ok(schedule)
}

fn out_of_range() -> Refusal {
    Refusal::new(RefusalCode::AmountOutOfRange, "", "an amount whose shares stay in range")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn schedule(fee: &str, fee_vat: &str, vat: &str) -> Schedule {
        let command = PublishSchedule {
            version: "CNY/2@1".parse().unwrap(),
            supplier_fee: fee.parse().unwrap(),
            fee_vat: fee_vat.parse().unwrap(),
            vat: [("dataset".parse().unwrap(), vat.parse().unwrap())].into(),
            rounding: Rounding::HalfUpLargestRemainder,
        };
        publish(None, command, Timestamp::EPOCH).unwrap()
    }

    #[track_caller]
    fn check(net: i64, fee: &str, fee_vat: &str, vat: &str, expected: [i64; 4]) {
        let shares = schedule(fee, fee_vat, vat).share(AmountMinor::new(net).unwrap(), "dataset").unwrap();
        assert_eq!([shares.supplier, shares.fee, shares.fee_vat, shares.vat].map(AmountMinor::get), expected);
    }

    #[test]
    fn a_line_is_shared_to_the_minor_unit() {
        check(10_000, "0.025", "0.06", "0.06", [9735, 250, 15, 600]);
        check(1, "0.025", "0.06", "0.06", [1, 0, 0, 0]);
        check(0, "0.025", "0.06", "0.06", [0, 0, 0, 0]);
        check(9, "0.025", "0.06", "0.06", [9, 0, 0, 1]);
        check(10_000, "0", "0", "0.13", [10_000, 0, 0, 1300]);
        check(10_000, "1", "0", "0", [0, 10_000, 0, 0]);
    }

    #[test]
    fn a_schedule_follows_the_last_and_leaves_the_supplier_no_debt() {
        let command = |version: &str, fee: &str| PublishSchedule {
            version: version.parse().unwrap(),
            supplier_fee: fee.parse().unwrap(),
            fee_vat: "0.06".parse().unwrap(),
            vat: BTreeMap::new(),
            rounding: Rounding::HalfUpLargestRemainder,
        };
        let refused = |latest, command| publish(latest, command, Timestamp::EPOCH).unwrap_err();
        assert_eq!(refused(None, command("CNY/2@2", "0.025")).field, "version");
        assert_eq!(refused(Some(1), command("CNY/2@1", "0.025")).field, "version");
        assert_eq!(refused(None, command("CNY/2@1", "1")).field, "supplier_fee");
    }

    proptest! {
        #[test]
        fn shares_sum_and_refunds_give_back_exactly_what_was_taken(
            net in 0..=9_007_199_254_740_i64,
            fee in 0..=50_u8,
            cuts in prop::collection::vec(0..=1_000_000_u32, 0..6),
        ) {
            let net = AmountMinor::new(net).unwrap();
            let shares = schedule(&format!("0.{fee:02}"), "1", "0.06").share(net, "dataset").unwrap();
            prop_assert_eq!(shares.supplier.get() + shares.fee.get() + shares.fee_vat.get(), net.get());

            let mut points: Vec<i64> = cuts.iter()
                .map(|cut| i64::try_from(i128::from(net.get()) * i128::from(*cut) / 1_000_000).unwrap())
                .collect();
            points.sort_unstable();
            points.push(net.get());
            let mut before = AmountMinor::ZERO;
            let mut returned = [0; 5];
            for point in points {
                let after = AmountMinor::new(point).unwrap();
                let step = refund_shares(&shares, before, after).unwrap();
                let parts = [step.net, step.vat, step.supplier, step.fee, step.fee_vat].map(AmountMinor::get);
                prop_assert_eq!(parts[0], parts[2] + parts[3] + parts[4]);
                returned = std::array::from_fn(|index| returned[index] + parts[index]);
                before = after;
            }
            let taken = [shares.net, shares.vat, shares.supplier, shares.fee, shares.fee_vat].map(AmountMinor::get);
            prop_assert_eq!(returned, taken);
        }
    }
}
