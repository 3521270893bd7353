//! Fee schedules: rates as data with a version and a position in the ledger from which they hold. A line cites the
//! version that priced it, so anybody can price it again.

use crate::{FeeRule, TaxTable};
use databourse_primitives::{
    AmountMinor, Label, LeafIndex, Rate, Refusal, RefusalCode, ScheduleVersion, TaxVersion, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an amount is made whole minor units. The text form names the rule and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rounding {
    /// Fees and taxes: halves up, once per amount. Divisions of an amount: largest remainder, ties in the order of
    /// the parties, with what is left carried to the next division.
    #[serde(rename = "half-up-largest-remainder-carry/1")]
    HalfUpLargestRemainderCarry,
}

/// `schedule.publish`: the exchange publishes the next version of an asset's fee schedule.
///
/// It prices the orders that are placed from `effective_from` on. An order keeps the version that it was placed
/// under, so no version changes a price that was agreed before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishSchedule {
    /// Asset and version; versions of an asset follow one another without gaps, from 1.
    pub version: ScheduleVersion,
    /// The first position in the ledger whose orders it prices. 0, or left out: at once, from the position after its
    /// own entry. A position that has passed is refused.
    #[serde(default, skip_serializing_if = "is_at_once")]
    pub effective_from: LeafIndex,
    /// The fees; the first rule that matches a line applies, and a line that none matches has no fee.
    pub fees: Vec<FeeRule>,
    /// The category of the tax table that taxes the fees.
    pub fee_vat: Label,
    /// The part of the fee that the selling exchange gets when another one lists the product.
    pub selling_share: Rate,
    /// Fees per year by role, minor units, without tax.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub yearly: BTreeMap<Label, AmountMinor>,
    /// The table of tax rates.
    pub tax: TaxVersion,
    /// For how many days money is held for an order: 1 to 366.
    pub hold_days: u32,
    /// For how many days after acceptance a line can be disputed: 0 to 366.
    pub dispute_days: u32,
    /// By how much a bank line may differ from the payment that it confirms, minor units; the rest is posted to the
    /// receiving exchange's difference account.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub bank_tolerance_minor: AmountMinor,
    /// How amounts are made whole.
    pub rounding: Rounding,
}

/// A published schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Asset and version.
    pub version: ScheduleVersion,
    /// The first position in the ledger whose orders it prices.
    pub effective_from: LeafIndex,
    /// The version that is in force until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<ScheduleVersion>,
    /// The fees; the first rule that matches a line applies.
    pub fees: Vec<FeeRule>,
    /// The category of the tax table that taxes the fees.
    pub fee_vat: Label,
    /// The part of the fee that the selling exchange gets when another one lists the product.
    pub selling_share: Rate,
    /// Fees per year by role, minor units, without tax.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub yearly: BTreeMap<Label, AmountMinor>,
    /// The table of tax rates.
    pub tax: TaxVersion,
    /// For how many days money is held for an order.
    pub hold_days: u32,
    /// For how many days after acceptance a line can be disputed.
    pub dispute_days: u32,
    /// By how much a bank line may differ from the payment that it confirms, minor units; the rest is posted to the
    /// receiving exchange's difference account.
    #[serde(default, skip_serializing_if = "AmountMinor::is_nothing")]
    pub bank_tolerance_minor: AmountMinor,
    /// How amounts are made whole.
    pub rounding: Rounding,
    /// Block time of publication.
    pub published_at: Timestamp,
}

/// The versions that an amount follows from; a line of a statement cites them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceBasis {
    /// The fee schedule.
    pub schedule: ScheduleVersion,
    /// The table of tax rates.
    pub tax: TaxVersion,
    /// How amounts were made whole.
    pub rounding: Rounding,
}

impl Schedule {
    /// The most fee rules of one schedule.
    pub const FEES_MAX: usize = 64;
    /// The most days of a term.
    pub const DAYS_MAX: u32 = 366;
    /// The last position that a schedule can wait for: JSON keeps integers to here (RFC 7493 §2.2).
    pub const POSITION_MAX: LeafIndex = LeafIndex(9_007_199_254_740_991);

