//! The money of one licence event, a sale or a refund of a part, as a holder sees it.

use super::{Subject, damaged, out_of_range, records::Records};
use crate::NodeError;
use databourse_licensing::{Licence, Order};
use databourse_listing::Product;
use databourse_market::{RefundedLine, refunded_revenue};
use databourse_party::Party;
use databourse_primitives::{
    AmountMinor, BilingualText, ExchangeCode, Holder, LicenceId, PartyId, Rate, Refusal,
};
use databourse_settlement::{Schedule, TaxTable, round_half_up};
use databourse_statement::{LineKind, StatementLine};

/// A licence whose money moved, and how much of it.
pub(super) struct Event<'a> {
    records: &'a Records,
    order: &'a Order,
    licence: &'a Licence,
    schedule: &'a Schedule,
    is_refund: bool,
    net: AmountMinor,
    vat: AmountMinor,
    /// The fees of the listing and of the selling exchange, each with the tax on it.
    fees: [(&'a ExchangeCode, AmountMinor, AmountMinor); 2],
    /// What each sharer of the revenue got or gave back.
    revenue: Vec<(&'a Holder, AmountMinor)>,
    voucher: AmountMinor,
}

impl<'a> Event<'a> {
    /// The whole licence was accepted.
    pub(super) fn sale(records: &'a Records, id: LicenceId) -> Result<Self, NodeError> {
        let licence: &Licence = records.need(&id)?;
        let order: &Order = records.need(&id.order)?;
        Ok(Self {
            records,
            order,
            licence,
            schedule: records.need(&order.schedule)?,
            is_refund: false,
            net: licence.net_minor,
            vat: licence.vat_minor,
            fees: [
                (&licence.exchange, licence.fee_minor, licence.fee_vat_minor),
                (&order.exchange, licence.selling_fee_minor, licence.selling_fee_vat_minor),
            ],
            revenue: licence.revenue.iter().map(|share| (&share.holder, share.amount_minor)).collect(),
            voucher: licence.voucher_minor,
        })
    }

    /// A part of it went back.
    pub(super) fn refund(
        records: &'a Records,
        id: LicenceId,
        line: &RefundedLine,
    ) -> Result<Self, NodeError> {
        let sale = Self::sale(records, id)?;
        let licence = sale.licence;
        let back = refunded_revenue(licence, line).map_err(out_of_range)?;
        Ok(Self {
            is_refund: true,
            net: line.net_minor,
            vat: line.vat_minor,
            fees: [
                (&licence.exchange, line.fee_minor, line.fee_vat_minor),
                (&sale.order.exchange, line.selling_fee_minor, line.selling_fee_vat_minor),
            ],
            revenue: licence.revenue.iter().map(|share| &share.holder).zip(back).collect(),
            voucher: line.voucher_minor,
            ..sale
        })
    }

    /// The lines that it makes on the statement of `subject`; `blank` is one of the entry, without kind and parts.
    pub(super) fn lines(
        &self,
        subject: &Subject,
        blank: &StatementLine,
    ) -> Result<Vec<StatementLine>, NodeError> {
        let mut lines = Vec::new();
        let shared = self.sum(self.revenue.iter().filter(|(holder, _)| **holder == subject.holder))?;
        match &subject.holder {
            Holder::Party(party) => {
                if self.licence.buyer == *party {
                    lines.push(self.bought(blank)?);
                }
                if self.licence.supplier == *party {
                    lines.push(self.sold(blank, shared)?);
                } else if !shared.is_zero() {
                    lines.push(self.shared(blank, shared)?);
                }
            }
            Holder::Exchange(code) => {
                let (fee, fee_vat) = self.fee(|earner| earner == code)?;
                if !fee.is_zero() {
                    let counterparty = self.name(self.licence.supplier)?;
                    let mut line = self.line(blank, LineKind::FeeEarned, counterparty)?;
                    (line.net_minor, line.fee_minor, line.fee_vat_minor) = (self.net, fee, fee_vat);
                    line.effect_minor = self.signed(fee.get());
                    lines.push(line);
                }
                if !shared.is_zero() {
                    lines.push(self.shared(blank, shared)?);
                }
            }
        }
        Ok(lines)
    }

    fn bought(&self, blank: &StatementLine) -> Result<StatementLine, NodeError> {
        let kind = if self.is_refund { LineKind::RefundReceived } else { LineKind::Purchase };
        let mut line = self.line(blank, kind, self.name(self.licence.supplier)?)?;
        (line.net_minor, line.vat_minor, line.voucher_minor) = (self.net, self.vat, self.voucher);
        line.vat_rate = Some(self.vat_rate()?);
        let gross = self.net.plus(self.vat).map_err(out_of_range)?;
        line.effect_minor = -self.signed(gross.minus(self.voucher).map_err(out_of_range)?.get());
        Ok(line)
    }

    /// `own` is the supplier's share if the revenue is shared; all that is left of the net price if not.
    fn sold(&self, blank: &StatementLine, own: AmountMinor) -> Result<StatementLine, NodeError> {
        let kind = if self.is_refund { LineKind::RefundGiven } else { LineKind::Sale };
        let mut line = self.line(blank, kind, self.name(self.licence.buyer)?)?;
        let (fee, fee_vat) = self.fee(|_| true)?;
        let revenue = self.sum(self.revenue.iter())?.minus(own).map_err(out_of_range)?;
        (line.net_minor, line.vat_minor, line.voucher_minor) = (self.net, self.vat, self.voucher);
        (line.fee_minor, line.fee_vat_minor, line.revenue_minor) = (fee, fee_vat, revenue);
        line.vat_rate = Some(self.vat_rate()?);
        let less = |left: Result<AmountMinor, Refusal>, part| left.and_then(|left| left.minus(part));
        let earned = [fee, fee_vat, revenue].into_iter().fold(Ok(self.net), less).map_err(out_of_range)?;
        line.effect_minor = self.signed(earned.get());
        Ok(line)
    }

    fn shared(&self, blank: &StatementLine, share: AmountMinor) -> Result<StatementLine, NodeError> {
        let mut line = self.line(blank, LineKind::RevenueShare, self.name(self.licence.supplier)?)?;
        let (fee, fee_vat) = self.fee(|_| true)?;
        (line.net_minor, line.fee_minor, line.fee_vat_minor) = (self.net, fee, fee_vat);
        line.revenue_minor = share;
        line.effect_minor = self.signed(share.get());
        Ok(line)
    }

    fn line(
        &self,
        blank: &StatementLine,
        kind: LineKind,
        counterparty: BilingualText,
    ) -> Result<StatementLine, NodeError> {
        let product: &Product = self.records.need(&self.licence.product)?;
        let mut line = StatementLine {
            kind,
            licence: Some(self.licence.id),
            product: Some(product.details.title.clone()),
            counterparty: Some(counterparty),
            shares: self.licence.shares,
            ..blank.clone()
        };
        super::lines::cite(&mut line, self.schedule)?;
        Ok(line)
    }

    /// Fees and the tax on them of the exchanges that `earns` names. One exchange may be both.
    fn fee(&self, earns: impl Fn(&ExchangeCode) -> bool) -> Result<(AmountMinor, AmountMinor), NodeError> {
        let mut sums = (AmountMinor::ZERO, AmountMinor::ZERO);
        for (_, fee, fee_vat) in self.fees.iter().filter(|(code, ..)| earns(code)) {
            sums = (sums.0.plus(*fee).map_err(out_of_range)?, sums.1.plus(*fee_vat).map_err(out_of_range)?);
        }
        Ok(sums)
    }

    fn sum<'b>(
        &self,
        mut shares: impl Iterator<Item = &'b (&'b Holder, AmountMinor)>,
    ) -> Result<AmountMinor, NodeError> {
        shares.try_fold(AmountMinor::ZERO, |sum, (_, amount)| sum.plus(*amount)).map_err(out_of_range)
    }

    /// What a seller gets is positive, what it gives back negative.
    const fn signed(&self, amount_minor: i64) -> i64 {
        if self.is_refund { -amount_minor } else { amount_minor }
    }

    fn name(&self, party: PartyId) -> Result<BilingualText, NodeError> {
        Ok(self.records.need::<Party>(&party)?.legal_name.clone())
    }

    /// The rate that made the licence's tax: that of the product's kind. A later revision may be of another kind, and
    /// the one that was bought is not among the records; then it is the rate of the table that gives the same tax.
    fn vat_rate(&self) -> Result<Rate, NodeError> {
        let Licence { id, product, net_minor, vat_minor, .. } = self.licence;
        let table: &TaxTable = self.records.need(&self.schedule.tax)?;
        let kind = self.records.need::<Product>(product)?.details.kind.as_str();
        let gives_it = |rate: &Rate| {
            let (numerator, denominator) = rate.as_fraction();
            round_half_up(net_minor.get(), numerator, denominator) == Some(vat_minor.get())
        };
        let mut rates = table.rate_of_kind(kind).into_iter().chain(table.rates.values().copied());
        let none =
            || damaged(format!("no rate of tax table {} gives the tax of licence {id}", table.version));
        rates.find(gives_it).ok_or_else(none)
    }
}
