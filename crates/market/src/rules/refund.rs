//! Refunds: money of accepted lines goes back, with tax, fee and revenue shares, never more than was paid.

use super::{
    money::{open_window, post, prepare},
    order::licences_of,
    parts::{LineMoney, exchanges_of},
    standing, voucher,
};
use crate::{Actor, Halt, RefundRecord, RefundedLine, view::Tx};
use databourse_licensing::{GrantRefund, Licence, Order};
use databourse_party::Successors;
use databourse_primitives::{AmountMinor, Line, PartyId, Refusal, RefusalCode};
use databourse_settlement::{Dispute, DisputeState, Phase, Transaction, TransactionKind};
use std::{collections::BTreeMap, sync::Arc};

/// Grants a refund. All lines are of one supplier, who grants it, or whose listing exchange does.
pub(super) fn grant(tx: &mut Tx<'_>, actor: &Actor, command: &GrantRefund) -> Result<(), Halt> {
    let order: Order = tx.need(&command.order, RefusalCode::RefundOriginalNotFound, "order")?;
    let amounts: BTreeMap<u32, AmountMinor> =
        command.lines.iter().map(|line| (line.line, line.amount_minor)).collect();
    let named: Vec<u32> = command.lines.iter().map(|line| line.line).collect();
    let lines = order.resolve_lines(Some(&named)).map_err(|mut refusal| {
        if refusal.code == RefusalCode::LicenceUnknown {
            refusal.code = RefusalCode::RefundOriginalNotFound;
        }
        refusal
    })?;
    let licences = licences_of(tx, &order, &lines)?;
    let supplier = one_supplier(&licences)?;
    may_decide(actor, supplier, &licences, &standing::successors(tx)?)?;
    for licence in &licences {
        undisputed(tx, licence)?;
    }
    let mut back = Transaction::new(TransactionKind::Refund, order.asset);
    give_back(tx, &mut back, order, licences, &amounts, &command.reason)?;
    post(tx, &back)
}

/// Adds to `back` what goes back of each licence, and writes the licences, the order, the voucher and the refund.
pub(super) fn give_back(
    tx: &mut Tx<'_>,
    back: &mut Transaction,
    mut order: Order,
    licences: Vec<Arc<Licence>>,
    amounts: &BTreeMap<u32, AmountMinor>,
    reason: &Line,
) -> Result<AmountMinor, Halt> {
    let supplier = one_supplier(&licences)?;
    let successors =
        standing::successors(tx)?.among(exchanges_of(&order, licences.iter().map(AsRef::as_ref)));
    let mut refunded = Vec::with_capacity(licences.len());
    let (mut total, mut to_voucher) = (AmountMinor::ZERO, AmountMinor::ZERO);
    for licence in licences {
        let line = licence.id.line;
        let within = |refusal: Refusal| refusal.within(&format!("lines({line})"));
        let amount = amounts.get(&line).copied().unwrap_or_default();
        let before = licence.refunded_minor;
        let licence = Arc::unwrap_or_clone(licence).refund(amount, tx.now()).map_err(within)?;
        let money = LineMoney::refunded(&licence, before, licence.refunded_minor)?;
        let from = money.seller_side(&order, &licence, &successors);
        back.add(Phase::Direct, &from, &money.buyer_side(&order, &successors)?)?;
        total = total.plus(money.gross()?)?;
        to_voucher = to_voucher.plus(money.voucher)?;
        refunded.push(refunded_line(&licence, before, &money)?);
        tx.put(licence);
    }
    prepare(tx, back)?;
    voucher::give_back(tx, &order, to_voucher)?;
    order.refunded_minor = order.refunded_minor.plus(total)?;
    tx.put(RefundRecord {
        id: tx.entry,
        order: order.id,
        buyer: order.buyer,
        supplier,
        window: open_window(tx, order.asset)?.id,
        lines: refunded,
        total_minor: total,
        reason: reason.clone(),
        granted_at: tx.now(),
        succeeded: successors,
    });
    tx.put(order);
    Ok(total)
}

fn refunded_line(
    licence: &Licence,
    before_minor: AmountMinor,
    money: &LineMoney,
) -> Result<RefundedLine, Refusal> {
    // The commission is the last four of the parts.
    let [.., fee_minor, fee_vat_minor, selling_fee_minor, selling_fee_vat_minor] = money.net_parts[..] else {
        return Err(Refusal::new(RefusalCode::AmountOutOfRange, "", "a line with its parts"));
    };
    Ok(RefundedLine {
        line: licence.id.line,
        before_minor,
        net_minor: money.net()?,
        vat_minor: money.vat,
        fee_minor,
        fee_vat_minor,
        selling_fee_minor,
        selling_fee_vat_minor,
        voucher_minor: money.voucher,
    })
}

/// The supplier of all of them.
pub(super) fn one_supplier(licences: &[Arc<Licence>]) -> Result<PartyId, Refusal> {
    let refused = |expected| Refusal::new(RefusalCode::RefundNotAllowed, "lines", expected);
    let first = licences.first().ok_or_else(|| refused("at least one line"))?;
    if licences.iter().any(|licence| licence.supplier != first.supplier) {
        return Err(refused("lines of one supplier; take each supplier's lines by an entry of its own"));
    }
    Ok(first.supplier)
}

/// Only the supplier, or the exchange that lists the products, gives its money back.
fn may_decide(
    actor: &Actor,
    supplier: PartyId,
    licences: &[Arc<Licence>],
    successors: &Successors,
) -> Result<(), Refusal> {
    let allowed = match actor {
        Actor::Party(party) => *party == supplier,
        Actor::Exchange(code) => licences.iter().all(|one| successors.home_of(&one.exchange) == code),
    };
    if allowed {
        return Ok(());
    }
    let expected = "lines that you sold, or that your exchange lists";
    Err(Refusal::new(RefusalCode::RefundNotAllowed, "lines", expected))
}

/// While a dispute is open its decision is the only way in which a line is refunded.
fn undisputed(tx: &Tx<'_>, licence: &Licence) -> Result<(), Halt> {
    let Some(id) = licence.dispute else { return Ok(()) };
    let dispute: Option<Dispute> = tx.find(&id)?;
    if dispute.is_some_and(|dispute| dispute.state == DisputeState::Open) {
        let expected = format!("a line without an open dispute; decide {id}");
        let field = format!("lines({})", licence.id.line);
        return Err(Refusal::new(RefusalCode::DisputeState, field, expected).into());
    }
    Ok(())
}
