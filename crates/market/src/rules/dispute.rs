//! Disputes and chargebacks: freeze, then decide.

use super::{
    money::post,
    order::licences_of,
    parts::LineMoney,
    refund::{give_back, one_supplier},
    standing,
};
use crate::{Actor, Halt, Key, view::Tx};
use databourse_licensing::{Licence, LicenceState, Order};
use databourse_primitives::{AmountMinor, DisputeId, ExchangeCode, HoldId, Holder, Refusal, RefusalCode};
use databourse_settlement::{
    Account, AccountId, DecideDispute, Dispute, DisputeState, FrozenPart, Hold, OpenDispute, Part, Phase,
    Purpose, Schedule, Transaction, TransactionKind,
};
use std::{collections::BTreeMap, sync::Arc};

const DAY_MS: i64 = 86_400_000;

/// Opens a dispute and freezes what a full refund of its lines would take, as far as it is there.
pub(super) fn open(tx: &mut Tx<'_>, actor: &Actor, command: &OpenDispute) -> Result<(), Halt> {
    let order: Order = tx.need(&command.order, RefusalCode::OrderUnknown, "order")?;
    let lines = order.resolve_lines(Some(&command.lines))?;
    let licences = licences_of(tx, &order, &lines)?;
    let supplier = one_supplier(&licences)?;
    let opened_by = may_open(tx, actor, &order, &licences, command)?;
    let id = DisputeId::from(tx.entry);
    let successors = standing::successors(tx)?;
    let mut owed = BTreeMap::<AccountId, Part>::new();
    let mut claimed = AmountMinor::ZERO;
    for licence in licences {
        let at_line = |refusal: Refusal| refusal.within(&format!("lines({})", licence.id.line));
        disputable(&licence).map_err(at_line)?;
        let money = LineMoney::refunded(&licence, licence.refunded_minor, licence.net_minor)?;
        claimed = claimed.plus(money.gross()?)?;
        for part in money.seller_side(&order, &licence, &successors) {
            match owed.get_mut(&part.account) {
                Some(sum) => sum.amount = sum.amount.plus(part.amount)?,
                None => drop(owed.insert(part.account.clone(), part)),
            }
        }
        tx.put(Licence { dispute: Some(id), ..Arc::unwrap_or_clone(licence) });
    }
    let frozen = freezable(tx, owed.into_values().collect())?;
    let mut hold = Transaction::new(TransactionKind::Hold, order.asset);
    let total = move_frozen(&mut hold, Phase::Hold, &order, &frozen)?;
    if !total.is_zero() {
        let holder = Holder::Party(supplier);
        tx.put(Hold::begin(HoldId::from(id), holder, order.asset, total, tx.now(), None));
    }
    tx.put(Dispute {
        id,
        order: order.id,
        buyer: order.buyer,
        supplier,
        lines,
        opened_by,
        chargeback: command.chargeback.clone(),
        reason: command.reason.clone(),
        claimed_minor: claimed,
        frozen,
        opened_at: tx.now(),
        state: DisputeState::Open,
    });
    post(tx, &hold)
}

/// The buyer, within the time that the order's schedule gives; or the listing exchange, for a chargeback.
fn may_open(
    tx: &Tx<'_>,
    actor: &Actor,
    order: &Order,
    licences: &[Arc<Licence>],
    command: &OpenDispute,
) -> Result<Holder, Halt> {
    match actor {
        Actor::Party(party) => {
            order.placed_by(*party)?;
            if command.chargeback.is_some() {
                let expected = "nothing: a bank's chargeback is recorded by the exchange";
                return Err(Refusal::new(RefusalCode::ExchangeOnly, "chargeback", expected).into());
            }
            let schedule: Schedule = tx.need(&order.schedule, RefusalCode::ScheduleUnknown, "order")?;
            let days = i64::from(schedule.dispute_days);
            let late = licences.iter().find(|licence| match licence.state {
                LicenceState::Active { accepted_at, .. } => accepted_at.plus_ms(days * DAY_MS) < tx.now(),
                _ => false,
            });
            if let Some(licence) = late {
                let field = format!("lines({})", licence.id.line);
                let expected = format!("a line accepted at most {days} days ago");
                return Err(Refusal::new(RefusalCode::DisputeTooLate, field, expected).into());
            }
            Ok(Holder::Party(*party))
        }
        Actor::Exchange(code) => {
            if command.chargeback.is_none() {
                let expected =
                    "the bank's reference of the chargeback; other disputes are the buyer's to open";
                return Err(Refusal::new(RefusalCode::PartyOnly, "chargeback", expected).into());
            }
            listed_by(tx, code, licences)?;
            Ok(Holder::Exchange(code.clone()))
        }
    }
}