    /// Whether it prices an order at position `at`, as long as no later version does.
    pub fn is_effective(&self, at: LeafIndex) -> bool {
        self.effective_from <= at
    }

    /// The version in force at position `at`, seen from the latest: itself, or the one before while it waits.
    pub fn version_at(&self, at: LeafIndex) -> Option<ScheduleVersion> {
        if self.is_effective(at) { Some(self.version) } else { self.before }
    }

    /// The versions that its amounts follow from.
    pub const fn basis(&self) -> PriceBasis {
        PriceBasis { schedule: self.version, tax: self.tax, rounding: self.rounding }
    }
}

/// Publishes a schedule by the entry at position `at`. `latest` is the version published last, in force or waiting;
/// `tax` is the table that the command names.
///
/// A version that still waits for its position is replaced by the next one and never prices anything; so a schedule
/// published for a wrong position can be put right.
///
/// # Errors
/// `schedule.invalid` if the version does not follow, its position has passed, or a fee or a term is out of bounds;
/// `tax.unknown` if `tax` is another table; `tax.invalid` if that has no rate for fees.
pub fn publish(
    latest: Option<&Schedule>,
    tax: &TaxTable,
    command: PublishSchedule,
    at: LeafIndex,
    now: Timestamp,
) -> Result<Schedule, Refusal> {
    let asset = command.version.asset;
    let latest = latest.filter(|schedule| schedule.version.asset == asset);
    let next = latest.map_or(0, |schedule| schedule.version.version).saturating_add(1);
    if command.version.version != next {
        return Err(invalid("version", ScheduleVersion { asset, version: next }.to_string()));
    }
    let effective_from = if is_at_once(&command.effective_from) { at.next() } else { command.effective_from };
    if effective_from <= at || effective_from > Schedule::POSITION_MAX {
        return Err(invalid("effective_from", format!("0 for at once, or a position after {at}")));
    }
    check_terms(&command)?;
    tax.check_version(command.tax).map_err(|refusal| refusal.within("tax"))?;
    tax.rate_of(&command.fee_vat).map_err(|refusal| refusal.within("fee_vat"))?;
    Ok(Schedule {
        version: command.version,
        effective_from,
        before: latest.and_then(|schedule| schedule.version_at(at)),
        fees: command.fees,
        fee_vat: command.fee_vat,
        selling_share: command.selling_share,
        yearly: command.yearly,
        tax: command.tax,
        hold_days: command.hold_days,
        dispute_days: command.dispute_days,
        bank_tolerance_minor: command.bank_tolerance_minor,
        rounding: command.rounding,
        published_at: now,
    })
}

fn check_terms(command: &PublishSchedule) -> Result<(), Refusal> {
    if command.fees.len() > Schedule::FEES_MAX {
        return Err(invalid("fees", format!("at most {} rules", Schedule::FEES_MAX)));
    }
    for (index, rule) in command.fees.iter().enumerate() {
        rule.fee.check().map_err(|refusal| refusal.within(&format!("fees[{index}].fee")))?;
    }
    if let Some((role, _)) = command.yearly.iter().find(|(_, fee)| fee.is_zero()) {
        return Err(invalid(format!("yearly.{role}"), "a fee above zero; leave out a role that pays none"));
    }
    if !(1..=Schedule::DAYS_MAX).contains(&command.hold_days) {
        return Err(invalid("hold_days", "1 to 366 days"));
    }
    if command.dispute_days > Schedule::DAYS_MAX {
        return Err(invalid("dispute_days", "0 to 366 days"));
    }
    Ok(())
}

fn is_at_once(position: &LeafIndex) -> bool {
    *position == LeafIndex(0)
}

fn invalid(
    field: impl Into<std::borrow::Cow<'static, str>>,
    expected: impl Into<std::borrow::Cow<'static, str>>,
) -> Refusal {
    Refusal::new(RefusalCode::ScheduleInvalid, field, expected)
}
