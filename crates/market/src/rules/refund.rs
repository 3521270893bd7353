//! Refunds: money of accepted lines goes back, with tax and fee, never more than was paid.

use super::{
    money::post,
    order::{licences_of, share_accounts, shares_of},
};
use crate::{Actor, Halt, RefundRecord, RefundedLine, view::Tx};
use databourse_licensing::{GrantRefund, Licence, Order};
use databourse_primitives::{AmountMinor, Refusal, RefusalCode};
use databourse_settlement::{AccountId, Purpose, Transaction, TransactionKind, refund_shares};
use std::collections::BTreeMap;

/// Grants a refund. All lines are of one supplier, who grants it, or whose listing exchange does.
pub(super) fn grant(tx: &mut Tx<'_>, actor: &Actor, command: &GrantRefund) -> Result<(), Halt> {
    let mut order: Order = tx.need(&command.order, RefusalCode::RefundOriginalNotFound, "order")?;
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
    let supplier = granting_supplier(actor, &licences)?;
    let buyer = AccountId::party(order.buyer, Purpose::Available, order.asset);
    let mut back = Transaction::new(TransactionKind::Refund, order.asset);
    let mut refunded = Vec::with_capacity(licences.len());
    for licence in licences {
        let within = |refusal: Refusal| refusal.within(&format!("lines({})", licence.id.line));
        let amount = amounts.get(&licence.id.line).copied().unwrap_or_default();
        let before = licence.refunded_minor;
        let licence = licence.clone().refund(amount, tx.now()).map_err(within)?;
        let shares = refund_shares(&shares_of(&licence)?, before, licence.refunded_minor)?;
        for (account, part) in share_accounts(&licence, &shares) {
            back.transfer(account, buyer.clone(), part)?;
        }
        refunded.push(RefundedLine {
            line: licence.id.line,
            net_minor: shares.net,
            vat_minor: shares.vat,
            fee_minor: shares.fee,
            fee_vat_minor: shares.fee_vat,
        });
        tx.put(licence);
    }
    let total = back.amount()?;
    order.refunded_minor = order.refunded_minor.plus(total)?;
    tx.put(RefundRecord {
        id: tx.entry,
        order: order.id,
        buyer: order.buyer,
        supplier,
        lines: refunded,
        total_minor: total,
        reason: command.reason.clone(),
        granted_at: tx.now(),
    });
    tx.put(order);
    post(tx, &back)
}

fn granting_supplier(actor: &Actor, licences: &[Licence]) -> Result<databourse_primitives::PartyId, Refusal> {
    let not_allowed = |expected| Refusal::new(RefusalCode::RefundNotAllowed, "lines", expected);
    let first = licences.first().ok_or_else(|| not_allowed("at least one line"))?;
    if licences.iter().any(|licence| licence.supplier != first.supplier) {
        return Err(not_allowed(
            "lines of one supplier; refund each supplier's lines by an entry of its own",
        ));
    }
    let allowed = match actor {
        Actor::Party(party) => *party == first.supplier,
        Actor::Exchange(code) => licences.iter().all(|licence| licence.exchange == *code),
    };
    if allowed {
        Ok(first.supplier)
    } else {
        Err(not_allowed("lines that you sold, or that your exchange lists"))
    }
}
