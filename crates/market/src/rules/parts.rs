//! Who pays and who is paid for a line, as a licence remembers it: the one place where amounts meet accounts.

use databourse_licensing::{Licence, Order};
use databourse_party::Successors;
use databourse_primitives::{AmountMinor, ExchangeCode, Holder, Refusal};
use databourse_settlement::{AccountId, Part, Purpose, returned, returned_parts};

/// The money of a line, or of a part of it that goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineMoney {
    /// Parts of the tax-exclusive amount, in the order of [`net_parts`].
    pub(crate) net_parts: Vec<AmountMinor>,
    /// Value-added tax on it.
    pub(crate) vat: AmountMinor,
    /// How much of both a voucher pays.
    pub(crate) voucher: AmountMinor,
}

impl LineMoney {
    /// All of a licence's money.
    pub(crate) fn whole(licence: &Licence) -> Result<Self, Refusal> {
        let (vat, voucher) = (licence.vat_minor, licence.voucher_minor);
        Ok(Self { net_parts: net_parts(licence)?, vat, voucher })
    }

    /// What goes back when the refunded part of the net price grows from `before` to `after`.
    pub(crate) fn refunded(
        licence: &Licence,
        before: AmountMinor,
        after: AmountMinor,
    ) -> Result<Self, Refusal> {
        let vat_until =
            |refunded| returned(licence.vat_minor, AmountMinor::ZERO, refunded, licence.net_minor);
        let (vat_before, vat_after) = (vat_until(before)?, vat_until(after)?);
        let gross = licence.gross()?;
        let voucher =
            returned(licence.voucher_minor, before.plus(vat_before)?, after.plus(vat_after)?, gross)?;
        let net_parts = returned_parts(&net_parts(licence)?, before, after)?;
        Ok(Self { net_parts, vat: vat_after.minus(vat_before)?, voucher })
    }

    /// The tax-exclusive amount.
    pub(crate) fn net(&self) -> Result<AmountMinor, Refusal> {
        self.net_parts.iter().copied().try_fold(AmountMinor::ZERO, AmountMinor::plus)
    }

    /// What the buyer pays or receives.
    pub(crate) fn gross(&self) -> Result<AmountMinor, Refusal> {
        self.net()?.plus(self.vat)
    }

    /// The buyer's side: what its voucher and its funds pay. `successors` stand in for exchanges that left.
    pub(crate) fn buyer_side(&self, order: &Order, successors: &Successors) -> Result<Vec<Part>, Refusal> {
        let part = |purpose, amount| Part {
            account: AccountId::party(order.buyer, purpose, order.asset),
            book: successors.home_of(&order.book).clone(),
            amount,
        };
        let cash = self.gross()?.minus(self.voucher)?;
        Ok(vec![part(Purpose::Funds, cash), part(Purpose::Voucher, self.voucher)])
    }

    /// The sellers' side: supplier or sharers of its revenue, exchanges' fees and taxes, the tax on the data.
    pub(crate) fn seller_side(&self, order: &Order, licence: &Licence, successors: &Successors) -> Vec<Part> {
        let asset = licence.asset;
        let home = |code: &ExchangeCode| successors.home_of(code).clone();
        let exchange =
            |code: &ExchangeCode, purpose| (AccountId::exchange(home(code), purpose, asset), home(code));
        let supplier =
            |purpose| (AccountId::party(licence.supplier, purpose, asset), home(&licence.supplier_book));
        let mut accounts = Vec::with_capacity(licence.revenue.len() + 6);
        for share in &licence.revenue {
            accounts.push(match &share.holder {
                Holder::Party(party) => (AccountId::party(*party, Purpose::Funds, asset), home(&share.book)),
                Holder::Exchange(code) => exchange(code, Purpose::Fees),
            });
        }
        if licence.revenue.is_empty() {
            accounts.push(supplier(Purpose::Funds));
        }
        accounts.push(exchange(&licence.exchange, Purpose::Fees));
        accounts.push(exchange(&licence.exchange, Purpose::Tax));
        accounts.push(exchange(&order.exchange, Purpose::Fees));
        accounts.push(exchange(&order.exchange, Purpose::Tax));
        accounts.push(supplier(Purpose::Tax));
        let amounts = self.net_parts.iter().copied().chain([self.vat]);
        accounts
            .into_iter()
            .zip(amounts)
            .filter(|(_, amount)| !amount.is_zero())
            .map(|((account, book), amount)| Part { account, book, amount })
            .collect()
    }
}

/// Every exchange whose book or accounts the money of these licences of an order moves in.
pub(crate) fn exchanges_of<'a>(
    order: &'a Order,
    licences: impl IntoIterator<Item = &'a Licence>,
) -> impl Iterator<Item = &'a ExchangeCode> {
    let of_licence = |licence: &'a Licence| {
        let shares = licence.revenue.iter().flat_map(|share| {
            let holder = match &share.holder {
                Holder::Exchange(code) => Some(code),
                Holder::Party(_) => None,
            };
            holder.into_iter().chain([&share.book])
        });
        [&licence.exchange, &licence.supplier_book].into_iter().chain(shares)
    };
    [&order.book, &order.exchange].into_iter().chain(licences.into_iter().flat_map(of_licence))
}

/// The parts that a licence's net price was divided into: the supplier's (or each sharer's of its revenue), the listing
/// exchange's fee and the tax on it, the selling exchange's fee and the tax on it. Refunds follow this order.
pub(crate) fn net_parts(licence: &Licence) -> Result<Vec<AmountMinor>, Refusal> {
    let commission =
        [licence.fee_minor, licence.fee_vat_minor, licence.selling_fee_minor, licence.selling_fee_vat_minor];
    let mut parts: Vec<_> = licence.revenue.iter().map(|share| share.amount_minor).collect();
    if parts.is_empty() {
        parts.push(commission.iter().try_fold(licence.net_minor, |left, part| left.minus(*part))?);
    }
    parts.extend(commission);
    Ok(parts)
}
