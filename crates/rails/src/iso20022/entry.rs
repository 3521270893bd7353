//! Reading one entry (`Ntry`): one line, or one for each of its transactions.

use super::amount::{account, amount, check_count, check_sum, date, direction, optional_direction};
use crate::{AccountNumber, BankLine, BankOffset, Direction, LineStatus, instruction_of, xml::Element};
use databourse_primitives::{AmountMinor, Asset, InstructionId, Label, Line, Refusal, Timestamp};

/// What the statement says for all of its entries.
pub(super) struct Context<'a> {
    /// Its `Id`.
    pub(super) id: Element<'a>,
    pub(super) account: AccountNumber,
    pub(super) asset: Asset,
    pub(super) offset: BankOffset,
    /// When the message was made.
    pub(super) announced_at: Timestamp,
}

/// An entry, and the lines that it is.
pub(super) struct Entry {
    pub(super) direction: Direction,
    pub(super) amount_minor: AmountMinor,
    pub(super) status: LineStatus,
    pub(super) lines: Vec<BankLine>,
}

/// Reads an entry.
pub(super) fn read(element: Element<'_>, context: &Context<'_>) -> Result<Entry, Refusal> {
    let amount_minor = amount(element.one("Amt")?, context.asset)?;
    let direction = direction(element)?;
    let (status, is_reversal) = status(element)?;
    let booked_at = booked_at(element, status, context)?;
    let mut transactions = Vec::new();
    for details in element.all("NtryDtls") {
        let before = transactions.len();
        transactions.extend(details.all("TxDtls"));
        check_batch(details, &transactions[before..], direction, context.asset)?;
    }
    let mut references = references(element, &transactions, context)?.into_iter();
    let mut line = |transaction: Option<Element<'_>>, direction, amount_minor| {
        let (counterparty_account, counterparty_name) = match transaction {
            Some(transaction) => counterparty(transaction, direction, is_reversal)?,
            None => (None, None),
        };
        Ok(BankLine {
            account: context.account.clone(),
            reference: references.next().ok_or_else(|| element.refuse("a reference for each line"))?,
            end_to_end: transaction.map_or(Ok(None), end_to_end)?,
            direction,
            asset: context.asset,
            amount_minor,
            counterparty_account,
            counterparty_name,
            booked_at,
            status,
        })
    };
    if transactions.is_empty() {
        let lines = vec![line(None, direction, amount_minor)?];
        return Ok(Entry { direction, amount_minor, status, lines });
    }
    // The amount of an entry's only transaction may be left out.
    let whole = (transactions.len() == 1).then_some((direction, amount_minor));
    let (mut lines, mut signed_sum) = (Vec::with_capacity(transactions.len()), 0);
    for &transaction in &transactions {
        let part = share(transaction, direction, context.asset)?.or(whole);
        let (direction, amount_minor) = part
            .ok_or_else(|| transaction.refuse_child("Amt", "an amount for each of several transactions"))?;
        signed_sum += direction.signed(i128::from(amount_minor.get()));
        lines.push(line(Some(transaction), direction, amount_minor)?);
    }
    if signed_sum != direction.signed(i128::from(amount_minor.get())) {
        return Err(element.refuse_child("Amt", "the sum of the entry's transactions"));
    }
    Ok(Entry { direction, amount_minor, status, lines })
}

/// Where the entry stands, and whether it is a reversal (which a pending line does not show).
fn status(element: Element<'_>) -> Result<(LineStatus, bool), Refusal> {
    let is_reversal = match element.optional("RvslInd")? {
        None => false,
        Some(indicator) => match indicator.text()? {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return Err(indicator.refuse("`true` or `false`")),
        },
    };
    let status = element.one("Sts")?;
    let code = match status.optional("Cd")? {
        Some(code) => code,
        None => status.optional("Prtry")?.unwrap_or(status),
    };
    match code.text()? {
        "BOOK" if is_reversal => Ok((LineStatus::Reversal, true)),
        "BOOK" => Ok((LineStatus::Booked, false)),
        "PDNG" | "FUTR" => Ok((LineStatus::Pending, is_reversal)),
        _ => Err(code.refuse("`BOOK`, `PDNG` or `FUTR`")),
    }
}

/// The booking day or time. A pending entry may have none: then its value day, or when the message was made.
fn booked_at(element: Element<'_>, status: LineStatus, context: &Context<'_>) -> Result<Timestamp, Refusal> {
    if let Some(at) = date(element, "BookgDt", context.offset)? {
        return Ok(at);
    }
    if status.is_booked() {
        return Err(element.refuse_child("BookgDt", "the day or time of a booked entry"));
    }
    Ok(date(element, "ValDt", context.offset)?.unwrap_or(context.announced_at))
}

