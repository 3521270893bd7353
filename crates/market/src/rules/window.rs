//! Settlement windows between exchanges: closing, signing, netting, confirming, aborting.

use super::money::{current_schedule, open_window, post, record_bank_line, window_series};
use crate::{Halt, Head, view::Tx};
use databourse_primitives::{AmountMinor, Asset, ExchangeCode, Refusal, RefusalCode, WindowId};
use databourse_settlement::{
    self as settlement, AbortWindow, AccountId, CloseWindow, ConfirmInstruction, ConfirmedPayment,
    InstructWindow, Purpose, SignWindow, Transaction, TransactionKind, Window,
};
use std::sync::Arc;

/// The window called `id`.
pub(super) fn window(tx: &Tx<'_>, id: WindowId) -> Result<Window, Halt> {
    tx.need(&id, RefusalCode::WindowUnknown, "window")
}

/// Closes the open window of an asset; the next is open at once.
pub(super) fn close(tx: &mut Tx<'_>, _exchange: &ExchangeCode, command: &CloseWindow) -> Result<(), Halt> {
    let asset = command.window.asset;
    let open = Arc::unwrap_or_clone(open_window(tx, asset)?);
    if open.id != command.window {
        let expected = format!("the open window, {}", open.id);
        return Err(Refusal::new(RefusalCode::WindowNotOpen, "window", expected).into());
    }
    let (closed, next) = settlement::close(open, tx.now())?;
    tx.put(Head { name: window_series(asset), number: next.id.number });
    tx.put(closed);
    tx.put(next);
    Ok(())
}

/// Signs what the exchange found for one pair of a closing window.
pub(super) fn sign(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &SignWindow) -> Result<(), Halt> {
    let signed =
        window(tx, command.head.window)?.sign(&command.head, exchange, command.person.as_ref(), tx.now())?;
    tx.put(signed);
    Ok(())
}

/// Nets a final window's obligations into payments.
pub(super) fn instruct(
    tx: &mut Tx<'_>,
    _exchange: &ExchangeCode,
    command: &InstructWindow,
) -> Result<(), Halt> {
    let instructed = window(tx, command.window)?.instruct(command.method, tx.now())?;
    tx.put(instructed);
    Ok(())
}

/// Confirms a payment by the bank line with which it arrived, and posts it in the books of both exchanges.
pub(super) fn confirm(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    command: &ConfirmInstruction,
) -> Result<(), Halt> {
    let id = command.instruction.window;
    let tolerance = current_schedule(tx, id.asset)?.bank_tolerance_minor;
    let (settled, payment) = window(tx, id)?.confirm(command, exchange, tolerance, tx.now())?;
    record_bank_line(tx, exchange, &command.bank_reference)?;
    tx.put(settled);
    let transaction = payment_of(&payment, id.asset)?;
    post(tx, &transaction)
}

/// In the payer's book the debt and the bank go down; in the payee's the bank goes up and the claim down, and what the
/// bank line fell short or exceeded goes to its difference account.
fn payment_of(payment: &ConfirmedPayment, asset: Asset) -> Result<Transaction, Refusal> {
    let of = |code: &ExchangeCode, purpose| AccountId::exchange(code.clone(), purpose, asset);
    let ConfirmedPayment { payer, payee, instructed_minor, received_minor } = payment;
    let (instructed, received) = (*instructed_minor, *received_minor);
    let matched = instructed.min(received);
    let mut transaction = Transaction::new(TransactionKind::Settlement, asset);
    transaction.transfer(of(payer, Purpose::Clearing), of(payer, Purpose::Bank), instructed)?;
    transaction.transfer(of(payee, Purpose::Bank), of(payee, Purpose::Clearing), matched)?;
    let [short, over]: [AmountMinor; 2] = [instructed.minus(matched)?, received.minus(matched)?];
    transaction.transfer(of(payee, Purpose::Difference), of(payee, Purpose::Clearing), short)?;
    transaction.transfer(of(payee, Purpose::Bank), of(payee, Purpose::Difference), over)?;
    Ok(transaction)
}

/// Aborts a window; the open one takes its obligations over unchanged.
pub(super) fn abort(tx: &mut Tx<'_>, _exchange: &ExchangeCode, command: &AbortWindow) -> Result<(), Halt> {
    let aborted = window(tx, command.window)?;
    let next = Arc::unwrap_or_clone(open_window(tx, command.window.asset)?);
    let (aborted, next) = aborted.abort(next, command.reason.clone(), tx.now())?;
    tx.put(aborted);
    tx.put(next);
    Ok(())
}
