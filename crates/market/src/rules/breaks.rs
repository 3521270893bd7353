//! Breaks 差错 in settlement windows: found, assigned, evidenced, proposed, approved by a second person, ended.

use super::{money::post, standing, window::window};
use crate::{Answer, Halt, view::Tx};
use databourse_primitives::{BreakId, EntryId, ExchangeCode, Refusal, RefusalCode};
use databourse_settlement::{
    AccountId, AddEvidence, ApproveResolution, AssignBreak, Break, CarryBreak, EscalateBreak, OpenBreak,
    Pair, ProposeResolution, Purpose, RejectResolution, ResolveBreak, Transaction, TransactionKind, Window,
    WindowState, WriteOffBreak,
};

fn find(tx: &Tx<'_>, id: BreakId) -> Result<Break, Halt> {
    tx.need(&id, RefusalCode::BreakUnknown, "break")
}

/// The exchanges that answer for a pair now: each of the two, or who succeeded it.
fn answerable(tx: &Tx<'_>, pair: &Pair) -> Result<Pair, Halt> {
    let successors = standing::successors(tx)?;
    Ok(Pair::new(successors.home_of(pair.left()).clone(), successors.home_of(pair.right()).clone()))
}

/// Does `act` with a break as those may who answer for its pair now. The break keeps the pair whose books differ.
fn act(
    tx: &mut Tx<'_>,
    id: BreakId,
    act: impl FnOnce(Break) -> Result<Break, Refusal>,
) -> Result<Break, Halt> {
    let mut found = find(tx, id)?;
    let now = answerable(tx, &found.pair)?;
    let pair = std::mem::replace(&mut found.pair, now);
    Ok(Break { pair, ..act(found)? })
}

/// The window that waits for a break: its own, or the one that took that one's obligations over.
fn waiting_window(tx: &Tx<'_>, found: &Break) -> Result<Window, Halt> {
    let mut waiting = window(tx, found.window)?;
    while let WindowState::Aborted { carried_into, .. } = waiting.state {
        waiting = window(tx, carried_into)?;
    }
    Ok(waiting)
}

/// Opens a break of a window. A root or amount break keeps a window that is not final yet from becoming so.
pub(super) fn open(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &OpenBreak) -> Result<(), Halt> {
    // It is for those who answer for the pair now to open it, and to carry it forward.
    let now = OpenBreak { pair: answerable(tx, &command.pair)?, ..command.clone() };
    let opened = Break::open(BreakId::from(tx.entry), &now, exchange, tx.now())?;
    let waiting = waiting_window(tx, &opened)?.block(&opened);
    tx.put(waiting);
    tx.put(Break { pair: command.pair.clone(), ..opened });
    Ok(())
}

/// Gives it an owner.
pub(super) fn assign(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &AssignBreak) -> Result<(), Halt> {
    let found = act(tx, command.r#break, |found| found.assign(command, exchange))?;
    tx.put(found);
    Ok(())
}

/// Adds evidence.
pub(super) fn add_evidence(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    command: &AddEvidence,
) -> Result<(), Halt> {
    let found = act(tx, command.r#break, |found| found.add_evidence(command, exchange))?;
    tx.put(found);
    Ok(())
}

/// Proposes how to end it.
pub(super) fn propose(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    command: &ProposeResolution,
) -> Result<(), Halt> {
    let found = act(tx, command.r#break, |found| found.propose(command, exchange))?;
    tx.put(found);
    Ok(())
}

/// Approves what another person proposed.
pub(super) fn approve(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    command: &ApproveResolution,
) -> Result<(), Halt> {
    let found = act(tx, command.r#break, |found| found.approve(command, exchange))?;
    tx.put(found);
    Ok(())
}

/// Rejects what was proposed.
pub(super) fn reject(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    command: &RejectResolution,
) -> Result<(), Halt> {
    let found = act(tx, command.r#break, |found| found.reject(command, exchange))?;
    tx.put(found);
    Ok(())
}

/// Ends it by the posting that corrects it, or without one if that was approved.
pub(super) fn resolve(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &ResolveBreak) -> Result<(), Halt> {
    if let Some(posting) = command.posting {
        must_exist(tx, posting)?;
    }
    let now = tx.now();
    let found = act(tx, command.r#break, |found| found.resolve(command, exchange, now))?;
    release(tx, &found)?;
    tx.put(found);
    Ok(())
}

fn must_exist(tx: &Tx<'_>, posting: EntryId) -> Result<(), Halt> {
    if tx.find::<Answer>(&posting)?.is_some() {
        return Ok(());
    }
    let expected = "the id of the entry that corrects it";
    Err(Refusal::new(RefusalCode::BreakPostingUnknown, "posting", expected).into())
}

/// Ends it at the expense of the exchange that acts: from its fees to its difference account.
pub(super) fn write_off(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    command: &WriteOffBreak,
) -> Result<(), Halt> {
    let now = tx.now();
    let found = act(tx, command.r#break, |found| found.write_off(command, exchange, now))?;
    release(tx, &found)?;
    let asset = found.window.asset;
    let of = |purpose| AccountId::exchange(exchange.clone(), purpose, asset);
    let mut transaction = Transaction::new(TransactionKind::WriteOff, asset);
    if let databourse_settlement::BreakState::WrittenOff { amount_minor, .. } = found.state {
        transaction.transfer(of(Purpose::Fees), of(Purpose::Difference), amount_minor)?;
    }
    tx.put(found);
    post(tx, &transaction)
}

/// The window that waited for an ended break waits for it no longer.
fn release(tx: &mut Tx<'_>, ended: &Break) -> Result<(), Halt> {
    let waiting = waiting_window(tx, ended)?.unblock(ended.id, tx.now());
    tx.put(waiting);
    Ok(())
}

/// Hands it to somebody above.
pub(super) fn escalate(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    command: &EscalateBreak,
) -> Result<(), Halt> {
    let now = tx.now();
    let found = act(tx, command.r#break, |found| found.escalate(command, exchange, now))?;
    tx.put(found);
    Ok(())
}

/// Lets the window become final although the break is open; it takes both exchanges of the pair.
pub(super) fn carry(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &CarryBreak) -> Result<(), Halt> {
    let found = act(tx, command.r#break, |found| found.may_carry(command, exchange).map(|()| found))?;
    let waiting = waiting_window(tx, &found)?.carry(found.id, exchange, tx.now())?;
    tx.put(waiting);
    Ok(())
}
