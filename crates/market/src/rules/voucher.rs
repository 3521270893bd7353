//! Innovation vouchers: issued by an exchange, spent in orders, never cashed.

use super::money::{at_field, bank_line_name, home_party, post};
use crate::{Claim, Halt, view::Tx};
use databourse_licensing::{Licence, Order};
use databourse_primitives::{
    AmountMinor, Asset, ExchangeCode, PartyId, Refusal, RefusalCode, VoucherId,
};
use databourse_settlement::{IssueVoucher, Voucher, issue_voucher};

/// Issues a voucher to a party of this exchange, against a bank line of the funder.
pub(super) fn issue(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &IssueVoucher) -> Result<(), Halt> {
    home_party(tx, exchange, command.party)?;
    let name = bank_line_name(exchange, &command.bank_reference);
    if let Some(claim) = tx.find::<Claim>(&name)? {
        let expected = format!("a bank line not recorded yet; this one is entry {}", claim.holder);
        return Err(Refusal::new(RefusalCode::BankReferenceTaken, "bank_reference", expected).into());
    }
    let id = VoucherId::from(tx.entry);
    let transaction = command.transaction(exchange)?;
    tx.put(issue_voucher(id, command.clone(), exchange.clone(), tx.now())?);
    tx.put(Claim { name, holder: tx.entry.to_string() });
    post(tx, &transaction).map_err(|halt| at_field(halt, "asset"))
}

/// The voucher that an order names, if its buyer may spend it.
pub(super) fn spendable(
    tx: &Tx<'_>,
    buyer: PartyId,
    asset: Asset,
    named: Option<VoucherId>,
) -> Result<Option<Voucher>, Halt> {
    let Some(id) = named else { return Ok(None) };
    let voucher: Voucher = tx.need(&id, RefusalCode::VoucherUnknown, "voucher")?;
    voucher.spendable(buyer, asset, tx.now())?;
    Ok(Some(voucher))
}

/// Pays for a line as far as the voucher is for it and reaches.
pub(super) fn pay(voucher: &mut Voucher, kind: &str, licence: &mut Licence) -> Result<(), Refusal> {
    if voucher.pays_for(kind, &licence.purpose) {
        licence.voucher_minor = voucher.take(licence.gross()?)?;
    }
    Ok(())
}

/// Refuses an order whose voucher paid for nothing: its buyer expected otherwise.
pub(super) fn must_have_paid(tx: &Tx<'_>, voucher: &Voucher) -> Result<(), Halt> {
    let before: Voucher = tx.need(&voucher.id, RefusalCode::VoucherUnknown, "voucher")?;
    if before.left_minor == voucher.left_minor {
        let expected = "a voucher that pays for one of the lines at least";
        return Err(Refusal::new(RefusalCode::VoucherNotApplicable, "voucher", expected).into());
    }
    Ok(())
}

/// Gives what a voucher paid for ended or refunded lines back to it.
pub(super) fn give_back(tx: &mut Tx<'_>, order: &Order, amount: AmountMinor) -> Result<(), Halt> {
    let Some(id) = order.voucher.filter(|_| !amount.is_zero()) else { return Ok(()) };
    let mut voucher: Voucher = tx.need(&id, RefusalCode::VoucherUnknown, "voucher")?;
    voucher.give_back(amount)?;
    tx.put(voucher);
    Ok(())
}