/// The bank's name of each line. `AcctSvcrRef` is the same in every message; `NtryRef` is only unique in its
/// statement, whose `Id` therefore stands before it. Transactions of one entry are numbered after its name.
fn references(
    element: Element<'_>,
    transactions: &[Element<'_>],
    context: &Context<'_>,
) -> Result<Vec<Label>, Refusal> {
    let base = match (element.optional("AcctSvcrRef")?, element.optional("NtryRef")?) {
        (Some(reference), _) => Some((reference, reference.text()?.to_owned())),
        (None, entry) => {
            let own =
                transactions.iter().map(|transaction| match transaction.at(&["Refs", "AcctSvcrRef"])? {
                    Some(reference) => reference.value().map(Some),
                    None => Ok(None),
                });
            let own: Option<Vec<Label>> = own.collect::<Result<_, _>>()?;
            if let Some(own) = own.filter(|own| !own.is_empty()) {
                return Ok(own);
            }
            match entry {
                Some(entry) => Some((entry, format!("{}:{}", context.id.text()?, entry.text()?))),
                None => None,
            }
        }
    };
    let (place, base) = base.ok_or_else(|| {
        element.refuse_child("AcctSvcrRef", "`AcctSvcrRef` or `NtryRef`, the bank's name of the entry")
    })?;
    let label = |text: String| {
        text.parse().map_err(|_| place.refuse("a reference of letters, digits or `. _ : / -`"))
    };
    match transactions.len() {
        0 | 1 => Ok(vec![label(base)?]),
        count => (1..=count).map(|number| label(format!("{base}/{number}"))).collect(),
    }
}

/// Direction and amount of one transaction of an entry, if it tells the amount.
fn share(
    transaction: Element<'_>,
    entry: Direction,
    asset: Asset,
) -> Result<Option<(Direction, AmountMinor)>, Refusal> {
    // Before version 03 the amount stood in the details only.
    let place = match transaction.optional("Amt")? {
        Some(place) => Some(place),
        None => transaction.at(&["AmtDtls", "TxAmt", "Amt"])?,
    };
    let Some(place) = place else { return Ok(None) };
    Ok(Some((optional_direction(transaction)?.unwrap_or(entry), amount(place, asset)?)))
}

/// Refuses a batch whose number or sum is not that of its transactions, if they are there.
fn check_batch(
    details: Element<'_>,
    transactions: &[Element<'_>],
    entry: Direction,
    asset: Asset,
) -> Result<(), Refusal> {
    let Some(batch) = details.optional("Btch")?.filter(|_| !transactions.is_empty()) else { return Ok(()) };
    check_count(batch, "NbOfTxs", transactions.len())?;
    let mut signed_sum = 0;
    for transaction in transactions {
        let Some((direction, amount_minor)) = share(*transaction, entry, asset)? else { return Ok(()) };
        signed_sum += direction.signed(i128::from(amount_minor.get()));
    }
    check_sum(batch, "TtlAmt", asset, signed_sum.abs())
}

/// The instruction that the references name. Two that name different ones are refused.
fn end_to_end(transaction: Element<'_>) -> Result<Option<InstructionId>, Refusal> {
    let mut named = None;
    for name in ["EndToEndId", "InstrId"] {
        let Some(reference) = transaction.at(&["Refs", name])? else { continue };
        match (named, instruction_of(reference.text()?)) {
            (None, id) => named = id,
            (Some(known), Some(id)) if known != id => {
                return Err(reference.refuse(format!("{known}, as before")));
            }
            (Some(_), _) => {}
        }
    }
    Ok(named)
}

/// Account and name of the other side: the debtor of money that came in. A reversal keeps the roles of what it reverses.
fn counterparty(
    transaction: Element<'_>,
    direction: Direction,
    is_reversal: bool,
) -> Result<(Option<AccountNumber>, Option<Line>), Refusal> {
    let Some(parties) = transaction.optional("RltdPties")? else { return Ok((None, None)) };
    let original = if is_reversal { direction.opposite() } else { direction };
    let (party, held) = match original {
        Direction::Credit => ("Dbtr", "DbtrAcct"),
        Direction::Debit => ("Cdtr", "CdtrAcct"),
    };
    let number = parties.optional(held)?.map(account).transpose()?;
    let mut name = None;
    if let Some(party) = parties.optional(party)? {
        for path in [&["Pty", "Nm"][..], &["Agt", "FinInstnId", "Nm"], &["Nm"]] {
            name = name.or(party.at(path)?);
        }
    }
    Ok((number, name.map(Element::value).transpose()?))
}
