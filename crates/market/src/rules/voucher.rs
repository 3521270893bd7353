//! Innovation vouchers: issued by an exchange, spent in orders, never cashed.

use super::money::{home_party, post, record_bank_line};
use crate::{Halt, view::Tx};
use databourse_licensing::{Licence, Order};
use databourse_party::Region;
use databourse_primitives::{AmountMinor, Asset, ExchangeCode, PartyId, Refusal, RefusalCode, VoucherId};
use databourse_settlement::{IssueVoucher, Voucher, issue_voucher};

/// Issues a voucher to a party of this exchange, against a bank line of the funder.
pub(super) fn issue(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &IssueVoucher) -> Result<(), Halt> {
    home_party(tx, exchange, command.party)?;
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    region.settles(command.asset)?;
    record_bank_line(tx, exchange, &command.bank_reference)?;
    let id = VoucherId::from(tx.entry);
    tx.put(issue_voucher(id, command.clone(), exchange.clone(), tx.now())?);
    post(tx, &command.transaction(exchange)?)
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
