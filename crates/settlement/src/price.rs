//! The price of one line: tax on the data on top of the net price, the commission out of it.
//!
//! Commission = fee + tax on the fee. Both come out of the supplier's net price, and never more than that. The fee
//! belongs to the exchange that lists the product; if another one sells it, that one gets its part of the fee, and
//! each exchange owes the tax on its own part.

use crate::{
    Schedule, TaxTable,
    carry::split_carrying,
    fee::{RATE_WHOLE, part_of, rate_units},
    largest_remainder,
};
use databourse_primitives::{AmountMinor, ExchangeCode, Rate, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the price of a line follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineTerms<'a> {
    /// Price without tax.
    pub net: AmountMinor,
    /// Kind of the product.
    pub kind: &'a str,
    /// The exchange that lists the product.
    pub listing: &'a ExchangeCode,
    /// The exchange that sells it, the buyer's.
    pub selling: &'a ExchangeCode,
    /// The role that the seller sells in.
    pub role: &'a str,
}

/// How the money of one line is shared: `net = supplier + fee + fee_vat + selling_fee + selling_fee_vat`, and the
/// buyer pays `net + vat`. All in minor units of the schedule's asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePrice {
    /// Price without tax.
    #[serde(rename = "net_minor")]
    pub net: AmountMinor,
    /// Value-added tax on the data, on top of `net`.
    #[serde(rename = "vat_minor")]
    pub vat: AmountMinor,
    /// The rate of that tax.
    pub vat_rate: Rate,
    /// The supplier's part of `net`.
    #[serde(rename = "supplier_minor")]
    pub supplier: AmountMinor,
    /// The listing exchange's fee, a part of `net`.
    #[serde(rename = "fee_minor")]
    pub fee: AmountMinor,
    /// Tax on that fee, a part of `net`.
    #[serde(rename = "fee_vat_minor")]
    pub fee_vat: AmountMinor,
    /// The selling exchange's fee, a part of `net`; zero if it also lists the product.
    #[serde(rename = "selling_fee_minor", default, skip_serializing_if = "is_zero")]
    pub selling_fee: AmountMinor,
    /// Tax on that fee, a part of `net`.
    #[serde(rename = "selling_fee_vat_minor", default, skip_serializing_if = "is_zero")]
    pub selling_fee_vat: AmountMinor,
}

impl LinePrice {
    /// What the buyer pays.
    ///
    /// # Errors
    /// `amount.out_of_range`.
    pub fn gross(&self) -> Result<AmountMinor, Refusal> {
        self.net.plus(self.vat)
    }
}

/// A fee for one year in one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearlyFee {
    /// The fee, minor units, without tax.
    pub fee_minor: AmountMinor,
    /// Tax on it, on top.
    pub vat_minor: AmountMinor,
    /// The rate of that tax.
    pub vat_rate: Rate,
}

impl Schedule {
    /// Prices a line, to the minor unit. `tax` is the table that the schedule names.
    ///
    /// `carry` is what the two exchanges still owe one another of the minor unit (numerators over 10^9, so it stays
    /// valid from version to version), kept by the caller for each asset and pair of exchanges; a refusal leaves it
    /// as it was. All but the division of the fee between two exchanges follows from the schedule, the tax table and
    /// the terms alone: `fee + selling_fee` and `fee_vat + selling_fee_vat` are the same for any carry. To recompute
    /// the division too, the carry before the line is needed, so the caller records it beside the line.
    ///
    /// # Errors
    /// `tax.unknown` if `tax` is another table; `amount.out_of_range` if an amount leaves the range, or `carry` is
    /// not one that this function made for these exchanges.
    pub fn price_line(
        &self,
        tax: &TaxTable,
        line: &LineTerms<'_>,
        carry: &mut BTreeMap<ExchangeCode, i64>,
    ) -> Result<LinePrice, Refusal> {
        tax.check_version(self.tax)?;
        let vat_rate = tax.rate_of_kind(line.kind)?;
        let vat = part_of(line.net, vat_rate)?;
        line.net.plus(vat)?;
        let (fee_whole, fee_vat_whole) = self.commission(tax, line)?;
        let supplier = line.net.minus(fee_whole)?.minus(fee_vat_whole)?;
        let selling_fee = self.selling_fee(fee_whole, line, carry)?;
        let fee = fee_whole.minus(selling_fee)?;
        let [fee_vat, selling_fee_vat] = divided(fee_vat_whole, [fee, selling_fee])?;
        Ok(LinePrice { net: line.net, vat, vat_rate, supplier, fee, fee_vat, selling_fee, selling_fee_vat })
    }

