//! Amounts, directions, accounts and dates as the messages have them.

use crate::{
    AccountNumber, BankOffset, Direction,
    currency::{amount_of, asset_of, minor_of},
    xml::Element,
};
use databourse_primitives::{AmountMinor, Asset, Refusal, Timestamp};

/// The asset of the currency that an amount is in.
pub(super) fn asset(amount: Element<'_>) -> Result<Asset, Refusal> {
    let asset = amount.currency().and_then(asset_of);
    asset.ok_or_else(|| amount.refuse("`Ccy` with a currency of ISO 4217"))
}

/// An amount that must be in `asset`.
pub(super) fn amount(element: Element<'_>, asset: Asset) -> Result<AmountMinor, Refusal> {
    if self::asset(element)? != asset {
        return Err(element.refuse(format!("an amount in {}", asset.code())));
    }
    amount_of(element.text()?, asset).ok_or_else(|| element.refuse(expected(asset)))
}

/// A sum or balance in `asset`, which may be larger than an amount. `Ccy` is checked if it is there.
pub(super) fn sum(element: Element<'_>, asset: Asset) -> Result<i128, Refusal> {
    if element.currency().is_some_and(|currency| currency != asset.code()) {
        return Err(element.refuse(format!("a sum in {}", asset.code())));
    }
    minor_of(element.text()?, asset.scale()).ok_or_else(|| element.refuse(expected(asset)))
}

fn expected(asset: Asset) -> String {
    let scale = asset.scale();
    format!(
        "an amount from 0 to 2^53 - 1 minor units, in digits with at most {scale} decimals and without a sign"
    )
}

/// `CRDT` or `DBIT` in the child `CdtDbtInd`.
pub(super) fn direction(parent: Element<'_>) -> Result<Direction, Refusal> {
    optional_direction(parent)?.ok_or_else(|| parent.refuse_child("CdtDbtInd", "`CRDT` or `DBIT`"))
}

/// [`direction`], if there is one.
pub(super) fn optional_direction(parent: Element<'_>) -> Result<Option<Direction>, Refusal> {
    let Some(indicator) = parent.optional("CdtDbtInd")? else { return Ok(None) };
    match indicator.text()? {
        "CRDT" => Ok(Some(Direction::Credit)),
        "DBIT" => Ok(Some(Direction::Debit)),
        _ => Err(indicator.refuse("`CRDT` or `DBIT`")),
    }
}

/// The account in `Id`: an IBAN or another number.
pub(super) fn account(account: Element<'_>) -> Result<AccountNumber, Refusal> {
    let id = account.one("Id")?;
    match id.optional("IBAN")? {
        Some(iban) => iban.value(),
        None => id.one("Othr")?.one("Id")?.value(),
    }
}

/// A day (`Dt`) or time (`DtTm`) in the child `name`, if it is there.
pub(super) fn date(
    parent: Element<'_>,
    name: &'static str,
    offset: BankOffset,
) -> Result<Option<Timestamp>, Refusal> {
    let Some(choice) = parent.optional(name)? else { return Ok(None) };
    if let Some(day) = choice.optional("Dt")? {
        let at = offset.read_date(day.text()?);
        return at.map(Some).ok_or_else(|| day.refuse("a day, e.g. `2026-11-22`"));
    }
    time(choice.one("DtTm")?, offset).map(Some)
}

/// An `ISODateTime`.
pub(super) fn time(element: Element<'_>, offset: BankOffset) -> Result<Timestamp, Refusal> {
    offset.read(element.text()?).ok_or_else(|| element.refuse("a time, e.g. `2026-11-22T10:47:32+08:00`"))
}

/// Refuses a number that is not `count`, if the child `name` gives one.
pub(super) fn check_count(parent: Element<'_>, name: &'static str, count: usize) -> Result<(), Refusal> {
    let Some(number) = parent.optional(name)? else { return Ok(()) };
    let digits = number.text()?;
    let shape = digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if shape && digits.parse() == Ok(count) {
        Ok(())
    } else {
        Err(number.refuse(format!("{count}, as there are")))
    }
}

/// Refuses a sum that is not `minor`, if the child `name` gives one.
pub(super) fn check_sum(
    parent: Element<'_>,
    name: &'static str,
    asset: Asset,
    minor: i128,
) -> Result<(), Refusal> {
    let Some(given) = parent.optional(name)? else { return Ok(()) };
    if sum(given, asset)? == minor {
        return Ok(());
    }
    Err(given.refuse(format!("{}, as the parts sum to", crate::currency::decimal(minor, asset.scale()))))
}
