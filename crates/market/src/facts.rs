//! What a certificate states, computed from the ledger's own records by whoever issues or checks one.

use databourse_licensing::{Licence, LicenceState, Order};
use databourse_party::Party;
use databourse_primitives::{
    AmountMinor, Asset, BilingualText, Digest, Label, PartyId, ProductId, Quantity, Refusal, RefusalCode,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// The most lines that a certificate spells out; `lines_digest` covers all of them.
pub const CERTIFICATE_LINES_MAX: usize = 20;

/// An accepted line of the certified order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateLine {
    /// The line.
    pub line: u32,
    /// The product.
    pub product: ProductId,
    /// Its revision.
    pub revision: u32,
    /// Who sold it.
    pub supplier: PartyId,
    /// The one purpose of the licence.
    pub purpose: Label,
    /// Units.
    pub quantity: Quantity,
    /// What was paid, tax inclusive, minor units.
    pub gross_minor: AmountMinor,
    /// When the licence ends.
    pub ends_at: Timestamp,
}

/// What a certificate states of a completed trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFacts {
    /// Who bought.
    pub buyer: PartyId,
    /// Its name.
    pub buyer_name: BilingualText,
    /// What was paid in.
    pub asset: Asset,
    /// What was paid for the accepted lines, tax inclusive, minor units, before any refund.
    pub total_minor: AmountMinor,
    /// How many lines were accepted.
    pub line_count: u32,
    /// The accepted lines, at most the first [`CERTIFICATE_LINES_MAX`].
    pub lines: Vec<CertificateLine>,
    /// SHA-256 of the JSON array of all accepted lines, in order.
    pub lines_digest: Digest,
    /// When the order was placed.
    pub placed_at: Timestamp,
    /// When its last line was accepted.
    pub completed_at: Timestamp,
}

/// The facts of `order`, from its buyer and all of its licences in order of line.
///
/// # Errors
/// `certificate.trade_incomplete` while a line is open, or if none was accepted and kept; `amount.out_of_range`.
pub fn certificate_facts<'a>(
    order: &Order,
    buyer: &Party,
    licences: impl IntoIterator<Item = &'a Licence>,
) -> Result<CertificateFacts, Refusal> {
    if order.open_line_count > 0 {
        let expected = format!("no open line; {} of {} are", order.open_line_count, order.line_count);
        return Err(Refusal::new(RefusalCode::CertificateTradeIncomplete, "order", expected));
    }
    let mut total = AmountMinor::ZERO;
    let mut lines = Vec::new();
    let mut completed_at = order.placed_at;
    for licence in licences {
        let LicenceState::Active { accepted_at, ends_at, .. } = licence.state else {
            continue;
        };
        let gross = licence.net_minor.plus(licence.vat_minor)?;
        total = total.plus(gross)?;
        completed_at = completed_at.max(accepted_at);
        lines.push(CertificateLine {
            line: licence.id.line,
            product: licence.product,
            revision: licence.revision,
            supplier: licence.supplier,
            purpose: licence.purpose.clone(),
            quantity: licence.quantity,
            gross_minor: gross,
            ends_at,
        });
    }
    if lines.is_empty() {
        let expected = "at least one accepted line that is not wholly refunded";
        return Err(Refusal::new(RefusalCode::CertificateTradeIncomplete, "order", expected));
    }
    let unwritable =
        |error: serde_json::Error| Refusal::new(RefusalCode::BodyMalformed, "facts", error.to_string());
    let lines_digest = Digest::of(&serde_json::to_vec(&lines).map_err(unwritable)?);
    let line_count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    lines.truncate(CERTIFICATE_LINES_MAX);
    Ok(CertificateFacts {
        buyer: buyer.id,
        buyer_name: buyer.legal_name.clone(),
        asset: order.asset,
        total_minor: total,
        line_count,
        lines,
        lines_digest,
        placed_at: order.placed_at,
        completed_at,
    })
}
