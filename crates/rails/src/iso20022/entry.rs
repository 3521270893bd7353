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
    let mut transactions = Vec::new();
    for details in element.all("NtryDtls") {
        let before = transactions.len();
        transactions.extend(details.all("TxDtls"));
        check_batch(details, &transactions[before..], direction, context.asset)?;
    }
    let reference = reference(element, &transactions, context)?;
    let line = BankLine {
        account: context.account.clone(),
        reference: reference.clone().unwrap_or_else(|| context_label(context)),
        end_to_end: None,
        direction,
        asset: context.asset,
        amount_minor,
        counterparty_account: None,
        counterparty_name: None,
        booked_at: booked_at(element, status, context)?,
        status,
    };
    if transactions.is_empty() {
        return Ok(Entry { direction, amount_minor, status, lines: vec![line] });
    }
    let mut lines = Vec::with_capacity(transactions.len());
    let mut signed_sum = 0;
    let is_batch = transactions.len() > 1;
    for (number, transaction) in (1_usize..).zip(transactions) {
        let (direction, amount_minor) = share(transaction, direction, context.asset)?
            .or((!is_batch).then_some((direction, amount_minor)))
            .ok_or_else(|| transaction.refuse_child("Amt", "the amount of each transaction of a batch"))?;
        signed_sum += direction.signed(i128::from(amount_minor.get()));
        let (counterparty_account, counterparty_name) = counterparty(transaction, direction, is_reversal)?;
        lines.push(BankLine {
            reference: match &reference {
                Some(reference) if is_batch => suffixed(reference, number, element)?,
                Some(reference) => reference.clone(),
                None => own_reference(transaction)?.ok_or_else(|| no_reference(element))?,
            },
            end_to_end: end_to_end(transaction)?,
            direction,
            amount_minor,
            counterparty_account,
            counterparty_name,
            ..line.clone()
        });
    }
    if signed_sum != direction.signed(i128::from(amount_minor.get())) {
        return Err(element.refuse_child("Amt", "the sum of its transactions"));
    }
    Ok(Entry { direction, amount_minor, status, lines })
}