    /// The fee of `role` for one year, with the tax on it.
    ///
    /// # Errors
    /// `fee.not_due` if the schedule has none for the role; `tax.unknown` if `tax` is another table than the
    /// schedule names; `amount.out_of_range` if fee and tax leave the range of amounts.
    pub fn yearly_fee(&self, tax: &TaxTable, role: &str) -> Result<YearlyFee, Refusal> {
        tax.check_version(self.tax)?;
        let Some((_, fee_minor)) = self.yearly.iter().find(|(known, _)| known.as_str() == role) else {
            let expected = format!("a role that has a yearly fee in schedule {}", self.version);
            return Err(Refusal::new(RefusalCode::FeeNotDue, "role", expected));
        };
        let vat_rate = tax.rate_of(&self.fee_vat)?;
        let vat_minor = part_of(*fee_minor, vat_rate)?;
        fee_minor.plus(vat_minor)?;
        Ok(YearlyFee { fee_minor: *fee_minor, vat_minor, vat_rate })
    }

    /// The whole fee and the tax on it. Where they would exceed the net price they are the net price, divided between
    /// them by largest remainder.
    fn commission(
        &self,
        tax: &TaxTable,
        line: &LineTerms<'_>,
    ) -> Result<(AmountMinor, AmountMinor), Refusal> {
        let rule = self.fees.iter().find(|rule| rule.matches(line.kind, line.listing, line.role));
        let fee = rule.map_or(Ok(AmountMinor::ZERO), |rule| rule.fee.of(line.net))?;
        let vat_rate = tax.rate_of(&self.fee_vat)?;
        let vat = part_of(fee, vat_rate)?;
        if fee.get().saturating_add(vat.get()) <= line.net.get() {
            return Ok((fee, vat));
        }
        let parts = largest_remainder(line.net.get(), &[RATE_WHOLE, rate_units(vat_rate)]);
        let [fee, vat] = pair(parts)?;
        Ok((fee, vat))
    }

    /// The selling exchange's part of the fee, nothing if it also lists the product.
    fn selling_fee(
        &self,
        fee: AmountMinor,
        line: &LineTerms<'_>,
        carry: &mut BTreeMap<ExchangeCode, i64>,
    ) -> Result<AmountMinor, Refusal> {
        if line.listing == line.selling {
            return Ok(AmountMinor::ZERO);
        }
        let selling = rate_units(self.selling_share);
        let weight = |units: i128| i64::try_from(units).map_err(|_| out_of_range());
        let weights =
            [(line.listing.clone(), weight(RATE_WHOLE - selling)?), (line.selling.clone(), weight(selling)?)];
        let [_, selling_fee] = pair(split_carrying(fee.get(), &weights, carry))?;
        Ok(selling_fee)
    }
}

/// `whole` in proportion to two parts, by largest remainder; nothing of nothing.
fn divided(whole: AmountMinor, parts: [AmountMinor; 2]) -> Result<[AmountMinor; 2], Refusal> {
    if whole.is_zero() {
        return Ok([AmountMinor::ZERO; 2]);
    }
    pair(largest_remainder(whole.get(), &parts.map(|part| i128::from(part.get()))))
}

fn pair(parts: Option<Vec<i64>>) -> Result<[AmountMinor; 2], Refusal> {
    let [first, second] = parts.as_deref().unwrap_or_default() else {
        return Err(out_of_range());
    };
    Ok([AmountMinor::new(*first)?, AmountMinor::new(*second)?])
}

fn is_zero(amount: &AmountMinor) -> bool {
    amount.is_zero()
}

fn out_of_range() -> Refusal {
    Refusal::new(RefusalCode::AmountOutOfRange, "", "an amount whose shares stay in range")
}