fn listed_by(tx: &Tx<'_>, code: &ExchangeCode, licences: &[Arc<Licence>]) -> Result<(), Halt> {
    let successors = standing::successors(tx)?;
    if licences.iter().all(|licence| successors.home_of(&licence.exchange) == code) {
        return Ok(());
    }
    let expected = "lines of products that your exchange lists";
    Err(Refusal::new(RefusalCode::RefundNotAllowed, "lines", expected).into())
}

fn disputable(licence: &Licence) -> Result<(), Refusal> {
    if let Some(dispute) = licence.dispute {
        let expected = format!("a line that was not disputed before; {dispute} was about it");
        return Err(Refusal::new(RefusalCode::DisputeState, "", expected));
    }
    if !matches!(licence.state, LicenceState::Active { .. }) {
        let expected = format!("an accepted line; this one is {}", licence.state.as_str());
        return Err(Refusal::new(RefusalCode::LicenceState, "", expected));
    }
    Ok(())
}

/// Of each account, what is owed or what is available, whichever is less.
fn freezable(tx: &Tx<'_>, owed: Vec<Part>) -> Result<Vec<FrozenPart>, Halt> {
    tx.preload(|| owed.iter().map(|part| Key::of::<Account>(&part.account)))?;
    let mut frozen = Vec::with_capacity(owed.len());
    for Part { account, book, amount } in owed {
        // What is on a frozen account cannot leave it anyway.
        let found = tx.find::<Account>(&account)?.filter(|found| found.constraint.is_open());
        let available = found.map_or(0, |found| found.balances().available_minor);
        let amount_minor = amount.min(AmountMinor::new(available.max(0))?);
        if !amount_minor.is_zero() {
            frozen.push(FrozenPart { account, book, amount_minor });
        }
    }
    Ok(frozen)
}

fn move_frozen(
    transaction: &mut Transaction,
    phase: Phase,
    order: &Order,
    frozen: &[FrozenPart],
) -> Result<AmountMinor, Refusal> {
    let from: Vec<Part> = frozen
        .iter()
        .map(|part| Part {
            account: part.account.clone(),
            book: part.book.clone(),
            amount: part.amount_minor,
        })
        .collect();
    let total = from.iter().map(|part| part.amount).try_fold(AmountMinor::ZERO, AmountMinor::plus)?;
    let account = AccountId::party(order.buyer, Purpose::Funds, order.asset);
    transaction.add(phase, &from, &[Part { account, book: order.book.clone(), amount: total }])?;
    Ok(total)
}

/// Decides a dispute: all that is frozen is free again, and what is decided goes back in the same step.
pub(super) fn decide(tx: &mut Tx<'_>, code: &ExchangeCode, command: &DecideDispute) -> Result<(), Halt> {
    let dispute: Dispute = tx.need(&command.dispute, RefusalCode::DisputeUnknown, "dispute")?;
    dispute.must_be_open()?;
    let order: Order = tx.need(&dispute.order, RefusalCode::OrderUnknown, "dispute")?;
    listed_by(tx, code, &licences_of(tx, &order, &dispute.lines)?)?;
    let mut amounts = BTreeMap::new();
    for (index, line) in command.refunds.iter().enumerate() {
        let known = dispute.lines.contains(&line.line);
        if !known || amounts.insert(line.line, line.amount_minor).is_some() {
            let field = format!("refunds[{index}].line");
            let expected = "a disputed line, named once";
            return Err(Refusal::new(RefusalCode::BodyMalformed, field, expected).into());
        }
    }
    let kind = if amounts.is_empty() { TransactionKind::Void } else { TransactionKind::Refund };
    let mut back = Transaction::new(kind, order.asset);
    let frozen = move_frozen(&mut back, Phase::Release, &order, &dispute.frozen)?;
    let named: Vec<u32> = amounts.keys().copied().collect();
    let mut refunded = AmountMinor::ZERO;
    if !named.is_empty() {
        let licences = licences_of(tx, &order, &named)?;
        refunded = give_back(tx, &mut back, order, licences, &amounts, &command.reason)?;
    }
    let now = tx.now();
    if !frozen.is_zero() {
        let hold: Hold = tx.need(&HoldId::from(dispute.id), RefusalCode::HoldUnknown, "dispute")?;
        let posted = refunded.min(frozen);
        let hold = if posted.is_zero() { hold } else { hold.post(posted, now)? };
        let rest = frozen.minus(posted)?;
        tx.put(if rest.is_zero() { hold } else { hold.void(rest, now)? });
    }
    tx.put(dispute.decide(command, refunded, code.clone(), now)?);
    post(tx, &back)
}
