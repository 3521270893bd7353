//! Orders and the commands that act on their lines.

use crate::DeliveryMethod;
use databourse_primitives::{
    AmountMinor, Asset, CertificateNumber, Digest, ExchangeCode, Label, Line, OfferId, OrderId, PartyId,
    Quantity, Refusal, RefusalCode, ScheduleVersion, Timestamp, VoucherId,
};
use serde::{Deserialize, Serialize};

/// The most lines of one order. A larger purchase is placed as several orders under one group, so that each fits
/// into an entry of 65,535 bytes.
pub const LINES_MAX: usize = 400;

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The offer it takes.
    pub offer: OfferId,
    /// How many units.
    pub quantity: Quantity,
    /// The one purpose of the licence.
    pub purpose: Label,
}

/// Which part of a larger purchase an order is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderGroup {
    /// The buyer's name for the whole.
    pub name: Label,
    /// This part, from 1.
    pub part: u32,
    /// How many parts there are: at most 1,000.
    pub parts: u32,
}

/// `order.place`: a buyer takes one or more offers of one asset. Its money is held until acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// 1 to [`LINES_MAX`] lines. The same offer may stand in several: each is a licence of its own.
    pub lines: Vec<OrderLine>,
    /// The larger purchase that this is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<OrderGroup>,
    /// The buyer's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Label>,
    /// A voucher that pays, as far as it reaches, for the lines that it was issued for; the buyer's funds pay the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<VoucherId>,
}

/// `order.expire`: the exchange ends an order whose hold's time is over. What is still held goes back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpireOrder {
    /// The order.
    pub order: OrderId,
}

/// `delivery.record`: a supplier records that it delivered, with the digest of what it delivered (proof of origin).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordDelivery {
    /// The order.
    pub order: OrderId,
    /// The lines delivered; all of the supplier's undelivered ones if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<u32>>,
    /// How it was delivered.
    pub method: DeliveryMethod,
    /// Digest of the delivered object, or of the grant that gives access to it.
    pub evidence: Digest,
}

/// `order.accept`: the buyer has received and accepts (proof of receipt). The held money is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptOrder {
    /// The order.
    pub order: OrderId,
    /// The lines accepted; all delivered ones if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<u32>>,
}

/// `order.reject`: the buyer refuses lines, delivered or not yet. The held money returns to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectOrder {
    /// The order.
    pub order: OrderId,
    /// The lines rejected; all that are not yet accepted if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<u32>>,
    /// Why.
    pub reason: Line,
}

/// How much of one line is refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundLine {
    /// The line of the order.
    pub line: u32,
    /// Tax-exclusive amount to refund, minor units; tax and fee follow in proportion.
    pub amount_minor: AmountMinor,
}

/// `refund.grant`: the supplier, or the exchange, gives money of accepted lines back, with fee and tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRefund {
    /// The order.
    pub order: OrderId,
    /// What is refunded: 1 to [`LINES_MAX`] different lines.
    pub lines: Vec<RefundLine>,
    /// Why.
    pub reason: Line,
}

/// A placed order. Its lines live on as licences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The id of its `order.place` entry.
    pub id: OrderId,
    /// Who bought.
    pub buyer: PartyId,
    /// The exchange whose book holds the buyer's money.
    pub book: ExchangeCode,
    /// The exchange through which it was bought.
    pub exchange: ExchangeCode,
    /// What is paid in.
    pub asset: Asset,
    /// The fee schedule that its split follows; it names the table of tax rates and the rounding.
    pub schedule: ScheduleVersion,
    /// The voucher that pays a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<VoucherId>,
    /// Number of lines.
    pub line_count: u32,
    /// Lines that are neither accepted nor rejected yet.
    pub open_line_count: u32,
    /// Lines that were accepted.
    pub accepted_line_count: u32,
    /// What the buyer's money held for it was: all lines, tax inclusive.
    pub total_minor: AmountMinor,
    /// What has been given back after acceptance, tax inclusive.
    pub refunded_minor: AmountMinor,
    /// The larger purchase that it is a part of.
    pub group: Option<OrderGroup>,
    /// The buyer's own reference.
    pub reference: Option<Label>,
    /// Block time of the order.
    pub placed_at: Timestamp,
    /// Its certificate, once issued.
    pub certificate: Option<CertificateNumber>,
}

impl Order {
    /// Refuses unless `buyer` placed it.
    ///
    /// # Errors
    /// `order.not_buyer`.
    pub fn placed_by(&self, buyer: PartyId) -> Result<(), Refusal> {
        if self.buyer == buyer {
            Ok(())
        } else {
            Err(Refusal::new(RefusalCode::OrderNotBuyer, "order", "an order of your own"))
        }
    }

    /// The lines that a command means: those it names, each once and each existing, or every one.
    ///
    /// # Errors
    /// `licence.unknown` for a line that the order has not; `body.malformed` for a line named twice or none.
    pub fn resolve_lines(&self, named: Option<&[u32]>) -> Result<Vec<u32>, Refusal> {
        let Some(named) = named else {
            return Ok((1..=self.line_count).collect());
        };
        let distinct: std::collections::BTreeSet<_> = named.iter().copied().collect();
        if distinct.is_empty() || distinct.len() != named.len() {
            return Err(Refusal::new(
                RefusalCode::BodyMalformed,
                "lines",
                "at least one line, each named once",
            ));
        }
        for (index, line) in named.iter().enumerate() {
            if !(1..=self.line_count).contains(line) {
                let expected = format!("a line from 1 to {}", self.line_count);
                return Err(Refusal::new(RefusalCode::LicenceUnknown, format!("lines[{index}]"), expected));
            }
        }
        Ok(distinct.into_iter().collect())
    }
}

/// Refuses an order whose number of lines or group cannot be.
///
/// # Errors
/// `body.malformed`, `order.group_invalid`.
pub fn check_shape(command: &PlaceOrder) -> Result<(), Refusal> {
    if !(1..=LINES_MAX).contains(&command.lines.len()) {
        let expected =
            format!("1 to {LINES_MAX} lines; place a larger purchase as several orders of one `group`");
        return Err(Refusal::new(RefusalCode::BodyMalformed, "lines", expected));
    }
    match &command.group {
        Some(group) if !(1..=1_000).contains(&group.parts) || !(1..=group.parts).contains(&group.part) => {
            let expected = "a part from 1 to `parts`, which is at most 1000";
            Err(Refusal::new(RefusalCode::OrderGroupInvalid, "group", expected))
        }
        _ => Ok(()),
    }
}
