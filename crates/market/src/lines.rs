//! Settlement lines: what a sale or a refund moved between the books of two exchanges, in the form in which exchanges
//! compare and sign a window.
//!
//! One licence event is one line per pair of exchanges whose books its money connects; the window counted exactly these
//! lines when the money was posted, so the heads that are signed can be held against the window's own totals. The
//! counterparty of a line is the exchange on the sellers' side: in its book are the accounts that a sale credits and a
//! refund debits.

use crate::{Acceptance, RefundRecord, RefundedLine, rules::parts::LineMoney};
use databourse_licensing::{Licence, Order};
use databourse_party::Successors;
use databourse_primitives::{
    AmountMinor, ExchangeCode, LicenceId, Refusal, RefusalCode, TaxVersion, Timestamp, WindowId,
};
use databourse_reconcile::{LineKind, LineStatus, SettlementLine};
use databourse_settlement::{Pair, Part, Purpose};
use std::collections::BTreeMap;

/// A settlement line and between whom it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairLine {
    /// The exchanges whose books the money connects; the same twice if it stayed in one.
    pub pair: Pair,
    /// Whose book the money left.
    pub debtor: ExchangeCode,
    /// Whose book it entered.
    pub creditor: ExchangeCode,
    /// The line. Its amounts are what moved between the two: a refund's are negative.
    pub line: SettlementLine,
}

/// The key of a sale: `<licence>/sale`.
pub fn sale_key(licence: LicenceId) -> String {
    format!("{licence}/sale")
}

/// The lines of an accepted licence.
///
/// # Errors
/// None in practice: the licence's amounts were in range when it was bought.
pub fn sale_lines(
    order: &Order,
    licence: &Licence,
    acceptance: &Acceptance,
    tax: TaxVersion,
) -> Result<Vec<PairLine>, Refusal> {
    let event = Event {
        order,
        licence,
        kind: LineKind::Sale,
        key: sale_key(licence.id),
        window: acceptance.window,
        tax,
        occurred_at: acceptance.accepted_at,
        successors: &acceptance.succeeded,
    };
    event.lines(&LineMoney::whole(licence)?)
}

/// The lines of one line of a refund.
///
/// # Errors
/// None in practice, as above.
pub fn refund_lines(
    order: &Order,
    licence: &Licence,
    refund: &RefundRecord,
    line: &RefundedLine,
    tax: TaxVersion,
) -> Result<Vec<PairLine>, Refusal> {
    let event = Event {
        order,
        licence,
        kind: LineKind::Refund,
        key: format!("{}/refund/{}", licence.id, refund.id),
        window: refund.window,
        tax,
        occurred_at: refund.granted_at,
        successors: &refund.succeeded,
    };
    let after = line.before_minor.plus(line.net_minor)?;
    event.lines(&LineMoney::refunded(licence, line.before_minor, after)?)
}

/// What each sharer of a licence's revenue gave back in one line of a refund, in the order of [`Licence::revenue`].
///
/// # Errors
/// None in practice, as above.
pub fn refunded_revenue(licence: &Licence, line: &RefundedLine) -> Result<Vec<AmountMinor>, Refusal> {
    let after = line.before_minor.plus(line.net_minor)?;
    let mut parts = LineMoney::refunded(licence, line.before_minor, after)?.net_parts;
    // The sharers come first among the parts; without any, the first is the supplier's own.
    parts.truncate(licence.revenue.len());
    Ok(parts)
}

struct Event<'a> {
    order: &'a Order,
    licence: &'a Licence,
    kind: LineKind,
    key: String,
    window: WindowId,
    tax: TaxVersion,
    occurred_at: Timestamp,
    successors: &'a Successors,
}

/// What moved between the buyer's book and one of the sellers'.
#[derive(Default)]
struct Crossing {
    net: AmountMinor,
    vat: AmountMinor,
    fee: AmountMinor,
    fee_vat: AmountMinor,
}

impl Event<'_> {
    fn lines(&self, money: &LineMoney) -> Result<Vec<PairLine>, Refusal> {
        let mut crossings = BTreeMap::<ExchangeCode, Crossing>::new();
        for part in money.seller_side(self.order, self.licence, self.successors) {
            let crossing = crossings.entry(part.book.clone()).or_default();
            self.add(crossing, &part)?;
        }
        crossings.into_iter().map(|(seller, crossing)| self.line(seller, &crossing)).collect()
    }

    /// The tax on the data is on the supplier's tax account; everything else is a part of the net price.
    fn add(&self, crossing: &mut Crossing, part: &Part) -> Result<(), Refusal> {
        let is_party = matches!(part.account.holder, databourse_primitives::Holder::Party(_));
        match part.account.purpose {
            Purpose::Tax if is_party => crossing.vat = crossing.vat.plus(part.amount)?,
            purpose => {
                crossing.net = crossing.net.plus(part.amount)?;
                match purpose {
                    Purpose::Fees => crossing.fee = crossing.fee.plus(part.amount)?,
                    Purpose::Tax => crossing.fee_vat = crossing.fee_vat.plus(part.amount)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn line(&self, seller: ExchangeCode, crossing: &Crossing) -> Result<PairLine, Refusal> {
        let buyer = self.successors.home_of(&self.order.book).clone();
        let sign = if self.kind == LineKind::Refund { -1 } else { 1 };
        let unfit =
            |expected: &'static str| move |_| Refusal::new(RefusalCode::BodyMalformed, "key", expected);
        let key = |text: &str| text.parse().map_err(unfit("a business key"));
        let original = match self.kind {
            LineKind::Refund => Some(key(&sale_key(self.licence.id))?),
            _ => None,
        };
        let line = SettlementLine {
            key: Some(key(&self.key)?),
            kind: self.kind,
            counterparty: seller.as_str().parse().map_err(unfit("the code of an exchange"))?,
            asset: self.order.asset,
            net_minor: sign * crossing.net.get(),
            vat_minor: sign * crossing.vat.get(),
            fee_minor: sign * crossing.fee.get(),
            fee_vat_minor: sign * crossing.fee_vat.get(),
            schedule: Some(self.order.schedule),
            tax: Some(self.tax),
            window: self.window,
            status: LineStatus::Final,
            original,
            occurred_at: self.occurred_at,
        };
        let (debtor, creditor) =
            if self.kind == LineKind::Refund { (seller, buyer) } else { (buyer, seller) };
        Ok(PairLine { pair: Pair::new(debtor.clone(), creditor.clone()), debtor, creditor, line })
    }
}
